import CanonicalCBOR
import Hashing
import LogEntries
import Readings
import Testing
import TestTools

/// Goal: items, payloads and configurations survive the way through their bytes, and each payload rule is noticed.
@Suite struct ItemTests {
    private static let salt = Bytes16((0..<16).map { UInt8($0) }) ?? .zero

    @Test(
        arguments: [
            (RawValue.none, ValueKind.integer), (.integer(-5), .integer), (.large(.max), .integer),
            (.integer(1), .flag),
            (.float32(bits: 0x7fc0_0001), .float32), (.float64(bits: 0x3ff0_0000_0000_0001), .float64),
            (.number("21.50"), .numericText),
            (.text("21.50"), .text), (.event([0x80]), .event), (.event([1, 2, 3, 4]), .event),
        ] as [(RawValue, ValueKind)])
    func `a reading of every kind comes back from its row`(value: RawValue, kind: ValueKind) throws {
        for source in [nil, -1, 1_700_000_000_000] as [Int64?] {
            let reading = Reading(
                point: PointNumber(7), capturedAtMs: 60_000 * 29_000_000 + 59_999, sourceAtMs: source,
                quality: .suspect,
                value: value)
            let row = try #require(PayloadRow(reading, k: 29_000_000, periodMs: 60_000))
            let payload = Payload.encode([row])
            #expect(Payload.problems(payload, periodMs: 60_000) { _ in kind } == [])
            let read = try #require(try Payload.decode(payload).first)
            #expect(read.reading(k: 29_000_000, periodMs: 60_000, kind: kind) == reading)
            #expect(PayloadRow(reading, k: 29_000_001, periodMs: 60_000) == nil)
            #expect(PayloadRow(reading, k: 28_999_999, periodMs: 60_000) == nil)
        }
    }

    @Test(
        arguments: [
            ([.unsigned(1), .unsigned(0), .unsigned(0)], .notFours(elementCount: 3)),
            ([.null, .unsigned(0), .unsigned(0), .null], .badPoint(row: 0)),
            ([.unsigned(1 << 32), .unsigned(0), .unsigned(0), .null], .badPoint(row: 0)),
            ([.unsigned(1), .unsigned(60_000), .unsigned(0), .null], .badInstant(row: 0)),
            ([.unsigned(1), .int(-1), .unsigned(0), .null], .badInstant(row: 0)),
            ([.unsigned(1), .unsigned(0), .unsigned(9), .null], .badQuality(row: 0)),
            ([.unsigned(1), .unsigned(0), .unsigned(0), .array([.null])], .badValue(row: 0)),
            ([.unsigned(1), .unsigned(0), .unsigned(0), .array([.text("x"), .null])], .badValue(row: 0)),
            ([.unsigned(1), .unsigned(0), .unsigned(0), .array([.unsigned(5), .array([])])], .badValue(row: 0)),
            ([.unsigned(1), .unsigned(0), .unsigned(0), .text("21.5")], .badValue(row: 0)),
            (
                [.unsigned(1), .unsigned(3), .unsigned(0), .null, .unsigned(1), .unsigned(3), .unsigned(0), .null],
                .notSorted(row: 1)
            ),
            (
                [.unsigned(2), .unsigned(3), .unsigned(0), .null, .unsigned(1), .unsigned(3), .unsigned(0), .null],
                .notSorted(row: 1)
            ),
            (
                [.unsigned(1), .unsigned(4), .unsigned(0), .null, .unsigned(2), .unsigned(3), .unsigned(0), .null],
                .notSorted(row: 1)
            ),
        ] as [([CBOR], PayloadProblem)])
    func `each rule of a payload has its own finding`(elements: [CBOR], problem: PayloadProblem) {
        #expect(Payload.problems(CBOR.array(elements).encoded(), periodMs: 60_000) { _ in .integer } == [problem])
    }

    @Test func `items come back from their bytes`() throws {
        let item = IntervalItem(stream: StreamNumber(3), k: 9, salt: Self.salt, payload: Payload.encode([]))
        #expect(try IntervalItem.decode(item.encoded()) == item)
        let access = AccessItem(
            k: 9, salt: Self.salt,
            entries: [.init(grant: 7, actor: Self.salt, scope: "readings", what: "GET /v1/readings", count: 3)])
        #expect(try AccessItem.decode(access.encoded()) == access)
        let snapshot = SnapshotItem(
            number: 4, salt: Self.salt, entityID: "ahu1", type: "AHU",
            relations: [.init(name: "feeds", target: "room1")],
            citations: [.init(point: PointNumber(1), stream: StreamNumber(2), k: 3, position: 4)])
        #expect(try SnapshotItem.decode(snapshot.encoded()) == snapshot)
        let event = EventPayload(kind: "alarm", point: nil, details: [.init(name: "limit", value: .unsigned(250))])
        #expect(try EventPayload.decode(event.encoded()) == event)
        let command = CommandPayload(
            phase: .outcome, intent: 29, point: PointNumber(102), value: .unsigned(1), resultCode: 0, reason: "done")
        #expect(try CommandPayload.decode(command.encoded()) == command)
        let commitment = Commitment(
            leafType: .command, stream: StreamNumber(1), salt: Self.salt, payload: command.encoded())
        #expect(try Commitment.decode(commitment.encoded()) == commitment)
        #expect(throws: ItemError.nonCanonical) { try IntervalItem.decode(access.encoded()) }
        #expect(throws: ItemError.nonCanonical) { try AccessItem.decode(snapshot.encoded()) }
    }

    @Test func `a configuration comes back from its items, and its hash is their root`() throws {
        let row = ConfigRow(
            point: PointNumber(101), id: "ahu1.supply.temp", unit: "Cel", kind: .integer,
            scale: Scale(mantissa: 1, exponent: -1), nature: "gauge", deviceID: "dev-1", profileID: "meter-a",
            profileHash: sha256([1]))
        let configuration = Configuration(
            head: .init(buildingID: "b", timeZone: "Europe/Oslo", periodMs: 60_000, modelRevision: 1, modelHash: .zero),
            streams: [.init(stream: StreamNumber(1), salt: Self.salt, privacyClass: .none, rows: [row])])
        let items = configuration.items
        #expect(try ConfigHead.decode(items[0]) == configuration.head)
        #expect(try ConfigStream.decode(items[1]) == configuration.streams[0])
        #expect(configuration.hash == sha256Node(sha256Leaf(items[0]), sha256Leaf(items[1])))
    }
}

/// Goal: the short way to a payload writes the bytes of the long one.
struct DirectPayloadTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `readings in order encode to the same bytes as their rows`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let k: UInt64 = 29_538_125
        let startMs = Int64(k) * 60_000
        var readings: [Reading] = []
        var dtMs: Int64 = 0
        for _ in 0..<Int.random(in: 0...300, using: &random) {
            dtMs += Int64.random(in: 1...190, using: &random)
            let values: [RawValue] = [
                .none, .integer(.random(in: .min ... .max, using: &random)),
                .integer(.random(in: -300...300, using: &random)),
                .large(.random(in: (1 << 63)...(.max), using: &random)),
                .float32(bits: .random(in: 0...(.max), using: &random)),
                .float64(bits: .random(in: 0...(.max), using: &random)), .number("-21.50"), .text("åpen"),
                .event([UInt8](repeating: 7, count: Int.random(in: 0...70, using: &random))),
            ]
            readings.append(
                Reading(
                    point: PointNumber(.random(in: 0...(.max), using: &random)), capturedAtMs: startMs + dtMs,
                    sourceAtMs: Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : nil,
                    quality: Quality.allCases.randomElement(using: &random) ?? .good,
                    value: values.randomElement(using: &random) ?? .none))
        }
        let rows = try readings.map { try #require(PayloadRow($0, k: k, periodMs: 60_000)) }
        #expect(Payload.encode(inOrder: readings, k: k, periodMs: 60_000) == Payload.encode(rows), "seed \(seed)")
    }

    @Test func `a reading outside the interval has no payload`() {
        for atMs in [Int64.min, 59_999, 120_000, .max] {
            let reading = Reading(point: PointNumber(1), capturedAtMs: atMs, quality: .good, value: .none)
            #expect(Payload.encode(inOrder: [reading], k: 1, periodMs: 60_000) == nil)
        }
    }
}
