import Readings
import SourceYAML

/// What holds for every point of a profile that does not say otherwise.
struct PointDefaults {
    static let modbusKeys = ["function", "order", "addressing"]
    static let mqttKeys = ["topic", "match", "time", "retained", "omitted"]

    let isModbus: Bool
    /// Table and byte order of the profile's binary records.
    let tlv: TLVTable?
    let tlvOrder: TLVTable.Order
    private let node: YAMLNode?

    init(_ node: YAMLNode?, isModbus: Bool, tlv table: YAMLNode? = nil) throws(SourceError) {
        self.node = node
        self.isModbus = isModbus
        try node?.allow(isModbus ? Self.modbusKeys : Self.mqttKeys, in: "defaults")
        if let table {
            if isModbus { throw table.error("'tlv' is for transport mqtt") }
            let loaded = try TLVTable.load(table)
            (tlv, tlvOrder) = (loaded.table, loaded.order)
        } else {
            (tlv, tlvOrder) = (nil, .little)
        }
    }

    func function(_ own: YAMLNode?) throws(SourceError) -> ModbusFunction {
        guard let node = own ?? self.node?["function"] else { return .holdingRegisters }
        let number = try node.int(1...4)
        guard let function = ModbusFunction(rawValue: UInt8(clamping: number)) else {
            throw node.expected("a function from 1 to 4")
        }
        return function
    }

    func order(_ own: YAMLNode?) throws(SourceError) -> WordOrder {
        try (own ?? node?["order"])?.choice(WordOrder.self) ?? .abcd
    }

    /// The address on the wire. In a one-based document number 1 is address 0 of the wire.
    ///
    /// - Parameter last: how many further registers belong to it, all within 65 535.
    func address(_ node: YAMLNode, last: Int) throws(SourceError) -> UInt16 {
        let addressing = try self.node?["addressing"]?.choice(["zero-based", "one-based"]) ?? "zero-based"
        let base = addressing == "one-based" ? 1 : 0
        return UInt16(clamping: try node.int(base...65_535 + base - max(last, 0)) - base)
    }

    func topic(_ own: YAMLNode?, of point: YAMLNode) throws(SourceError) -> TopicTemplate {
        guard let node = own ?? node?["topic"] else {
            throw point.error("key 'topic' is missing in \(point.pathText) and in defaults")
        }
        return try Self.topic(node)
    }

    func match(_ own: YAMLNode?) throws(SourceError) -> MQTTPoint.Match? {
        guard let node = own ?? node?["match"] else { return nil }
        try node.allow(["path", "equals"], in: "match")
        let words = try node.required("equals").strings()
        guard !words.isEmpty else { throw node.error("'equals' holds at least one word") }
        return MQTTPoint.Match(path: try Self.path(node.required("path")), equals: words)
    }

    func time(_ own: YAMLNode?) throws(SourceError) -> MQTTPoint.SourceTime? {
        guard let node = own ?? node?["time"] else { return nil }
        try node.allow(["path", "form", "zone"], in: "time")
        let form = try node.required("form").choice(MQTTPoint.SourceTime.Form.self)
        var zone: MQTTPoint.SourceTime.Zone?
        if form == .local {
            let place = try node.required("zone")
            let name = try place.string(sizeBytesMax: 64)
            guard name == "building" || ZoneRules.isLegalName(name) else {
                throw place.error("'\(name)' is no time zone", hint: "write building, or a name such as Europe/Oslo")
            }
            zone = name == "building" ? .building : .named(name)
        } else if let place = node["zone"] {
            throw place.error("'zone' is for the form local; \(form.rawValue) is an instant already")
        }
        return MQTTPoint.SourceTime(path: try Self.path(node.required("path")), form: form, zone: zone)
    }

    func omitted(_ own: YAMLNode?) throws(SourceError) -> MQTTPoint.OmittedPolicy {
        try (own ?? node?["omitted"])?.choice(MQTTPoint.OmittedPolicy.self) ?? .nothing
    }

    func retained(_ own: YAMLNode?) throws(SourceError) -> MQTTPoint.RetainedPolicy {
        try (own ?? node?["retained"])?.choice(MQTTPoint.RetainedPolicy.self) ?? .ignore
    }

    static func topic(_ node: YAMLNode) throws(SourceError) -> TopicTemplate {
        let text = try node.string(sizeBytesMax: 1024)
        guard let template = TopicTemplate(text) else {
            throw node.error(
                "'\(text)' is no topic template", hint: "levels are text or {name}, {root} only first, no + and #")
        }
        return template
    }

    static func path(_ node: YAMLNode) throws(SourceError) -> JSONPath {
        let text = try node.string(sizeBytesMax: 1024)
        guard let path = JSONPath(text) else {
            throw node.error(
                "'\(text)' is no path", hint: "a path looks like $.params[\"em:0\"].total_act_power or $.list[0]")
        }
        return path
    }

    static func path(_ node: YAMLNode?) throws(SourceError) -> JSONPath? {
        guard let node else { return nil }
        let path: JSONPath = try path(node)
        return path
    }
}
