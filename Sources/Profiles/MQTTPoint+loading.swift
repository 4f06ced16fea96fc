import Readings
import SourceYAML

extension MQTTPoint {
    var kind: ValueKind {
        if case .record(let field) = place { return field.number == .f32 ? .float32 : .integer }
        return switch type {
        case .number: .numericText
        case .bool: .flag
        case .text: .text
        case .enum: .integer
        }
    }

    static func load(_ node: YAMLNode, defaults: PointDefaults) throws(SourceError) -> MQTTPoint {
        if let record = node["record"] { return try load(record: record, of: node, defaults: defaults) }
        for key in ["at", "bit", "bits"] {
            if let other = node[key] { throw other.error("'\(key)' is for a point with 'record'") }
        }
        if let name = node["metric"] { return try load(metric: name, of: node) }
        let topic = try defaults.topic(node["topic"], of: node)
        let place: Place
        switch (node["path"], node["plain"], node["capture"]) {
        case (let path?, nil, nil): place = .path(try PointDefaults.path(path))
        case (nil, let plain?, nil):
            guard try plain.bool() else { throw plain.error("'plain' is true or absent") }
            place = .plain
        case (nil, nil, let capture?):
            let name = try capture.string()
            guard topic.captures.contains(name) else {
                throw capture.error("the topic has no {\(name)}", hint: didYouMean(name, in: topic.captures))
            }
            place = .capture(name)
        default:
            throw node.error(
                "a point needs exactly one of 'path', 'plain', 'capture', 'record' and 'metric' in \(node.pathText)")
        }
        let omitted = try defaults.omitted(node["omitted"])
        if let own = node["omitted"] {
            guard case .path = place else { throw own.error("'omitted' is for a point with 'path'") }
        }
        return MQTTPoint(
            topic: topic, place: place, type: try node["type"]?.choice(TokenType.self) ?? .number,
            match: try defaults.match(node["match"]), time: try defaults.time(node["time"]),
            retained: try defaults.retained(node["retained"]), omitted: omitted,
            notAvailable: try node["notAvailable"]?.strings() ?? [])
    }

    /// A number in a record of the profile's `tlv` table.
    private static func load(
        record: YAMLNode, of node: YAMLNode, defaults: PointDefaults
    ) throws(SourceError) -> MQTTPoint {
        for key in ["path", "plain", "capture", "metric", "omitted"] {
            if let other = node[key] { throw other.error("'\(key)' and 'record' exclude each other") }
        }
        guard let table = defaults.tlv else { throw record.error("'record' needs a 'tlv' table in the profile") }
        let name = try record.string()
        guard let found = table.records.first(where: { $0.name == name }) else {
            throw record.error("unknown record '\(name)'", hint: didYouMean(name, in: table.records.map(\.name)))
        }
        let number = try node["type"]?.choice(TLVField.Number.self) ?? .u8
        let at = try node["at"]?.int(0...TLVRecord.sizeBytesMax - 1) ?? 0
        guard at + number.sizeBytes <= found.sizeBytes else {
            throw node.error("\(number.rawValue) at \(at) lies outside record '\(name)' of \(found.sizeBytes) bytes")
        }
        var patterns: [UInt64] = []
        for item in try node["notAvailable"]?.items() ?? [] {
            patterns.append(UInt64(try item.int(0...Int(UInt32.max))))
        }
        return MQTTPoint(
            topic: try defaults.topic(node["topic"], of: node),
            place: .record(
                TLVField(
                    channel: found.channel, type: found.type, at: at, number: number, order: defaults.tlvOrder,
                    bits: try bits(node, number), notAvailable: patterns)),
            type: .number, match: try defaults.match(node["match"]), time: try defaults.time(node["time"]),
            retained: try defaults.retained(node["retained"]), omitted: .nothing, notAvailable: [])
    }

    private static func bits(_ node: YAMLNode, _ number: TLVField.Number) throws(SourceError) -> ClosedRange<Int>? {
        guard let place = node["bits"] ?? node["bit"] else { return nil }
        guard !number.isSigned, number != .f32 else {
            throw place.error("bits are cut out of unsigned numbers, not of \(number.rawValue)")
        }
        let bound = 0...8 * number.sizeBytes - 1
        guard let list = node["bits"] else {
            let bit = try place.int(bound)
            return bit...bit
        }
        let items = try list.items()
        guard items.count == 2, node["bit"] == nil else { throw list.expected("[lowest, highest]") }
        let (low, high) = (try items[0].int(bound), try items[1].int(bound))
        guard low <= high else { throw list.expected("[lowest, highest]") }
        return low...high
    }

    /// A Sparkplug B metric; its device's root is `GROUP/NODE` or `GROUP/NODE/DEVICE`.
    private static func load(metric: YAMLNode, of node: YAMLNode) throws(SourceError) -> MQTTPoint {
        for key in ["path", "plain", "capture", "topic", "match", "time", "retained", "omitted"] {
            if let other = node[key] { throw other.error("'\(key)' and 'metric' exclude each other") }
        }
        let name = try metric.string(sizeBytesMax: 512)
        guard !name.isEmpty else { throw metric.error("a metric has a name") }
        return MQTTPoint(
            topic: .root, place: .metric(name), type: try node["type"]?.choice(TokenType.self) ?? .number, match: nil,
            time: nil, retained: .ignore, omitted: .nothing, notAvailable: try node["notAvailable"]?.strings() ?? [])
    }
}

extension MQTTDialect {
    static func load(
        _ root: YAMLNode, points: [ProfilePoint], defaults: PointDefaults
    ) throws(SourceError) -> MQTTDialect {
        for key in ["read", "identify"] {
            if let node = root[key] { throw node.error("'\(key)' is for transport modbus") }
        }
        let metrics = points.count { $0.mqtt?.metric != nil }
        guard metrics == 0 || metrics == points.count else {
            throw try root.required("points").error("Sparkplug metrics and other points do not mix in one profile")
        }
        guard let node = root["availability"] else { return MQTTDialect(availability: nil, tlv: defaults.tlv) }
        if metrics > 0 { throw node.error("Sparkplug tells births and deaths by itself; leave 'availability' out") }
        try node.allow(["topic", "path", "online", "offline"], in: "availability")
        return MQTTDialect(
            availability: Availability(
                topic: try PointDefaults.topic(node.required("topic")), path: try PointDefaults.path(node["path"]),
                online: try node.required("online").string(), offline: try node.required("offline").string()),
            tlv: defaults.tlv)
    }
}

extension TLVTable {
    /// The profile's `tlv`.
    static func load(_ node: YAMLNode) throws(SourceError) -> (table: TLVTable, order: Order) {
        try node.allow(["path", "encoding", "order", "records"], in: "tlv")
        var records: [TLVRecord] = []
        for entry in try node.required("records").entries() {
            try entry.value.allow(["channel", "type", "length"], in: "record \(entry.key)")
            let record = TLVRecord(
                name: entry.key, channel: UInt8(clamping: try entry.value.required("channel").int(0...255)),
                type: UInt8(clamping: try entry.value.required("type").int(0...255)),
                sizeBytes: try entry.value.required("length").int(0...TLVRecord.sizeBytesMax))
            if let twin = records.first(where: { $0.channel == record.channel && $0.type == record.type }) {
                throw entry.error("records '\(twin.name)' and '\(record.name)' have the same channel and type")
            }
            records.append(record)
            guard records.count <= recordCountMax else { throw entry.error("more than \(recordCountMax) records") }
        }
        guard !records.isEmpty else { throw node.error("a tlv table needs records") }
        let table = TLVTable(
            path: try PointDefaults.path(node.required("path")),
            encoding: try node["encoding"]?.choice(Encoding.self) ?? .base64,
            records: records.sorted { ($0.channel, $0.type) < ($1.channel, $1.type) })
        return (table, try node["order"]?.choice(Order.self) ?? .little)
    }
}
