import Readings
import SourceYAML

extension ProfilePoint {
    private static let meaningKeys = [
        "unit", "nature", "brick", "flow", "privacy", "scale", "offset", "values", "type", "notAvailable", "note",
        "write",
    ]
    private static let modbusKeys = [
        "address", "function", "order", "words", "bit", "bits", "scaleRegister",
    ]
    private static let mqttKeys = [
        "topic", "path", "plain", "capture", "match", "time", "retained", "omitted", "record", "at", "bit", "bits",
        "metric",
    ]

    static func load(_ entry: YAMLEntry, defaults: PointDefaults) throws(SourceError) -> ProfilePoint {
        let node = entry.value
        guard !entry.key.isEmpty, entry.key.utf8.count <= 100, entry.key.utf8.allSatisfy(DeviceProfile.isIDByte) else {
            throw entry.error("the point's name '\(entry.key.prefix(60))' may hold a-z, 0-9, '-', '_' and '.' only")
        }
        try node.allow(meaningKeys + (defaults.isModbus ? modbusKeys : mqttKeys), in: "point \(entry.key)")
        _ = try node["note"]?.string()
        let labels = try labels(node["values"])
        let source: Source
        let kind: ValueKind
        if defaults.isModbus {
            let point = try ModbusPoint.load(node, defaults: defaults)
            (source, kind) = (.modbus(point), point.kind)
        } else {
            let point = try MQTTPoint.load(node, defaults: defaults)
            (source, kind) = (.mqtt(point), point.kind)
            if point.type == .enum, labels.isEmpty {
                throw node.error("type enum needs 'values' in point \(entry.key)")
            }
        }
        let nature = try node.required("nature").choice(Nature.self)
        var write: WriteAccess?
        if let place = node["write"] {
            write = try WriteAccess.load(
                place, source: source, kind: kind, nature: nature, hasLabels: !labels.isEmpty, defaults: defaults)
        }
        return ProfilePoint(
            id: entry.key, source: source, kind: kind, scale: try scale(node, kind: kind),
            unit: try node["unit"]?.string(sizeBytesMax: 32), nature: nature,
            brick: try node.required("brick").string(sizeBytesMax: 100),
            flow: try node["flow"]?.choice(flows), privacy: try node["privacy"]?.choice(PrivacyClass.self) ?? .none,
            labels: labels, write: write)
    }

    private static let flows = [
        "import", "export", "production", "consumption", "charge", "discharge", "supply", "return",
    ]

    private static func scale(_ node: YAMLNode, kind: ValueKind) throws(SourceError) -> Scale {
        let factor = try decimal(node["scale"]) ?? (1, 0)
        let offset = try decimal(node["offset"]) ?? (0, 0)
        if let place = node["scale"], factor.mantissa == 0 { throw place.error("a scale of 0 makes every value 0") }
        if let place = node["scale"] ?? node["offset"], kind == .text || kind == .flag {
            throw place.error("a text or a flag has no scale")
        }
        return Scale(
            mantissa: factor.mantissa, exponent: factor.exponent, offsetMantissa: offset.mantissa,
            offsetExponent: offset.exponent)
    }

    private static func decimal(_ node: YAMLNode?) throws(SourceError) -> (mantissa: Int64, exponent: Int64)? {
        guard let node else { return nil }
        guard let value = ExactDecimal(text: try node.number()), let mantissa = Int64(exactly: value.mantissa),
            abs(value.exponent) <= 30
        else { throw node.expected("a number of at most 18 digits and 30 decimal places") }
        return (mantissa, Int64(value.exponent))
    }

    /// `{0: off, 1: on}`.
    private static func labels(_ node: YAMLNode?) throws(SourceError) -> [Label] {
        guard let node else { return [] }
        var labels: [Label] = []
        for entry in try node.entries() {
            guard let value = Int64(entry.key) else { throw entry.error("'\(entry.key)' is no whole number") }
            guard !labels.contains(where: { $0.value == value }) else {
                throw entry.error("the number \(value) has two names")
            }
            labels.append(Label(value: value, name: try entry.value.string(sizeBytesMax: 100)))
        }
        return labels.sorted { $0.value < $1.value }
    }
}
