import SourceYAML

extension ProfileTest {
    private static let keys = ["point", "value", "note"]
    private static let modbusKeys = ["words", "scaleWord"]
    private static let mqttKeys = ["payload", "topic"]

    static func load(_ node: YAMLNode?, points: [ProfilePoint]) throws(SourceError) -> [ProfileTest] {
        guard let node else { return [] }
        var tests: [ProfileTest] = []
        for item in try node.items() {
            try item.allow(keys + (points.first?.modbus == nil ? mqttKeys : modbusKeys), in: "test")
            _ = try item["note"]?.string()
            let name = try item.required("point")
            let id = try name.string()
            guard let point = points.first(where: { $0.id == id }) else {
                throw name.error("unknown point '\(id)'", hint: didYouMean(id, in: points.map(\.id)))
            }
            guard try item.entries().contains(where: { $0.key == "value" }) else {
                throw item.error(
                    "key 'value' is missing", hint: "write 'value: null' when the device says that it has none")
            }
            tests.append(ProfileTest(point: id, said: try said(item, point), value: try item["value"]?.string()))
        }
        return tests
    }

    private static func said(_ item: YAMLNode, _ point: ProfilePoint) throws(SourceError) -> Said {
        guard let modbus = point.modbus else {
            return .payload(
                try item.required("payload").string(sizeBytesMax: 65_536), topic: try item.required("topic").string())
        }
        var words: [UInt16] = []
        for word in try item.required("words").items() { words.append(UInt16(clamping: try word.int(0...65_535))) }
        guard words.count == modbus.wordCount else {
            throw try item.required("words").error(
                "point \(point.id) takes \(modbus.wordCount) words, here are \(words.count)")
        }
        var scaleWord: UInt16?
        if modbus.scaleRegister != nil {
            scaleWord = UInt16(clamping: try item.required("scaleWord").int(0...65_535))
        } else if let place = item["scaleWord"] {
            throw place.error("point \(point.id) has no scale register")
        }
        return .words(words, scaleWord: scaleWord)
    }
}
