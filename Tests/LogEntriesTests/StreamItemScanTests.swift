import CanonicalCBOR
import LogEntries
import Readings
import Testing
import TestTools

/// Goal: the fast scan of items accepts nothing that the rules refuse, and counts what they count.
/// Method: random items of every kind of value, whole and with any byte changed, against `IntervalItem.decode` and `Payload`.
@Suite struct `Scanned items` {
    static let periodMs: UInt64 = 60_000
    static let kinds: [(point: PointNumber, kind: ValueKind)] = ValueKind.allCases.enumerated()
        .map { (PointNumber(UInt32($0.offset * 40 + 3)), $0.element) }

    static func value(_ kind: ValueKind, _ random: inout SeededGenerator) -> CBOR {
        if random.next() % 9 == 0 { return .null }
        switch kind {
        case .integer: return .int(Int64(bitPattern: random.next()) >> Int64(random.next() % 60))
        case .flag: return .unsigned(random.next() % 2)
        case .float32: return .bytes((0..<4).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .float64: return .bytes((0..<8).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .text: return .text(["on", "aus", "größer", ""][Int(random.next() % 4)])
        case .numericText: return .text(["1.5", "-20", "3e7"][Int(random.next() % 3)])
        case .event: return .bytes((0..<Int(random.next() % 30)).map { _ in 7 })
        }
    }

    static func item(_ random: inout SeededGenerator) -> (item: IntervalItem, rows: [PayloadRow]) {
        var seen: Set<[UInt64]> = []
        var rows: [PayloadRow] = []
        for _ in 0..<Int(random.next() % 30) {
            let (point, kind) = kinds[Int(random.next() % UInt64(kinds.count))]
            let dtMs = random.next() % (random.next() % 2 == 0 ? 3 : periodMs)
            guard seen.insert([dtMs, UInt64(point.rawValue)]).inserted else { continue }
            rows.append(
                PayloadRow(
                    point: point, dtMs: dtMs, quality: Quality.allCases[Int(random.next() % 9)],
                    sourceMs: random.next() % 5 == 0 ? Int64(truncatingIfNeeded: random.next() >> 20) : nil,
                    value: value(kind, &random)))
        }
        let item = IntervalItem(
            stream: StreamNumber(UInt32(random.next() % 70_000)), k: random.next() >> 20, salt: .zero,
            payload: Payload.encode(rows))
        return (item, rows)
    }

    static func scan(_ bytes: [UInt8], _ item: IntervalItem, _ into: inout [ScannedReading]) -> Bool {
        bytes.withUnsafeBytes {
            StreamItemScan.accepts(
                $0, stream: item.stream.rawValue, k: item.k, periodMs: periodMs, kinds: PointKinds(kinds), into: &into)
        }
    }

    @Test func `an item that keeps the rules is accepted with its readings`() {
        var random = SeededGenerator(seed: 20_261_130)
        for _ in 0..<2_000 {
            let (item, rows) = Self.item(&random)
            var readings: [ScannedReading] = []
            let isPlain = rows.allSatisfy { $0.value != .text("größer") }
            #expect(Self.scan(item.encoded(), item, &readings) == isPlain)
            guard isPlain else {
                #expect(readings.isEmpty)
                continue
            }
            let sorted = rows.sorted { ($0.dtMs, $0.point) < ($1.dtMs, $1.point) }
            #expect(readings.map { Self.kinds[Int($0.place)].point } == sorted.map(\.point))
            #expect(readings.map(\.quality) == sorted.map(\.quality.rawValue))
            #expect(readings.map(\.isNull) == sorted.map(\.value.isNull))
            #expect(readings.map(\.sourceMs) == sorted.map(\.sourceMs))
        }
    }

    @Test func `what is accepted after damage keeps every rule`() {
        var random = SeededGenerator(seed: 9)
        let kindOf = Dictionary(uniqueKeysWithValues: Self.kinds.map { ($0.point, $0.kind) })
        var accepted = 0
        for _ in 0..<20_000 {
            let (item, _) = Self.item(&random)
            var bytes = item.encoded()
            switch random.next() % 4 {
            case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            case 1: bytes.append(UInt8(truncatingIfNeeded: random.next()))
            default: bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            var readings: [ScannedReading] = []
            guard Self.scan(bytes, item, &readings) else {
                #expect(readings.isEmpty)
                continue
            }
            accepted += 1
            let read = try? IntervalItem.decode(bytes)  // nil is the failure that the next line tells
            #expect(read?.stream == item.stream && read?.k == item.k, "\(bytes)")
            let payload = read?.payload ?? []
            #expect(Payload.problems(payload, periodMs: Self.periodMs) { kindOf[$0] }.isEmpty, "\(bytes)")
            #expect((try? Payload.decode(payload))?.count == readings.count)  // nil is told as unequal
        }
        #expect(accepted > 1_000)
    }

    @Test func `another stream, interval or unknown point is refused`() {
        var random = SeededGenerator(seed: 4)
        let (item, _) = Self.item(&random)
        var readings: [ScannedReading] = []
        let other = IntervalItem(stream: StreamNumber(70_001), k: item.k, salt: item.salt, payload: item.payload)
        #expect(!Self.scan(other.encoded(), item, &readings))
        let later = IntervalItem(stream: item.stream, k: item.k + 1, salt: item.salt, payload: item.payload)
        #expect(!Self.scan(later.encoded(), item, &readings))
        let row = PayloadRow(point: PointNumber(4), dtMs: 0, quality: .good, sourceMs: nil, value: .unsigned(1))
        let unknown = IntervalItem(stream: item.stream, k: item.k, salt: item.salt, payload: Payload.encode([row]))
        #expect(!Self.scan(unknown.encoded(), unknown, &readings))
    }
}
