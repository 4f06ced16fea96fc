import CanonicalCBOR
import Readings

/// Why stored bytes are no revision of a building.
package enum BuildingDecodingError: Error, Equatable {
    /// The bytes are not canonical CBOR, or not in the shape of version 1.
    case malformed
    /// A version that this code does not know.
    case unknownVersion(UInt64)
}

extension Building {
    /// Reads back what `canonical()` wrote; anything that would not be written the same way is refused.
    package init(canonicalBytes bytes: [UInt8]) throws(BuildingDecodingError) {
        let root: CBOR
        do { root = try CBOR.decode(bytes, sizeBytesMax: Self.canonicalSizeBytesMax) } catch { throw .malformed }
        var fields = Fields(root)
        let version = try fields.unsigned()
        guard version == Self.canonicalVersion else { throw .unknownVersion(version) }
        guard try fields.text() == "building" else { throw .malformed }
        let id = try fields.text()
        let label = try fields.text()
        let timeZone = try fields.text()
        let entities = try fields.list(Entity.init(fields:))
        let devices = try fields.list(Device.init(fields:))
        let points = try fields.list(Point.init(fields:))
        try fields.end()
        self.init(id: id, label: label, timeZone: timeZone, entities: entities, devices: devices, points: points)
        guard canonical() == root else { throw .malformed }
    }
}

extension Entity {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        let id = try fields.text()
        let type = try fields.text()
        let label = try fields.text()
        let relations = try fields.list { (pair: inout Fields) throws(BuildingDecodingError) in
            Relation(try pair.name(RelationKind.init(rawValue:)), try pair.text())
        }
        let annotations = try fields.list { (group: inout Fields) throws(BuildingDecodingError) in
            Annotation(
                name: try group.text(),
                fields: try group.list { (pair: inout Fields) throws(BuildingDecodingError) in
                    Annotation.Field(name: try pair.text(), value: try pair.text())
                })
        }
        self.init(id: id, type: type, label: label, relations: relations, annotations: annotations)
    }
}

extension Device {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        self.init(
            id: try fields.text(), profile: try fields.text(), profileHash: try fields.bytes(),
            address: try fields.one(DeviceAddress.init(fields:)),
            // Revisions from before there was one end here.
            patience: fields.hasMore ? try fields.one(Patience.init(fields:)) : .standard)
    }
}

extension Patience {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        self.init(timeoutMs: try fields.optionalNumber(), gapMs: try fields.optionalNumber())
    }
}

extension DeviceAddress {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        switch try fields.text() {
        case "modbus": self = .modbus(host: try fields.text(), port: try fields.number(), unit: try fields.number())
        case "rtutcp":
            self = .rtuOverTCP(host: try fields.text(), port: try fields.number(), unit: try fields.number())
        case "serial":
            self = .serial(
                path: try fields.text(), baud: try fields.number(), mode: try fields.text(), unit: try fields.number())
        case "mqtt": self = .mqtt(root: try fields.text())
        default: throw .malformed
        }
    }
}

extension Point {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        let id = try fields.text()
        guard let (entity, _) = Identifier.splitPoint(id) else { throw .malformed }
        let type = try fields.text()
        let unit = try fields.optionalText()
        let nature = try fields.name(Nature.init(rawValue:))
        let flow = try fields.optionalName(Flow.init(rawValue:))
        let privacy = try fields.name(PrivacyClass.init(rawValue:))
        let tenant = try fields.optionalText()
        let limits = try fields.one { (pair: inout Fields) throws(BuildingDecodingError) in
            Limits(
                min: try pair.optionalName(ExactDecimal.init(text:)),
                max: try pair.optionalName(ExactDecimal.init(text:)))
        }
        let binding = try fields.one { (part: inout Fields) throws(BuildingDecodingError) in
            Binding(
                device: try part.text(), profilePoint: try part.text(), profile: try part.text(),
                profileHash: try part.bytes())
        }
        let expected: UInt32? = try fields.optionalNumber()
        guard let kind = ValueKind(rawValue: try fields.number()) else { throw .malformed }
        let scale = try fields.one { (part: inout Fields) throws(BuildingDecodingError) in
            Scale(
                mantissa: try part.int(), exponent: try part.int(), offsetMantissa: try part.int(),
                offsetExponent: try part.int())
        }
        let stream = try fields.text()
        let aggregate = try fields.name(Aggregate.init(rawValue:))
        var report: ReportRule?
        var poll: UInt32?
        var command: CommandRule?
        while fields.hasMore {
            try fields.one { (part: inout Fields) throws(BuildingDecodingError) in
                switch try part.text() {
                case "report" where report == nil:
                    report = ReportRule(
                        band: try part.optionalName(ReportRule.Band.init(text:)), minMs: try part.int(),
                        maxMs: try part.int())
                    poll = try part.optionalNumber()
                case CommandRule.canonicalName where command == nil: command = try CommandRule(fields: &part)
                default: throw .malformed
                }
            }
        }
        self.init(
            id: id, entity: entity, type: type, unit: unit, nature: nature, flow: flow, privacy: privacy,
            tenant: tenant, limits: limits, binding: binding, expectedSeconds: expected, kind: kind, scale: scale,
            stream: stream, aggregate: aggregate, report: report, pollSeconds: poll,
            command: command)
    }
}

extension CommandRule {
    fileprivate init(fields: inout Fields) throws(BuildingDecodingError) {
        let min = try fields.optionalName(ExactDecimal.init(text:))
        let max = try fields.optionalName(ExactDecimal.init(text:))
        let step = try fields.optionalName(ExactDecimal.init(text:))
        let everyMs = try fields.int()
        let critical = try fields.unsigned()
        guard critical <= 1 else { throw .malformed }
        let labels = try fields.list { (pair: inout Fields) throws(BuildingDecodingError) in
            Label(value: try pair.int(), name: try pair.text())
        }
        self.init(min: min, max: max, step: step, everyMs: everyMs, isCritical: critical == 1, labels: labels)
    }
}

/// Takes the elements of one array in order; whatever is missing, of another type or left over is `malformed`.
private struct Fields {
    private var rest: ArraySlice<CBOR>

    init(_ value: CBOR) {
        rest = (value.asArray ?? [])[...]
    }

    mutating func next() throws(BuildingDecodingError) -> CBOR {
        guard let value = rest.popFirst() else { throw .malformed }
        return value
    }

    var hasMore: Bool { !rest.isEmpty }

    func end() throws(BuildingDecodingError) {
        guard rest.isEmpty else { throw .malformed }
    }

    mutating func text() throws(BuildingDecodingError) -> String { try some(try next().asText) }
    mutating func bytes() throws(BuildingDecodingError) -> [UInt8] { try some(try next().asBytes) }
    mutating func unsigned() throws(BuildingDecodingError) -> UInt64 { try some(try next().asUnsigned) }
    mutating func int() throws(BuildingDecodingError) -> Int64 { try some(try next().asInt) }

    mutating func number<Number: FixedWidthInteger>() throws(BuildingDecodingError) -> Number {
        try some(Number(exactly: try unsigned()))
    }

    mutating func optionalNumber<Number: FixedWidthInteger>() throws(BuildingDecodingError) -> Number? {
        let value = try next()
        if value.isNull { return nil }
        return try some(value.asUnsigned.flatMap { Number(exactly: $0) })
    }

    mutating func optionalText() throws(BuildingDecodingError) -> String? {
        let value = try next()
        return value.isNull ? nil : try some(value.asText)
    }

    mutating func name<Value>(_ make: (String) -> Value?) throws(BuildingDecodingError) -> Value {
        try some(make(try text()))
    }

    mutating func optionalName<Value>(_ make: (String) -> Value?) throws(BuildingDecodingError) -> Value? {
        guard let name = try optionalText() else { return nil }
        return try some(make(name))
    }

    mutating func one<Value>(
        _ make: (inout Fields) throws(BuildingDecodingError) -> Value
    ) throws(BuildingDecodingError) -> Value {
        let value = try next()
        guard value.asArray != nil else { throw .malformed }
        var inner = Fields(value)
        let result = try make(&inner)
        try inner.end()
        return result
    }

    mutating func list<Value>(
        _ make: (inout Fields) throws(BuildingDecodingError) -> Value
    ) throws(BuildingDecodingError) -> [Value] {
        var values: [Value] = []
        for element in try some(try next().asArray) {
            guard element.asArray != nil else { throw .malformed }
            var inner = Fields(element)
            values.append(try make(&inner))
            try inner.end()
        }
        return values
    }

    private func some<Value>(_ value: Value?) throws(BuildingDecodingError) -> Value {
        guard let value else { throw .malformed }
        return value
    }
}
