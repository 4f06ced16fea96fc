internal import Hashing
internal import MerkleLog

/// Reading the log: leaves, nodes, proofs. The same for the writer and for readers.
extension Database {
    func size() throws -> UInt64 {
        // Indexes have no holes, so the largest one tells the size.
        try first("SELECT idx + 1 FROM leaf ORDER BY idx DESC LIMIT 1") { try $0.natural(0) } ?? 0
    }

    func head() throws -> LogHead {
        let size = try size()
        let root = try MerkleTree.root(size: size, node: node)
        let sealedK = try first("SELECT k FROM leaf WHERE type = 1 ORDER BY idx DESC LIMIT 1") { try $0.natural(0) }
        let gapK = try first("SELECT k FROM leaf WHERE type = 11 ORDER BY idx DESC LIMIT 1") { try $0.natural(0) }
        let boot = try first("SELECT max(number) FROM boot") { try $0.naturalOrNil(0) } ?? nil
        let wall = try first("SELECT wall_ms FROM leaf ORDER BY idx DESC LIMIT 1") { try $0.natural(0) }
        let config = try first("SELECT hash FROM config_now") { try $0.hash(0) }
        let covered = [sealedK, gapK].compactMap { $0 }.max()
        return LogHead(
            size: size, root: root, lastSealedK: sealedK, lastCoveredK: covered, bootNumber: boot ?? 0,
            lastLeafWallMs: wall ?? 0, configHash: config)
    }

    func leaf(at index: UInt64) throws -> StoredLeaf? {
        try first("SELECT idx, type, k, hash, bytes FROM leaf WHERE idx = ?", .natural(index), read: StoredLeaf.init)
    }

    func leaves(_ range: Range<UInt64>) throws -> [StoredLeaf] {
        try rows(
            "SELECT idx, type, k, hash, bytes FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx",
            .natural(range.lowerBound), .natural(range.upperBound), read: StoredLeaf.init)
    }

    /// Hash of the full subtree (level, index); level 0 is the leaf hash.
    func node(_ level: Int, _ index: UInt64) throws -> Hash {
        let found =
            level == 0
            ? try first("SELECT hash FROM leaf WHERE idx = ?", .natural(index)) { try $0.hash(0) }
            : try first("SELECT hash FROM node WHERE level = ? AND idx = ?", .int(level), .natural(index)) {
                try $0.hash(0)
            }
        guard let found else { throw LedgerError.damaged(what: "Merkle node \(level)/\(index) is missing", file: path) }
        return found
    }

    func root(size: UInt64) throws -> Hash {
        try checkSize(size)
        return try MerkleTree.root(size: size, node: node)
    }

    func inclusionProof(of index: UInt64, size: UInt64) throws -> [Hash] {
        try checkSize(size)
        guard index < size else { throw LedgerError.outOfOrder(what: "leaf \(index) is not below size \(size)") }
        return try MerkleTree.inclusionProof(of: index, size: size, node: node)
    }

    func consistencyProof(from old: UInt64, to size: UInt64) throws -> [Hash] {
        try checkSize(size)
        guard old <= size else { throw LedgerError.outOfOrder(what: "size \(old) is above size \(size)") }
        return try MerkleTree.consistencyProof(from: old, to: size, node: node)
    }

    func rangeProof(_ range: Range<UInt64>, size: UInt64) throws -> [Hash] {
        try checkSize(size)
        guard !range.isEmpty, range.upperBound <= size else {
            throw LedgerError.outOfOrder(what: "leaves \(range) do not lie in a tree of size \(size)")
        }
        return try MerkleTree.rangeProof(range, size: size, node: node)
    }

    /// What is on disk from leaf `start` on, hashed again from the bytes and compared with every node stored above it:
    /// the root
    /// of the first `size` leaves.
    ///
    /// Subtrees before `start` are taken from the stored nodes, which were hashed when an earlier checkpoint was
    /// signed.
    func rehashedRoot(from start: UInt64, size: UInt64) throws -> Hash {
        try checkSize(size)
        var frontier = try Frontier(size: min(start, size), node: node)
        while frontier.size < size {
            let next = try leaves(frontier.size..<min(frontier.size + 4_096, size))
            guard let first = next.first, first.index == frontier.size else {
                throw LedgerError.damaged(what: "leaf \(frontier.size) is missing", file: path)
            }
            for leaf in next {
                guard leaf.index == frontier.size else {
                    throw LedgerError.damaged(what: "leaf \(frontier.size) is missing", file: path)
                }
                guard leafHash(leaf.bytes) == leaf.hash else {
                    throw LedgerError.damaged(what: "leaf \(leaf.index) does not match its hash", file: path)
                }
                try frontier.append(leaf.hash) { level, index, hash in
                    guard try level == 0 || node(level, index) == hash else {
                        throw LedgerError.damaged(
                            what: "Merkle node \(level)/\(index) does not follow from its leaves", file: path)
                    }
                }
            }
        }
        return frontier.root
    }

    private func checkSize(_ size: UInt64) throws {
        let now = try self.size()
        guard size <= now else { throw LedgerError.outOfOrder(what: "the log has \(now) leaves, not \(size)") }
    }
}

extension StoredLeaf {
    /// Columns idx, type, k, hash, bytes.
    init(_ row: Row) throws {
        guard let type = UInt8(exactly: try row.int(1)) else {
            throw LedgerError.damaged(what: "a leaf has type \(try row.int(1))", file: row.file)
        }
        self.init(
            index: try row.natural(0), type: type, k: try row.naturalOrNil(2), hash: try row.hash(3),
            bytes: try row.blob(4))
    }
}
