import Profiles
import Readings
package import SourceYAML

extension RegisterDump {
    private static let keys = [
        "dump", "device", "unit", "profile", "when", "identification", "registers", "refused", "expect",
    ]
    /// Registers in one line of a written dump.
    private static let wordsInLine = 10

    /// Reads a dump file.
    ///
    /// - Parameter file: the name that errors begin with.
    package static func load(_ text: some Sequence<UInt8>, file: String) throws(SourceError) -> RegisterDump {
        let root = try YAMLNode.parse(text, file: file)
        try root.allow(keys, in: "the dump")
        let version = try root.required("dump")
        guard try version.int() == 1 else {
            throw version.error("this form of dump is not known here", hint: "write 'dump: 1'")
        }
        let when = try root.required("when")
        let recordedAtMs: Int64
        do { recordedAtMs = try UTCTime.parse(try when.string()) } catch let error as SourceError { throw error } catch
        {
            throw when.expected("an instant such as 2026-03-01T13:02:05Z")
        }
        var objects: [DeviceObject] = []
        for entry in try root["identification"]?.entries() ?? [] {
            guard let id = UInt8(entry.key) else { throw entry.error("'\(entry.key)' is no object id from 0 to 255") }
            objects.append(DeviceObject(id: id, text: try entry.value.string()))
        }
        return RegisterDump(
            device: try root.required("device").string(),
            unit: UInt8(clamping: try root.required("unit").int(0...255)),
            profile: try root["profile"]?.string() ?? "", recordedAtMs: recordedAtMs, identification: objects,
            runs: try runs(root.required("registers")), refused: try refusals(root["refused"]),
            expect: try expectations(root["expect"]))
    }

    private static func runs(_ node: YAMLNode) throws(SourceError) -> [Run] {
        var runs: [Run] = []
        var count = 0
        for section in try node.entries() {
            guard let number = UInt8(section.key), let function = ModbusFunction(rawValue: number) else {
                throw section.error("'\(section.key.prefix(20))' is no function that reads, 1 to 4")
            }
            for entry in try section.value.entries() {
                guard let address = UInt16(entry.key) else {
                    throw entry.error("'\(entry.key.prefix(20))' is no address from 0 to 65535")
                }
                var words: [UInt16] = []
                for item in try entry.value.items() { words.append(UInt16(clamping: try item.int(0...65_535))) }
                count += words.count
                guard !words.isEmpty, Int(address) + words.count <= 65_536, count <= wordCountMax else {
                    throw entry.error("the registers from \(address) on are none, or lead past 65535")
                }
                runs.append(Run(function: function, address: address, words: words))
            }
        }
        return runs
    }

    private static func refusals(_ node: YAMLNode?) throws(SourceError) -> [Refusal] {
        var refused: [Refusal] = []
        for item in try node?.items() ?? [] {
            try item.allow(["function", "first", "last", "code"], in: "refused")
            let place = try item.required("function")
            guard let function = ModbusFunction(rawValue: UInt8(clamping: try place.int(1...4))) else {
                throw place.expected("a function from 1 to 4")
            }
            let first = try item.required("first").int(0...65_535)
            refused.append(
                Refusal(
                    function: function, first: UInt16(clamping: first),
                    last: UInt16(clamping: try item.required("last").int(first...65_535)),
                    code: UInt8(clamping: try item["code"]?.int(0...255) ?? 0)))
        }
        return refused
    }

    private static func expectations(_ node: YAMLNode?) throws(SourceError) -> [Expectation] {
        var list: [Expectation] = []
        for entry in try node?.entries() ?? [] {
            try entry.value.allow(["value", "quality", "unit"], in: "expect \(entry.key)")
            var quality = Quality.good
            if let place = entry.value["quality"] {
                guard let known = Quality(name: try place.choice(Quality.allCases.map(\.name))) else {
                    throw place.expected("a quality")
                }
                quality = known
            }
            list.append(
                Expectation(
                    point: entry.key, value: try entry.value["value"]?.string(sizeBytesMax: 1_024), quality: quality))
        }
        return list
    }

    /// The dump as a file: made by this, read by `load`, and equal.
    ///
    /// - Parameter units: of the points that are expected, for the reader.
    package func yaml(units: [String: String] = [:]) -> String {
        var lines = [
            "# Registers as a device gave them; `plumblined profile test --dump` decodes them again.", "dump: 1",
            "device: \(Self.quoted(device))", "unit: \(unit)",
        ]
        if !profile.isEmpty { lines.append("profile: \(Self.quoted(profile))") }
        lines.append("when: \"\(UTCTime.text(recordedAtMs))\"")
        if !identification.isEmpty {
            lines.append("identification:")
            lines += identification.map { "  \($0.id): \(Self.quoted($0.text))" }
        }
        lines.append(runs.isEmpty ? "registers: {}" : "registers:")
        for function in ModbusFunction.allCases {
            let own = runs.filter { $0.function == function }
            if own.isEmpty { continue }
            lines.append("  \(function.rawValue):")
            for run in own {
                for start in stride(from: 0, to: run.words.count, by: Self.wordsInLine) {
                    let words = run.words[start..<min(start + Self.wordsInLine, run.words.count)]
                    let digits = words.map { "0x" + Interpretations.hex($0, 4) }.joined(separator: ", ")
                    lines.append("    \(Int(run.address) + start): [\(digits)]")
                }
            }
        }
        if !refused.isEmpty {
            lines.append("refused:")
            lines += refused.map {
                "  - {function: \($0.function.rawValue), first: \($0.first), last: \($0.last), code: \($0.code)}"
            }
        }
        if !expect.isEmpty {
            lines.append("expect:")
            lines += expect.map { Self.line($0, unit: units[$0.point]) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ expectation: Expectation, unit: String?) -> String {
        var parts = ["value: " + (expectation.value.map { quoted($0) } ?? "null")]
        if let unit { parts.append("unit: " + quoted(unit)) }
        if expectation.quality != .good { parts.append("quality: \(expectation.quality.name)") }
        return "  \(expectation.point): {\(parts.joined(separator: ", "))}"
    }

    /// A YAML text in quotation marks on one line, whatever is in it.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": quoted += "\\x" + Interpretations.hex(UInt16(scalar.value), 2)
            case "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FEFF}":
                quoted += "\\u" + Interpretations.hex(UInt16(scalar.value), 4)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
