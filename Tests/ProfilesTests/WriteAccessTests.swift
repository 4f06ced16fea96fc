import Profiles
import Readings
import SourceYAML
import Testing

/// Goal: what a profile says about writing is taken whole or refused with its place.
struct WriteAccessTests {
    private static let head = """
        profile: x
        vendor: V
        models: [M]
        transport: modbus
        confidence: B
        provenance: [p]
        points:

        """

    private func load(_ points: String, defaults: String = "") throws -> DeviceProfile {
        try DeviceProfile.load(
            (Self.head.replacing("points:", with: defaults + "points:") + points).utf8, file: "x.yaml")
    }

    private func message(_ points: String, defaults: String = "") -> String {
        do {
            _ = try load(points, defaults: defaults)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func `every key is taken, and the address is the point's own unless said`() throws {
        let profile = try load(
            """
              a: {address: 40, type: i16, scale: 0.1, unit: Cel, nature: setpoint, brick: S, write: {function: 6, min: 5, max: 30, step: 0.5, every: 1m}}
              b: {address: 41, function: 4, type: u32, nature: setpoint, brick: S, write: {function: 16, address: 90, min: -1, max: 1}}
              c: {address: 3, function: 1, nature: state, brick: S, write: {function: 5}}
              d: {address: 44, type: enum, values: {0: a, 1: b}, nature: state, brick: S, write: {function: 6}}
              e: {address: 45, type: u16, nature: setpoint, brick: S}
            """)
        #expect(
            profile.point("a")?.write
                == WriteAccess(
                    way: .modbus(function: .singleRegister, address: 40), min: ExactDecimal(mantissa: 5, exponent: 0),
                    max: ExactDecimal(mantissa: 30, exponent: 0), step: ExactDecimal(mantissa: 5, exponent: -1),
                    everyMsMin: 60_000))
        #expect(profile.point("b")?.write?.way == .modbus(function: .multipleRegisters, address: 90))
        #expect(profile.point("b")?.write?.everyMsMin == 10_000)
        #expect(profile.point("c")?.write == WriteAccess(way: .modbus(function: .singleCoil, address: 3)))
        #expect(profile.point("d")?.write?.max == nil)
        #expect(profile.point("e")?.write == nil)
    }

    @Test func `an address to write to is counted as the profile counts`() throws {
        let points =
            "  a: {address: 41, type: u16, nature: setpoint, brick: S, write: {function: 6, address: 50, min: 0, max: 1}}"
        let profile = try load(points, defaults: "defaults: {addressing: one-based}\n")
        #expect(profile.point("a")?.write?.way == .modbus(function: .singleRegister, address: 49))
    }

    @Test func `MQTT is written by topic and payload`() throws {
        func text(_ write: String) -> String {
            Self.head.replacing("modbus", with: "mqtt")
                + "  a: {topic: \"{root}/t\", path: $.v, nature: setpoint, brick: S, write: {\(write)}}"
        }
        func message(_ write: String) -> String {
            do {
                _ = try DeviceProfile.load(text(write).utf8, file: "x.yaml")
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        let good = #"topic: "{root}/set", payload: '{"v": {value}}', min: 0, max: 10"#
        let profile = try DeviceProfile.load(text(good).utf8, file: "x.yaml")
        guard case .mqtt(let topic, let payload) = profile.point("a")?.write?.way else {
            Issue.record("no MQTT write")
            return
        }
        #expect(topic.filter(root: "r/1") == "r/1/set" && payload == #"{"v": {value}}"#)
        #expect(
            message(#"topic: "{root}/{x}", payload: "{value}", min: 0, max: 1"#).contains(
                "no name but {root}, here is {x}"))
        #expect(message(#"topic: "{root}/s", payload: "on", min: 0, max: 1"#).contains("no place for {value}"))
        #expect(message(#"function: 6, min: 0, max: 1"#).contains("unknown key 'function'"))
    }

    @Test(arguments: [
        ("function: 7, min: 0, max: 1", "expected a function that writes (5, 6, 15 or 16)"),
        ("function: 3, min: 0, max: 1", "expected a whole number from 5 to 16"),
        ("min: 0, max: 1", "key 'function' is missing in points.a.write"),
        ("function: 6, min: 0", "key 'max' is missing in points.a.write"),
        ("function: 6, min: 2, max: 1", "'max' 1 is less than 'min' 2"),
        ("function: 6, min: 0, max: 1, step: 0", "'step' 0 is not above 0"),
        ("function: 6, min: 0, max: 1, every: 10", "expected a span such as"),
        ("function: 6, min: 0, max: 1, every: 1ms", "1ms is outside 100ms to 7d"),
        ("function: 6, min: zero, max: 1", "expected a number at points.a.write.min, found 'zero'"),
        ("function: 6, min: 0, max: 1, address: 65536", "expected a whole number from 0 to 65535"),
        ("function: 5, min: 0, max: 1", "functions 5 and 15 write single bits"),
        ("funktion: 6, min: 0, max: 1", "did you mean 'function'?"),
    ]) func `a mistake names its line and key`(write: String, expected: String) {
        let text = message("  a: {address: 1, type: u16, nature: setpoint, brick: S, write: {\(write)}}")
        #expect(text.hasPrefix("x.yaml:8:") && text.contains(expected), "\(text)")
    }

    @Test(arguments: [
        ("type: u16, nature: gauge", "function: 6, min: 0, max: 1", "a gauge cannot be written"),
        ("type: u16, nature: counter", "function: 6, min: 0, max: 1", "a counter cannot be written"),
        (
            "type: u32, nature: setpoint", "function: 6, min: 0, max: 1",
            "function 6 writes one register, this point takes 2"
        ),
        ("type: bit, bit: 3, nature: state", "function: 6", "a bit shares its register with others"),
        ("type: bits, bits: [0, 3], nature: state", "function: 6", "a bits shares its register with others"),
        ("type: i16, scaleRegister: 2, nature: setpoint", "function: 6, min: 0, max: 1", "live scale register"),
        ("function: 4, type: u16, nature: setpoint", "function: 6, min: 0, max: 1", "key 'address' is missing"),
        ("function: 1, nature: state", "function: 6", "is written by function 5 or 15"),
        ("type: enum, values: {0: a}, nature: state", "function: 6, min: 0", "'min' is for numbers without names"),
        ("type: text, words: 2, nature: state", "function: 16, step: 1", "'step' is for numbers without names"),
    ]) func `what cannot be written says why`(point: String, write: String, expected: String) {
        let text = message("  a: {address: 1, \(point), brick: S, write: {\(write)}}")
        #expect(text.hasPrefix("x.yaml:8:") && text.contains(expected), "\(text)")
    }

    @Test func `the hash knows how a point is written, and only where it is`() throws {
        func hash(_ write: String) throws -> String {
            "\(try load("  a: {address: 1, type: u16, nature: setpoint, brick: S\(write)}").hash)"
        }
        let none = try hash("")
        let base = try hash(", write: {function: 6, min: 0, max: 1}")
        #expect(none != base)
        #expect(try hash(", write: {function: 6, address: 1, min: 0.0, max: 1, every: 10s}") == base)
        for other in [
            "function: 16, min: 0, max: 1", "function: 6, min: -1, max: 1", "function: 6, min: 0, max: 2",
            "function: 6, min: 0, max: 1, step: 1", "function: 6, min: 0, max: 1, every: 11s",
            "function: 6, address: 2, min: 0, max: 1",
        ] {
            #expect(try hash(", write: {\(other)}") != base, "\(other)")
        }
        #expect(none == "\(try #require(Self.hashBeforeWriting))")
    }

    /// Of the profile without `write` above, by the release that did not know the key.
    private static let hashBeforeWriting: String? = "2569ea69bbc38f8f0e2a8d56d02726c455ddbc749b4eba61d6de1fc9e426e1dd"
}
