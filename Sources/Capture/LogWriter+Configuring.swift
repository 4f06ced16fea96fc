internal import CanonicalCBOR
internal import Hashing
internal import LedgerStore
package import LogEntries
internal import MerkleLog
internal import Readings
package import TwinModel

/// Configurations and snapshots of the twin.
extension LogWriter {
    /// Puts a building in force: numbers for what is new, a model revision, a configuration leaf, a snapshot. Readings
    /// that were
    /// captured under the old configuration are sealed under it first. A building that says the same changes nothing.
    /// - Returns: whether anything changed.
    package func changeConfiguration(to building: Building, actor: Bytes16 = .zero) throws -> Bool {
        let periodMs = identity.periodMs
        let numbering = try ledger { try $0.assignNumbers(for: building) }
        let newest = try ledger { try $0.newestModelRevision() }
        let modelHash = building.modelHash
        let revision = newest?.hash == modelHash ? newest?.revision ?? 1 : (newest?.revision ?? 0) + 1
        let wanted = try LogConfiguration(
            building: building, numbering: numbering, revision: revision, periodMs: periodMs, random: random)
        if wanted.saysTheSame(as: configuration) { return false }
        if let last = try ledger({ try $0.openIntervals() }).last, last >= openK { try seal(openK...last) }
        let nowMs = clock.wallMs()
        let bytes = building.canonical().encoded()
        _ = try ledger { try $0.addModelRevision(hash: modelHash, bytes: bytes, atMs: nowMs) }
        let body = Leaf.Body.config(
            Leaf.Config(oldHash: configuration.hash, newHash: wanted.hash, actor: actor))
        let change = wanted.change
        try ledger { [leaf = try leaf(body, nowMs: nowMs)] in _ = try $0.appendConfig(leaf, change: change) }
        configuration = wanted
        try appendSnapshot(of: building, numbering: numbering)
        return true
    }

    /// Writes down what the twin is now: every entity, its relations, and where in the log its newest values stand.
    @discardableResult
    package func appendSnapshot(of building: Building, numbering: Numbering) throws -> UInt64 {
        let cited = try ledger { try $0.citations() }
        let number = try ledger { try $0.newestSnapshotNumber() } + 1
        let items: [SnapshotItemRow] = try building.entities.map { entity in
            let citations = building.points(of: entity.id).compactMap { numbering.points[$0.id] }
                .compactMap { cited[$0] }.sorted { $0.point < $1.point }
            let bytes = SnapshotItem(
                number: number, salt: try Bytes16.random(random), entityID: entity.id, type: entity.type,
                relations: entity.relations.map { SnapshotItem.Relation(name: $0.kind.rawValue, target: $0.target) },
                citations: citations.map {
                    SnapshotItem.Citation(point: $0.point, stream: $0.stream, k: $0.k, position: $0.position)
                }
            ).encoded()
            return SnapshotItemRow(entity: entity.id, item: StoredItem(hash: leafHash(bytes), bytes: bytes))
        }
        let revision = configuration.configuration.head.modelRevision
        let body = Leaf.Body.snapshot(
            Leaf.Snapshot(
                number: number, modelRevision: revision, itemCount: UInt64(items.count),
                innerRoot: MerkleTree.root(of: items.map(\.item.hash)),
                sizeBytes: items.reduce(0) { $0 + UInt64($1.item.bytes?.count ?? 0) }))
        return try ledger { [leaf = try leaf(body)] in
            try $0.appendSnapshot(leaf, number: number, modelRevision: revision, items: items)
        }
    }
}
