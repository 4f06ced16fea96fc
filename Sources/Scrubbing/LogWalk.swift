package import Evidence
package import Hashing
package import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings
package import TimeStamping

/// Reads the log again from its first leaf or from where it stopped, and with each leaf everything that hangs on it: the nodes above
/// it, items, openings, configuration, snapshot, beacon, the checkpoints and anchors of its size. Nothing is taken from what was
/// computed before; every hash, signature and proof is made or checked anew.
package struct LogWalk: Sendable {
    /// What is held against the log from outside of it.
    package struct Measures: Sendable {
        /// The gateway's own card; without it proofs in the network are not judged.
        package var card: PolicyCard?
        /// The note in the file `checkpoint`.
        package var checkpointFile: String?
        package var stampTrust = TimeStampTrust()
        /// Roles that a token may have; empty: any.
        package var roles: Set<String> = []

        package init(card: PolicyCard?, checkpointFile: String?) {
            self.card = card
            self.checkpointFile = checkpointFile
        }
    }

    /// Where a walk goes on: what it must know of the leaves before.
    package struct Place: Hashable, Sendable {
        /// Index of the next leaf.
        package var next: UInt64 = 0
        /// The last interval number that a leaf covers.
        package var coveredK: UInt64?
        /// Hash of the last type 4 leaf.
        package var config: Hash?
        /// Number of the last beacon.
        package var lastSeq: UInt64 = 0

        package init() {}
    }

    package struct Counts: Hashable, Sendable {
        package var leaves: UInt64 = 0
        package var nodes: UInt64 = 0
        package var items: UInt64 = 0
        package var erasedItems: UInt64 = 0
        package var openings: UInt64 = 0
        package var configurations: UInt64 = 0
        package var snapshots: UInt64 = 0
        package var checkpoints: UInt64 = 0
        package var anchors: UInt64 = 0

        package init() {}
    }

    let reader: LedgerReader
    let measures: Measures
    package internal(set) var place: Place
    package internal(set) var found = DamageList()
    package internal(set) var counts = Counts()
    var nodes: NodeCheck?
    private(set) var missingInARow: UInt64 = 0
    var network: NetworkCheck?
    /// Of the identity, and those that key leaves put in force.
    var keys: [VerifierKey]
    private var areKeysRead = false
    /// Erasures that the log declares, as far as it was asked.
    var erasures: [(leaf: UInt64, erasure: Leaf.Erasure)] = []
    /// Streams by configuration; `nil` for one that cannot be read.
    var streams: [Hash: ConfiguredStreams?] = [:]

    struct ConfiguredStreams {
        let all: [StreamNumber]
        let open: Set<StreamNumber>
        let kinds: [PointNumber: ValueKind]
    }

    /// Leaves that the note in the file `checkpoint` covers.
    var signedSize: UInt64? { measures.checkpointFile.flatMap { SignedNote($0)?.checkpoint?.size } }

    static func isUnreadable(_ note: String) -> Bool { SignedNote(note)?.checkpoint == nil }

    package init(_ reader: LedgerReader, measures: Measures, from place: Place = Place()) {
        self.reader = reader
        self.measures = measures
        self.place = place
        network = measures.card.map { NetworkCheck(card: $0) }
        keys = [reader.identity.logKey, measures.card?.logKey].compactMap { $0 }.compactMap { VerifierKey($0) }
    }

    /// Reads on up to leaf `end`, which the log has.
    package mutating func step(to end: UInt64) async throws {
        guard place.next < end else { return }
        let start = place.next
        if !areKeysRead { try await readKeys() }
        if nodes?.size != start { nodes = start == 0 ? NodeCheck() : try await resumed(at: start) }
        let rows = try await leaves(start..<end)
        let items = try await items(of: rows)
        let ends = try await signedEnds(start + 1...end)
        for index in start..<end {
            try Task.checkCancellation()
            try await step(index, rows[index], items)
            if let signed = ends[index + 1] { try await check(signed, size: index + 1) }
        }
        place.next = end
        counts.leaves += end - start
    }

    /// Keys that replaced the first one. Whether the recovery key put them in force is the auditor's question.
    private mutating func readKeys() async throws {
        let stored = try await read(.file, "the index of leaves by type") { reader in
            try reader.leaves(type: 9, in: 0..<UInt64(Int64.max))
        }
        for leaf in stored ?? [] {
            // A leaf that cannot be read is named when it is reached.
            if case .key(let key)? = (try? Leaf.decode(leaf.bytes))?.body, let key = VerifierKey(key.newKey) {
                keys.append(key)
            }
        }
        areKeysRead = true
    }

    /// The subtrees behind a place; where one is missing, the walk goes on with what follows and names it.
    private mutating func resumed(at size: UInt64) async throws -> NodeCheck? {
        let made = try await NodeCheck(size: size) { [reader] level, index in
            do {
                return level == 0
                    ? try await reader.leaf(at: index)?.hash
                    : try await reader.storedNode(level: level, index: index)
            } catch let error as LedgerError where error.damage != nil { return nil }
        }
        if made == nil { found.add(.node, "nodes above leaf \(size - 1)", "some are missing or cannot be read") }
        return made
    }

    private mutating func step(_ index: UInt64, _ row: LeafRow?, _ items: ItemRows) async throws {
        let name = "leaf \(index)"
        guard let row else {
            found.add(.leaf, name, "is missing or cannot be read")
            nodes = nil
            missingInARow += 1
            forget()
            return
        }
        missingInARow = 0
        let bytes = leafHash(row.leaf.bytes)
        if bytes != row.leaf.hash {
            found.add(.leaf, name, "its bytes do not match its hash (\(Self.entryBundle(index)))")
        }
        // What cannot be read is named below, so each failure is told.
        let leaf = try? Leaf.decode(row.leaf.bytes)
        if case .boot(let boot) = leaf?.body { try await check(boot, at: index) }
        try await append(row.leaf.hash, bytes == row.leaf.hash ? nil : bytes)
        guard let leaf else {
            found.add(.leaf, name, "cannot be read")
            forget()
            return
        }
        if bytes == row.leaf.hash { checkColumns(row, leaf) }
        try await checkBody(leaf, at: index, row, items)
    }

    /// Behind a leaf that cannot be read nothing is held against the next one.
    private mutating func forget() {
        place.coveredK = nil
        place.config = nil
    }

    private mutating func append(_ hash: Hash, _ other: Hash?) async throws {
        guard var tree = nodes else { return }
        var faults: [Damage] = []
        try await tree.append(NodeCheck.Candidates(first: hash, other: other)) { [reader] level, index in
            do { return try await reader.storedNode(level: level, index: index) } catch let error as LedgerError
                where error.damage != nil
            { return nil }
        } damaged: { level, index, why in
            faults.append(Damage(.node, Self.name(level: level, index: index), why))
        }
        for fault in faults { found.add(fault) }
        counts.nodes += UInt64(tree.size.trailingZeroBitCount)
        nodes = tree
    }

    /// `node 8/3`, and where it stands in a tile for others to find.
    static func name(level: Int, index: UInt64) -> String {
        let name = "node \(level)/\(index)"
        guard level % Tile.height == 0,
            let tile = Tile(.hashes(level: level / Tile.height), index: index / UInt64(Tile.widthMax))
        else { return name }
        return name + " (\(tile.path))"
    }

    private static func entryBundle(_ index: UInt64) -> String {
        Tile(.entries, index: index / UInt64(Tile.widthMax))?.path ?? "tile/entries"
    }

    private mutating func checkColumns(_ row: LeafRow, _ leaf: Leaf) {
        let k: UInt64? =
            switch leaf.body {
            case .interval(let interval): interval.k
            case .access(let access): access.k
            case .gap(let gap): gap.kTo
            default: nil
            }
        guard UInt64(row.leaf.type) == leaf.body.type, row.wallMs == leaf.wallMs, row.leaf.k == k else {
            found.add(.leaf, "leaf \(row.leaf.index)", "its columns say something else than its bytes")
            return
        }
    }

    /// Leaves by index; those that cannot be read are not among them.
    private func leaves(_ range: Range<UInt64>) async throws -> [UInt64: LeafRow] {
        var rows: [UInt64: LeafRow] = [:]
        do {
            for row in try await reader.leafRows(range) { rows[row.leaf.index] = row }
        } catch let error as LedgerError where error.damage != nil {
            // One by one: a page that is gone takes its own leaves with it, no others.
            for index in range {
                do {
                    if let row = try await reader.leafRows(index..<(index + 1)).first { rows[index] = row }
                } catch let error as LedgerError where error.damage != nil { continue }
            }
        }
        return rows
    }

    /// What `body` reads; damage is added under the name and gives `nil`.
    mutating func read<T: Sendable>(
        _ kind: Damage.Kind, _ name: String, _ body: @Sendable (isolated LedgerReader) throws -> T
    ) async throws -> T? {
        do {
            return try await reader.perform(body)
        } catch let error as LedgerError {
            guard let why = error.damage else { throw error }
            found.add(kind, name, why)
            return nil
        }
    }
}

extension LedgerReader {
    func perform<T: Sendable>(_ body: @Sendable (isolated LedgerReader) throws -> T) throws -> T { try body(self) }
}
