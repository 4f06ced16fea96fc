import Evidence
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings

/// Gathers everything a period file holds from the ledger (`formats.md` sections 5 to 7).
struct PeriodCollector {
    /// Leaves of one file at most.
    static let leavesMax: UInt64 = 1_000_000
    /// Records of `30-items` in one file at most: 40 streams for a month of minutes.
    static let itemsMax = 2_000_000
    /// Bytes of leaves and items in one file at most; while it is made it stands in memory about three times.
    static let bytesMax = 128 << 20
    private static let page = 200

    let reader: LedgerReader
    let card: [UInt8]
    /// When the next anchor is likely to be confirmed, UTC ms.
    let expectedAnchorMs: @Sendable () async -> Int64?

    func collect(
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], progress: @Sendable (Double) -> Void
    ) async throws -> PeriodParts {
        let (start, end) = try await ends(fromMs: fromMs, toMs: toMs)
        guard end.size - start.size <= Self.leavesMax else {
            throw EvidenceMakingError.tooLong(limit: "\(Self.leavesMax) leaves in one file")
        }
        progress(0.05)
        let leaves = try await reader.leaves(start.size..<end.size)
        guard UInt64(leaves.count) == end.size - start.size else {
            throw LedgerError.damaged(what: "leaves \(start.size) to \(end.size) are not whole", file: Ledger.fileName)
        }
        let disclosed = Set(streams)
        let before = try await ContextCollector(reader: reader).before(size: start.size)
        var parts = PeriodParts(
            origin: reader.identity.origin, fromSeq: start.seq, toSeq: end.seq, fromMs: fromMs, toMs: toMs,
            streams: disclosed.map(\.rawValue).sorted(), card: card[...],
            context: PeriodContext(leaves: before),
            leaves: leaves.map { $0.bytes[...] },
            rangeProof: try await reader.rangeProof(start.size..<end.size, size: end.size), configs: [],
            anchors: try await anchors(from: start.seq, to: end.seq), beacons: [], items: [])
        let beacons = try await reader.beacons(from: start.seq, to: end.seq)
        parts.beacons = beacons.map { PeriodBeacon(seq: $0.seq, milestone: $0.facts.milestone[...]) }
        progress(0.1)
        try await items(of: leaves, disclosed: disclosed, into: &parts, progress: progress)
        // After the items: an erasure while they were read is explained too.
        let later = try await ContextCollector(reader: reader).later(after: end, leaves: leaves, disclosed: disclosed)
        guard let later else { throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs()) }
        parts.context.leaves += later.leaves
        parts.context.consistency = later.consistency
        parts.anchors += later.anchors
        try await addCosignatures(&parts.anchors)
        parts.compromises = try await KeyCollector(reader: reader).compromises(beside: end.size, isBothWays: false)
        return parts
    }

    // MARK: - Anchors

    /// A: the last anchor confirmed at or before `fromMs`. B: the first whose last sealed interval ends at or after `toMs`.
    private func ends(fromMs: Int64, toMs: Int64) async throws -> (StoredAnchor, StoredAnchor) {
        let periodMs = Int64(clamping: reader.identity.periodMs)
        // The first interval that ends at or after `toMs`; the interval numbers in the log rise strictly.
        let lastK = UInt64(max(0, toMs - 1) / periodMs)
        let last = try await reader.intervals(lastK...UInt64(Int64.max), limit: 1).first
        var end: StoredAnchor?
        if let last { end = try await reader.anchorCovering(leaf: last.leafIndex) }
        guard let start = try await lastAnchor(confirmedUpTo: fromMs, seqTo: end?.seq) else {
            let first = try await reader.anchors(AnchorQuery(states: [.anchored], limit: 1)).first
            throw EvidenceMakingError.noAnchorBefore(firstAnchoredAtMs: first?.confirmedMs)
        }
        guard last != nil else { throw EvidenceMakingError.notYetSealed }
        guard let end, end.size > start.size else {
            throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs())
        }
        return (start, end)
    }

    private func lastAnchor(confirmedUpTo ms: Int64, seqTo: UInt64?) async throws -> StoredAnchor? {
        var query = AnchorQuery(isDescending: true, states: [.anchored], limit: Self.page)
        if let seqTo { query.seqTo = seqTo }
        while true {
            let page = try await reader.anchors(query)
            if let found = page.first(where: { $0.confirmedMs ?? .max <= ms }) { return found }
            guard let last = page.last, last.seq > 1, page.count == Self.page else { return nil }
            query.seqTo = last.seq - 1
        }
    }

    /// Every confirmed anchor of these numbers.
    private func anchors(from: UInt64, to: UInt64) async throws -> [PeriodAnchor] {
        var found: [PeriodAnchor] = []
        var query = AnchorQuery(seqFrom: from, seqTo: to, states: [.anchored], limit: Self.page)
        while true {
            let page = try await reader.anchors(query)
            found += page.compactMap(PeriodAnchor.init)
            guard let last = page.last, page.count == Self.page else { return found }
            query.seqFrom = last.seq + 1
        }
    }

    /// What witnesses signed over each anchor's checkpoint, as lines of a note.
    private func addCosignatures(_ anchors: inout [PeriodAnchor]) async throws {
        for place in anchors.indices where anchors[place].cosignatures == nil {
            let note = SignedNote(String(decoding: anchors[place].note, as: UTF8.self))
            guard let size = note?.checkpoint?.size else { continue }
            let lines = try await reader.cosignatures(size: size).map { $0.line + "\n" }.joined()
            if !lines.isEmpty { anchors[place].cosignatures = Array(lines.utf8)[...] }
        }
    }

    // MARK: - Items

    private func items(
        of leaves: [StoredLeaf], disclosed: Set<StreamNumber>, into parts: inout PeriodParts,
        progress: @Sendable (Double) -> Void
    ) async throws {
        var configs: [Hash: StoredConfig] = [:]
        /// Puts a configuration into the file that stands in a leaf of it.
        func use(_ hash: Hash) async throws {
            guard configs[hash] == nil else { return }
            guard let found = try await reader.config(hash) else {
                throw LedgerError.damaged(what: "configuration \(hash.hex) is missing", file: Ledger.fileName)
            }
            configs[hash] = found
            parts.configs.append(PeriodConfig(found, disclosed: disclosed))
        }
        var openings = OpeningCollector(reader: reader, disclosed: disclosed)
        if let before = try parts.context.leaves.compactMap({ try Leaf.decode($0.bytes).body.newConfig }).last,
            let config = try await reader.config(before)
        {
            try openings.enter(config)
        }
        var sizeBytes = leaves.reduce(0) { $0 + $1.bytes.count }
        for (place, stored) in leaves.enumerated() {
            try Task.checkCancellation()
            if place % 256 == 0 { progress(0.1 + 0.8 * Double(place) / Double(leaves.count)) }
            let leaf = try Leaf.decode(stored.bytes)
            if case .config(let change) = leaf.body {
                for hash in [change.oldHash, change.newHash].compactMap(\.self) { try await use(hash) }
                if let config = configs[change.newHash] { try openings.enter(config) }
            }
            if let opening = try await openings.opening(of: stored.index, leaf) {
                parts.openings.append(opening)
                sizeBytes += opening.items.reduce(0) { $0 + $1.count } + opening.hidden.count * Hash.sizeBytes
            }
            guard case .interval(let interval) = leaf.body else { continue }
            try await use(interval.configHash)
            let streams = configs[interval.configHash]?.items.dropFirst().map { StreamNumber($0.stream) } ?? []
            let rows = try await reader.items(k: interval.k, streams: streams)
            guard rows.count == streams.count else {
                throw LedgerError.damaged(what: "items of interval \(interval.k) are missing", file: Ledger.fileName)
            }
            for row in rows {
                let item = PeriodItem(row, isDisclosed: disclosed.contains(row.stream))
                if case .shown(let bytes) = item.content { sizeBytes += bytes.count } else { sizeBytes += 32 }
                parts.items.append(item)
            }
            guard parts.items.count <= Self.itemsMax, sizeBytes <= Self.bytesMax else {
                throw EvidenceMakingError.tooLong(
                    limit: "\(Self.bytesMax >> 20) MiB or \(Self.itemsMax) items in one file")
            }
        }
    }
}

extension Leaf.Body {
    /// Hash of the configuration that a leaf of type 4 puts in force.
    fileprivate var newConfig: Hash? { if case .config(let change) = self { change.newHash } else { nil } }
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
            milestone: confirmation.milestone[...], path: confirmation.path[...],
            timeStamp: anchor.timeStamp.map { $0[...] })
    }
}

extension PeriodConfig {
    init(_ config: StoredConfig, disclosed: Set<StreamNumber>) {
        self.init(
            hash: config.hash,
            items: config.items.enumerated().map { place, row in
                if let bytes = row.item.bytes, place == 0 || disclosed.contains(StreamNumber(row.stream)) {
                    return .shown(bytes)
                }
                return .hidden(row.item.hash)
            })
    }
}

extension PeriodItem {
    /// What is not disclosed is withheld, erased or not: its stream stays unknown to the reader of the file.
    init(_ row: IntervalItemRow, isDisclosed: Bool) {
        let content: Content =
            if !isDisclosed {
                .withheld(row.item.hash)
            } else if let bytes = row.item.bytes {
                .shown(bytes[...])
            } else {
                .erased(row.item.hash)
            }
        self.init(k: row.k, stream: row.stream.rawValue, content: content)
    }
}
