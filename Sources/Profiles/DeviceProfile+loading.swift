package import SourceYAML

extension DeviceProfile {
    static let keys = [
        "profile", "revision", "vendor", "models", "transport", "confidence", "provenance", "notes", "defaults",
        "identify", "read", "availability", "tlv", "points", "test",
    ]

    /// Reads one profile file.
    ///
    /// - Parameter file: the name that errors begin with.
    package static func load(_ text: some Sequence<UInt8>, file: String) throws(SourceError) -> DeviceProfile {
        try load(parse(text, file: file))
    }

    static func parse(_ text: some Sequence<UInt8>, file: String) throws(SourceError) -> YAMLNode {
        var limits = YAMLLimits()
        limits.sizeBytesMax = 512 * 1024
        limits.depthMax = 8
        return try YAMLNode.parse(text, file: file, limits: limits)
    }

    static func load(_ root: YAMLNode) throws(SourceError) -> DeviceProfile {
        try root.allow(keys, in: "the profile")
        let name = try root.required("profile")
        let id = try name.string(sizeBytesMax: 64)
        guard !id.isEmpty, id.utf8.allSatisfy(isIDByte) else {
            throw name.error("the name '\(id)' may hold a-z, 0-9, '-' and '.' only")
        }
        let form = try root.required("transport").choice(["modbus", "mqtt"])
        let defaults = try PointDefaults(root["defaults"], isModbus: form == "modbus", tlv: root["tlv"])
        var points: [ProfilePoint] = []
        for entry in try root.required("points").entries() {
            points.append(try ProfilePoint.load(entry, defaults: defaults))
        }
        guard !points.isEmpty else { throw try root.required("points").error("a profile needs at least one point") }
        points.sort { $0.id < $1.id }
        let transport: Transport =
            if form == "modbus" {
                .modbus(try ModbusDialect.load(root, defaults: defaults))
            } else {
                .mqtt(try MQTTDialect.load(root, points: points, defaults: defaults))
            }
        if case .modbus(let dialect) = transport { try checkSpans(points, dialect.limits, root) }
        _ = try root["notes"]?.strings()
        let provenance = try texts(root.required("provenance"))
        let revision = try root["revision"]?.int(1...1_000_000) ?? 1
        let vendor = try root.required("vendor").string(sizeBytesMax: 100)
        let models = try texts(root.required("models"))
        let confidence = try root.required("confidence").choice(Confidence.self)
        return DeviceProfile(
            id: id, revision: revision, vendor: vendor, models: models, transport: transport, confidence: confidence,
            provenance: provenance, points: points, tests: try ProfileTest.load(root["test"], points: points),
            hash: canonicalHash(
                id: id, revision: revision, vendor: vendor, models: models, transport: transport,
                confidence: confidence,
                provenance: provenance, points: points))
    }

    private static func texts(_ node: YAMLNode) throws(SourceError) -> [String] {
        let texts = try node.strings()
        guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
            throw node.error("expected at least one text, and none that is empty, at \(node.pathText)")
        }
        return texts
    }

    static func isIDByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    /// A value and its live scale register must fit one request, which crosses no boundary.
    private static func checkSpans(
        _ points: [ProfilePoint], _ limits: ReadLimits, _ root: YAMLNode
    ) throws(SourceError) {
        for point in points {
            guard let modbus = point.modbus, !modbus.function.readsBits else { continue }
            if modbus.span.count > limits.registerCountMax {
                throw try (root.required("points")[point.id] ?? root).error(
                    "point \(point.id) takes \(modbus.span.count) registers with its scale register, a request holds \(limits.registerCountMax)"
                )
            }
            if let boundary = limits.boundaries.first(where: { modbus.span.dropFirst().contains(Int($0)) }) {
                throw try (root.required("points")[point.id] ?? root).error(
                    "point \(point.id) lies across the boundary at \(boundary)")
            }
        }
    }
}
