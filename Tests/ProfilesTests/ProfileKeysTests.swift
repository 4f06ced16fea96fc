import Profiles
import SourceYAML
import Testing

/// Goal: whatever stands under a key, the answer is a profile or an error that names line and key. Method: a sound profile with
/// every key in it; under each key in turn every kind of wrong value.
struct ProfileKeysTests {
    /// One key to a line, so that the line tells the key.
    private static let sound = """
        profile: x
        revision: 1
        vendor: V
        models: [m]
        transport: modbus
        confidence: B
        provenance: [p]
        notes: [n]
        defaults:
          function: 3
          order: ABCD
          addressing: zero-based
        identify:
          - address: 1
            function: 3
            words: [1]
          - address: 2
            oneOf: [1, 2]
        read:
          maxRegisters: 100
          gap: 8
          boundaries: [500]
        points:
          a:
            address: 10
            function: 3
            order: CDAB
            type: u32
            scale: 0.1
            offset: 1
            scaleRegister: 12
            notAvailable: [0xFFFF]
            unit: W
            nature: gauge
            brick: S
            flow: import
            privacy: none
            note: n
          b:
            address: 20
            type: bit
            words: 2
            bit: 3
            nature: state
            brick: S
          c:
            address: 30
            type: bits
            bits: [0, 3]
            values: {0: a}
            nature: state
            brick: S
          d:
            address: 40
            type: u16
            nature: setpoint
            brick: S
            write:
              function: 6
              address: 41
              min: 0
              max: 10
              step: 1
              every: 10s
        test:
          - point: a
            words: [1, 0]
            scaleWord: 0
            value: 1.1
            note: n
        """

    private func error(_ text: String) -> SourceError? {
        do throws(SourceError) {
            _ = try DeviceProfile.load(text.utf8, file: "x.yaml")
            return nil
        } catch {
            return error
        }
    }

    /// Line number from 1, indentation and key of every line.
    private var places: [(line: Int, indent: String, key: String)] {
        Self.sound.split(separator: "\n").enumerated().map { index, line in
            let indent = line.prefix { $0 == " " || $0 == "-" }
            let key = line.dropFirst(indent.count).prefix { $0 != ":" }
            return (index + 1, String(indent), String(key))
        }
    }

    private func text(with value: String, at place: (line: Int, indent: String, key: String)) -> String {
        var lines = Self.sound.split(separator: "\n").map(String.init)
        lines[place.line - 1] = "\(place.indent)\(place.key): \(value)"
        // What stood below belonged to the value that was there.
        let depth = place.indent.count
        while place.line < lines.count, lines[place.line].prefix(while: { $0 == " " || $0 == "-" }).count > depth {
            lines.remove(at: place.line)
        }
        return lines.joined(separator: "\n")
    }

    @Test func `the profile with every key is sound`() { #expect(error(Self.sound) == nil) }

    @Test func `a mapping or a list in the place of a word names line and key`() {
        let mappings = ["defaults", "read", "points", "a", "b", "c", "d", "values", "write"]
        let lists = [
            "models", "provenance", "notes", "identify", "words", "oneOf", "boundaries", "notAvailable", "bits", "test",
        ]
        for place in places {
            for (value, isFine) in [
                ("{q: 1}", mappings.contains(place.key)), ("[[1]]", lists.contains(place.key)),
                ("{q: [1, 2]}", false), ("[{q: 1}]", place.key == "identify" || place.key == "test"),
            ] {
                guard let fault = error(text(with: value, at: place)) else {
                    Issue.record("\(place.key): \(value) was taken")
                    continue
                }
                // A mapping or a list of the right kind is told about further in, or about a point that a test misses.
                #expect(fault.line == place.line || isFine, "line \(place.line), \(place.key): \(value): \(fault)")
                #expect(fault.line > 0 && !fault.message.isEmpty)
            }
        }
    }

    @Test func `a number out of its range names line and key`() {
        let ranges: [(key: String, values: [String])] = [
            ("revision", ["0", "-1", "1000001", "1.5", "99999999999999999999", "one", "\"1\""]),
            ("maxRegisters", ["0", "126", "-5", "1e2", "x", "\"80\""]), ("gap", ["-1", "125", "0.5", "x"]),
            ("function", ["0", "7", "-3", "99999999999999999999", "read", "\"3\""]),
            ("address", ["-1", "65536", "1.5", "0x10000", "x", "\"10\""]), ("bit", ["-1", "32", "x"]),
            ("words", ["-1", "65", "x"]), ("scaleRegister", ["-1", "65536", "x"]), ("scaleWord", ["-1", "65536", "x"]),
            ("scale", ["0", "x", "1e400", "\"0.1\"", "12345678901234567891", "0x10", ".5", "1."]),
            ("offset", ["x", "1e400", "\"1\"", "nan", ".inf"]), ("min", ["x", "11", "1e400", "\"0\""]),
            ("max", ["x", "-1", "1e400", "\"10\""]), ("step", ["0", "-1", "x"]),
            ("every", ["10", "1ms", "8d", "soon", "-10s"]),
        ]
        for place in places {
            for value in ranges.first(where: { $0.key == place.key })?.values ?? [] {
                guard let fault = error(text(with: value, at: place)) else {
                    Issue.record("\(place.key): \(value) in line \(place.line) was taken")
                    continue
                }
                // 'max' may be told at 'min' and the other way round.
                let lines = place.key == "min" ? [place.line, place.line + 1] : [place.line]
                #expect(lines.contains(fault.line), "\(place.key): \(value): \(fault)")
                #expect(fault.description.contains(place.key), "\(place.key): \(value): \(fault)")
            }
        }
    }

    @Test func `an unknown word names line, key and its kin`() {
        let words = [
            "transport", "confidence", "order", "addressing", "type", "nature", "flow", "privacy",
        ]
        for place in places where words.contains(place.key) {
            for value in ["q", "\"\"", "ABC D", "'u16 '"] {
                let fault = error(text(with: value, at: place))
                #expect(fault?.line == place.line && fault?.hint != nil, "\(place.key): \(value)")
                #expect(fault?.description.contains(place.key) ?? false, "\(place.key): \(value)")
            }
        }
    }

    @Test func `numbers in lists have their range too`() {
        for (key, values) in [
            ("words", ["[-1]", "[65536]", "[x]", "[]", "[\"1\"]"]), ("oneOf", ["[-1]", "[65536]", "[x]", "[]"]),
            ("boundaries", ["[-1]", "[65536]", "[x]", "[11]"]),
            ("notAvailable", ["[-1]", "[0x100000000]", "[x]", "[1.5]"]),
            ("bits", ["[3, 0]", "[0]", "[0, 16]", "[-1, 3]", "[0, 1, 2]"]),
            ("values", ["{x: a}", "{0: a, 0x0: b}", "{00: a, 0: b}"]),
        ] {
            for place in places where place.key == key {
                for value in values {
                    #expect(error(text(with: value, at: place)) != nil, "\(key): \(value) in line \(place.line)")
                }
            }
        }
    }

    @Test func `a source and a model are named, and a test holds what its transport says`() {
        for key in ["models", "provenance"] {
            for place in places where place.key == key {
                for value in ["[]", "\"\"", "[\"\"]"] {
                    #expect(error(text(with: value, at: place))?.line == place.line, "\(key): \(value)")
                }
            }
        }
        let payload = error(Self.sound.replacing("    scaleWord: 0\n", with: "    scaleWord: 0\n    payload: \"{}\"\n"))
        #expect(payload?.message == "unknown key 'payload' in test")
    }

    @Test func `too much of anything is refused`() {
        let many = { (count: Int) in "[" + (0..<count).map(String.init).joined(separator: ", ") + "]" }
        let boundary = places.first { $0.key == "boundaries" }
        let variants = places.first { $0.key == "oneOf" }
        guard let boundary, let variants else {
            Issue.record("no such keys")
            return
        }
        #expect(error(text(with: many(65), at: boundary))?.message == "more than 64 boundaries")
        #expect(error(text(with: many(65), at: variants))?.message == "an identity has 1 to 64 variants")
        let both = Self.sound.replacing(
            "    words: [1]\n  - address: 2", with: "    words: [1]\n    oneOf: [1]\n  - address: 2")
        #expect(error(both)?.message == "an identity has either 'words' or 'oneOf'")
        #expect(
            error(Self.sound.replacing("    oneOf: [1, 2]\n", with: ""))?.message.contains(
                "'words' or 'oneOf' is missing") ?? false)
    }
}
