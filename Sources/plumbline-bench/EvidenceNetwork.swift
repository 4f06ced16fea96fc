import Anchoring
import Evidence
import Hashing
import LogEntries
import MerkleLog
import ProofOfWork
import Tangle

/// What stands for a development network: a chain of signed milestones and the blocks between them, without a node. One key
/// signs, as `plumblined tangle` does it; its score is so low that 35 000 blocks are found in seconds.
final class EvidenceNetwork {
    static let name = "bench"
    static let minScore: UInt32 = 1
    /// Blocks that a milestone references, ours among them.
    private static let blocksPerMilestone = 8

    private let coordinator: LogSigningKey
    private let miner = Miner(threads: 1, niceness: 0)
    private var chance = Chance(seed: 11)
    private(set) var latest: Milestone
    let first: Milestone

    /// The first milestone is one second before the log.
    init(startMs: UInt64) throws {
        guard let key = LogSigningKey(name: "coordinator", seed: [UInt8](repeating: 3, count: 32)) else {
            throw EvidencePeriod.Problem.keys
        }
        coordinator = key
        latest = Milestone(
            index: 1, timestamp: UInt32(startMs / 1_000) - 1, previousMilestoneID: .none, parents: [.genesis],
            inclusionRoot: InclusionTree.root([]), appliedRoot: InclusionTree.root([]))
        latest.signatures = [
            MilestoneSignature(publicKey: key.verifierKey.publicKey, signature: try key.sign(latest.id.bytes))
        ]
        first = latest
    }

    func milestoneKey() throws -> PolicyCard.MilestoneKey {
        guard let key = Hash(bytes: coordinator.verifierKey.publicKey) else { throw EvidencePeriod.Problem.keys }
        return PolicyCard.MilestoneKey(key: key, start: 0, end: 0, holder: PolicyCard.operatorHolder)
    }

    /// The next milestone, which references these blocks.
    func step(ms: UInt64, blocks: [BlockID]) throws -> Milestone {
        var next = Milestone(
            index: latest.index + 1, timestamp: max(UInt32(ms / 1_000), latest.timestamp + 1),
            previousMilestoneID: latest.id, parents: [blocks.last ?? BlockID(chance.hash())],
            inclusionRoot: InclusionTree.root(blocks), appliedRoot: InclusionTree.root([]))
        next.signatures = [
            MilestoneSignature(
                publicKey: coordinator.verifierKey.publicKey, signature: try coordinator.sign(next.id.bytes))
        ]
        latest = next
        return next
    }

    /// A milestone with blocks of others only.
    func step(ms: UInt64) throws -> Milestone { try step(ms: ms, blocks: others()) }

    /// Ten seconds after `ms` a checkpoint's block is referenced.
    func anchor(_ note: SignedNote, seq: UInt64, key: VerifierKey, ms: UInt64) async throws -> PeriodAnchor {
        guard let payload = AnchorPayload(note, by: key) else { throw EvidencePeriod.Problem.keys }
        var block = try AnchorBlock.make(
            tag: anchorTag(origin: EvidenceBuilding.origin), payload: payload.bytes,
            tips: (0..<4).map { _ in BlockID(chance.hash()) }, minScore: Self.minScore)
        block.nonce = try await miner.mine(block.work, minScore: Self.minScore).nonce
        var blocks = others()
        let place = Int(chance.next() % UInt64(Self.blocksPerMilestone))
        blocks[place] = block.id
        let milestone = try step(ms: ms + 10_000, blocks: blocks)
        guard let path = InclusionTree.path(blocks, index: place) else { throw EvidencePeriod.Problem.keys }
        return PeriodAnchor(
            seq: seq, note: Array(note.note.utf8)[...], block: block.serialized()[...],
            milestone: milestone.serialized()[...], path: path.bytes[...])
    }

    private func others() -> [BlockID] { (0..<Self.blocksPerMilestone).map { _ in BlockID(chance.hash()) } }
}
