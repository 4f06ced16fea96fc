internal import CanonicalCBOR
internal import Hashing
internal import LedgerStore
package import LogEntries
internal import MerkleLog
package import Readings
package import TwinModel

/// Configurations and snapshots of the twin.
extension LogWriter {
    /// What came of a building that was to be put in force.
    package enum Change: Hashable, Sendable {
        /// The log says the same already.
        case same
        /// In force; these points mean something else from now on, or are gone.
        case done(changing: Set<PointNumber>)
        /// Nothing has changed yet, because some of these points have spoken in an open interval. From interval `fromK` on,
        /// readings of theirs must not be taken until the building is in force.
        case waits(fromK: UInt64, changing: Set<PointNumber>)

        /// Whether the log has a new configuration.
        package var isLogged: Bool { if case .done = self { true } else { false } }
    }

    /// Puts a building in force: numbers for what is new, a model revision, a configuration leaf, a snapshot.
    ///
    /// An interval is sealed under the configuration that is in force at its end. So whoever spoke in an open interval must mean
    /// the same before and after; a building that changes such a point waits until that interval is sealed.
    ///
    /// - Parameter rebound: points that are read from another place, which the log's configuration does not show.
    package func changeConfiguration(
        to building: Building, actor: Bytes16 = .zero, rebound: Set<PointNumber> = []
    ) throws -> Change {
        let periodMs = identity.periodMs
        let numbering = try ledger { try $0.assignNumbers(for: building) }
        let newest = try ledger { try $0.newestModelRevision() }
        let modelHash = building.modelHash
        let revision = newest?.hash == modelHash ? newest?.revision ?? 1 : (newest?.revision ?? 0) + 1
        let wanted = try LogConfiguration(
            building: building, numbering: numbering, revision: revision, periodMs: periodMs, random: random)
        if wanted.saysTheSame(as: configuration) { return .same }
        let nowMs = clock.wallMs()
        let changing = configuration.points(otherwiseIn: wanted).union(rebound)
        if let last = try lastInterval(of: changing) {
            return .waits(fromK: max(last, nowMs / periodMs) + 1, changing: changing)
        }
        let bytes = building.canonical().encoded()
        _ = try ledger { try $0.addModelRevision(hash: modelHash, bytes: bytes, atMs: nowMs) }
        let body = Leaf.Body.config(
            Leaf.Config(oldHash: configuration.hash, newHash: wanted.hash, actor: actor))
        let change = wanted.change
        try ledger { [leaf = try leaf(body, nowMs: nowMs)] in _ = try $0.appendConfig(leaf, change: change) }
        configuration = wanted
        try appendSnapshot(of: building, numbering: numbering)
        return .done(changing: changing)
    }

    /// The last interval that can still take readings and holds one of these points'.
    private func lastInterval(of points: Set<PointNumber>) throws -> UInt64? {
        if points.isEmpty { return nil }
        return try ledger { ledger in
            try ledger.openIntervals().last { k in
                try ledger.openStreams(k: k).contains { stream in
                    try ledger.openReadings(k: k, stream: stream).contains { points.contains($0.point) }
                }
            }
        }
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
                citations: citations
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
