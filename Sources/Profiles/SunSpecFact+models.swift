/// The models whose points are known here, from the publisher's model files (sunspec/models, json/model_N.json): offsets, types,
/// scale factors, units and names of states.
struct SunSpecModel: Sendable {
    /// First part of a point's name where two models of a device have a point of the same name.
    let kind: String
    /// What a person calls it.
    let label: String
    let facts: [SunSpecFact]

    static func known(_ id: UInt16, length: UInt16) -> SunSpecModel? {
        switch id {
        case 1: SunSpecModel(kind: "common", label: "common", facts: common)
        case 101, 102, 103: SunSpecModel(kind: "inverter", label: "inverter, " + phases(id), facts: inverter)
        case 111, 112, 113:
            SunSpecModel(kind: "inverter", label: "inverter, floats, " + phases(id), facts: inverterFloat)
        case 160: SunSpecModel(kind: "mppt", label: "strings of an inverter", facts: strings(length: Int(length)))
        case 201, 202, 203, 204: SunSpecModel(kind: "meter", label: "meter, " + phases(id), facts: meter)
        case 211, 212, 213, 214: SunSpecModel(kind: "meter", label: "meter, floats, " + phases(id), facts: meterFloat)
        case 701: SunSpecModel(kind: "ac", label: "AC measurement", facts: acMeasurement)
        case 713: SunSpecModel(kind: "storage", label: "storage capacity", facts: storage)
        case 714: SunSpecModel(kind: "dc", label: "DC measurement", facts: dcMeasurement)
        case 802: SunSpecModel(kind: "battery", label: "battery", facts: battery)
        default: nil
        }
    }

    private static func phases(_ id: UInt16) -> String {
        switch id % 10 {
        case 1: "single phase"
        case 2: "split phase"
        case 3: "three phases"
        default: "three phases, delta"
        }
    }

    static let common: [SunSpecFact] = [
        SunSpecFact("manufacturer", 2, .string(16), .text, must: true),
        SunSpecFact("model", 18, .string(16), .text, must: true),
        SunSpecFact("options", 34, .string(8), .text),
        SunSpecFact("version", 42, .string(8), .text),
        SunSpecFact("serial", 50, .string(16), .text, must: true),
    ]

    private static let inverterStates: [(value: Int, name: String)] = [
        (1, "off"), (2, "sleeping"), (3, "starting"), (4, "mppt"), (5, "throttled"), (6, "shutting-down"), (7, "fault"),
        (8, "standby"),
    ]

    private static let inverterEvents = [
        "ground-fault", "dc-over-voltage", "ac-disconnect", "dc-disconnect", "grid-disconnect", "cabinet-open",
        "manual-shutdown", "over-temperature", "over-frequency", "under-frequency", "ac-over-voltage",
        "ac-under-voltage", "blown-string-fuse", "under-temperature", "memory-loss", "hardware-test-failure",
    ]

    private static func events(_ names: [String], at offset: Int, from bit: Int = 0) -> [SunSpecFact] {
        names.enumerated().map { index, name in
            SunSpecFact("event." + name, offset, .bitfield32, .fault, must: true, bit: bit + index)
        }
    }

    private static let lines = [".l1-l2", ".l2-l3", ".l3-l1"]

    static let inverter: [SunSpecFact] =
        [
            SunSpecFact("current", 2, .uint16, scale: 6, .current, must: true),
            SunSpecFact("power.active", 14, .int16, scale: 15, .power, must: true),
            SunSpecFact("frequency", 16, .uint16, scale: 17, .frequency, must: true),
            SunSpecFact("power.apparent", 18, .int16, scale: 19, .apparent),
            SunSpecFact("power.reactive", 20, .int16, scale: 21, .reactive),
            SunSpecFact("power.factor", 22, .int16, scale: 23, .factorPercent),
            SunSpecFact("energy.active.export", 24, .acc32, scale: 26, .energy("production"), must: true),
            SunSpecFact("current.dc", 27, .uint16, scale: 28, .current),
            SunSpecFact("voltage.dc", 29, .uint16, scale: 30, .voltageDC),
            SunSpecFact("power.dc", 31, .int16, scale: 32, .power),
            SunSpecFact("temperature.cabinet", 33, .int16, scale: 37, .temperature, must: true),
            SunSpecFact("temperature.heat-sink", 34, .int16, scale: 37, .heatSink),
            SunSpecFact("temperature.transformer", 35, .int16, scale: 37, .temperature),
            SunSpecFact("temperature.other", 36, .int16, scale: 37, .temperature),
            SunSpecFact("state", 38, .enum16, .mode, must: true, labels: inverterStates),
            SunSpecFact("state.vendor", 39, .enum16, .mode),
        ]
        + SunSpecFact.phases("current", 3, .uint16, scale: 6, .current, must: 1)
        + SunSpecFact.phases("voltage", 7, .uint16, scale: 13, .voltage, names: lines)
        + SunSpecFact.phases("voltage", 10, .uint16, scale: 13, .voltage, must: 1)
        + events(inverterEvents, at: 40)

    static let inverterFloat: [SunSpecFact] =
        [
            SunSpecFact("current", 2, .float32, .current, must: true),
            SunSpecFact("power.active", 22, .float32, .power, must: true),
            SunSpecFact("frequency", 24, .float32, .frequency, must: true),
            SunSpecFact("power.apparent", 26, .float32, .apparent),
            SunSpecFact("power.reactive", 28, .float32, .reactive),
            SunSpecFact("power.factor", 30, .float32, .factorPercent),
            SunSpecFact("energy.active.export", 32, .float32, .energy("production"), must: true),
            SunSpecFact("current.dc", 34, .float32, .current),
            SunSpecFact("voltage.dc", 36, .float32, .voltageDC),
            SunSpecFact("power.dc", 38, .float32, .power),
            SunSpecFact("temperature.cabinet", 40, .float32, .temperature, must: true),
            SunSpecFact("temperature.heat-sink", 42, .float32, .heatSink),
            SunSpecFact("temperature.transformer", 44, .float32, .temperature),
            SunSpecFact("temperature.other", 46, .float32, .temperature),
            SunSpecFact("state", 48, .enum16, .mode, must: true, labels: inverterStates),
            SunSpecFact("state.vendor", 49, .enum16, .mode),
        ]
        + SunSpecFact.phases("current", 4, .float32, .current, must: 1)
        + SunSpecFact.phases("voltage", 10, .float32, .voltage, names: lines)
        + SunSpecFact.phases("voltage", 16, .float32, .voltage, must: 1)
        + events(inverterEvents, at: 50)

    /// Model 160: two registers of header, eight of its own, then 20 for each string.
    static func strings(length: Int) -> [SunSpecFact] {
        let count = min(max(0, (length - 8) / 20), 20)
        return (0..<count).flatMap { index -> [SunSpecFact] in
            let (name, start) = ("mppt.\(index + 1).", 10 + 20 * index)
            return [
                SunSpecFact(name + "name", start + 1, .string(8), .text),
                SunSpecFact(name + "current", start + 9, .uint16, scale: 2, .current),
                SunSpecFact(name + "voltage", start + 10, .uint16, scale: 3, .voltageDC),
                SunSpecFact(name + "power", start + 11, .uint16, scale: 4, .power),
                SunSpecFact(name + "energy", start + 12, .acc32, scale: 5, .energy("production")),
                SunSpecFact(name + "temperature", start + 16, .int16, .temperature),
                SunSpecFact(name + "state", start + 17, .enum16, .mode, labels: inverterStates),
            ]
        }
    }

    private static let meterEvents = [
        "power-failure", "under-voltage", "low-power-factor", "over-current", "over-voltage", "missing-sensor",
    ]

    /// Energy registers of the meters: the sum and its three phases.
    private static func energies(
        _ id: String, _ offset: Int, _ type: SunSpecType, scale: Int? = nil, _ quantity: SunSpecQuantity,
        must: Bool = false
    ) -> [SunSpecFact] {
        [SunSpecFact(id, offset, type, scale: scale, quantity, must: must)]
            + SunSpecFact.phases(id, offset + 2, type, scale: scale, quantity)
    }

    static let meter: [SunSpecFact] = {
        var facts = quartet("current", 2, .int16, scale: 6, .current, must: true)
        facts += quartet("voltage.phase", 7, .int16, scale: 15, .voltage, phases: "voltage")
        facts += quartet("voltage.line", 11, .int16, scale: 15, .voltage, phases: "voltage", names: lines)
        facts.append(SunSpecFact("frequency", 16, .int16, scale: 17, .frequency, must: true))
        facts += quartet("power.active", 18, .int16, scale: 22, .power, must: true)
        facts += quartet("power.apparent", 23, .int16, scale: 27, .apparent)
        facts += quartet("power.reactive", 28, .int16, scale: 32, .reactive)
        facts += quartet("power.factor", 33, .int16, scale: 37, .factorPercent)
        facts += meterEnergies(38, .acc32, 54, 55, 71, 72, 104)
        facts += events(meterEvents, at: 105, from: 2)
        return facts
    }()

    static let meterFloat: [SunSpecFact] = {
        var facts = quartet("current", 2, .float32, .current, must: true)
        facts += quartet("voltage.phase", 10, .float32, .voltage, phases: "voltage")
        facts += quartet("voltage.line", 18, .float32, .voltage, phases: "voltage", names: lines)
        facts.append(SunSpecFact("frequency", 26, .float32, .frequency, must: true))
        facts += quartet("power.active", 28, .float32, .power, must: true)
        facts += quartet("power.apparent", 36, .float32, .apparent)
        facts += quartet("power.reactive", 44, .float32, .reactive)
        facts += quartet("power.factor", 52, .float32, .factor)
        facts += meterEnergies(60, .float32, nil, 76, nil, 92, nil)
        facts += events(meterEvents, at: 124, from: 2)
        return facts
    }()

    private static func meterEnergies(
        _ active: Int, _ type: SunSpecType, _ activeScale: Int?, _ apparent: Int, _ apparentScale: Int?,
        _ reactive: Int, _ reactiveScale: Int?
    ) -> [SunSpecFact] {
        let quadrants = [("import", 1), ("import", 2), ("export", 3), ("export", 4)]
        return energies("energy.active.export", active, type, scale: activeScale, .energy("export"), must: true)
            + energies("energy.active.import", active + 8, type, scale: activeScale, .energy("import"), must: true)
            + energies("energy.apparent.export", apparent, type, scale: apparentScale, .apparentEnergy("export"))
            + energies("energy.apparent.import", apparent + 8, type, scale: apparentScale, .apparentEnergy("import"))
            + quadrants.enumerated().flatMap { index, quadrant in
                energies(
                    "energy.reactive.\(quadrant.0).q\(quadrant.1)", reactive + 8 * index, type, scale: reactiveScale,
                    .reactiveEnergy(quadrant.0))
            }
    }

    /// The sum or mean and its three phases, one behind the other.
    private static func quartet(
        _ id: String, _ offset: Int, _ type: SunSpecType, scale: Int? = nil, _ quantity: SunSpecQuantity,
        must: Bool = false,
        phases: String? = nil, names: [String] = [".l1", ".l2", ".l3"]
    ) -> [SunSpecFact] {
        [SunSpecFact(id, offset, type, scale: scale, quantity, must: must)]
            + SunSpecFact.phases(
                phases ?? id, offset + type.wordCount, type, scale: scale, quantity, names: names)
    }
}
