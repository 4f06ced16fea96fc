/// One point of a SunSpec model: where it stands, what it is made of and what it measures.
struct SunSpecFact: Sendable {
    /// Within its model: `power.active.l1`.
    let id: String
    /// From the register that holds the model's id.
    let offset: Int
    let type: SunSpecType
    /// Where its scale factor stands, from the same register.
    let scaleOffset: Int?
    let quantity: SunSpecQuantity
    /// The model's document says that every device has it.
    let isMandatory: Bool
    let labels: [(value: Int, name: String)]
    /// Bit of a bit field, 0 the least significant.
    let bit: Int?

    init(
        _ id: String, _ offset: Int, _ type: SunSpecType, scale: Int? = nil, _ quantity: SunSpecQuantity,
        must isMandatory: Bool = false, labels: [(value: Int, name: String)] = [], bit: Int? = nil
    ) {
        self.id = id
        self.offset = offset
        self.type = type
        scaleOffset = scale
        self.quantity = quantity
        self.isMandatory = isMandatory
        self.labels = labels
        self.bit = bit
    }

    /// The three phases of a quantity, `.l1` to `.l3`, one behind the other.
    static func phases(
        _ id: String, _ offset: Int, _ type: SunSpecType, scale: Int? = nil, _ quantity: SunSpecQuantity,
        step: Int? = nil, names: [String] = [".l1", ".l2", ".l3"], must: Int = 0
    ) -> [SunSpecFact] {
        names.enumerated().map { index, name in
            SunSpecFact(
                id + name, offset + index * (step ?? type.wordCount), type, scale: scale, quantity, must: index < must)
        }
    }
}

/// The types of the SunSpec information models that the facts use, and the pattern by which each says "not implemented".
enum SunSpecType: Hashable, Sendable {
    case int16, uint16, uint32, uint64, acc32, float32, enum16, bitfield32
    /// Registers of text.
    case string(Int)

    var wordCount: Int {
        switch self {
        case .int16, .uint16, .enum16: 1
        case .uint32, .acc32, .float32, .bitfield32: 2
        case .uint64: 4
        case .string(let words): words
        }
    }

    /// NaN says it for floats and an empty text for texts, without a pattern.
    var notImplemented: UInt64? {
        switch self {
        case .int16: 0x8000
        case .uint16, .enum16: 0xFFFF
        case .uint32, .bitfield32: 0xFFFF_FFFF
        case .uint64: .max
        case .acc32: 0
        case .float32, .string: nil
        }
    }

    /// The type of a profile.
    var registerType: RegisterType {
        switch self {
        case .int16: .i16
        case .uint16: .u16
        case .uint32, .acc32: .u32
        case .uint64: .u64
        case .float32: .f32
        case .enum16: .enum
        case .bitfield32: .bit
        case .string: .text
        }
    }

    func isNotImplemented(_ words: [UInt16]) -> Bool {
        switch self {
        case .float32: Float(bitPattern: words.reduce(0) { $0 << 16 | UInt32($1) }).isNaN
        case .string: words.allSatisfy { $0 == 0 || $0 == 0x2020 }
        default: words.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } == notImplemented
        }
    }
}

/// What a value is, in the words of a profile: unit, exact factor to it, nature, Brick class and direction.
struct SunSpecQuantity: Hashable, Sendable {
    var unit: String?
    /// From the model's unit: energies are shown in kilo.
    var isKilo = false
    var nature = "gauge"
    var brick: String
    var flow: String?

    static let current = SunSpecQuantity(unit: "A", brick: "Current_Sensor")
    static let voltage = SunSpecQuantity(unit: "V", brick: "Voltage_Sensor")
    static let voltageDC = SunSpecQuantity(unit: "V", brick: "DC_Bus_Voltage_Sensor")
    static let power = SunSpecQuantity(unit: "W", brick: "Electric_Power_Sensor")
    static let apparent = SunSpecQuantity(unit: "V.A", brick: "Power_Sensor")
    static let reactive = SunSpecQuantity(unit: "var", brick: "Reactive_Power_Sensor")
    static let factor = SunSpecQuantity(unit: "1", brick: "Power_Factor_Sensor")
    static let factorPercent = SunSpecQuantity(unit: "%", brick: "Power_Factor_Sensor")
    static let frequency = SunSpecQuantity(unit: "Hz", brick: "Frequency_Sensor")
    static let temperature = SunSpecQuantity(unit: "Cel", brick: "Temperature_Sensor")
    static let heatSink = SunSpecQuantity(unit: "Cel", brick: "Heat_Sink_Temperature_Sensor")
    static let share = SunSpecQuantity(unit: "%", brick: "Sensor")
    static let capacity = SunSpecQuantity(unit: "kW.h", isKilo: true, brick: "Sensor")
    static let charge = SunSpecQuantity(unit: "A.h", brick: "Sensor")
    static let count = SunSpecQuantity(unit: "1", nature: "counter", brick: "Sensor")
    static let mode = SunSpecQuantity(nature: "state", brick: "Operating_Mode_Status")
    static let text = SunSpecQuantity(nature: "state", brick: "Sensor")
    static let fault = SunSpecQuantity(nature: "state", brick: "Fault_Status")

    static func energy(_ flow: String) -> SunSpecQuantity {
        SunSpecQuantity(unit: "kW.h", isKilo: true, nature: "counter", brick: "Electric_Energy_Sensor", flow: flow)
    }

    static func apparentEnergy(_ flow: String) -> SunSpecQuantity {
        SunSpecQuantity(unit: "kV.A.h", isKilo: true, nature: "counter", brick: "Energy_Sensor", flow: flow)
    }

    static func reactiveEnergy(_ flow: String) -> SunSpecQuantity {
        SunSpecQuantity(unit: "kvar.h", isKilo: true, nature: "counter", brick: "Reactive_Energy_Sensor", flow: flow)
    }
}
