internal import CanonicalCBOR
package import LogEntries
package import Readings

/// One reading out of the ledger, and where it stands.
package struct StoredReading: Hashable, Sendable {
    package let reading: Reading
    package let k: UInt64
    /// `nil` while the interval is open.
    package let place: SealedPlace?
}

package struct SealedPlace: Hashable, Sendable {
    package let stream: StreamNumber
    /// Which quadruple of the item's payload, from 0.
    package let position: UInt64
    package let leafIndex: UInt64
}

/// What one stream's item of one interval holds, counted.
package struct ItemCount: Hashable, Sendable {
    package let k: UInt64
    /// Readings a source gave, of any quality but stale and offline.
    package let received: UInt64
    /// Of these, with a time of their own: late or stamped by the source.
    package let late: UInt64
    package let estimated: UInt64
    /// Readings that say there was silence.
    package let silent: UInt64
    package let isErased: Bool
}

/// One gap leaf.
package struct StoredGap: Hashable, Sendable {
    package let leafIndex: UInt64
    package let kFrom: UInt64
    /// Inclusive.
    package let kTo: UInt64
    /// 1 not running, 2 disk, 3 clock.
    package let cause: UInt64

    package init(leafIndex: UInt64, kFrom: UInt64, kTo: UInt64, cause: UInt64) {
        self.leafIndex = leafIndex
        self.kFrom = kFrom
        self.kTo = kTo
        self.cause = cause
    }
}

/// One leaf with its contents.
package struct DecodedLeaf: Hashable, Sendable {
    package let index: UInt64
    package let leaf: Leaf
}

/// History is read out of the items and leaves themselves: there is no second copy of it.
extension LedgerReader {
    /// Readings of a point captured in [fromMs, toMs), by instant; sealed ones first from the log, then the open
    /// interval's.
    ///
    /// A point has at most one reading in a millisecond, so the next page begins one after the last instant of this
    /// one.
    /// - Parameters:
    ///   - kind: what the values are made of; without it their form decides.
    ///   - limit: 1 … 100 000.
    package func readings(
        of point: PointNumber, kind: ValueKind?, fromMs: Int64, toMs: Int64, limit: Int, descending: Bool = false
    ) throws -> [StoredReading] {
        let limit = min(max(limit, 1), Self.readingsMax)
        let database = database()
        guard fromMs < toMs, let range = intervals(fromMs: fromMs, toMs: toMs) else { return [] }
        return try database.snapshot {
            var found: [StoredReading] = []
            for stream in try database.streams(of: point) {
                found += try sealed(
                    point, kind, stream, range, fromMs..<toMs, limit: limit, isDescending: descending)
            }
            if found.count < limit || descending { found += try open(point, fromMs..<toMs) }
            found.sort { ($0.reading.capturedAtMs < $1.reading.capturedAtMs) != descending }
            return Array(found.prefix(limit))
        }
    }

    package static let readingsMax = 100_000

    /// What every item of a stream holds, counted, by rising k.
    package func counts(stream: StreamNumber, k range: ClosedRange<UInt64>) throws -> [ItemCount] {
        var counts: [ItemCount] = []
        try database().each(
            "SELECT k, bytes FROM item WHERE stream = ? AND k >= ? AND k <= ? ORDER BY k", .int(stream.rawValue),
            .natural(range.lowerBound), .natural(range.upperBound)
        ) { row in
            let k = try row.natural(0)
            let bytes = try bytes(row, 1, stream: stream, k: k)
            var all: UInt64 = 0
            var silent: UInt64 = 0
            var late: UInt64 = 0
            var estimated: UInt64 = 0
            try scan(bytes, k: k) { quadruple in
                all += 1
                switch UInt8(exactly: quadruple.quality).flatMap(Quality.init(rawValue:)) {
                case .stale, .offline: silent += 1
                case .estimated: estimated += 1
                default: break
                }
                if !quadruple.isPlain { late += 1 }
            }
            counts.append(
                ItemCount(
                    k: k, received: all - silent, late: late, estimated: estimated, silent: silent,
                    isErased: bytes == nil))
            return true
        }
        return counts
    }

    /// Gaps that touch the intervals of `range`, oldest first.
    package func gaps(k range: ClosedRange<UInt64>) throws -> [StoredGap] {
        try leaves(type: 11, in: 0..<UInt64(Int64.max)).compactMap { stored in
            guard case .gap(let gap) = try decode(stored).leaf.body, gap.kFrom <= range.upperBound,
                gap.kTo >= range.lowerBound
            else { return nil }
            return StoredGap(leafIndex: stored.index, kFrom: gap.kFrom, kTo: gap.kTo, cause: gap.cause)
        }
    }

    /// Leaves of one type that were written in [fromMs, toMs) by this host's clock, decoded.
    package func decodedLeaves(
        type: UInt8, fromMs: UInt64 = 0, toMs: UInt64 = UInt64(Int64.max), limit: Int = 1_000, descending: Bool = false
    ) throws -> [DecodedLeaf] {
        try database().rows(
            """
            SELECT idx, type, k, hash, bytes FROM leaf WHERE type = ? AND wall_ms >= ? AND wall_ms < ?
            ORDER BY idx \(descending ? "DESC" : "ASC") LIMIT ?
            """, .int(Int64(type)), .natural(fromMs), .natural(toMs), .int(limit), read: StoredLeaf.init
        ).map(decode)
    }

    /// Numbers of the first and the last sealed interval.
    package func sealedSpan() throws -> ClosedRange<UInt64>? {
        let database = database()
        let first = try database.first("SELECT min(k) FROM leaf WHERE type = 1") { try $0.naturalOrNil(0) } ?? nil
        guard let first, let last = try database.lastSealedK(), first <= last else { return nil }
        return first...last
    }

    /// The interval that instants of [fromMs, toMs) fall into.
    private func intervals(fromMs: Int64, toMs: Int64) -> ClosedRange<UInt64>? {
        let from = UInt64(clamping: fromMs)
        guard let last = UInt64(exactly: toMs - 1), from <= last else { return nil }
        return from / identity.periodMs...last / identity.periodMs
    }

    private func sealed(
        _ point: PointNumber, _ kind: ValueKind?, _ stream: StreamNumber, _ range: ClosedRange<UInt64>,
        _ instants: Range<Int64>, limit: Int, isDescending: Bool
    ) throws -> [StoredReading] {
        var found: [StoredReading] = []
        try database().each(
            """
            SELECT item.k, item.bytes, leaf.idx FROM item JOIN leaf ON leaf.type = 1 AND leaf.k = item.k
            WHERE item.stream = ? AND item.k >= ? AND item.k <= ? AND item.bytes IS NOT NULL
            ORDER BY item.k \(isDescending ? "DESC" : "ASC")
            """, .int(stream.rawValue), .natural(range.lowerBound), .natural(range.upperBound)
        ) { row in
            let k = try row.natural(0)
            let leafIndex = try row.natural(2)
            var here: [StoredReading] = []
            try scan(try bytes(row, 1, stream: stream, k: k), k: k) { quadruple in
                guard quadruple.point == UInt64(point.rawValue) else { return }
                let reading = try reading(quadruple, point, k: k, kind: kind)
                guard instants.contains(reading.capturedAtMs) else { return }
                let place = SealedPlace(stream: stream, position: quadruple.position, leafIndex: leafIndex)
                here.append(StoredReading(reading: reading, k: k, place: place))
            }
            found += isDescending ? here.reversed() : here
            return found.count < limit
        }
        return found
    }

    private func open(_ point: PointNumber, _ instants: Range<Int64>) throws -> [StoredReading] {
        try database().openReadings(point: point).filter { instants.contains($0.reading.capturedAtMs) }
            .sorted { $0.reading.capturedAtMs < $1.reading.capturedAtMs }
            .map { StoredReading(reading: $0.reading, k: $0.k, place: nil) }
    }

    /// `nil` when there is nothing to read.
    private func bytes(_ row: Row, _ column: Int32, stream: StreamNumber, k: UInt64) throws -> [UInt8]? {
        guard case .bytes(let bytes) = try database().content(row, column, stream: stream, k: k) else { return nil }
        return bytes
    }

    private func scan(_ item: [UInt8]?, k: UInt64, row: (ItemScan.Row) throws -> Void) throws {
        guard let item else { return }
        do {
            try ItemScan.each(item, row: row)
        } catch ItemScan.ScanError.malformed {
            throw damaged("an item of interval \(k) cannot be read")
        }
    }

    /// The reading of a quadruple; a value that is not of the kind is read by its form, so that a changed
    /// configuration hides nothing.
    private func reading(_ row: ItemScan.Row, _ point: PointNumber, k: UInt64, kind: ValueKind?) throws -> Reading {
        let periodMs = identity.periodMs
        guard let quality = UInt8(exactly: row.quality).flatMap(Quality.init(rawValue:)),
            let element = try? CBOR.decode(Array(row.element)),  // undecodable is damaged, as below
            let value = row.isPlain ? element : element.asArray?.last
        else { throw damaged("item \(point)/\(k) cannot be read") }
        let quadruple = PayloadRow(
            point: point, dtMs: row.dtMs, quality: quality, sourceMs: element.asArray?.first?.asInt, value: value)
        guard
            let reading = quadruple.reading(k: k, periodMs: periodMs, kind: kind)
                ?? quadruple.reading(k: k, periodMs: periodMs, kind: nil)
        else { throw damaged("point \(point) has an impossible value in interval \(k)") }
        return reading
    }

    private func decode(_ stored: StoredLeaf) throws -> DecodedLeaf {
        do {
            return DecodedLeaf(index: stored.index, leaf: try Leaf.decode(stored.bytes))
        } catch {
            throw damaged("leaf \(stored.index) cannot be read")
        }
    }

    private func damaged(_ what: String) -> LedgerError { .damaged(what: what, file: database().path) }
}
