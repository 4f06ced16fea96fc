/// A ground-source heat pump that keeps a tank on the heating curve.
struct HeatPump: Hashable, Sendable {
    /// Electrical, mW.
    private(set) var power: Milliwatts = 40_000
    /// W into the tank.
    private(set) var heat = 0.0
    /// °C.
    private(set) var tank = 38.0
    private(set) var supply = 38.0
    private(set) var back = 34.0
    private(set) var brineIn = 5.5
    private(set) var brineOut = 3.5
    private(set) var isRunning = false

    /// Heat per electricity; 0 at rest.
    var performance: Double { isRunning ? heat * 1_000 / Double(max(1, power)) : 0 }

    /// Target of the tank for an outdoor temperature, °C.
    static func curve(_ outdoor: Double) -> Double { min(50, max(30, 38 - 0.55 * (outdoor - 5))) }

    mutating func run(_ seconds: Double, outdoor: Double, draw: Double) {
        let target = Self.curve(outdoor)
        if isRunning { isRunning = tank < target + 2 } else { isRunning = tank < target - 2 }
        let source = 5.5 + 0.08 * (outdoor - 5)
        let share = isRunning ? min(1, max(0.25, (target + 2 - tank) / 5)) : 0
        let lift = max(12, tank + 4 - source)
        let performance = min(6, 0.46 * (tank + 277) / lift)
        power = Milliwatts((isRunning ? 11_500 * share : 40) * 1_000)
        heat = isRunning ? 11_500 * share * performance : 0
        tank += (heat - draw) * seconds / (4_186 * 1_500)
        tank = min(60, max(12, tank))
        supply += ((isRunning ? tank + 3 * share : tank) - supply) * min(1, seconds / 180)
        back += (tank - draw / 6_000 - back) * min(1, seconds / 240)
        brineIn += (source - brineIn) * min(1, seconds / 300)
        brineOut += ((isRunning ? source - 3 * share : source) - brineOut) * min(1, seconds / 300)
    }
}
