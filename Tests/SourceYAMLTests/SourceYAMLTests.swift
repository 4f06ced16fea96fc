import Foundation
import SourceYAML
import Testing

/// Goal: a mistake is told where it stands and how to mend it. Method: whole messages compared.
struct SourceYAMLTests {
    private func node(_ text: String) throws -> YAMLNode { try YAMLNode.parse(text, file: "building.yaml") }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch let error as SourceError {
            return error.description
        } catch {
            return "another error: \(error)"
        }
    }

    @Test func `values know their line, column and path`() throws {
        let root = try node("a:\n  b: {c: 7}\n  d:\n    - x\n    - 'y'\n")
        let inner = try #require(root["a"]?["b"]?["c"])
        #expect(inner.line == 2 && inner.column == 10 && inner.pathText == "a.b.c")
        #expect(try inner.int() == 7)
        let items = try #require(root["a"]?["d"]).items()
        #expect(items.map(\.line) == [4, 5])
        #expect(items[1].pathText == "a.d.1")
        #expect(try root["a"]?["d"]?.strings() == ["x", "y"])
    }

    @Test func `an unknown key names the nearest known one`() throws {
        let root = try node("points:\n  m1.energy:\n    tpye: X\n")
        let point = try #require(root["points"]?["m1.energy"])
        #expect(
            message { try point.allow(["type", "unit", "nature"], in: "point m1.energy") }
                == "building.yaml:3:5: unknown key 'tpye' in point m1.energy; did you mean 'type'?")
        #expect(
            message { try point.allow(["address"]) }
                == "building.yaml:3:5: unknown key 'tpye' in points.m1.energy; known keys: address")
    }

    @Test func `wrong values say what was expected and what was found`() throws {
        let root = try node(
            "a: {unit: abc, big: 300, list: [1], span: 10, flag: yes, word: gague, none: , quoted: '7'}")
        let a = try #require(root["a"])
        #expect(
            message { _ = try a.required("unit").int(1...247) }
                == "building.yaml:1:11: expected a whole number from 1 to 247 at a.unit, found 'abc'")
        #expect(message { _ = try a.required("big").int(1...247) }.contains("found '300'"))
        #expect(message { _ = try a.required("list").string() }.hasSuffix("expected text at a.list, found a list"))
        #expect(message { _ = try a.required("span").duration() }.contains("expected a span such as 500ms, 10s"))
        #expect(message { _ = try a.required("flag").bool() }.contains("expected true or false at a.flag, found 'yes'"))
        #expect(message { _ = try a.required("word").choice(["gauge", "counter"]) }.hasSuffix("did you mean 'gauge'?"))
        #expect(message { _ = try a.required("none") } == "building.yaml:1:4: key 'none' is missing in a")
        #expect(message { _ = try a.required("quoted").int() }.contains("found '7'"))
        #expect(message { _ = try a.required("unit").entries() }.contains("expected a mapping"))
    }

    @Test func `numbers, spans and words are read whole or not at all`() throws {
        func one(_ text: String) throws -> YAMLNode { try #require(try node("v: \(text)")["v"]) }
        #expect(try one("0x1F").int() == 31)
        #expect(try one("-12").int() == -12)
        #expect(try one("0xFFFFFFFFFFFFFFFF").unsigned() == UInt64.max)
        #expect(try one("-0.5e3").number() == "-0.5e3")
        #expect(try one("90s").duration() == 90_000)
        #expect(try one("2d").duration() == 172_800_000)
        for bad in ["99999999999999999999", "0x", "1_000", "1.5", "+-1", "0x1G"] {
            #expect(throws: SourceError.self, "\(bad)") { try one(bad).int() }
        }
        for bad in ["1.", ".5", "1e", "abc", "0x10", "1 2"] {
            #expect(throws: SourceError.self, "\(bad)") { try one(bad).number() }
        }
        for bad in ["10", "s", "1.5s", "-1s", "1w", "99999999999999999999d", "99999999999999d"] {
            #expect(throws: SourceError.self, "\(bad)") { try one(bad).duration() }
        }
        #expect(
            message { _ = try one("5s").duration(10_000...60_000) } == "building.yaml:1:4: 5s is outside 10s to 1m at v"
        )
    }

    @Test(arguments: [
        ("a: 1\na: 2\n", "building.yaml:2:1: key 'a' stands twice, first in line 1"),
        ("a: &x 1\nb: *x\n", "building.yaml:1:4: anchors (&name) are not used here; write the value out"),
        ("a: *x\n", "building.yaml:1:4: aliases (*name) are not used here; write the value out"),
        ("a: !!int 1\n", "building.yaml:1:4: tags (!name) are not used here; remove it"),
        ("a: 1\n---\nb: 2\n", "building.yaml:3:1: a second document; one file holds one document"),
        ("", "building.yaml:1:1: the file is empty"), ("{[1]: 2}", "building.yaml:1:2: a key must be a word"),
    ]) func `what would be read two ways is refused`(text: String, expected: String) {
        #expect(message { _ = try node(text) } == expected)
    }

    @Test func `broken YAML names the place`() {
        #expect(message { _ = try node("a: 1\n b: 2\n") }.hasPrefix("building.yaml:2:3: not YAML: "))
        #expect(message { _ = try node("a: [1, 2\n") }.hasPrefix("building.yaml:2:1: not YAML: "))
        #expect(
            message { _ = try YAMLNode.parse([0x61, 0x3A, 0x0A, 0x62, 0x3A, 0x20, 0xFF], file: "f.yaml") }
                .hasPrefix("f.yaml:2:4: not YAML: "))
    }

    @Test func `depth, size and number of values are bounded`() {
        #expect(message { _ = try node(String(repeating: "[", count: 100_000)) } != "no error")
        #expect(
            message { _ = try node(String(repeating: "{a: ", count: 30) + "1" + String(repeating: "}", count: 30)) }
                .contains("nested deeper"))
        #expect(message { _ = try node(String(repeating: " ", count: 5_000_000)) }.contains("larger than"))
        var limits = YAMLLimits()
        limits.nodeCountMax = 10
        #expect(
            message { _ = try YAMLNode.parse("[1,2,3,4,5,6,7,8,9,10]", file: "f", limits: limits) }.contains(
                "more than 10 values"))
    }

    @Test func `the nearest word is a slip of the hand away`() {
        #expect(nearest("tpye", in: ["unit", "type", "tie"]) == "type")
        #expect(
            nearest("Electrical_Power_Sensor", in: ["Electric_Power_Sensor", "Power_Sensor"]) == "Electric_Power_Sensor"
        )
        #expect(nearest("xyz", in: ["type", "unit"]) == nil)
        #expect(nearest("", in: ["type"]) == nil)
        #expect(nearest("UNIT", in: ["unit"]) == "unit")
        #expect(nearest("ab", in: ["ac", "aa"]) == "aa")
    }

    @Test func `damaged files give an error or a tree, never a crash`() throws {
        var state: UInt64 = 77
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let seed = Array(
            "building: b\npoints:\n  m1.e: {type: X, unit: \"kW.h\", list: [1, 2, 'ø']}\n  t: |\n    text\n  u: >-\n    a\n"
                .utf8)
        let pieces = [
            "[", "]", "{", "}", ": ", "\n", "- ", "&a ", "*a", "!x ", "|\n", "%", "\t", "\u{FEFF}", "'", "\"", "#",
            "? ", "<<",
        ]
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...random(4) where !bytes.isEmpty {
                let place = random(bytes.count)
                switch random(4) {
                case 0: bytes[place] = UInt8(random(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: Array(pieces[random(pieces.count)].utf8), at: place)
                default: bytes = Array(bytes.prefix(place))
                }
            }
            do {
                let root = try YAMLNode.parse(bytes, file: "f.yaml")
                try? root.allow(["building", "points"])
                _ = try? root.required("points").required("m1.e").required("list").items().map { try $0.int() }
            } catch {
                #expect(error.line >= 1, "\(error)")
            }
        }
    }
}
