internal import Hashing
internal import Readings

/// Finding leaves and items.
extension Database {
    func leaves(type: UInt8, in range: Range<UInt64>, limit: Int, isDescending: Bool) throws -> [StoredLeaf] {
        try rows(
            """
            SELECT idx, type, k, hash, bytes FROM leaf WHERE type = ? AND idx >= ? AND idx < ?
            ORDER BY idx \(isDescending ? "DESC" : "ASC") LIMIT ?
            """, .int(Int64(type)), .natural(range.lowerBound), .natural(range.upperBound), .int(limit),
            read: StoredLeaf.init)
    }

    func intervalLeaf(k: UInt64) throws -> StoredLeaf? {
        try first(
            "SELECT idx, type, k, hash, bytes FROM leaf WHERE type = 1 AND k = ?", .natural(k), read: StoredLeaf.init)
    }

    func intervals(_ range: ClosedRange<UInt64>, limit: Int) throws -> [(k: UInt64, leafIndex: UInt64)] {
        try rows(
            "SELECT k, idx FROM leaf WHERE type = 1 AND k >= ? AND k <= ? ORDER BY k LIMIT ?",
            .natural(range.lowerBound),
            .natural(range.upperBound), .int(limit)
        ) { (k: try $0.natural(0), leafIndex: try $0.natural(1)) }
    }

    func item(stream: StreamNumber, k: UInt64) throws -> StoredItem? {
        try first("SELECT hash, bytes FROM item WHERE stream = ? AND k = ?", .int(stream.rawValue), .natural(k)) {
            try storedItem($0, 0, stream: stream, k: k)
        }
    }

    func items(
        stream: StreamNumber, k range: ClosedRange<UInt64>, limit: Int, isDescending: Bool = false
    ) throws -> [IntervalItemRow] {
        try rows(
            """
            SELECT k, hash, bytes FROM item WHERE stream = ? AND k >= ? AND k <= ?
            ORDER BY k \(isDescending ? "DESC" : "ASC") LIMIT ?
            """, .int(stream.rawValue), .natural(range.lowerBound), .natural(range.upperBound), .int(limit)
        ) {
            let k = try $0.natural(0)
            return IntervalItemRow(k: k, stream: stream, item: try storedItem($0, 1, stream: stream, k: k))
        }
    }

    func openings(leaf index: UInt64) throws -> [StoredItem] {
        try rows("SELECT hash, bytes FROM opening WHERE leaf = ? ORDER BY position", .natural(index)) {
            StoredItem(hash: try $0.hash(0), bytes: try $0.blobOrNil(1))
        }
    }

    func snapshot(_ number: UInt64) throws -> StoredSnapshot? {
        let items = try rows(
            "SELECT entity, hash, bytes FROM snapshot_item WHERE number = ? ORDER BY position", .natural(number)
        ) {
            SnapshotItemRow(entity: try $0.text(0), item: StoredItem(hash: try $0.hash(1), bytes: try $0.blobOrNil(2)))
        }
        return try first("SELECT leaf, revision, wall_ms FROM snapshot WHERE number = ?", .natural(number)) {
            StoredSnapshot(
                number: number, leafIndex: try $0.natural(0), modelRevision: try $0.natural(1),
                wallMs: try $0.natural(2),
                items: items)
        }
    }

    func anchorCovering(leaf index: UInt64) throws -> StoredAnchor? {
        let seq = try first(
            "SELECT seq FROM anchor WHERE size > ? AND state = 'anchored' ORDER BY size, seq LIMIT 1", .natural(index)
        ) { try $0.natural(0) }
        return try seq.flatMap { try anchors(AnchorQuery(seqFrom: $0, seqTo: $0)).first }
    }

    /// Streams a point stands in or stood in.
    func streams(of point: PointNumber) throws -> [StreamNumber] {
        try rows("SELECT stream FROM point_stream WHERE point = ? ORDER BY stream", .int(point.rawValue)) {
            StreamNumber(try $0.number32(0))
        }
    }
}
