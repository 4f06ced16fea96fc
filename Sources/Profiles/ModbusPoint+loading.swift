import Readings
import SourceYAML

extension ModbusPoint {
    /// What the raw values are made of; a live scale register turns a number into a literal token.
    var kind: ValueKind {
        switch type {
        case .u16, .i16, .u32, .i32, .u64, .i64, .bits, .enum, .bcd: scaleRegister == nil ? .integer : .numericText
        case .f32: .float32
        case .f64: .float64
        case .bit, .bool: .flag
        case .text: .text
        }
    }

    static func load(_ node: YAMLNode, defaults: PointDefaults) throws(SourceError) -> ModbusPoint {
        let function = try defaults.function(node["function"])
        let type =
            function.readsBits && node["type"] == nil
            ? RegisterType.bool : try node.required("type").choice(RegisterType.self)
        if function.readsBits, type != .bool {
            throw try node.required("type").error("functions 1 and 2 read single bits, type bool")
        }
        let wordCount = try words(node, type)
        let bits = try bits(node, type, wordCount: wordCount)
        var patterns: [UInt64] = []
        if let list = node["notAvailable"] {
            for item in try list.items() {
                let pattern = try item.unsigned()
                if wordCount < 4, pattern >> UInt64(16 * wordCount) != 0 {
                    throw item.error("the pattern is wider than \(wordCount) register\(wordCount == 1 ? "" : "s")")
                }
                patterns.append(pattern)
            }
            if type == .text { throw list.error("a text that is empty is not available by itself") }
        }
        let integers: [RegisterType] = [.u16, .i16, .u32, .i32, .u64, .i64]
        var scaleRegister: UInt16?
        if let place = node["scaleRegister"] {
            guard integers.contains(type) else {
                throw place.error("a live scale register needs a whole number, not \(type.rawValue)")
            }
            scaleRegister = try defaults.address(place, last: 0)
        }
        return ModbusPoint(
            function: function, address: try defaults.address(node.required("address"), last: wordCount - 1),
            type: type,
            order: try defaults.order(node["order"]), wordCount: wordCount, bits: bits, notAvailable: patterns,
            scaleRegister: scaleRegister)
    }

    private static func words(_ node: YAMLNode, _ type: RegisterType) throws(SourceError) -> Int {
        let own = node["words"]
        if type == .bit, let own { return try own.int(1...4) }
        if let fixed = type.wordCount {
            if let own {
                throw own.error("type \(type.rawValue) always takes \(fixed) register\(fixed == 1 ? "" : "s")")
            }
            return fixed
        }
        if type == .text { return try node.required("words").int(1...64) }
        return try own?.int(1...4) ?? 1
    }

    private static func bits(_ node: YAMLNode, _ type: RegisterType, wordCount: Int) throws(SourceError) -> ClosedRange<
        Int
    >? {
        let highest = 16 * wordCount - 1
        switch type {
        case .bit:
            let bit = try node.required("bit").int(0...highest)
            return bit...bit
        case .bits:
            let list = try node.required("bits").items()
            guard list.count == 2 else { throw try node.required("bits").expected("[lowest, highest]") }
            let low = try list[0].int(0...highest)
            return low...(try list[1].int(low...highest))
        default:
            for key in ["bit", "bits"] {
                if let place = node[key] { throw place.error("'\(key)' is for type \(key)") }
            }
            return nil
        }
    }
}
