package import Hashing
internal import MerkleLog
package import Readings

/// Appending leaves. Only `Capture.LogWriter` calls these: it is the one place where the log grows.
extension Ledger {
    /// Leaves 0, 1, 2 of a new log: genesis, first boot, first configuration; all or none.
    package func begin(genesis: NewLeaf, boot: NewLeaf, config: NewLeaf, change: ConfigChange) throws {
        try append { database, tree in
            guard tree.size == 0 else { throw LedgerError.outOfOrder(what: "the log has begun already") }
            _ = try database.append(genesis, to: &tree)
            try database.addBoot(1, startedMs: boot.wallMs, monoMs: 0)
            _ = try database.append(boot, to: &tree)
            let index = try database.append(config, to: &tree)
            try database.addConfig(change, leaf: index)
        }
    }

    /// A start of the daemon (or a clock step, with the same number): the gap before it, if there is one, then the
    /// boot leaf.
    @discardableResult
    package func appendBoot(_ leaf: NewLeaf, gap: NewLeaf?, number: UInt64, monoMs: UInt64) throws -> UInt64 {
        try append { database, tree in
            try database.addBoot(number, startedMs: leaf.wallMs, monoMs: monoMs)
            if let gap { _ = try database.append(gap, to: &tree) }
            return try database.append(leaf, to: &tree)
        }
    }

    /// Seals intervals, in order: items, leaves and the Merkle nodes above them, the access leaf behind each, and the
    /// removal of the open rows they pack. One transaction: when this returns, all of it is on disk; when it throws,
    /// nothing of it is.
    @discardableResult
    package func seal(_ intervals: [IntervalSeal]) throws -> [Sealed] {
        let values = try latestValues()
        let changed = touched
        let sealed = try append { database, tree in
            for block in PointBlock.of(changed.points) {
                try database.putLatest(block, PointBlock.points(block).compactMap { values[$0] })
            }
            return try intervals.map { try database.seal($0, to: &tree) }
        }
        touched = PointTable()
        return sealed
    }

    /// A leaf with the items it commits to: event, command, access, gap, key, end.
    @discardableResult
    package func append(_ leaf: NewLeaf, opening items: [StoredItem] = []) throws -> UInt64 {
        try append { database, tree in
            let index = try database.append(leaf, to: &tree)
            try database.addOpenings(items, leaf: index)
            return index
        }
    }

    @discardableResult
    package func appendConfig(_ leaf: NewLeaf, change: ConfigChange) throws -> UInt64 {
        try append { database, tree in
            let index = try database.append(leaf, to: &tree)
            try database.addConfig(change, leaf: index)
            return index
        }
    }

    @discardableResult
    package func appendSnapshot(
        _ leaf: NewLeaf, number: UInt64, modelRevision: UInt64, items: [SnapshotItemRow]
    ) throws -> UInt64 {
        try append { database, tree in
            let index = try database.append(leaf, to: &tree)
            try database.run(
                "INSERT INTO snapshot VALUES (?, ?, ?, ?)", .natural(number), .natural(index), .natural(modelRevision),
                .natural(leaf.wallMs))
            for (position, row) in items.enumerated() {
                try database.run(
                    "INSERT INTO snapshot_item VALUES (?, ?, ?, ?, ?)", .natural(number), .int(position),
                    .text(row.entity), .hash(row.item.hash), .optional(row.item.bytes))
            }
            return index
        }
    }

    @discardableResult
    package func appendBeacon(_ leaf: NewLeaf, seq: UInt64, facts: BeaconFacts) throws -> UInt64 {
        try append { database, tree in
            let index = try database.append(leaf, to: &tree)
            try database.addBeacon(seq: seq, leaf: index, facts)
            return index
        }
    }

    /// One transaction on the tree as it is now; the tree in memory follows only when the transaction is on disk.
    func append<T>(_ body: (Database, inout Frontier) throws -> T) throws -> T {
        var tree = try currentTree()
        let result = try write { try body($0, &tree) }
        frontier = tree
        return result
    }

    private func currentTree() throws -> Frontier {
        if let frontier { return frontier }
        let database = try database()
        let tree = try Frontier(size: try database.size(), node: database.node)
        frontier = tree
        return tree
    }
}

/// A configuration that comes into force with a type 4 leaf.
package struct ConfigChange: Hashable, Sendable {
    package let hash: Hash
    package let modelRevision: UInt64
    /// First the head (stream 0), then one for every stream, in configuration order.
    package let items: [ConfigItemRow]
    /// Which points stand in which stream.
    package let places: [PointPlace]

    package init(hash: Hash, modelRevision: UInt64, items: [ConfigItemRow], places: [PointPlace]) {
        self.hash = hash
        self.modelRevision = modelRevision
        self.items = items
        self.places = places
    }
}

package struct PointPlace: Hashable, Sendable {
    package let point: PointNumber
    package let stream: StreamNumber

    package init(point: PointNumber, stream: StreamNumber) {
        self.point = point
        self.stream = stream
    }
}
