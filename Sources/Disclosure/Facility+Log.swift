package import Hashing
import LedgerStore
import LogEntries
import MerkleLog
package import Readings
package import TwinModel

/// One anchor as the API lists it.
package struct AnchorView: Hashable, Sendable {
    let anchor: StoredAnchor

    package struct Attempt: Hashable, Sendable {
        package let block: String
        package let minedAtMs: Int64
        package let submittedAtMs: Int64?
    }

    package var seq: UInt64 { anchor.seq }
    package var size: UInt64 { anchor.size }
    package var root: Hash { anchor.root }
    package var note: String { anchor.note }
    package var payload: [UInt8] { anchor.payload }
    package var signedAtMs: Int64 { Int64(clamping: anchor.signedMs) }
    package var milestoneIndex: Int? { anchor.confirmation.map { Int($0.milestoneIndex) } }
    package var milestoneID: String? { anchor.confirmation.map { "0x" + $0.milestoneID.hex } }

    package var attempts: [Attempt] {
        anchor.attempts.map {
            Attempt(
                block: "0x" + $0.blockID.hex, minedAtMs: Int64(clamping: $0.minedMs),
                submittedAtMs: $0.submittedMs.map { Int64(clamping: $0) })
        }
    }

    package enum State: String, Hashable, Sendable, CaseIterable {
        /// Signed; work is still to be done or to be sent.
        case waiting
        case submitted
        case anchored
    }

    package var state: State {
        switch anchor.state {
        case .waiting, .worked: .waiting
        case .submitted: .submitted
        case .anchored: .anchored
        }
    }

    /// The block that counts, or the newest attempt.
    package var block: String? {
        (anchor.confirmation?.blockID ?? anchor.attempts.last?.blockID).map { "0x" + $0.hex }
    }

    package var milestoneAtMs: Int64? { anchor.confirmation.map { Int64($0.milestoneTimeS) * 1000 } }
    package var waitingSinceMs: Int64? { state == .anchored ? nil : Int64(clamping: anchor.signedMs) }
}

/// One snapshot of the twin, its citations looked up.
package struct SnapshotView: Sendable {
    package struct Value: Sendable {
        package let point: String?
        package let number: PointNumber
        package let stream: StreamNumber
        package let k: UInt64
        package let position: UInt64
        /// `nil` when it was erased, or is not a reading any more.
        package let reading: Reading?
        package let shown: ShownValue
    }

    package struct Related: Sendable {
        package let kind: String
        package let target: String
    }

    package struct EntityRow: Sendable {
        package let entity: String
        package let type: String
        package let relations: [Related]
        package let values: [Value]
    }

    package let number: UInt64
    package let leafIndex: UInt64
    package let modelRevision: UInt64
    package let atMs: Int64
    package let entities: [EntityRow]
}

/// One revision of the model and what it changed.
package struct RevisionView: Sendable {
    package let revision: UInt64
    package let atMs: Int64
    package let hash: Hash
    package let changes: [ModelChange]
}

extension Facility {
    /// Up to `limit` anchors beyond `after` in the direction of the order, and whether more follow.
    package func anchors(
        isDescending: Bool, states: [AnchorView.State], after: UInt64?, limit: Int
    ) async throws -> (items: [AnchorView], hasMore: Bool) {
        var query = AnchorQuery(isDescending: isDescending, limit: limit + 1)
        if !states.isEmpty {
            query.states = Set(
                AnchorState.allCases.filter {
                    states.contains($0 == .worked ? .waiting : AnchorView.State(rawValue: $0.rawValue) ?? .waiting)
                })
        }
        if let after {
            if isDescending {
                guard after > 0 else { return ([], false) }
                query.seqTo = after - 1
            } else {
                query.seqFrom = after + 1
            }
        }
        let found = try await reader.anchors(query).map { AnchorView(anchor: $0) }
        return (Array(found.prefix(limit)), found.count > limit)
    }

    package func anchor(_ seq: UInt64) async throws -> AnchorView {
        guard seq <= UInt64(Int64.max), let anchor = try await reader.anchor(seq) else {
            throw Refusal.noSuchResource(kind: "anchors", id: String(seq))
        }
        return AnchorView(anchor: anchor)
    }

    package func snapshot(_ number: UInt64, grant: Grant) async throws -> SnapshotView {
        guard number <= UInt64(Int64.max), let stored = try await reader.snapshot(number) else {
            throw Refusal.noSuchResource(kind: "snapshots", id: String(number))
        }
        let numbering = await keeper.numbering
        let ids = Dictionary(numbering.points.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        // What was captured is read by the model of its day: a later revision may give a point another scale or another unit.
        let kept = try await reader.modelRevision(stored.modelRevision).flatMap {
            // Bytes of a model that this program cannot read leave the raw values.
            try? Building(canonicalBytes: $0.bytes)
        }
        let present = await keeper.building
        let building = kept ?? present
        var entities: [SnapshotView.EntityRow] = []
        for row in stored.items {
            guard let bytes = row.item.bytes, let item = try? SnapshotItem.decode(bytes) else {
                entities.append(SnapshotView.EntityRow(entity: row.entity, type: "", relations: [], values: []))
                continue
            }
            var values: [SnapshotView.Value] = []
            for citation in item.citations {
                let id = ids[citation.point]
                let point = id.flatMap { building.point($0) }
                let reading = try await cited(citation, kind: point?.kind)
                values.append(
                    SnapshotView.Value(
                        point: id, number: citation.point, stream: citation.stream, k: citation.k,
                        position: citation.position, reading: reading,
                        shown: reading.map { ShownValue($0.value, scale: point?.scale) } ?? .none))
                if let point, reading != nil { try await note(grant, point, what: "snapshot", count: 1) }
            }
            entities.append(
                SnapshotView.EntityRow(
                    entity: item.entityID, type: item.type,
                    relations: item.relations.map { .init(kind: $0.name, target: $0.target) },
                    values: values))
        }
        return SnapshotView(
            number: number, leafIndex: stored.leafIndex, modelRevision: stored.modelRevision,
            atMs: Int64(clamping: stored.wallMs), entities: entities)
    }

    private func cited(_ citation: Citation, kind: ValueKind?) async throws -> Reading? {
        guard let bytes = try await reader.item(stream: citation.stream, k: citation.k)?.bytes,
            let item = try? IntervalItem.decode(bytes), let rows = try? Payload.decode(item.payload),
            let position = Int(exactly: citation.position), rows.indices.contains(position),
            rows[position].point == citation.point
        else { return nil }
        return rows[position].reading(k: citation.k, periodMs: reader.identity.periodMs, kind: kind)
    }

    /// The model's revisions that came into force in the range, each with its difference to the one before.
    package func changes(range: Range<Int64>) async throws -> [RevisionView] {
        guard !range.isEmpty else { throw Refusal.emptyRange }
        var views: [RevisionView] = []
        var before: Building?
        for stored in try await reader.modelRevisions() {
            let atMs = Int64(clamping: stored.atMs)
            let building = try? Building(canonicalBytes: stored.bytes)
            if range.contains(atMs) {
                views.append(
                    RevisionView(
                        revision: stored.revision, atMs: atMs, hash: stored.hash,
                        changes: before.flatMap { old in building?.changes(since: old) } ?? []))
            }
            before = building ?? before
        }
        return views
    }

    // MARK: for foreign tools (C2SP tlog-tiles), without a token

    /// The last signed checkpoint, as a note, with the cosignatures that have come.
    package func checkpoint() async throws -> String {
        guard let checkpoint = try await reader.lastCheckpoint() else {
            throw Refusal.noSuchResource(kind: "log", id: "checkpoint")
        }
        let cosignatures = try await reader.cosignatures(size: checkpoint.size)
        return checkpoint.note + cosignatures.map { $0.line + "\n" }.joined()
    }

    /// Anchors with a proof whose number is above `after`, ascending, at most `ListedAnchor.linesMax`: one line each.
    package func anchorList(after: UInt64) async throws -> String {
        guard after < UInt64(Int64.max) else { return "" }
        let query = AnchorQuery(seqFrom: after + 1, states: [.anchored], limit: ListedAnchor.linesMax)
        return try await reader.anchors(query).compactMap { anchor in
            anchor.confirmation.map {
                ListedAnchor(seq: anchor.seq, size: anchor.size, blockID: $0.blockID).line + "\n"
            }
        }.joined()
    }

    /// The bytes of a tile or an entry bundle by its path, `tile/0/x001/234.p/7`. Only what the last checkpoint covers is given out.
    package func tile(path: String) async throws -> (bytes: [UInt8], isFull: Bool) {
        let unknown = Refusal.noSuchResource(kind: "log", id: path)
        guard let tile = Tile(path: path), let size = try await reader.lastCheckpoint()?.size, tile.exists(size: size)
        else { throw unknown }
        let bytes: [UInt8]
        switch tile.content {
        case .entries:
            bytes = EntryBundle.encode(try await reader.leaves(tile.range).map(\.bytes))
        case .hashes(let level):
            var hashes: [UInt8] = []
            for index in tile.range { hashes += try await reader.node(level: Tile.height * level, index: index).bytes }
            bytes = hashes
        }
        return (bytes, tile.width == Tile.widthMax)
    }
}
