internal import BlockingThread
package import Hashing
internal import Glibc
package import Readings
package import TwinModel

/// Reads the ledger beside its writer, on a thread and a connection of its own: it sees what is on disk and waits for
/// nobody.
package actor LedgerReader {
    package nonisolated let identity: LedgerIdentity
    private nonisolated let executor: ThreadExecutor
    private let connection: Database

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens the ledger of `directory`; it must have been opened by a `Ledger` of this version before, which brings it
    /// up to date.
    ///
    /// - Parameter keys: the writer's, or those of the folder in the directory.
    package static func open(directory: String, keys: ItemKeys? = nil) throws -> LedgerReader {
        let path = directory + "/" + Ledger.fileName
        guard access(path, F_OK) == 0 else { throw LedgerError.missing(file: path) }
        let database = try Database(path: path, mode: .readOnly)
        try database.checkKind()
        let found = try database.pragma("user_version") ?? 0
        guard found <= Schema.version else {
            throw LedgerError.newerSchema(found: found, known: Schema.version, file: path)
        }
        guard found == Schema.version else {
            throw LedgerError.outOfOrder(
                what: "\(path): schema \(found) is older than this program; start plumblined once")
        }
        try database.prepareReader()
        let identity = try database.identity()
        database.vault = ItemVault(
            keys: keys ?? ItemKeys(folder: ItemKeys.folder(in: directory)), periodMs: identity.periodMs)
        return LedgerReader(identity: identity, database: database)
    }

    private init(identity: LedgerIdentity, database: sending Database) {
        self.identity = identity
        executor = ThreadExecutor(name: "ledger-reader")
        connection = database
    }

    /// For the files beside this one.
    func database() -> Database { connection }
}

/// The log: leaves, nodes, proofs, items.
extension LedgerReader {
    package func head() throws -> LogHead { try database().snapshot { try database().head() } }
    package func size() throws -> UInt64 { try database().size() }
    package func root(size: UInt64) throws -> Hash { try database().root(size: size) }
    package func leaf(at index: UInt64) throws -> StoredLeaf? { try database().leaf(at: index) }

    /// Leaves in order; at most `Int(range.count)` of them, fewer where the log ends.
    package func leaves(_ range: Range<UInt64>) throws -> [StoredLeaf] { try database().leaves(range) }

    /// Hash of the full subtree (level, index) of height `level`; level 0 is the leaf hash. For tiles.
    package func node(level: Int, index: UInt64) throws -> Hash { try database().node(level, index) }

    package func inclusionProof(of index: UInt64, size: UInt64) throws -> [Hash] {
        try database().inclusionProof(of: index, size: size)
    }

    package func consistencyProof(from old: UInt64, to size: UInt64) throws -> [Hash] {
        try database().consistencyProof(from: old, to: size)
    }

    package func rangeProof(_ range: Range<UInt64>, size: UInt64) throws -> [Hash] {
        try database().rangeProof(range, size: size)
    }

    /// Leaves of one type (formats.md section 2) with indexes in `range`.
    package func leaves(type: UInt8, in range: Range<UInt64>, limit: Int = 10_000, descending: Bool = false) throws
        -> [StoredLeaf]
    {
        try database().leaves(type: type, in: range, limit: limit, isDescending: descending)
    }

    /// The interval leaf of `k`; `nil` when it is not sealed or lies in a gap.
    package func intervalLeaf(k: UInt64) throws -> StoredLeaf? { try database().intervalLeaf(k: k) }

    /// Index and k of the sealed intervals with `k` in `range`, rising.
    package func intervals(_ range: ClosedRange<UInt64>, limit: Int = 100_000) throws -> [(
        k: UInt64, leafIndex: UInt64
    )] {
        try database().intervals(range, limit: limit)
    }

    package func item(stream: StreamNumber, k: UInt64) throws -> StoredItem? {
        try database().item(stream: stream, k: k)
    }

    /// Items of one stream, by rising k; at most `limit`.
    package func items(stream: StreamNumber, k range: ClosedRange<UInt64>, limit: Int = 10_000) throws
        -> [IntervalItemRow]
    {
        try database().items(stream: stream, k: range, limit: limit)
    }

    /// The items of one interval in the order of `streams`; the whole item tree when these are the configuration's
    /// streams.
    package func items(k: UInt64, streams: [StreamNumber]) throws -> [IntervalItemRow] {
        try streams.compactMap { stream in
            try database().item(stream: stream, k: k).map { IntervalItemRow(k: k, stream: stream, item: $0) }
        }
    }

    /// The items that a leaf of type 2, 3 or 5 commits to.
    package func openings(leaf index: UInt64) throws -> [StoredItem] { try database().openings(leaf: index) }

    package func config(_ hash: Hash) throws -> StoredConfig? { try database().config(hash) }

    package func snapshot(_ number: UInt64) throws -> StoredSnapshot? { try database().snapshot(number) }
    package func newestSnapshotNumber() throws -> UInt64 {
        try database().first("SELECT max(number) FROM snapshot") { try $0.naturalOrNil(0) ?? 0 } ?? 0
    }

    package func boots(last count: Int) throws -> [BootRecord] { try database().boots(last: count) }
}

/// Anchors, the model, and what the API keeps.
extension LedgerReader {
    package func anchors(_ query: AnchorQuery = AnchorQuery()) throws -> [StoredAnchor] {
        try database().anchors(query)
    }
    package func anchor(_ seq: UInt64) throws -> StoredAnchor? {
        try database().anchors(AnchorQuery(seqFrom: seq, seqTo: seq)).first
    }
    /// The smallest confirmed anchor whose tree holds leaf `index`.
    package func anchorCovering(leaf index: UInt64) throws -> StoredAnchor? {
        try database().anchorCovering(leaf: index)
    }
    package func beacons(from: UInt64, to: UInt64) throws -> [StoredBeacon] {
        try database().beacons(from: from, to: to)
    }
    package func lastCheckpoint() throws -> StoredCheckpoint? { try database().lastCheckpoint() }
    /// The signed tree of exactly `size` leaves.
    package func checkpoint(size: UInt64) throws -> StoredCheckpoint? {
        guard size <= UInt64(Int64.max) else { return nil }
        return try database().checkpoint(size: size)
    }

    package func numbering() throws -> Numbering { try database().numbering() }
    package func modelRevision(_ revision: UInt64? = nil) throws -> ModelRevision? {
        try database().modelRevision(revision)
    }
    package func modelRevision(atMs: UInt64) throws -> ModelRevision? { try database().modelRevision(atMs: atMs) }
    package func modelRevisions() throws -> [ModelRevision] {
        try database().rows(
            "SELECT revision, at_ms, hash, bytes FROM model ORDER BY revision", read: ModelRevision.init)
    }

    package func latestValues() throws -> PointTable<LatestValue> { try database().latestValues().values }

    package func events(after id: UInt64, limit: Int = 1_000) throws -> [StoredEvent] {
        try database().events(after: id, limit: limit)
    }
    /// The newest stored event that is not above `id`; `nil` when none is kept.
    package func event(atOrBefore id: UInt64) throws -> (id: UInt64, atMs: UInt64)? {
        try database().event(atOrBefore: id)
    }
    package func lastEventID() throws -> UInt64 { try database().lastEventID() }
    package func token(hash: Hash) throws -> StoredToken? { try database().token(hash: hash) }
    package func tokens() throws -> [StoredToken] { try database().tokens() }
    package func jobs() throws -> [EvidenceJob] { try database().jobs() }
    package func job(_ id: String) throws -> EvidenceJob? { try database().job(id) }
}
