internal import Readings

/// Readings of one stream and interval that were written down together, as one blob: what waits for its seal is written and
/// read whole, so it costs a row for each stream and commit, not for each reading.
///
/// `version 1 ‖ base i64 ‖ row…`, little-endian. A row is `point u32 ‖ flags u8 ‖ captured − base ‖ [source − captured] ‖
/// content`: flags hold the quality (low four bits), whether there is a source stamp (16) and nothing else; the differences
/// wrap and are zigzag varints; the content is `tag u8` and what the tag says. Text and bytes have their length, a varint, in
/// front.
struct OpenRows {
    private static let version: UInt8 = 1
    private static let sourceFlag: UInt8 = 0x10

    private(set) var bytes: [UInt8]
    private let baseMs: Int64

    init(baseMs: Int64) {
        self.baseMs = baseMs
        bytes = [Self.version]
        bytes.reserveCapacity(2_048)
        append(fixed: UInt64(bitPattern: baseMs), count: 8)
    }

    mutating func append(_ reading: Reading) {
        append(fixed: UInt64(reading.point.rawValue), count: 4)
        bytes.append(reading.quality.rawValue | (reading.sourceAtMs == nil ? 0 : Self.sourceFlag))
        append(signed: reading.capturedAtMs &- baseMs)
        if let source = reading.sourceAtMs { append(signed: source &- reading.capturedAtMs) }
        switch reading.value {
        case .none: bytes.append(0)
        case .integer(let number):
            bytes.append(1)
            append(signed: number)
        case .large(let number):
            bytes.append(2)
            append(varint: number)
        case .float32(let bits):
            bytes.append(3)
            append(fixed: UInt64(bits), count: 4)
        case .float64(let bits):
            bytes.append(4)
            append(fixed: bits, count: 8)
        case .number(let token): append(tag: 5, token.utf8)
        case .text(let text): append(tag: 6, text.utf8)
        case .event(let payload): append(tag: 7, payload)
        }
    }

    private mutating func append(tag: UInt8, _ content: some Collection<UInt8>) {
        bytes.append(tag)
        append(varint: UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func append(fixed value: UInt64, count: Int) {
        for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
    }

    private mutating func append(signed value: Int64) {
        append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension OpenRows {
    /// Not what `append` makes.
    struct Malformed: Error {}

    /// The readings in the order they were written, of one point when it is given.
    static func each(
        _ bytes: UnsafeRawBufferPointer, point: PointNumber? = nil, _ body: (Reading) throws -> Void
    ) throws {
        var cursor = Cursor(bytes: bytes)
        guard try cursor.byte() == version else { throw Malformed() }
        let baseMs = Int64(bitPattern: try cursor.fixed(8))
        while !cursor.isAtEnd {
            let number = PointNumber(UInt32(truncatingIfNeeded: try cursor.fixed(4)))
            let flags = try cursor.byte()
            guard let quality = Quality(rawValue: flags & 0x0F), flags & 0xE0 == 0 else { throw Malformed() }
            let capturedAtMs = baseMs &+ (try cursor.signed())
            let sourceAtMs = flags & sourceFlag == 0 ? nil : capturedAtMs &+ (try cursor.signed())
            if let point, point != number {
                try cursor.skipContent()
                continue
            }
            try body(
                Reading(
                    point: number, capturedAtMs: capturedAtMs, sourceAtMs: sourceAtMs, quality: quality,
                    value: try cursor.content()))
        }
    }

    private struct Cursor {
        let bytes: UnsafeRawBufferPointer
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        mutating func byte() throws -> UInt8 {
            guard at < bytes.count else { throw Malformed() }
            defer { at += 1 }
            return bytes[at]
        }

        mutating func fixed(_ count: Int) throws -> UInt64 {
            guard bytes.count - at >= count else { throw Malformed() }
            var value: UInt64 = 0
            for shift in 0..<count { value |= UInt64(bytes[at + shift]) << UInt64(8 * shift) }
            at += count
            return value
        }

        mutating func varint() throws -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                let byte = try byte()
                if shift == 63, byte > 1 { throw Malformed() }
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            throw Malformed()
        }

        mutating func signed() throws -> Int64 {
            let value = try varint()
            return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        }

        /// Length in front, then so many bytes.
        mutating func slice() throws -> UnsafeRawBufferPointer {
            guard let count = Int(exactly: try varint()), count <= bytes.count - at else { throw Malformed() }
            defer { at += count }
            return UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)])
        }

        mutating func text() throws -> String {
            guard let text = String(validating: try slice(), as: UTF8.self) else { throw Malformed() }
            return text
        }

        mutating func content() throws -> RawValue {
            switch try byte() {
            case 0: return .none
            case 1: return .integer(try signed())
            case 2: return .large(try varint())
            case 3: return .float32(bits: UInt32(truncatingIfNeeded: try fixed(4)))
            case 4: return .float64(bits: try fixed(8))
            case 5: return .number(try text())
            case 6: return .text(try text())
            case 7: return .event([UInt8](try slice()))
            default: throw Malformed()
            }
        }

        mutating func skipContent() throws {
            switch try byte() {
            case 0: break
            case 1, 2: _ = try varint()
            case 3: _ = try fixed(4)
            case 4: _ = try fixed(8)
            case 5, 6, 7: _ = try slice()
            default: throw Malformed()
            }
        }
    }
}

/// The batches of open readings in the file.
extension Database {
    /// Writes readings down, in batches of interval and stream.
    func addOpen(_ readings: [PlacedReading], streamOf: [PointNumber: StreamNumber]) throws {
        struct Place: Hashable {
            let k: UInt64
            let stream: UInt32
        }
        var batches: [Place: OpenRows] = [:]
        // Readings come device by device, so the batch is mostly that of the one before.
        var here: Place?
        var rows = OpenRows(baseMs: 0)
        for placed in readings {
            let place = Place(k: placed.k, stream: streamOf[placed.reading.point]?.rawValue ?? 0)
            if place != here {
                if let here { batches[here] = rows }
                rows = batches.removeValue(forKey: place) ?? OpenRows(baseMs: placed.reading.capturedAtMs)
                here = place
            }
            rows.append(placed.reading)
        }
        if let here { batches[here] = rows }
        for (place, rows) in batches.sorted(by: { ($0.key.k, $0.key.stream) < ($1.key.k, $1.key.stream) }) {
            try run(
                "INSERT INTO open_batch (k, stream, rows) VALUES (?, ?, ?)", .natural(place.k), .int(place.stream),
                .blob(rows.bytes))
        }
    }

    /// Open readings of one interval, by instant, then point; of one stream when it is given.
    ///
    /// What stands there twice, because a commit was reported as failed and repeated, counts once.
    func openReadings(k: UInt64, stream: StreamNumber? = nil) throws -> [Reading] {
        var found: [Reading] = []
        if let stream {
            try each(
                "SELECT rows FROM open_batch WHERE k = ? AND stream = ? ORDER BY id", .natural(k), .int(stream.rawValue)
            ) {
                row in
                try row.openRows(0) { found.append($0) }
                return true
            }
        } else {
            try each("SELECT rows FROM open_batch WHERE k = ? ORDER BY id", .natural(k)) { row in
                try row.openRows(0) { found.append($0) }
                return true
            }
        }
        return Self.inOrder(found)
    }

    /// Open readings of one interval by stream, each in the order of `openReadings`.
    func openRows(k: UInt64) throws -> [StreamNumber: [Reading]] {
        var found: [StreamNumber: [Reading]] = [:]
        var here: StreamNumber?
        var readings: [Reading] = []
        func end() { if let here { found[here] = Self.inOrder(readings) } }
        try each("SELECT stream, rows FROM open_batch WHERE k = ? ORDER BY stream, id", .natural(k)) { row in
            let stream = StreamNumber(try row.number32(0))
            if stream != here {
                end()
                here = stream
                readings.removeAll(keepingCapacity: true)
            }
            try row.openRows(1) { readings.append($0) }
            return true
        }
        end()
        return found
    }

    /// Every open reading, by interval, then instant, then point; of one point when it is given.
    func openReadings(point: PointNumber?) throws -> [PlacedReading] {
        var found: [PlacedReading] = []
        var here: (k: UInt64, readings: [Reading])?
        func close() {
            if let here { found += Self.inOrder(here.readings).map { PlacedReading(k: here.k, reading: $0) } }
        }
        func take(_ row: Row) throws -> Bool {
            let k = try row.natural(0)
            if here?.k != k {
                close()
                here = (k, [])
            }
            try row.openRows(1, point: point) { here?.readings.append($0) }
            return true
        }
        if let point {
            // 0: written before its stream was known.
            try each(
                """
                SELECT k, rows FROM open_batch
                WHERE stream = 0 OR stream IN (SELECT stream FROM point_stream WHERE point = ?) ORDER BY k, id
                """, .int(point.rawValue), read: take)
        } else {
            try each("SELECT k, rows FROM open_batch ORDER BY k, id", read: take)
        }
        close()
        return found
    }

    /// Streams with open readings in an interval.
    func openStreams(k: UInt64) throws -> Set<StreamNumber> {
        Set(
            try rows("SELECT DISTINCT stream FROM open_batch WHERE k = ?", .natural(k)) {
                StreamNumber(try $0.number32(0))
            })
    }

    private static func inOrder(_ readings: [Reading]) -> [Reading] {
        func isBefore(_ a: Reading, _ b: Reading) -> Bool {
            a.capturedAtMs == b.capturedAtMs ? a.point < b.point : a.capturedAtMs < b.capturedAtMs
        }
        var sorted = readings
        sorted.sort(by: isBefore)
        let hasTwins = zip(sorted, sorted.dropFirst()).contains { !isBefore($0, $1) }
        if !hasTwins { return sorted }
        var once: [Reading] = []
        for reading in sorted where once.last.map({ isBefore($0, reading) }) ?? true { once.append(reading) }
        return once
    }
}

extension Row {
    func openRows(_ column: Int32, point: PointNumber? = nil, _ body: (Reading) throws -> Void) throws {
        try withBlob(column) { bytes in
            do { try OpenRows.each(bytes, point: point, body) } catch is OpenRows.Malformed {
                throw LedgerError.damaged(what: "a batch of open readings cannot be read", file: file)
            }
        }
    }
}
