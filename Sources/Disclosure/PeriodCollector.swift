import Evidence
import Hashing
import LedgerStore
import LogEntries
import Readings

/// Gathers everything a period file holds from the ledger (`formats.md` sections 5 to 7).
struct PeriodCollector {
    /// Records of `30-items` in one file at most: 40 streams for a month of minutes.
    static let itemsMax: UInt64 = 2_000_000
    private static let page = 1_000

    let reader: LedgerReader
    let card: [UInt8]
    /// When the next anchor is likely to be confirmed, UTC ms.
    let expectedAnchorMs: @Sendable () async -> Int64?

    func collect(
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], progress: @Sendable (Double) -> Void
    ) async throws -> PeriodParts {
        let (start, end) = try await anchors(fromMs: fromMs, toMs: toMs)
        progress(0.05)
        let leaves = try await reader.leaves(start.size..<end.size)
        guard UInt64(leaves.count) == end.size - start.size else {
            throw LedgerError.damaged(what: "leaves \(start.size) to \(end.size) are not whole", file: Ledger.fileName)
        }
        var parts = PeriodParts(
            origin: reader.identity.origin, fromSeq: start.seq, toSeq: end.seq, fromMs: fromMs, toMs: toMs,
            streams: streams.map(\.rawValue).sorted(), card: card[...],
            context: PeriodContext(leaves: try await context(size: start.size)), leaves: leaves.map { $0.bytes[...] },
            rangeProof: try await reader.rangeProof(start.size..<end.size, size: end.size), configs: [], anchors: [],
            beacons: [], items: [])
        for anchor in try await confirmed(from: start.seq, to: end.seq) {
            if let part = PeriodAnchor(anchor) { parts.anchors.append(part) }
        }
        let beacons = try await reader.beacons(from: start.seq, to: end.seq)
        parts.beacons = beacons.map { PeriodBeacon(seq: $0.seq, milestone: $0.facts.milestone[...]) }
        progress(0.1)
        try await items(of: leaves, disclosed: Set(streams), into: &parts, progress: progress)
        return parts
    }

    // MARK: - Anchors

    /// A: the last anchor confirmed at or before `fromMs`. B: the first whose last sealed interval ends at or after `toMs`.
    private func anchors(fromMs: Int64, toMs: Int64) async throws -> (StoredAnchor, StoredAnchor) {
        let periodMs = Int64(clamping: reader.identity.periodMs)
        let lastK = (toMs - 1) / periodMs
        guard let covered = try await reader.head().lastCoveredK, Int64(clamping: covered) >= lastK else {
            throw EvidenceMakingError.notYetSealed
        }
        var start: StoredAnchor?
        var oldest: StoredAnchor?
        var query = AnchorQuery(isDescending: true, states: [.anchored], limit: Self.page)
        search: while true {
            let page = try await reader.anchors(query)
            for anchor in page {
                oldest = anchor
                if anchor.confirmedMs ?? .max <= fromMs {
                    start = anchor
                    break search
                }
            }
            guard let last = page.last, last.seq > 1, page.count == Self.page else { break }
            query.seqTo = last.seq - 1
        }
        guard let start else {
            if oldest == nil { throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs()) }
            throw EvidenceMakingError.noAnchorBefore(firstAnchoredAtMs: oldest?.confirmedMs)
        }
        for anchor in try await confirmed(from: start.seq + 1, to: nil) {
            let last = try await reader.leaves(type: 1, in: 0..<anchor.size, limit: 1, descending: true).first
            if let k = last?.k, Int64(clamping: k) + 1 >= (toMs + periodMs - 1) / periodMs { return (start, anchor) }
        }
        throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs())
    }

    private func confirmed(from: UInt64, to: UInt64?) async throws -> [StoredAnchor] {
        var found: [StoredAnchor] = []
        var query = AnchorQuery(seqFrom: from, states: [.anchored], limit: Self.page)
        if let to { query.seqTo = to }
        while true {
            let page = try await reader.anchors(query)
            found += page
            guard let last = page.last, page.count == Self.page else { return found }
            query.seqFrom = last.seq + 1
        }
    }

    // MARK: - Context

    /// Genesis, key leaves, the last configuration and boot leaf before A, and the leaf just before it.
    private func context(size: UInt64) async throws -> [PeriodContext.Leaf] {
        var indexes: Set<UInt64> = [0, size - 1]
        for leaf in try await reader.leaves(type: 9, in: 0..<size) { indexes.insert(leaf.index) }
        for type: UInt8 in [4, 8] {
            if let last = try await reader.leaves(type: type, in: 0..<size, limit: 1, descending: true).first {
                indexes.insert(last.index)
            }
        }
        var leaves: [PeriodContext.Leaf] = []
        for index in indexes.sorted() {
            guard let leaf = try await reader.leaf(at: index) else { continue }
            leaves.append(
                PeriodContext.Leaf(
                    index: index, bytes: leaf.bytes, treeSize: size,
                    proof: try await reader.inclusionProof(of: index, size: size)))
        }
        return leaves
    }

    // MARK: - Items

    private func items(
        of leaves: [StoredLeaf], disclosed: Set<StreamNumber>, into parts: inout PeriodParts,
        progress: @Sendable (Double) -> Void
    ) async throws {
        var configs: [Hash: StoredConfig] = [:]
        for (place, stored) in leaves.enumerated() {
            try Task.checkCancellation()
            guard stored.type == 1, case .interval(let interval) = try Leaf.decode(stored.bytes).body else { continue }
            let config: StoredConfig
            if let known = configs[interval.configHash] {
                config = known
            } else {
                guard let found = try await reader.config(interval.configHash) else {
                    throw LedgerError.damaged(what: "configuration \(interval.configHash.hex) is missing", file: Ledger.fileName)
                }
                config = found
                configs[interval.configHash] = found
                parts.configs.append(PeriodConfig(found, disclosed: disclosed))
            }
            let streams = config.items.dropFirst().map { StreamNumber($0.stream) }
            for row in try await reader.items(k: interval.k, streams: streams) {
                parts.items.append(PeriodItem(row, isDisclosed: disclosed.contains(row.stream)))
            }
            guard UInt64(parts.items.count) <= Self.itemsMax else {
                throw EvidenceMakingError.tooLong(limit: "\(Self.itemsMax) items in one file")
            }
            if place % 256 == 0 { progress(0.1 + 0.8 * Double(place) / Double(leaves.count)) }
        }
    }
}

extension StoredAnchor {
    /// The milestone's time, UTC ms; `nil` before one references the block.
    var confirmedMs: Int64? { confirmation.map { Int64($0.milestoneTimeS) * 1_000 } }
}

extension PeriodAnchor {
    /// `nil` for an anchor that no milestone references.
    init?(_ anchor: StoredAnchor) {
        guard let confirmation = anchor.confirmation,
            let attempt = anchor.attempts.first(where: { $0.blockID == confirmation.blockID })
        else { return nil }
        self.init(
            seq: anchor.seq, note: Array(anchor.note.utf8)[...], block: attempt.block[...],
            milestone: confirmation.milestone[...], path: confirmation.path[...])
    }
}

extension PeriodConfig {
    init(_ config: StoredConfig, disclosed: Set<StreamNumber>) {
        self.init(
            hash: config.hash,
            items: config.items.enumerated().map { place, row in
                if let bytes = row.item.bytes, place == 0 || disclosed.contains(StreamNumber(row.stream)) { return .shown(bytes) }
                return .hidden(row.item.hash)
            })
    }
}

extension PeriodItem {
    init(_ row: IntervalItemRow, isDisclosed: Bool) {
        let content: Content =
            if let bytes = row.item.bytes {
                isDisclosed ? .shown(bytes[...]) : .withheld(row.item.hash)
            } else {
                .erased(row.item.hash)
            }
        self.init(k: row.k, stream: row.stream.rawValue, content: content)
    }
}
