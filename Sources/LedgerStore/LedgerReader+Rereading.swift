package import Hashing
package import LogEntries
package import Readings

/// Reading everything again, piece by piece: rows as they stand, with what other readers leave out. Each call is one short view of
/// the file, so that the writer beside it is never held up for long.
extension LedgerReader {
    /// SQLite's own check of pages, tables and indexes: one sentence for each fault, at most `limit`; none when all is well.
    ///
    /// The one call here that reads the whole file at once.
    package func pageFaults(limit: Int) throws -> [String] {
        try database().rows("PRAGMA integrity_check(\(limit))") { try $0.text(0) }.filter { $0 != "ok" }
    }

    /// Leaves with their column `wall_ms`, in order.
    package func leafRows(_ range: Range<UInt64>) throws -> [LeafRow] {
        try database().rows(
            "SELECT idx, type, k, hash, bytes, wall_ms FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx",
            .natural(range.lowerBound), .natural(range.upperBound)
        ) { LeafRow(leaf: try StoredLeaf($0), wallMs: try $0.natural(5)) }
    }

    /// A stored inner node, level from 1; `nil` where there is none.
    package func storedNode(level: Int, index: UInt64) throws -> Hash? {
        try database().first("SELECT hash FROM node WHERE level = ? AND idx = ?", .int(level), .natural(index)) {
            try $0.hash(0)
        }
    }

    package func checkpoints(sizes: ClosedRange<UInt64>) throws -> [StoredCheckpoint] {
        try database().rows(
            "SELECT size, root, note, signed_ms FROM checkpoint WHERE size >= ? AND size <= ? ORDER BY size",
            .natural(sizes.lowerBound), .natural(sizes.upperBound)
        ) {
            StoredCheckpoint(
                size: try $0.natural(0), root: try $0.hash(1), note: try $0.text(2), signedMs: try $0.natural(3))
        }
    }

    package func anchors(sizes: ClosedRange<UInt64>) throws -> [StoredAnchor] {
        let seqs = try database().rows(
            "SELECT seq FROM anchor WHERE size >= ? AND size <= ? ORDER BY size, seq", .natural(sizes.lowerBound),
            .natural(sizes.upperBound)
        ) { try $0.natural(0) }
        return try seqs.compactMap { try anchor($0) }
    }

    package func cosignatures(sizes: ClosedRange<UInt64>) throws -> [StoredCosignature] {
        try database().rows(
            "SELECT size, witness, line FROM cosignature WHERE size >= ? AND size <= ? ORDER BY size, witness",
            .natural(sizes.lowerBound), .natural(sizes.upperBound)
        ) { StoredCosignature(size: try $0.natural(0), witness: try $0.text(1), line: try $0.text(2)) }
    }

    /// Number, first instant and kept last instants of one boot.
    package func boot(_ number: UInt64) throws -> BootRecord? {
        try database().first(
            "SELECT number, started_ms, last_wall_ms, last_mono_ms FROM boot WHERE number = ?", .natural(number)
        ) {
            BootRecord(
                number: try $0.natural(0), startedMs: try $0.natural(1), lastWallMs: try $0.natural(2),
                lastMonoMs: try $0.natural(3))
        }
    }

    /// Whether a point is listed as one of a stream.
    package func stands(_ point: PointNumber, in stream: StreamNumber) throws -> Bool {
        try database().first(
            "SELECT 1 FROM point_stream WHERE point = ? AND stream = ?", .int(point.rawValue), .int(stream.rawValue),
            read: { _ in true }) ?? false
    }

    package func citations() throws -> [Citation] {
        try database().citations().values.sorted { $0.point < $1.point }
    }
}

/// Tables that the log does not need: what people and the API keep there. Their rows can only be judged by their form.
extension LedgerReader {
    /// Names of tables whose rows `form` reads.
    package static let tablesBeside = [
        "access_use", "citation_block", "command", "command_key", "compromise", "event", "field_memory", "job",
        "latest_block",
        "open_batch",
        "point_number", "stream_number", "token",
    ]

    /// Reads every row of a table of `tablesBeside`; throws what the first unreadable one is.
    package func form(of table: String) throws {
        let database = database()
        switch table {
        case "access_use":
            try database.each("SELECT grant_number, actor, scope, what, count FROM access_use") { row in
                _ = try (row.natural(0), row.text(2), row.text(3), row.natural(4))
                guard try row.blob(1).count == 16 else {
                    throw LedgerError.damaged(what: "the actor of a use is not 16 bytes", file: row.file)
                }
                return true
            }
        case "citation_block": _ = try database.citations()
        case "command": _ = try database.commands(CommandQuery(limit: Int(Int32.max)))
        case "command_key":
            try database.each("SELECT grant_number, key, question, intent, at_ms FROM command_key") { row in
                _ = try (row.natural(0), row.text(1), row.hash(2), row.natural(3), row.natural(4))
                return true
            }
        case "compromise": _ = try database.compromises()
        case "event": _ = try (database.lastEventID(), database.events(after: 0, limit: Int(Int32.max)))
        case "field_memory":
            try database.each("SELECT device, profile_hash, address, layout, learned_ms FROM field_memory") { row in
                _ = try (row.text(0), row.hash(1), row.text(2), row.text(3), row.natural(4))
                return true
            }
        case "job": _ = try database.jobs()
        case "latest_block": _ = try database.latestValues()
        case "open_batch": _ = try database.openReadings(point: nil)
        case "point_number", "stream_number": _ = try database.numbering()
        case "token": _ = try database.tokens()
        default: throw LedgerError.outOfOrder(what: "there is no table \(table) beside the log")
        }
    }
}

/// A leaf with the column that repeats its time.
package struct LeafRow: Hashable, Sendable {
    package let leaf: StoredLeaf
    package let wallMs: UInt64
}
