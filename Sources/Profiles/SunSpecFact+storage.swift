/// The models of IEEE 1547 devices and of batteries.
extension SunSpecModel {
    static let acMeasurement: [SunSpecFact] = {
        var facts: [SunSpecFact] = [
            SunSpecFact("state.on", 3, .enum16, .mode, labels: [(0, "off"), (1, "on")]),
            SunSpecFact(
                "state", 4, .enum16, .mode,
                labels: [
                    (0, "off"), (1, "sleeping"), (2, "starting"), (3, "running"), (4, "throttled"),
                    (5, "shutting-down"), (6, "fault"), (7, "standby"),
                ]),
            SunSpecFact("state.grid", 5, .enum16, .mode, labels: [(0, "disconnected"), (1, "connected")]),
            SunSpecFact("power.active", 10, .int16, scale: 116, .power),
            SunSpecFact("power.apparent", 11, .int16, scale: 118, .apparent),
            SunSpecFact("power.reactive", 12, .int16, scale: 119, .reactive),
            SunSpecFact("power.factor", 13, .int16, scale: 117, .factor),
            SunSpecFact("current", 14, .int16, scale: 113, .current),
            SunSpecFact("voltage.line", 15, .uint16, scale: 114, .voltage),
            SunSpecFact("voltage.phase", 16, .uint16, scale: 114, .voltage),
            SunSpecFact("frequency", 17, .uint32, scale: 115, .frequency),
            SunSpecFact("energy.active.export", 19, .uint64, scale: 120, .energy("export")),
            SunSpecFact("energy.active.import", 23, .uint64, scale: 120, .energy("import")),
            SunSpecFact("energy.reactive.export", 27, .uint64, scale: 121, .reactiveEnergy("export")),
            SunSpecFact("energy.reactive.import", 31, .uint64, scale: 121, .reactiveEnergy("import")),
            SunSpecFact("temperature.ambient", 35, .int16, scale: 122, .temperature),
            SunSpecFact("temperature.cabinet", 36, .int16, scale: 122, .temperature),
            SunSpecFact("temperature.heat-sink", 37, .int16, scale: 122, .heatSink),
            SunSpecFact("temperature.transformer", 38, .int16, scale: 122, .temperature),
            SunSpecFact("temperature.switch", 39, .int16, scale: 122, .temperature),
            SunSpecFact("temperature.other", 40, .int16, scale: 122, .temperature),
            SunSpecFact("throttled", 110, .uint16, .share),
        ]
        let lines = ["l1-l2", "l2-l3", "l3-l1"]
        for (phase, line) in lines.enumerated() {
            let (name, start) = (".l\(phase + 1)", 41 + 23 * phase)
            facts += [
                SunSpecFact("power.active" + name, start, .int16, scale: 116, .power),
                SunSpecFact("power.apparent" + name, start + 1, .int16, scale: 118, .apparent),
                SunSpecFact("power.reactive" + name, start + 2, .int16, scale: 119, .reactive),
                SunSpecFact("power.factor" + name, start + 3, .int16, scale: 117, .factor),
                SunSpecFact("current" + name, start + 4, .int16, scale: 113, .current),
                SunSpecFact("voltage." + line, start + 5, .uint16, scale: 114, .voltage),
                SunSpecFact("voltage" + name, start + 6, .uint16, scale: 114, .voltage),
                SunSpecFact("energy.active.export" + name, start + 7, .uint64, scale: 120, .energy("export")),
                SunSpecFact("energy.active.import" + name, start + 11, .uint64, scale: 120, .energy("import")),
            ]
        }
        return facts
    }()

    static let storage: [SunSpecFact] = [
        SunSpecFact("capacity.rated", 2, .uint16, scale: 7, .capacity),
        SunSpecFact("capacity.available", 3, .uint16, scale: 7, .capacity),
        SunSpecFact("charge.level", 4, .uint16, scale: 8, .share),
        SunSpecFact("health.level", 5, .uint16, scale: 8, .share),
        SunSpecFact("state", 6, .enum16, .mode, labels: [(0, "ok"), (1, "warning"), (2, "error")]),
    ]

    static let dcMeasurement: [SunSpecFact] = [
        SunSpecFact("current.dc", 5, .int16, scale: 15, .current),
        SunSpecFact("power.dc", 6, .int16, scale: 17, .power),
        SunSpecFact("energy.dc.export", 7, .uint64, scale: 18, .energy("export")),
        SunSpecFact("energy.dc.import", 11, .uint64, scale: 18, .energy("import")),
    ]

    static let battery: [SunSpecFact] = [
        SunSpecFact("charge.rated", 2, .uint16, scale: 52, .charge, must: true),
        SunSpecFact("capacity.rated", 3, .uint16, scale: 53, .capacity, must: true),
        SunSpecFact("power.charge.max", 4, .uint16, scale: 54, .power, must: true),
        SunSpecFact("power.discharge.max", 5, .uint16, scale: 54, .power, must: true),
        SunSpecFact("charge.level", 11, .uint16, scale: 56, .share, must: true),
        SunSpecFact("discharge.depth", 12, .uint16, scale: 57, .share),
        SunSpecFact("health.level", 13, .uint16, scale: 58, .share),
        SunSpecFact("cycles", 14, .uint32, .count),
        SunSpecFact(
            "charge.state", 16, .enum16, .mode,
            labels: [
                (1, "off"), (2, "empty"), (3, "discharging"), (4, "charging"), (5, "full"), (6, "holding"),
                (7, "testing"),
            ]),
        SunSpecFact(
            "state", 22, .enum16, .mode, must: true,
            labels: [
                (1, "disconnected"), (2, "initializing"), (3, "connected"), (4, "standby"), (5, "soc-protection"),
                (6, "suspending"), (99, "fault"),
            ]),
        SunSpecFact("voltage", 34, .uint16, scale: 59, .voltageDC, must: true),
        SunSpecFact("current", 44, .int16, scale: 61, .current, must: true),
        SunSpecFact("power.active", 47, .int16, scale: 63, .power, must: true),
    ]
}
