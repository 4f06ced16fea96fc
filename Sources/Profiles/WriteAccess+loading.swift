import Readings
import SourceYAML

extension WriteAccess {
    private static let meaningKeys = ["min", "max", "step", "every"]
    private static let modbusKeys = ["function", "address"]
    private static let mqttKeys = ["topic", "payload"]

    /// What a profile says under a point's `write`.
    static func load(
        _ node: YAMLNode, source: ProfilePoint.Source, kind: ValueKind, nature: Nature, hasLabels: Bool,
        defaults: PointDefaults
    ) throws(SourceError) -> WriteAccess {
        try node.allow((defaults.isModbus ? modbusKeys : mqttKeys) + meaningKeys)
        guard nature == .setpoint || nature == .state else {
            throw node.error("a \(nature.rawValue) cannot be written; only a setpoint or a state can")
        }
        let way =
            switch source {
            case .modbus(let point): try modbus(node, point, defaults)
            case .mqtt: try mqtt(node)
            }
        let bounds = try bounds(node, isNumber: !hasLabels && kind != .flag && kind != .text && kind != .event)
        return WriteAccess(
            way: way, min: bounds.min, max: bounds.max, step: bounds.step,
            everyMsMin: try node["every"]?.duration(everyMsRange) ?? everyMsDefault)
    }

    private static func modbus(
        _ node: YAMLNode, _ point: ModbusPoint, _ defaults: PointDefaults
    ) throws(SourceError) -> Way {
        let place = try node.required("function")
        guard let function = ModbusWriteFunction(rawValue: UInt8(clamping: try place.int(5...16))) else {
            throw place.expected("a function that writes (5, 6, 15 or 16)")
        }
        if point.type == .bit || point.type == .bits {
            throw node.error("a \(point.type.rawValue) shares its register with others and cannot be written alone")
        }
        if point.scaleRegister != nil {
            throw node.error("a value with a live scale register cannot be written")
        }
        if function.writesBits, point.type != .bool {
            throw place.error("functions 5 and 15 write single bits, type bool")
        }
        if !function.writesBits, point.function.readsBits, node["address"] == nil {
            throw place.error(
                "a point of functions 1 and 2 is written by function 5 or 15, or at an address of its own")
        }
        if function == .singleRegister, point.wordCount != 1 {
            throw place.error("function 6 writes one register, this point takes \(point.wordCount)")
        }
        guard let own = node["address"] else {
            guard point.function == .coils || point.function == .holdingRegisters else {
                throw node.error(
                    "key 'address' is missing in \(node.pathText)",
                    hint: "what function \(point.function.rawValue) reads cannot be written; say where the value goes")
            }
            return .modbus(function: function, address: point.address)
        }
        return .modbus(function: function, address: try defaults.address(own, last: point.wordCount - 1))
    }

    private static func mqtt(_ node: YAMLNode) throws(SourceError) -> Way {
        let place = try node.required("topic")
        let topic = try PointDefaults.topic(place)
        if let name = topic.captures.first {
            throw place.error("a topic to write to holds no name but {root}, here is {\(name)}")
        }
        let text = try node.required("payload")
        let payload = try text.string(sizeBytesMax: payloadBytesMax)
        guard payload.contains("{value}") else { throw text.error("the payload has no place for {value}") }
        return .mqtt(topic: topic, payload: payload)
    }

    private static func bounds(
        _ node: YAMLNode, isNumber: Bool
    ) throws(SourceError) -> (min: ExactDecimal?, max: ExactDecimal?, step: ExactDecimal?) {
        guard isNumber else {
            for key in ["min", "max", "step"] {
                if let place = node[key] { throw place.error("'\(key)' is for numbers without names") }
            }
            return (nil, nil, nil)
        }
        let least = try decimal(node.required("min"))
        let place = try node.required("max")
        let greatest = try decimal(place)
        guard isOrdered(least, greatest) else { throw place.error("'max' \(greatest) is less than 'min' \(least)") }
        var step: ExactDecimal?
        if let place = node["step"] {
            let value = try decimal(place)
            guard value.mantissa > 0 else { throw place.error("'step' \(value) is not above 0") }
            step = value
        }
        return (least, greatest, step)
    }

    private static func decimal(_ node: YAMLNode) throws(SourceError) -> ExactDecimal {
        guard let value = ExactDecimal(text: try node.number()), Int64(exactly: value.mantissa) != nil,
            abs(value.exponent) <= 30
        else { throw node.expected("a number of at most 18 digits and 30 decimal places") }
        return value
    }

    private static func isOrdered(_ low: ExactDecimal, _ high: ExactDecimal) -> Bool {
        guard let distance = high.adding(ExactDecimal(mantissa: -low.mantissa, exponent: low.exponent)) else {
            return low.mantissa < high.mantissa
        }
        return distance.mantissa >= 0
    }
}
