import Glibc

/// Supply and exhaust air with heat recovery; fresh air follows people and CO2.
struct AirHandler: Hashable, Sendable {
    /// m³/s at full speed.
    static let flowMax = 1.15

    /// °C.
    private(set) var supply = 19.0
    private(set) var extract = 21.0
    private(set) var exhaust = 9.0
    private(set) var setpoint = 19.0
    /// What somebody set over the wire, °C; `nil` while the controller follows the weather.
    private(set) var held: Double?
    /// m³/s.
    private(set) var flow = 0.12
    /// % of full speed.
    var speed: Double { flow / Self.flowMax * 100 }
    /// % of the heat exchanger in use.
    private(set) var recovery = 0.0
    /// W drawn from the tank.
    private(set) var coil = 0.0
    /// Electrical, mW.
    private(set) var power: Milliwatts = 0
    /// Pa.
    private(set) var filterPressure = 20.0
    /// Seconds at work since the filter was new.
    private(set) var filterAge = 2_400.0 * 3_600

    /// What each room asks for, m³/s: little at night, by area when open, more with CO2.
    static func wanted(_ zone: Zone, isOpen: Bool) -> Double {
        let floor = zone.plan.area * (isOpen ? 0.000_35 : 0.000_1)
        let demand = min(1, max(0, (zone.co2 - 550) / 350))
        return floor + demand * (zone.plan.area * 0.0005 + Double(zone.plan.seats) * 0.008)
    }

    /// Keeps a setpoint, within what the machine can do, until it is set anew.
    mutating func hold(setpoint: Double) {
        let kept = min(28, max(10, setpoint))
        held = kept
        self.setpoint = kept
    }

    mutating func run(_ seconds: Double, outdoor: Double, extract: Double, wanted: Double) {
        flow += (min(Self.flowMax, max(0.1, wanted)) - flow) * min(1, seconds / 90)
        self.extract = extract
        setpoint = held ?? min(20, max(17, 19 - 0.08 * (outdoor - 5)))
        let full = outdoor + 0.84 * (extract - outdoor)
        let needed = extract - outdoor > 0.5 ? (setpoint - outdoor) / (0.84 * (extract - outdoor)) : 0
        recovery = min(1, max(0, needed)) * 100
        let recovered = outdoor + (full - outdoor) * recovery / 100
        coil = max(0, setpoint - recovered) * flow * 1_210
        supply += (max(recovered, min(setpoint, recovered + 12)) - supply) * min(1, seconds / 120)
        exhaust += (extract - (recovered - outdoor) - exhaust) * min(1, seconds / 120)
        let share = flow / Self.flowMax
        power = Milliwatts((90 + 1_750 * pow(share, 2.6) + recovery * 0.4) * 1_000)
        filterAge += seconds * share
        filterPressure = (45 + 85 * filterAge / (8_760 * 3_600)) * pow(share, 1.4)
    }
}
