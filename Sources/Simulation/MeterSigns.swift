/// What an electricity meter shows of the power that passes through it.
struct MeterSigns {
    /// How single-phase loads are spread over the three phases.
    static let shares = [0.36, 0.31, 0.33]

    /// - Parameters:
    ///   - power: mW, import positive.
    ///   - powerFactor: of the load, 0 … 1.
    static func read(
        _ physics: BuildingPhysics, power: Int64, imported: EnergyCounter, exported: EnergyCounter?, powerFactor: Double
    ) -> [String: Sign] {
        let watts = Double(power) / 1_000
        let voltages = voltages(physics)
        let energyIn = imported.kilowattHours
        let energyOut = exported?.kilowattHours ?? 0
        let reactiveShare = (1 - powerFactor * powerFactor).squareRoot() / max(powerFactor, 0.1)
        var signs: [String: Double] = [
            "power.active": watts, "power.apparent": abs(watts) / max(powerFactor, 0.1),
            "power.reactive": abs(watts) * reactiveShare,
            "power.factor": watts < 0 ? -powerFactor : powerFactor, "frequency": frequency(physics),
            "energy.active.import": energyIn, "energy.active.export": energyOut,
            "energy.active.total": energyIn + energyOut,
            "energy.reactive.import": energyIn * 0.21, "energy.reactive.export": energyOut * 0.02,
            "energy.reactive.total": energyIn * 0.21 + energyOut * 0.02, "phase.angle": 12, "thd.voltage": 1.7,
        ]
        for (index, share) in shares.enumerated() {
            let phase = ".l\(index + 1)"
            let part = watts * share
            signs["voltage" + phase] = voltages[index]
            signs["current" + phase] = abs(part) / max(powerFactor, 0.1) / voltages[index]
            signs["power.active" + phase] = part
            signs["power.apparent" + phase] = abs(part) / max(powerFactor, 0.1)
            signs["power.reactive" + phase] = abs(part) * reactiveShare
            signs["power.factor" + phase] = powerFactor
            signs["energy.active.import" + phase] = energyIn * share
            signs["energy.active.export" + phase] = energyOut * share
            signs["energy.active.total" + phase] = (energyIn + energyOut) * share
            signs["thd.voltage" + phase] = 1.6 + 0.1 * Double(index)
        }
        return signs.mapValues { .number($0) }
    }

    /// V; the sun lifts them a little.
    static func voltages(_ physics: BuildingPhysics) -> [Double] {
        let lift = Double(-physics.powers.grid) / 1_000 * 0.000_05
        return (0..<3).map { phase in
            231 + lift + 1.8 * physics.noise.smooth(50 + UInt64(phase), atMs: physics.nowMs, periodMs: 240_000)
        }
    }

    /// Hz.
    static func frequency(_ physics: BuildingPhysics) -> Double {
        50 + 0.03 * physics.noise.smooth(55, atMs: physics.nowMs, periodMs: 20_000)
    }
}
