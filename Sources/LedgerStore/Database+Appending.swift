internal import Hashing
internal import LogEntries
internal import MerkleLog
internal import Readings

/// The writes behind one appended leaf; always inside a transaction of `Ledger`.
extension Database {
    /// Longest leaf in bytes: entry bundles give its length 16 bits.
    static let leafBytesMax = 65_535

    func append(_ leaf: NewLeaf, to tree: inout Frontier) throws -> UInt64 {
        guard leaf.bytes.count <= Self.leafBytesMax else {
            throw LedgerError.outOfOrder(what: "a leaf of \(leaf.bytes.count) bytes is too long")
        }
        let index = tree.size
        let hash = leafHash(leaf.bytes)
        try run(
            "INSERT INTO leaf (idx, type, k, wall_ms, hash, bytes) VALUES (?, ?, ?, ?, ?, ?)", .natural(index),
            .int(Int64(leaf.type)), .natural(leaf.k), .natural(leaf.wallMs), .hash(hash), .blob(leaf.bytes))
        try tree.append(hash) { level, nodeIndex, nodeHash in
            if level == 0 { return }
            try run("INSERT INTO node VALUES (?, ?, ?)", .int(level), .natural(nodeIndex), .hash(nodeHash))
        }
        return index
    }

    func seal(_ interval: IntervalSeal, to tree: inout Frontier) throws -> Sealed {
        if let covered = try lastCoveredK(), interval.k != covered + 1 {
            throw LedgerError.outOfOrder(what: "interval \(interval.k) does not follow \(covered)")
        }
        for row in interval.items {
            var stored = row.item.bytes
            if let vault, let bytes = stored, interval.privateStreams.contains(row.stream) {
                stored = try vault.seal(bytes, stream: row.stream, k: row.k)
            }
            try run(
                "INSERT INTO item VALUES (?, ?, ?, ?)", .int(row.stream.rawValue), .natural(row.k),
                .hash(row.item.hash), .optional(stored))
        }
        try putCitations(interval.citations)
        let index = try append(interval.leaf, to: &tree)
        try run("DELETE FROM open_batch WHERE k <= ?", .natural(interval.k))
        if let access = interval.access {
            let accessIndex = try append(access.leaf, to: &tree)
            try addOpenings(access.items, leaf: accessIndex)
            try run("DELETE FROM access_use WHERE id <= ?", .natural(access.upToUse))
        }
        return Sealed(k: interval.k, leafIndex: index, size: tree.size)
    }

    func addOpenings(_ items: [StoredItem], leaf: UInt64) throws {
        for (position, item) in items.enumerated() {
            try run(
                "INSERT INTO opening VALUES (?, ?, ?, ?)", .natural(leaf), .int(position), .hash(item.hash),
                .optional(item.bytes))
        }
    }

    func addBoot(_ number: UInt64, startedMs: UInt64, monoMs: UInt64) throws {
        try run(
            """
            INSERT INTO boot VALUES (?1, ?2, ?2, ?3) ON CONFLICT (number) DO UPDATE
            SET last_wall_ms = excluded.last_wall_ms, last_mono_ms = excluded.last_mono_ms
            """, .natural(number), .natural(startedMs), .natural(monoMs))
    }

    func addConfig(_ change: ConfigChange, leaf: UInt64) throws {
        let isNew =
            try run(
                "INSERT INTO config VALUES (?, ?, ?) ON CONFLICT DO NOTHING", .hash(change.hash), .natural(leaf),
                .natural(change.modelRevision)) == 1
        if isNew {
            for (position, row) in change.items.enumerated() {
                try run(
                    "INSERT INTO config_item VALUES (?, ?, ?, ?, ?)", .hash(change.hash), .int(position),
                    .int(row.stream),
                    .hash(row.item.hash), .optional(row.item.bytes))
            }
        }
        for place in change.places {
            try run(
                "INSERT INTO point_stream VALUES (?, ?) ON CONFLICT DO NOTHING", .int(place.point.rawValue),
                .int(place.stream.rawValue))
        }
        try run(
            """
            INSERT INTO config_now VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE
            SET hash = excluded.hash, leaf = excluded.leaf
            """,
            .hash(change.hash), .natural(leaf))
    }

    func lastSealedK() throws -> UInt64? {
        try first("SELECT k FROM leaf WHERE type = 1 ORDER BY idx DESC LIMIT 1") { try $0.natural(0) }
    }

    /// Largest interval number that is sealed or covered by a gap leaf.
    func lastCoveredK() throws -> UInt64? {
        let gap = try first("SELECT k FROM leaf WHERE type = 11 ORDER BY idx DESC LIMIT 1") { try $0.natural(0) }
        return [try lastSealedK(), gap].compactMap { $0 }.max()
    }
}
