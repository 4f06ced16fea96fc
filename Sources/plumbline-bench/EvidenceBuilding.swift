import CanonicalCBOR
import Evidence
import Hashing
import LogEntries
import MerkleLog
import Readings

/// The building of the evidence figures: 1 000 points in 50 streams, each point read once a minute.
enum EvidenceBuilding {
    static let origin = "bench.example/b/house/0"
    static let periodMs: UInt64 = 60_000
    static let streamCount = 50
    static let pointsPerStream = 20
    /// 2026-01-01T00:00:00Z.
    static let startMs: UInt64 = 1_767_225_600_000
    static let firstK = startMs / periodMs
    static let intervalsPerDay: UInt64 = 1_440
    static let intervalsPerAnchor: UInt64 = 15

    /// Every fourth point of a stream is a float, the others are registers of a counter.
    static func kind(_ place: Int) -> ValueKind { place % 4 == 3 ? .float32 : .integer }

    static func point(stream: Int, place: Int) -> PointNumber {
        PointNumber(UInt32(stream * pointsPerStream + place + 1))
    }

    static func configuration() -> Configuration {
        var chance = Chance(seed: 7)
        let streams = (0..<streamCount).map { stream in
            let rows = (0..<pointsPerStream).map { place in
                ConfigRow(
                    point: point(stream: stream, place: place), id: "meter\(stream + 1).value\(place + 1)", unit: "W",
                    kind: kind(place), scale: Scale(mantissa: 1, exponent: -1, offsetMantissa: 0, offsetExponent: 0),
                    nature: "gauge", deviceID: "meter\(stream + 1)", profileID: "bench/meter",
                    profileHash: sha256(Array("bench/meter".utf8)))
            }
            return ConfigStream(
                stream: StreamNumber(UInt32(stream + 1)), salt: Bytes16(chance.bytes(16)) ?? .zero, privacyClass: .none,
                rows: rows)
        }
        let head = ConfigHead(
            buildingID: "house", timeZone: "Europe/Oslo", periodMs: periodMs, modelRevision: 1,
            modelHash: sha256(Array("house".utf8)))
        return Configuration(head: head, streams: streams)
    }
}

/// SplitMix64: numbers that look random and are the same in every run.
struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    mutating func hash() -> Hash { sha256(bytes(Hash.sizeBytes)) }
}

/// The record of one stream's item in `30-items`, made once and filled in anew for each interval: its numbers are chosen so that
/// they always take the same number of bytes.
struct ItemRecord {
    /// Kind, interval, stream and length before the item's bytes.
    static let headBytes = 17
    /// From the smallest number that CBOR writes in three bytes.
    private static let wholes: (from: UInt64, count: UInt64) = (256, 60_000)
    private static let instants: (from: UInt64, count: UInt64) = (256, 59_000)

    private(set) var bytes: [UInt8]
    private let saltAt: Int
    private let itemKAt: Int
    private let instantsAt: [Int]
    private let wholesAt: [Int]
    private let floatsAt: [Int]

    var item: ArraySlice<UInt8> { bytes[Self.headBytes...] }

    init(stream: Int, k: UInt64) {
        var payload: [UInt8] = []
        var (instantsAt, wholesAt, floatsAt): ([Int], [Int], [Int]) = ([], [], [])
        CBOR.append(arrayOf: 4 * EvidenceBuilding.pointsPerStream, to: &payload)
        for place in 0..<EvidenceBuilding.pointsPerStream {
            let point = EvidenceBuilding.point(stream: stream, place: place)
            CBOR.append(unsigned: UInt64(point.rawValue), to: &payload)
            instantsAt.append(payload.count + 1)
            CBOR.append(unsigned: Self.instants.from, to: &payload)
            CBOR.append(unsigned: UInt64(Quality.good.rawValue), to: &payload)
            if EvidenceBuilding.kind(place) == .float32 {
                floatsAt.append(payload.count + 1)
                CBOR.append(bytes: [0, 0, 0, 0], to: &payload)
            } else {
                wholesAt.append(payload.count + 1)
                CBOR.append(unsigned: Self.wholes.from, to: &payload)
            }
        }
        let number = StreamNumber(UInt32(stream + 1))
        let item = IntervalItem(stream: number, k: k, salt: .zero, payload: payload).encoded()
        let payloadAt = Self.headBytes + item.count - payload.count
        func shifted(_ places: [Int]) -> [Int] { places.map { $0 + payloadAt } }
        self.instantsAt = shifted(instantsAt)
        self.wholesAt = shifted(wholesAt)
        self.floatsAt = shifted(floatsAt)
        // The payload's own head stands before it, two bytes or three, and the salt of 16 before that.
        let payloadHeadBytes = payload.count < 256 ? 2 : 3
        saltAt = payloadAt - payloadHeadBytes - 16
        // And before that the salt's head and the interval in four bytes.
        itemKAt = saltAt - 1 - 4
        bytes = [UInt8](repeating: 0, count: Self.headBytes) + item
        put(UInt64(number.rawValue), width: 4, at: 9)
        put(UInt64(item.count), width: 4, at: 13)
    }

    /// Another interval, with other values.
    mutating func fill(k: UInt64, _ chance: inout Chance) {
        put(k, width: 8, at: 1)
        put(k, width: 4, at: itemKAt)
        put(chance.next(), width: 8, at: saltAt)
        put(chance.next(), width: 8, at: saltAt + 8)
        // A device's registers are read at once.
        let instant = Self.instants.from + chance.next() % Self.instants.count
        for at in instantsAt { put(instant, width: 2, at: at) }
        for at in wholesAt { put(Self.wholes.from + chance.next() % Self.wholes.count, width: 2, at: at) }
        // From 8 to 32.
        for at in floatsAt { put(0x4100_0000 | chance.next() & 0xff_ffff, width: 4, at: at) }
    }

    private mutating func put(_ value: UInt64, width: Int, at place: Int) {
        for offset in 0..<width {
            bytes[place + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - offset)))
        }
    }
}
