/// A battery behind its converter: takes surplus, gives when there is none. What it loses is counted, so that energy adds up.
struct BatteryStore: Hashable, Sendable {
    /// µJ: 60 kWh.
    static let capacity: Int128 = 60 * 3_600_000_000_000
    static let powerMax: Milliwatts = 30_000_000
    /// Of 1 000 parts taken or given, so many survive each way.
    static let efficiencyPermille: Int64 = 966

    private(set) var stored: Int128 = capacity * 45 / 100
    private(set) var lost: Int128 = 0
    /// On the building's side, mW; one of the two is 0.
    private(set) var charging: Milliwatts = 0
    private(set) var discharging: Milliwatts = 0
    private(set) var temperature = 21.0

    /// 0 … 100 %.
    var charge: Double { Double(stored) / Double(Self.capacity) * 100 }

    /// Runs for `ms` with what the building has left over, negative when it lacks; keeps between 10 and 95 %.
    mutating func run(surplus: Milliwatts, ms: Int64) {
        charging = 0
        discharging = 0
        guard ms > 0 else { return }
        if surplus > 200_000 {
            let room = max(0, Self.capacity * 95 / 100 - stored)
            let fits = Milliwatts(clamping: room / Int128(ms))
            charging = min(surplus, Self.powerMax, fits)
        } else if surplus < -200_000 {
            let usable = max(0, stored - Self.capacity * 10 / 100)
            let gives = Milliwatts(clamping: usable / Int128(ms)) / 1_000 * Self.efficiencyPermille
            discharging = min(-surplus, Self.powerMax, gives)
        }
        let kept = charging * Self.efficiencyPermille / 1_000
        let taken = (discharging * 1_000 + Self.efficiencyPermille - 1) / Self.efficiencyPermille
        stored += Int128(kept - taken) * Int128(ms)
        let loss = charging - kept + taken - discharging
        lost += Int128(loss) * Int128(ms)
        temperature += (21 + Double(loss) / 100_000 - temperature) * min(1, Double(ms) / 3_600_000)
    }
}
