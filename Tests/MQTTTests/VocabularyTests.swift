import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import SourceYAML
import Testing
import TestTools

/// Goal: what a profile can say about MQTT messages means what it says. Method: messages through the real router.
struct VocabularyTests {
    private func take(
        _ points: String, head: String = "", _ payload: String, topic: String = "r", zones: MQTTZones = MQTTZones(),
        isRetained: Bool = false
    ) throws -> MQTTRouter.Outcome {
        var router = MQTTRouter([device(try profile(points, head: head), root: "r")], zones: zones)
        return router.take(MQTTMessage(topic: topic, text: payload, isRetained: isRetained), atMs: 7)
    }

    @Test func `a point that is absent from a partial message is not told`() throws {
        let points = """
            a: {topic: "{root}", path: $.a, nature: gauge, brick: Sensor}
            b: {topic: "{root}", path: $.b, nature: gauge, brick: Sensor}
            """
        #expect(try take(points, #"{"a":1}"#).readings.map(\.point.rawValue) == [1])
        #expect(try take(points, #"{"c":{"a":1}}"#).readings.isEmpty)
    }

    @Test func `an omitted value is zero only where its object is there and the profile says so`() throws {
        let points = """
            a: {topic: "{root}", path: $.d.a, omitted: zero, nature: gauge, brick: Sensor}
            b: {topic: "{root}", path: $.d.b, omitted: zero, type: bool, nature: state, brick: Sensor}
            c: {topic: "{root}", path: $.d.c, omitted: zero, type: enum, values: {0: none, 1: some}, nature: state, brick: Sensor}
            d: {topic: "{root}", path: $.d.d, nature: gauge, brick: Sensor}
            e: {topic: "{root}", path: $.d.e, omitted: zero, type: text, nature: state, brick: Sensor}
            """
        let told = try take(points, #"{"d":{"x":1}}"#).readings
        #expect(told.map(\.point.rawValue) == [1, 2, 3, 5])
        #expect(told.map(\.value) == [.number("0"), .flag(false), .integer(0), .text("")])
        #expect(told.allSatisfy { $0.quality == .good })
        #expect(try take(points, #"{"e":1}"#).readings.isEmpty)
        #expect(try take(points, #"{"d":[1]}"#).readings.isEmpty)
        #expect(try take(points, #"{"d":{"a":null}}"#).readings.first?.quality == .noValue)
    }

    @Test func `one of several words may be what a message has to hold`() throws {
        let points =
            #"a: {topic: "{root}", path: $.v, match: {path: $.m, equals: [x, y]}, nature: gauge, brick: Sensor}"#
        #expect(try take(points, #"{"m":"y","v":1}"#).readings.count == 1)
        #expect(try take(points, #"{"m":"z","v":1}"#).readings.isEmpty)
        #expect(try take(points, #"{"v":1}"#).readings.isEmpty)
        #expect(try take(points, "no json").isMalformed)
    }

    // MARK: - Time

    static func oslo() throws -> ZoneRules {
        try ZoneRules(
            name: "Europe/Oslo",
            tzif: [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Oslo"))))
    }

    @Test(arguments: [
        ("2026-03-01T11:00:00", "2026-03-01T10:00:00Z"), ("2026-07-01T11:00:00.250", "2026-07-01T09:00:00.250Z"),
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59Z"), ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        // Twice, never, and no time at all.
        ("2026-10-25T02:30:00", nil), ("2026-03-29T02:30:00", nil), ("2026-02-30T00:00:00", nil), ("noon", nil),
        ("2026-03-01T11:00:00+05:00", "2026-03-01T06:00:00Z"),
    ]) func `local time counts where the clock shows it once`(word: String, instant: String?) throws {
        for zone in ["building", "Europe/Oslo"] {
            let points =
                #"a: {topic: "{root}", path: $.v, time: {path: $.t, form: local, zone: \#(zone)}, nature: gauge, brick: Sensor}"#
            let rules = try Self.oslo()
            let told = try take(
                points, #"{"t":"\#(word)","v":1}"#, zones: MQTTZones(building: rules, named: ["Europe/Oslo": rules]))
            let reading = try #require(told.readings.first)
            #expect(try reading.sourceAtMs == instant.map { try UTCTime.parse($0) })
            #expect(reading.quality == .good)
        }
    }

    @Test func `without rules a local time is none`() throws {
        let points =
            #"a: {topic: "{root}", path: $.v, time: {path: $.t, form: local, zone: Europe/Oslo}, nature: gauge, brick: Sensor}"#
        let told = try take(points, #"{"t":"2026-03-01T11:00:00","v":1}"#)
        #expect(told.readings.map(\.sourceAtMs) == [nil])
    }

    // MARK: - Availability

    @Test func `an availability word makes every point of its device offline at once, and back`() throws {
        let made = try profile(
            """
            a: {topic: "{root}", path: $.a, nature: gauge, brick: Sensor}
            b: {topic: "{root}", path: $.b, nature: gauge, brick: Sensor}
            """, head: #"availability: {topic: "{root}/availability", path: $.state, online: online, offline: offline}"#
        )
        var router = MQTTRouter([device(made, root: "r"), device(made, root: "s", firstNumber: 10)])
        _ = router.take(MQTTMessage(topic: "r", text: #"{"a":1,"b":2}"#), atMs: 1)
        for (word, isJSON) in [("offline", true), ("online", false), ("offline", false), ("online", true)] {
            let text = isJSON ? #"{"state":"\#(word)"}"# : word
            let outcome = router.take(MQTTMessage(topic: "r/availability", text: text, isRetained: true), atMs: 2)
            let quality: Quality = word == "offline" ? .offline : .stale
            #expect(outcome.readings.map(\.quality) == [quality, quality])
            #expect(outcome.readings.map(\.point.rawValue) == [1, 2])
            #expect(outcome.events == [word == "offline" ? .deviceOffline(device: "r") : .deviceOnline(device: "r")])
            #expect(router.take(MQTTMessage(topic: "r/availability", text: text), atMs: 3).readings.isEmpty)
        }
    }

    // MARK: - Records

    static let table = """
        tlv:
          path: $.data
          encoding: %
          records:
            t: {channel: 3, type: 0x67, length: 2}
            n: {channel: 0xff, type: 0x01, length: 4}
        """
    static let fields = """
        a: {topic: "{root}", record: t, type: i16, scale: 0.1, nature: gauge, brick: Sensor}
        b: {topic: "{root}", record: n, type: u16, at: 2, nature: gauge, brick: Sensor}
        c: {topic: "{root}", record: n, type: u8, bits: [4, 7], nature: gauge, brick: Sensor}
        d: {topic: "{root}", record: n, type: f32, nature: gauge, brick: Sensor}
        e: {topic: "{root}", record: t, type: u16, notAvailable: [0xFFFF], nature: gauge, brick: Sensor}
        """

    private func record(_ text: String, _ encoding: String = "hex") throws -> MQTTRouter.Outcome {
        let head = Self.table.replacingOccurrences(of: "%", with: encoding)
        return try take(Self.fields, head: head, #"{"data":"\#(text)"}"#)
    }

    @Test func `numbers are cut out of records as the table says`() throws {
        let told = try record("0367F1FFff01a5000102").readings
        #expect(told.map(\.point.rawValue) == [1, 2, 3, 4, 5])
        #expect(told.map(\.value).prefix(3) == [.integer(-15), .integer(0x0201), .integer(0xA)])
        #expect(told[3].value == .float32(bits: 0x0201_00A5))
        #expect(told[4].value == .integer(0xFFF1))
        #expect(try record("0367FFFF").readings.map(\.quality) == [.good, .noValue])
    }

    @Test func `base64 and hex give the same, and other texts are refused`() throws {
        let bytes = Data([0x03, 0x67, 0xF1, 0xFF, 0xFF, 0x01, 0xA5, 0x00, 0x01, 0x02])
        let base64 = try record(bytes.base64EncodedString(), "base64")
        #expect(base64.readings == (try record("0367F1FFff01a5000102")).readings)
        for text in ["A", "AB=C", "====", "A===", "Zm9vYmF", "Zg=a", "Zh==", "Z m8=", "é"] {
            let outcome = try record(text, "base64")
            #expect(outcome.readings.isEmpty && outcome.isMalformed, "\(text)")
        }
        for text in ["0", "0g", "03 67"] { #expect(try record(text).readings.isEmpty) }
        #expect(
            try take(Self.fields, head: Self.table.replacingOccurrences(of: "%", with: "hex"), "{}").readings.isEmpty)
    }

    @Test func `a record that is longer than the payload refuses all of it, an unknown one what follows`() throws {
        let whole = "0367F1FFff01a5000102"
        for end in stride(from: 2, to: whole.count, by: 2) {
            let outcome = try record(String(whole.prefix(end)))
            #expect(outcome.readings.isEmpty == (end != 8), "\(end)")
            #expect(outcome.isMalformed == (end != 8), "\(end)")
        }
        let unknown = try record("0367F1FF0999" + "ff01a5000102")
        #expect(unknown.readings.map(\.point.rawValue) == [1, 5] && unknown.isMalformed)
    }

    @Test func `noise in records never traps`() throws {
        let head = Self.table.replacingOccurrences(of: "%", with: "base64")
        var router = MQTTRouter([device(try profile(Self.fields, head: head), root: "r")])
        var dice = SeededGenerator(seed: 4_711)
        for _ in 0..<5_000 {
            var bytes = (0..<Int.random(in: 0...20, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            if Bool.random(using: &dice) { bytes = [3, 0x67] + bytes }
            let text = Data(bytes).base64EncodedString()
            for reading in router.take(MQTTMessage(topic: "r", text: #"{"data":"\#(text)"}"#), atMs: 0).readings {
                #expect(reading.quality != .suspect)
            }
        }
    }

    // MARK: - Topics

    @Test func `topics with odd levels are unknown, and none is too long`() throws {
        let made = try profile(#"a: {topic: "{root}/{x}/v", capture: x, type: text, nature: state, brick: Sensor}"#)
        var router = MQTTRouter([device(made, root: "r")])
        for topic in [
            "", "/", "r", "r/", "r//", "r/x", "r/x/v/", "/r/x/v", "r/x/V", "q/x/v", "spBv1.0/r/NDATA/x", "\u{0}",
        ] {
            let outcome = router.take(MQTTMessage(topic: topic, text: "1"), atMs: 0)
            #expect(outcome.isUnknown && outcome.readings.isEmpty, "\(topic)")
        }
        for name in ["", "å", String(repeating: "y", count: 900), " "] {
            let outcome = router.take(MQTTMessage(topic: "r/\(name)/v", text: "1"), atMs: 0)
            #expect(outcome.readings.map(\.value) == [.text(name)])
        }
        for number in 0..<20_000 {
            _ = router.take(MQTTMessage(topic: "r/\(number)/v", text: "1"), atMs: 0)
        }
    }

    @Test(arguments: [
        "NaN", "Infinity", "-Infinity", #"{"a":1,"a":2}"#, "[NaN]", String(repeating: "[", count: 200_000),
        String(repeating: #"{"a":"#, count: 50_000), "\u{FEFF}{}", #"{"a":1e99999}"#, #"{"a":"NaN"}"#, #"{"a":[]}"#,
    ]) func `a hostile payload is malformed and nothing more`(payload: String) throws {
        let points = #"a: {topic: "{root}", path: $.a, nature: gauge, brick: Sensor}"#
        let outcome = try take(points, payload)
        #expect(outcome.isMalformed)
        #expect(outcome.readings.allSatisfy { $0.quality == .suspect && $0.value == .none })
    }

    @Test func `what was kept by the broker while the gateway was away is stale unless it tells its time`() throws {
        let points = """
            a: {topic: "{root}", path: $.v, nature: gauge, brick: Sensor}
            b: {topic: "{root}", path: $.v, time: {path: $.t, form: unix-seconds}, nature: gauge, brick: Sensor}
            """
        var router = MQTTRouter([device(try profile(points), root: "r")])
        let message = MQTTMessage(topic: "r", text: #"{"v":1,"t":1772359200}"#, qos: 1)
        #expect(router.take(message, atMs: 0, isQueued: true).readings.map(\.quality) == [.stale, .good])
        #expect(router.take(message, atMs: 0).readings.map(\.quality) == [.good, .good])
    }

    // MARK: - Mistakes in a profile

    @Test(arguments: [
        (#"a: {topic: "{root}", record: t, nature: gauge, brick: S}"#, "", "'record' needs a 'tlv' table"),
        (#"a: {topic: "{root}", path: $.a, at: 1, nature: gauge, brick: S}"#, "", "'at' is for a point with 'record'"),
        (#"a: {topic: "{root}", record: tt, nature: gauge, brick: S}"#, table, "unknown record 'tt'"),
        (
            #"a: {topic: "{root}", record: t, type: u32, nature: gauge, brick: S}"#, table,
            "u32 at 0 lies outside record 't'"
        ),
        (#"a: {topic: "{root}", record: t, type: i16, bit: 1, nature: gauge, brick: S}"#, table, "unsigned numbers"),
        (#"a: {metric: m, path: $.a, nature: gauge, brick: S}"#, "", "'path' and 'metric' exclude each other"),
        (
            #"a: {topic: "{root}", path: $.a, time: {path: $.t, form: local}, nature: gauge, brick: S}"#, "",
            "key 'zone' is missing"
        ),
        (
            #"a: {topic: "{root}", path: $.a, time: {path: $.t, form: local, zone: "../x"}, nature: gauge, brick: S}"#,
            "",
            "'../x' is no time zone"
        ),
        (
            #"a: {topic: "{root}", path: $.a, time: {path: $.t, form: rfc3339, zone: building}, nature: gauge, brick: S}"#,
            "", "'zone' is for the form local"
        ),
        (
            #"a: {topic: "{root}", plain: true, omitted: zero, nature: gauge, brick: S}"#, "",
            "is for a point with 'path'"
        ),
        (
            #"a: {metric: m, nature: gauge, brick: S}"#,
            #"availability: {topic: "{root}/x", online: a, offline: b}"#, "births and deaths by itself"
        ),
        (
            "a: {metric: m, nature: gauge, brick: S}\nb: {topic: \"{root}\", plain: true, nature: gauge, brick: S}", "",
            "do not mix"
        ),
    ]) func `a mistake is named`(points: String, head: String, words: String) throws {
        let error = #expect(throws: SourceError.self) {
            try profile(points, head: head.replacingOccurrences(of: "%", with: "hex"))
        }
        #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    }
}
