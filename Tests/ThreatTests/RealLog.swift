import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import SiteTesting
import Tangle

/// A gateway's log through the real ledger and writer, with three anchors and what is disclosed of the time between them.
///
/// The card names an outside holder, so that what stands beside every file is three notes and no more.
struct RealLog {
    static let standing = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY", "W_SINGLE_SIGNER"]

    let site: Site
    let card: PolicyCard
    /// Of the three anchors, all streams.
    let parts: PeriodParts
    let file: [UInt8]

    /// - Parameter between: what happens in the building before the last anchor.
    init(between: (Site) async throws -> Void = { _ in }) async throws {
        site = try await Site()
        try await site.run(intervals: 2)
        let first = try await site.anchor()
        try await site.run(intervals: 3)
        try await site.anchor()
        try await between(site)
        try await site.run(intervals: 3)
        let endMs = site.nowMs / Site.periodMs * Site.periodMs
        try await site.anchor()
        var card = try await site.card()
        card.milestoneKeys[0].holder = "Nordlys"
        self.card = card
        let fromMs = try required(first.confirmation).milestoneTimeS
        file = try await Self.made(site, card, fromMs: Int64(fromMs) * 1_000, toMs: Int64(endMs))
        parts = try PeriodFile.parse(file)
    }

    private static func made(_ site: Site, _ card: PolicyCard, fromMs: Int64, toMs: Int64) async throws -> [UInt8] {
        let path = site.directory + "/threat.period"
        _ = try await site.maker().period(
            fromMs: fromMs, toMs: toMs, streams: site.streams, path: path, progress: { _ in })
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// What the gateway's own program makes of it now, asked for the same time.
    func made() async throws -> [UInt8] {
        try await Self.made(site, card, fromMs: parts.fromMs, toMs: parts.toMs)
    }

    /// The verdict on the file of changed parts, by the auditor's card.
    func verdict(_ change: (inout PeriodParts) throws -> Void) throws -> Verdict {
        var changed = parts
        try change(&changed)
        return verify(file: try PeriodFileWriter.write(changed, periodMs: Site.periodMs), card: card)
    }

    /// An anchor that anybody could write under the tag: this note, in a block, confirmed by the network.
    func anchor(_ note: SignedNote, by signer: VerifierKey, seq: UInt64 = 90_000_001) throws -> PeriodAnchor {
        let payload = try required(AnchorPayload(note, by: signer)).bytes
        let block = try site.network.block(tag: anchorTag(origin: Site.origin), payload: payload)
        site.advance(ms: 5_000)
        let (milestone, cone) = try site.network.step(nowMs: site.nowMs)
        let path = try required(InclusionTree.path(cone, index: try required(cone.firstIndex(of: Block.id(of: block)))))
        return PeriodAnchor(
            seq: seq, note: Array(note.note.utf8)[...], block: block[...], milestone: milestone.serialized()[...],
            path: path.bytes[...])
    }

    /// The checkpoint of an anchor in the file.
    func checkpoint(_ seq: UInt64) throws -> Checkpoint {
        let anchor = try required(parts.anchors.first { $0.seq == seq })
        return try required(SignedNote(String(decoding: anchor.note, as: UTF8.self))?.checkpoint)
    }
}

extension PeriodParts {
    /// Places of the records of one stream, in order of intervals.
    func places(_ stream: StreamNumber) -> [Int] { items.indices.filter { items[$0].stream == stream.rawValue } }

    /// The item at a place with other readings, its hash in the leaf left as it is.
    mutating func rewrite(_ place: Int, _ change: (inout [PayloadRow]) -> Void) throws {
        guard case .shown(let bytes) = items[place].content else { throw Missing() }
        let item = try IntervalItem.decode(Array(bytes))
        var rows = try LogEntries.Payload.decode(item.payload)
        change(&rows)
        let payload = LogEntries.Payload.encode(rows)
        items[place].content = .shown(
            IntervalItem(stream: item.stream, k: item.k, salt: item.salt, payload: payload).encoded()[...])
    }

    /// The item at a place as its hash alone.
    func hash(_ place: Int) throws -> Hash {
        guard case .shown(let bytes) = items[place].content else { throw Missing() }
        return leafHash(bytes)
    }
}
