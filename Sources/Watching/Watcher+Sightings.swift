import Hashing
import LogEntries
import Logging
import MerkleLog
import Tangle
import TangleClient

/// Anchors that the network shows by itself: found by their tag in the node's event stream, fetched and proven like listed ones, and
/// looked for in the gateway's list.
extension Watcher {
    /// Blocks that wait for a milestone at most; the oldest are forgotten first.
    static let waitingMax = 256
    /// Blocks that are asked after in one round at most.
    static let askedPerRoundMax = 20
    /// So long a block may wait for a milestone, ms.
    static let waitingMsMax: Int64 = 21_600_000
    /// How long the gateway may take to list an anchor after its milestone, ms, unless another time is asked for.
    package static let patienceMs: Int64 = 600_000

    /// Takes what was told under the tag. Anybody can write under it, so only what this log's key signed counts.
    func hearSightings() {
        for told in events?.takeTagged() ?? [] {
            guard !shelf.isListed(told.id), !sightings.sighted.contains(told.id), waiting[told.id] == nil,
                let payload = AnchorPayload(bytes: told.data), payload.kind == .checkpoint,
                known.keys.inForce(at: payload.size).contains(where: { payload.isSigned(by: $0) })
            else { continue }
            if waiting.count >= Self.waitingMax, let oldest = waiting.min(by: { $0.value < $1.value }) {
                waiting[oldest.key] = nil
            }
            waiting[told.id] = nowMs()
        }
    }

    /// Asks the node after every block that was told, and keeps those that it proves.
    func followSightings() async throws {
        for (block, sinceMs) in waiting.sorted(by: { $0.value > $1.value }).prefix(Self.askedPerRoundMax) {
            if shelf.isListed(block) || abs(nowMs() - sinceMs) > Self.waitingMsMax {
                waiting[block] = nil
                continue
            }
            guard let anchor = try await attempt({ try await self.sighted(block) }) ?? nil else { continue }
            guard !sightings.isFull else {
                trouble("\(SightingShelf.countMax) anchors are kept that the gateway does not list; no more are")
                return
            }
            try sightings.keep(anchor, block: block)
            waiting[block] = nil
            journal.info("anchor seen on the network", metadata: ["block": "0x\(block.hex)"])
            _ = try await attempt { try await self.compare(anchor.note) }
        }
    }

    /// `nil` while no milestone references it, or when it does not hold.
    private func sighted(_ block: Hash) async throws -> ProvenAnchor? {
        let index: UInt32?
        do { index = try await node.status(of: block).referencedBy } catch {
            // A node may tell of a block and not have it any more, or a broker of one that never was.
            if error == .notFound { return nil }
            throw error
        }
        guard let index else { return nil }
        return try await proven(block, milestone: index, name: "the anchor in block 0x\(block.hex)")
    }

    /// Compares what was seen with the whole list: what is listed is no secret, and what is not after some patience is hidden.
    ///
    /// - Parameter open: lines of the list whose blocks are not here yet.
    func judgeSightings(open: [ListedAnchor]) throws {
        guard !sightings.sighted.isEmpty else { return }
        for block in sightings.sighted.sorted() {
            let anchor = try sightings.anchor(block)
            guard let checkpoint = anchor.note.checkpoint else { continue }
            if try shelf.isListed(block) || shelf.root(ofSize: checkpoint.size) == checkpoint.root {
                if sightings.hidden.contains(block) {
                    journal.notice("an anchor that was hidden is listed now", metadata: ["block": "0x\(block.hex)"])
                }
                sightings.remove(block)
                continue
            }
            if open.contains(where: { $0.blockID == block || $0.size == checkpoint.size }) { continue }
            // The kept milestone was read when it was proven.
            let provenS = try Milestone.parse(anchor.milestone).timestamp
            guard nowMs() - Int64(provenS) * 1_000 > patienceMs else { continue }
            try sightings.hide(block)
        }
        tellHidden()
    }

    /// Loudly, once for each in every run.
    func tellHidden() {
        for block in sightings.hidden.subtracting(hiddenTold).sorted() {
            hiddenTold.insert(block)
            journal.critical(
                "THE GATEWAY HIDES AN ANCHOR: the network shows a checkpoint that this log signed and does not list; it is kept with its proof in \(sightings.folder)",
                metadata: ["block": "0x\(block.hex)"])
        }
    }
}
