import Foundation
import Profiles
import SourceYAML
import Testing
import TestTools

/// Goal: a mistake in a profile is told with its line and the way out. Method: whole messages, then damage to shipped files.
struct ProfileErrorsTests {
    private static let head = [
        "profile: x", "vendor: V", "models: [m]", "transport: modbus", "confidence: B", "provenance: [p]", "points:",
    ].joined(separator: "\n")

    private func message(_ text: String) -> String {
        do {
            _ = try DeviceProfile.load(text.utf8, file: "x.yaml")
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        (
            "a: {adress: 1, type: u16, nature: gauge, brick: S}",
            "8:7: unknown key 'adress' in point a; did you mean 'address'?"
        ),
        (
            "a: {address: 1, type: u61, nature: gauge, brick: S}",
            "8:25: unknown word 'u61' at points.a.type; did you mean 'u16'?"
        ),
        (
            "a: {address: 1, type: u16, nature: gague, brick: S}",
            "8:38: unknown word 'gague' at points.a.nature; did you mean 'gauge'?"
        ),
        ("a: {type: u16, nature: gauge, brick: S}", "8:6: key 'address' is missing in points.a"),
        (
            "a: {address: 65535, type: u32, nature: gauge, brick: S}",
            "8:16: expected a whole number from 0 to 65534 at points.a.address, found '65535'"
        ),
        ("a: {address: 1, type: u32, words: 2, nature: gauge, brick: S}", "8:37: type u32 always takes 2 registers"),
        (
            "a: {address: 1, type: u16, notAvailable: [0x10000], nature: gauge, brick: S}",
            "8:45: the pattern is wider than 1 register"
        ),
        (
            "a: {address: 1, type: f32, scaleRegister: 3, nature: gauge, brick: S}",
            "8:45: a live scale register needs a whole number, not f32"
        ),
        (
            "a: {address: 1, type: u16, scaleRegister: 300, nature: gauge, brick: S}",
            "8:6: point a takes 300 registers with its scale register, a request holds 125"
        ),
        (
            "a: {address: 1, type: bit, bit: 16, nature: state, brick: S}",
            "8:35: expected a whole number from 0 to 15 at points.a.bit, found '16'"
        ),
        ("a: {address: 1, type: u16, scale: 0, nature: gauge, brick: S}", "8:37: a scale of 0 makes every value 0"),
        (
            "A b: {address: 1, type: u16, nature: gauge, brick: S}",
            "8:3: the point's name 'A b' may hold a-z, 0-9, '-', '_' and '.' only"
        ),
        (
            "a: {address: 1, function: 1, type: u16, nature: gauge, brick: S}",
            "8:38: functions 1 and 2 read single bits, type bool"
        ),
    ]) func `a mistake names its line and its kin`(point: String, expected: String) {
        #expect(message(Self.head + "\n  " + point) == "x.yaml:" + expected)
    }

    @Test func `a mistake at the top names its kin`() {
        #expect(
            message(Self.head.replacing("vendor", with: "vender")).hasPrefix(
                "x.yaml:2:1: unknown key 'vender' in the profile; did you mean 'vendor'?"))
        #expect(message(Self.head.replacing("modbus", with: "modbu")).contains("did you mean 'modbus'?"))
        #expect(message(Self.head) == "x.yaml:1:1: key 'points' is missing")
        let tested = Self.head + "\n  a: {address: 1, type: u16, nature: gauge, brick: S}\ntest:\n"
        #expect(
            message(tested + "  - {point: b, words: [1], value: 1}")
                == "x.yaml:10:13: unknown point 'b'; did you mean 'a'?")
        #expect(
            message(tested + "  - {point: a, words: [1, 2], value: 1}").hasSuffix("point a takes 1 words, here are 2"))
        #expect(message(tested + "  - {point: a, words: [1]}").contains("write 'value: null'"))
    }

    @Test func `a library refuses a file of another name`() {
        let text = Array((Self.head + "\n  a: {address: 1, type: u16, nature: gauge, brick: S}").utf8)
        #expect(throws: SourceError.self) { try ProfileLibrary(files: [("other.yaml", text)]) }
        #expect(throws: Never.self) { try ProfileLibrary(files: [("folder/x.yaml", text)]) }
    }

    @Test func `one-based addresses are one less on the wire`() throws {
        let text = Self.head.replacing("points:", with: "defaults: {addressing: one-based}\npoints:")
        let profile = try DeviceProfile.load(
            (text + "\n  a: {address: 30073, type: f32, nature: gauge, brick: S}").utf8, file: "x.yaml")
        #expect(profile.points.first?.modbus?.address == 30_072)
        #expect(message(text + "\n  a: {address: 0, type: f32, nature: gauge, brick: S}").contains("from 1 to 65535"))
    }

    @Test func `the hash changes with the meaning and not with notes, order or tests`() throws {
        func hash(_ points: String, tail: String = "") throws -> String {
            "\(try DeviceProfile.load((Self.head + "\n" + points + tail).utf8, file: "x.yaml").hash)"
        }
        let a = "  a: {address: 1, type: u16, nature: gauge, brick: S}\n"
        let b = "  b: {address: 2, type: u16, nature: gauge, brick: S}\n"
        let base = try hash(a + b)
        #expect(try hash(b + a) == base)
        #expect(try hash(a + b, tail: "notes: hello\ntest:\n  - {point: a, words: [1], value: 1}\n") == base)
        #expect(try hash(a.replacing("u16,", with: "u16, order: ABCD, function: 3, scale: 1.0,") + b) == base)
        for change in [
            "u16,": "i16,", "address: 1": "address: 3", "gauge": "counter", "brick: S": "brick: S, unit: W",
            "u16, ": "u16, scale: 0.1, ",
        ] {
            #expect(try hash(a.replacing(change.key, with: change.value) + b) != base, "\(change)")
        }
    }

    @Test func `the JSON schema knows the keys that the reader knows`() throws {
        let data = try Data(contentsOf: Shipped.folder.appending(path: "profile.schema.json"))
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        func keys(_ value: Any?) -> Set<String> {
            Set(((value as? [String: Any])?["properties"] as? [String: Any] ?? [:]).keys)
        }
        let point = (schema["$defs"] as? [String: Any])?["point"]
        let known = { (text: String) -> Set<String> in
            let list = text.components(separatedBy: "known keys: ").last ?? ""
            return Set(list.components(separatedBy: ", "))
        }
        let modbus = known(message(Self.head + "\n  a: {qqqqqqqqqqqqqqqq: 1}"))
        let mqtt = known(message(Self.head.replacing("modbus", with: "mqtt") + "\n  a: {qqqqqqqqqqqqqqqq: 1}"))
        #expect(keys(point) == modbus.union(mqtt))
        #expect(keys(schema) == known(message("qqqqqqqqqqqqqqqq: 1\n" + Self.head)))
    }

    @Test func `damaged profiles give an error or a profile, never a crash`() throws {
        var dice = SeededGenerator(seed: 99)
        let names = ["sunspec-inverter", "shelly-pro-3em", "plumbline-sim-air-handler", "chirpstack-milesight-am308"]
        let pieces = [
            "99999999999999999999", "-1", "0x", "{", "[", "type: text", "null", "words: 64", "{root}", "$.", "1e400",
            "address: 65535",
        ]
        for name in names {
            let seed = [UInt8](try Data(contentsOf: Shipped.folder.appending(path: name + ".yaml")))
            for _ in 0..<400 {
                var bytes = seed
                for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &dice)
                    switch Int.random(in: 0...3, using: &dice) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
                    case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &dice)))
                    default:
                        bytes.insert(
                            contentsOf: Array(pieces[Int.random(in: 0..<pieces.count, using: &dice)].utf8), at: place)
                    }
                }
                guard let profile = try? DeviceProfile.load(bytes, file: "x.yaml") else { continue }
                if let limits = profile.modbus?.limits {
                    _ = ReadPlan(points: profile.points.compactMap(\.modbus), limits: limits)
                }
            }
        }
    }
}
