internal import Glibc
package import Hashing
internal import MerkleLog

/// A statement by the recovery key that the log key was stolen, as it was made.
package struct StoredCompromise: Hashable, Sendable {
    /// Leaves for which the recovery key still vouches.
    package let size: UInt64
    /// 109 bytes, `AnchorPayload` of kind 2.
    package let statement: [UInt8]
    /// Text of the recovery key.
    package let recoveryKey: String

    package init(size: UInt64, statement: [UInt8], recoveryKey: String) {
        self.size = size
        self.statement = statement
        self.recoveryKey = recoveryKey
    }
}

/// What becomes of the log's keys. Only `Capture.LogWriter` appends.
extension Ledger {
    /// Every key leaf, in order.
    package func keyLeaves() throws -> [StoredLeaf] { try database().keyLeaves() }

    /// The leaf that ended this log; `nil` while it goes on.
    package func endLeaf() throws -> StoredLeaf? {
        let endType: UInt8 = 12
        return try database().leaves(type: endType, in: 0..<UInt64(Int64.max), limit: 1, isDescending: false).first
    }

    /// Leaf 1 of a log that names a previous one is a key leaf: genesis, key, first boot, first configuration; all or none.
    package func begin(
        genesis: NewLeaf, key: NewLeaf, boot: NewLeaf, config: NewLeaf, change: ConfigChange
    ) throws {
        try append { database, tree in
            guard tree.size == 0 else { throw LedgerError.outOfOrder(what: "the log has begun already") }
            _ = try database.append(genesis, to: &tree)
            _ = try database.append(key, to: &tree)
            try database.addBoot(1, startedMs: boot.wallMs, monoMs: 0)
            _ = try database.append(boot, to: &tree)
            let index = try database.append(config, to: &tree)
            try database.addConfig(change, leaf: index)
        }
    }

    /// A key or an end leaf and the beacon right behind it, in one transaction: neither stands without the other.
    /// - Returns: index of the first of them.
    @discardableResult
    package func append(_ leaf: NewLeaf, beacon: NewLeaf, seq: UInt64, facts: BeaconFacts) throws -> UInt64 {
        try append { database, tree in
            let first = try database.append(leaf, to: &tree)
            let index = try database.append(beacon, to: &tree)
            try database.addBeacon(seq: seq, leaf: index, facts)
            return first
        }
    }
}

extension LedgerReader {
    /// Statements of theft, ascending by size.
    package func compromises() throws -> [StoredCompromise] { try database().compromises() }

    package func keyLeaves() throws -> [StoredLeaf] { try database().keyLeaves() }
}

/// Statements of theft, added while the gateway may be running: a connection of its own, as `TokenDesk` has.
package struct CompromiseDesk {
    private let database: Database

    package init(directory: String) throws { database = try Database.beside(directory) }

    /// Root of the first `size` leaves, of which the log has as many.
    package func root(size: UInt64) throws -> Hash { try database.root(size: size) }
    package func size() throws -> UInt64 { try database.size() }
    package func lastAnchored() throws -> StoredAnchor? {
        try database.anchors(AnchorQuery(isDescending: true, states: [.anchored], limit: 1)).first
    }

    /// On disk when it returns. The same statement again changes nothing; another one about the same size is refused.
    package func add(_ statement: StoredCompromise, atMs: UInt64) throws {
        try database.transaction {
            let known = try database.compromises().first { $0.size == statement.size }
            if let known, known != statement {
                throw LedgerError.outOfOrder(
                    what: "there is a statement about the first \(statement.size) leaves already")
            }
            guard known == nil else { return }
            try database.run(
                "INSERT INTO compromise (size, statement, recovery_key, made_ms) VALUES (?, ?, ?, ?)",
                .natural(statement.size), .blob(statement.statement), .text(statement.recoveryKey), .natural(atMs))
        }
    }
}

extension Database {
    /// A second connection to a ledger that this version has brought up to date; takes no lock on the data folder.
    static func beside(_ directory: String) throws -> Database {
        let path = directory + "/" + Ledger.fileName
        guard access(path, F_OK) == 0 else { throw LedgerError.missing(file: path) }
        let database = try Database(path: path, mode: .readWrite)
        try database.checkKind()
        let found = try database.pragma("user_version") ?? 0
        guard found == Schema.version else {
            throw LedgerError.newerSchema(found: found, known: Schema.version, file: path)
        }
        try database.script("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF")
        return database
    }

    func keyLeaves() throws -> [StoredLeaf] {
        let keyType: UInt8 = 9
        return try leaves(type: keyType, in: 0..<UInt64(Int64.max), limit: 10_000, isDescending: false)
    }

    func compromises() throws -> [StoredCompromise] {
        try rows("SELECT size, statement, recovery_key FROM compromise ORDER BY size") {
            StoredCompromise(size: try $0.natural(0), statement: try $0.blob(1), recoveryKey: try $0.text(2))
        }
    }

    func addBeacon(seq: UInt64, leaf index: UInt64, _ facts: BeaconFacts) throws {
        try run(
            "INSERT INTO beacon VALUES (?, ?, ?, ?, ?, ?)", .natural(seq), .natural(index), .int(facts.milestoneIndex),
            .hash(facts.milestoneID), .int(facts.milestoneTimeS), .blob(facts.milestone))
    }
}
