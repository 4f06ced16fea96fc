import Commanding
import Disclosure
import FacilityAPI
import Foundation
import LedgerStore
import Profiles
import Readings
import Synchronization
import Testing
import TwinModel

/// A field that holds what it is told, or fails as it is told.
private final class Fan: FieldWriting {
    let error = Mutex<FieldWriteError?>(nil)
    let holds = Mutex<RawValue?>(nil)
    let count = Mutex(0)
    let gate = Mutex<(@Sendable () async -> Void)?>(nil)

    func write(device: String, point: ProfilePoint, value: RawValue) async throws(FieldWriteError) -> RawValue? {
        count.withLock { $0 += 1 }
        await gate.withLock { $0 }?()
        if let error = error.withLock({ $0 }) { throw error }
        return holds.withLock { $0 } ?? value
    }
}

/// Goal: a command is answered in the style guide's very words, whole, in both languages, and once for each code.
/// Method: a house with a fan that can be set, over real HTTP; the field is make-believe.
@Suite(.serialized) struct CommandsTests {
    private static let instance = "urn:uuid:01234567-89ab-4def-8123-456789abcdef"
    private static let auditorToken = "token-of-the-auditor-01234567890"
    private static let actor = "95e631d16cca1a507fc62a0bf847e581"

    private static let profile = """
        profile: test-fan
        vendor: Test
        models: [Fan]
        transport: modbus
        confidence: C
        provenance: [made up for tests]
        defaults: {function: 3, order: ABCD}
        points:
          fan:  {address: 1, type: u16, scale: 0.1, nature: setpoint, brick: Speed_Setpoint, write: {function: 6, min: 0, max: 3, step: 0.5, every: 10s}}
          mode: {address: 2, type: enum, nature: state, brick: Operating_Mode_Status, values: {0: off, 1: on}, write: {function: 6, every: 100ms}}
        """

    private static func building() -> Building {
        let hash = [UInt8](repeating: 7, count: 32)
        func point(_ name: String, _ scale: Scale, _ rule: CommandRule) -> Point {
            Point(
                id: "ahu1." + name, entity: "ahu1", type: "Speed_Setpoint", unit: nil, nature: .setpoint,
                binding: Binding(device: "mb1", profilePoint: name, profile: "test-fan", profileHash: hash),
                expectedSeconds: 10, kind: .integer, scale: scale, command: rule)
        }
        let fan = CommandRule(
            min: ExactDecimal(text: "0"), max: ExactDecimal(text: "3"), step: ExactDecimal(text: "0.5"),
            everyMs: 10_000, isCritical: true)
        let mode = CommandRule(
            everyMs: 100, labels: [.init(value: 0, name: "off"), .init(value: 1, name: "on")])
        let base = House.building
        return Building(
            id: base.id, label: base.label, timeZone: base.timeZone, entities: base.entities, devices: base.devices,
            points: base.points + [
                point("fan", Scale(mantissa: 1, exponent: -1), fan), point("mode", .identity, mode),
            ])
    }

    private func house(_ body: @escaping @Sendable (House, Door, Fan) async throws -> Void) async throws {
        var house = try await House.open(Self.building())
        let fan = Fan()
        let profiles = try ProfileLibrary(files: [("test-fan.yaml", Array(Self.profile.utf8))])
        house.commands = CommandDesk(
            writer: house.writer, keeper: house.keeper,
            source: { profiles.profile($0.binding.profile)?.point($0.binding.profilePoint) }, field: fan)
        _ = try await house.ledger.addToken(
            hash: Facility.tokenHash(Self.auditorToken), name: "eva", role: "auditor", scope: "",
            nowMs: UInt64(House.startMs), untilMs: nil)
        let ready = house
        do {
            try await Door.open(ready) { door in try await body(ready, door, fan) }
        } catch {
            await ready.close()
            throw error
        }
        await ready.close()
    }

    private func send(
        _ door: Door, _ body: String, key: String? = "k1", path: String = "/v1/commands", token: String = House.token,
        type: String = "application/json", language: String = "en"
    ) async throws -> Heard {
        var headers = [("Content-Type", type), ("Accept-Language", language)]
        if let key { headers.append(("Idempotency-Key", key)) }
        return try await door.ask("POST", path, token: token, headers: headers, body: Array(body.utf8))
    }

    private static func set(_ value: String, _ point: String = "ahu1.fan") -> String {
        #"{"point":"\#(point)","value":\#(value),"reason":"filter change"}"#
    }

    @Test func `a command is answered whole, replayed whole, and found again`() async throws {
        try await house { house, door, fan in
            let answer = try await send(door, Self.set("2.50"))
            #expect(answer.status == 201)
            let intent = try #require(
                try await LedgerReader.open(directory: house.directory).commands(.init(limit: 1)).first?.intent)
            let whole =
                #"{"id":"c-\#(intent)","point":"ahu1.fan","value":2.5,"raw":"25","reason":"filter change","requestedAt":"2026-03-01T13:02:10.004Z","state":"done","readBack":{"value":2.5,"raw":"25","at":"2026-03-01T13:02:10.004Z"},"detail":null,"endedAt":"2026-03-01T13:02:10.004Z","intentLeaf":\#(intent),"outcomeLeaf":\#(intent + 1),"actor":"\#(Self.actor)","dryRun":false}"#
            #expect(answer.text == whole)
            #expect(answer.header("Location") == "/v1/commands/c-\(intent)")
            #expect(answer.header("RateLimit-Policy") == "\"command\";q=30;w=60")
            #expect(answer.header("Idempotency-Replayed") == nil)
            let again = try await send(door, Self.set("2.5"))
            #expect(again.status == 201)
            #expect(again.text == whole)
            #expect(again.header("Idempotency-Replayed") == "true")
            #expect(fan.count.withLock { $0 } == 1)
            let one = try await door.get("/v1/commands/c-\(intent)", token: Self.auditorToken)
            #expect(one.text == whole)
            #expect(one.header("Cache-Control") == "private, max-age=31536000, immutable")
            #expect(try await door.get("/v1/commands").text == #"{"items":[\#(whole)],"next":null}"#)
            #expect(try await door.get("/v1/commands?point=ahu1.mode").text == #"{"items":[],"next":null}"#)
            for path in ["c-0", "c-0\(intent)", "\(intent)", "c-18446744073709551615", "c-x"] {
                #expect(try await door.get("/v1/commands/" + path).status == 404)
            }
        }
    }

    @Test func `the list goes on where the page ended, newest first when asked`() async throws {
        try await house { house, door, _ in
            for number in 0..<5 {
                #expect(try await send(door, Self.set(#""on""#, "ahu1.mode"), key: "m\(number)").status == 201)
                house.clock.advance(200)
            }
            let first = try await door.get("/v1/commands?order=desc&limit=2")
            let json = try JSONValue(parsing: first.bytes)
            let next = try #require(json["next"]?.asText)
            let second = try JSONValue(parsing: try await door.get(next).bytes)
            let ids = (json["items"]?.asArray ?? []) + (second["items"]?.asArray ?? [])
            let numbers = ids.compactMap { $0["intentLeaf"]?.asInt }
            #expect(numbers.count == 4)
            #expect(numbers == numbers.sorted(by: >))
            #expect(ids.first?["value"]?.asText == "on")
            #expect(ids.first?["raw"]?.asText == "1")
            #expect(
                try JSONValue(
                    parsing: try await door.get(
                        "/v1/commands?from=2026-03-01T13:02:10.100Z&to=2026-03-01T13:02:10.500Z"
                    ).bytes)[
                        "items"]?.asArray?.count == 2)
        }
    }

    @Test func `a dry run says what would be done and leaves nothing`() async throws {
        try await house { house, door, fan in
            for path in ["/v1/commands?dryRun=true", "/v1/commands"] {
                let body =
                    path.hasSuffix("true")
                    ? Self.set("1.5") : #"{"point":"ahu1.fan","value":1.5,"reason":"filter change","dryRun":true}"#
                let answer = try await send(door, body, path: path)
                #expect(answer.status == 200)
                #expect(
                    answer.text
                        == #"{"id":null,"point":"ahu1.fan","value":1.5,"raw":"15","reason":"filter change","requestedAt":null,"state":"checked","readBack":null,"detail":null,"endedAt":null,"intentLeaf":null,"outcomeLeaf":null,"actor":"\#(Self.actor)","dryRun":true}"#
                )
            }
            #expect(fan.count.withLock { $0 } == 0)
            #expect(try await door.get("/v1/commands").text == #"{"items":[],"next":null}"#)
            #expect(try await send(door, Self.set("9"), path: "/v1/commands?dryRun=true").status == 422)
        }
    }

    @Test func `out of bounds is the style guide's own example`() async throws {
        try await house { _, door, _ in
            let answer = try await send(door, Self.set("4"))
            #expect(answer.status == 422)
            #expect(
                answer.text
                    == #"{"type":"/v1/problems/out-of-bounds","code":"out-of-bounds","title":"The value is outside the allowed range","status":422,"detail":"ahu1.fan takes 0 to 3. Choose a value in this range, or change the limit in the building file.","instance":"\#(Self.instance)","errors":[{"pointer":"/value","detail":"4 was given","expected":"0…3"}]}"#
            )
            let german = try await send(door, Self.set("4"), language: "de")
            #expect(
                german.text.contains(
                    #""detail":"ahu1.fan nimmt 0 bis 3. Wählen Sie einen Wert in diesem Bereich, oder ändern Sie die Grenze in der Gebäudedatei.""#
                ))
        }
    }

    @Test func `a silent device is 504, with both leaves, each time it is asked for`() async throws {
        try await house { house, door, fan in
            fan.error.withLock { $0 = .noAnswer }
            let answer = try await send(door, Self.set("1"))
            #expect(answer.status == 504)
            let intent = try #require(
                try await LedgerReader.open(directory: house.directory).commands(.init(limit: 1)).first?.intent)
            #expect(
                answer.text
                    == #"{"type":"/v1/problems/device-no-answer","code":"device-no-answer","title":"The device does not answer","status":504,"detail":"The device of ahu1.fan did not answer, so nobody knows whether it took the value. The attempt is on record.","instance":"\#(Self.instance)","command":"/v1/commands/c-\#(intent)","state":"no-answer","intentLeaf":\#(intent),"outcomeLeaf":\#(intent + 1),"errors":[]}"#
            )
            #expect(try await send(door, Self.set("1")).status == 504)
            #expect(fan.count.withLock { $0 } == 1)
            let kept = try await door.get("/v1/commands/c-\(intent)")
            #expect(kept.status == 200)
            #expect(kept.text.contains(#""state":"no-answer","readBack":null"#))
        }
    }

    @Test func `what a device refuses or changes is an answer, not a problem`() async throws {
        try await house { house, door, fan in
            fan.error.withLock { $0 = .refused(code: 3) }
            let refused = try await send(door, Self.set("1"))
            #expect(refused.status == 201)
            #expect(refused.text.contains(#""state":"refused","readBack":null,"detail":"exception 3""#))
            fan.error.withLock { $0 = nil }
            fan.holds.withLock { $0 = .integer(30) }
            house.clock.advance(10_000)
            let differs = try await send(door, Self.set("1"), key: "k2")
            #expect(
                differs.text.contains(
                    #""state":"differs","readBack":{"value":3,"raw":"30","at":"2026-03-01T13:02:20.004Z"}"#))
        }
    }

    @Test func `each refusal has its own code, and no leaf is written`() async throws {
        try await house { house, door, fan in
            let size = try await house.ledger.head().size
            let long = String(repeating: "x", count: 501)
            let cases: [(String, String?, Int, String, String)] = [
                (Self.set("1"), nil, 400, "malformed-request", #""parameter":"Idempotency-Key""#),
                (Self.set("1"), "a b", 400, "malformed-request", #""parameter":"Idempotency-Key""#),
                (Self.set("1"), String(repeating: "k", count: 129), 400, "malformed-request", "1…128"),
                ("", "k", 400, "malformed-request", "JSON"), ("[]", "k", 400, "malformed-request", "an object"),
                (#"{"point":"ahu1.fan","reason":"x"}"#, "k", 400, "malformed-request", #""pointer":"/value""#),
                (#"{"point":"ahu1.fan","value":null,"reason":"x"}"#, "k", 400, "malformed-request", "/value"),
                (#"{"point":"ahu1.fan","value":1}"#, "k", 400, "malformed-request", #""pointer":"/reason""#),
                (#"{"point":"ahu1.fan","value":1,"reason":""}"#, "k", 400, "malformed-request", "1…500 bytes"),
                (#"{"point":"ahu1.fan","value":1,"reason":"\#(long)"}"#, "k", 400, "malformed-request", "1…500 bytes"),
                (#"{"point":"ahu1.fan","value":1,"reason":"x","force":true}"#, "k", 400, "malformed-request", "/force"),
                (#"{"point":"ahu1.fan","value":1,"reason":"x","dryRun":1}"#, "k", 400, "malformed-request", "/dryRun"),
                (Self.set("1", "ahu1.none"), "k", 404, "no-such-resource", #""pointer":"/point""#),
                (Self.set("1", "ahu1.filter-dp"), "k", 422, "not-writable", #""pointer":"/point""#),
                (Self.set("true"), "k", 400, "malformed-request", "a number, 0…3"),
                (Self.set("1.3"), "k", 422, "out-of-bounds", #""detail":"1.3 was given","expected":"1.5""#),
                (Self.set("1e999"), "k", 422, "out-of-bounds", "0…3"),
                (Self.set("1e9999"), "k", 400, "malformed-request", "38 digits"),
                (Self.set(#""auto""#, "ahu1.mode"), "k", 422, "out-of-bounds", #""expected":"off | on""#),
            ]
            for (number, (body, key, status, code, part)) in cases.enumerated() {
                if number % 20 == 0 { house.clock.advance(60_000) }
                let answer = try await send(door, body, key: key)
                #expect(answer.status == status, "\(body): \(answer.text)")
                #expect(answer.text.contains(#""code":"\#(code)""#), "\(body): \(answer.text)")
                #expect(answer.text.contains(part), "\(body): \(answer.text)")
            }
            #expect(try await send(door, Self.set("1"), token: Self.auditorToken).text.contains("outside-grant"))
            #expect(try await send(door, Self.set("1"), type: "text/plain").status == 415)
            #expect(try await send(door, Self.set("1") + String(repeating: " ", count: 16_384)).status == 413)
            #expect(
                try await send(door, Self.set("1"), path: "/v1/commands?dry=true").text.contains("unknown-parameter"))
            #expect(fan.count.withLock { $0 } == 0)
            #expect(try await house.ledger.head().size == size)
        }
    }

    @Test func `keys, pace and a busy device refuse by name`() async throws {
        try await house { house, door, fan in
            #expect(try await send(door, Self.set("1")).status == 201)
            let reused = try await send(door, Self.set("2"))
            #expect(reused.status == 422)
            #expect(reused.text.contains(#""code":"key-reused""#))
            let soon = try await send(door, Self.set("2"), key: "k2")
            #expect(soon.status == 429)
            #expect(soon.header("Retry-After") == "10")
            #expect(soon.text.contains("ahu1.fan takes one command in 10 s. Go on in 10 s."))
            let (stream, open) = AsyncStream.makeStream(of: Void.self)
            let (reached, tell) = AsyncStream.makeStream(of: Void.self)
            fan.gate.withLock {
                $0 = {
                    tell.yield()
                    for await _ in stream { break }
                }
            }
            async let slow = send(door, Self.set(#""on""#, "ahu1.mode"), key: "k3")
            for await _ in reached { break }
            let busy = try await send(door, Self.set(#""off""#, "ahu1.mode"), key: "k4")
            #expect(busy.status == 409)
            #expect(busy.text.contains(#""running":"/v1/commands/c-"#))
            let running = try await door.get("/v1/commands?point=ahu1.mode")
            #expect(running.text.contains(#""state":"running","readBack":null,"detail":null,"endedAt":null"#))
            open.yield()
            #expect(try await slow.status == 201)
            await house.ledger.close()
            fan.gate.withLock { $0 = nil }
            let stopped = try await send(door, Self.set(#""off""#, "ahu1.mode"), key: "k5")
            #expect(stopped.status == 503)
            #expect(stopped.text.contains("Nothing was sent to the device"))
        }
    }

    @Test func `thirty commands a minute, dry runs among them`() async throws {
        try await house { _, door, _ in
            for _ in 0..<CommandRules.perMinuteMax {
                #expect(try await send(door, Self.set("1"), path: "/v1/commands?dryRun=true").status == 200)
            }
            let refused = try await send(door, Self.set("1"))
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") == "60")
            #expect(try await door.get("/v1").status == 200)
        }
    }

    @Test func `a point says what may be set`() async throws {
        try await house { _, door, _ in
            let fan = try await door.get("/v1/points/ahu1.fan").text
            let mode = try await door.get("/v1/points/ahu1.mode").text
            #expect(
                fan.hasSuffix(
                    #","command":{"takes":"number","min":0,"max":3,"step":0.5,"labels":[],"everySeconds":10,"critical":true}}"#
                ))
            #expect(
                mode.hasSuffix(
                    #","command":{"takes":"name","min":null,"max":null,"step":null,"labels":["off","on"],"everySeconds":0.1,"critical":false}}"#
                ))
        }
    }

    @Test func `the stream tells when a command runs and how it ended`() async throws {
        try await house { house, door, _ in
            #expect(try await send(door, Self.set("1")).status == 201)
            let events = try await LedgerReader.open(directory: house.directory).events(after: 0)
            #expect(events.filter { $0.kind == "command" }.map(\.points) == [["ahu1.fan"], ["ahu1.fan"]])
            for event in events where event.kind == "command" {
                #expect(throws: Never.self) { try JSONValue(parsing: Array(event.json.utf8)) }
            }
        }
    }
}
