import Hashing
import LedgerStore
import Logging
import ProofOfWork
import Tangle
import TangleClient

/// One anchor's way: `waiting → worked → submitted → anchored` (`tangle.md` section 6).
extension AnchorFlow {
    /// Longest pause between two blocks of one anchor, ms. The pause doubles with every block.
    static let blockPauseMsMax: Int64 = 3_600_000
    /// Blocks of one anchor that may be mined because a node that has their milestones proves none of them: it may never do so.
    static let unprovenBlocksMax = 2
    /// Steps that one anchor takes in one round at most.
    static let stepsMax = 4

    /// Takes every step that can be taken now; each is on disk and told before the next.
    func carry(
        _ anchor: StoredAnchor, _ info: NodeInfo, telling tell: @Sendable (StoredAnchor) async -> Void
    ) async throws {
        var anchor = anchor
        for _ in 0..<Self.stepsMax {
            guard let changed = try await step(anchor, info) else { return }
            await tell(changed)
            // What was sent just now is asked after in the next round.
            guard changed.hasUnsentBlock else { return }
            anchor = changed
        }
    }

    /// - Returns: the anchor as stored when something changed.
    private func step(_ anchor: StoredAnchor, _ info: NodeInfo) async throws -> StoredAnchor? {
        switch anchor.state {
        case .waiting: try await work(anchor, info)
        case .worked: try await submit(anchor, info)
        case .submitted: anchor.hasUnsentBlock ? try await submit(anchor, info) : try await ask(anchor, info)
        case .anchored: nil
        }
    }

    /// Mines a block above the node's tips; its bytes are on disk before any node sees them.
    ///
    /// - Returns: `nil` while the network's time is before the checkpoint's: a milestone that references the block would be
    ///   dated before the leaves it proves, and the auditor would call them postdated.
    private func work(_ anchor: StoredAnchor, _ info: NodeInfo) async throws -> StoredAnchor? {
        let networkS =
            if let timeS = info.latestMilestoneTimeS { timeS } else { try await latestMilestone(info).milestoneTimeS }
        guard UInt64(networkS) * 1000 >= anchor.signedMs else { return nil }
        let tips = try await node.tips().map { BlockID($0) }
        let block = try await mine(
            try AnchorBlock.make(tag: tag, payload: anchor.payload, tips: tips, minScore: minScore(info)), info)
        let bytes = block.serialized()
        _ = try await ledger.addAttempt(
            seq: anchor.seq, blockID: Block.id(of: bytes).hash, block: bytes, minedMs: UInt64(clamping: nowMs()))
        return try await stored(anchor.seq)
    }

    /// The node's demand, or the card's when an auditor will ask for more.
    private func minScore(_ info: NodeInfo) -> UInt32 { max(info.minPoWScore, settings.minPoWScore) }

    private func mine(_ block: Block, _ info: NodeInfo) async throws -> Block {
        var block = block
        // The search begins where none has begun before: on a quiet network the tips stay, and a search that ended without a
        // nonce would repeat itself for ever. A ms has room for 2²⁰ nonces, more than are tried in it.
        let start = UInt64(clamping: nowMs()) << 20
        let score = minScore(info)
        let windowS = window.searchSeconds(belowMaxDepth: info.belowMaxDepth)
        let zeros = PoWTarget.zeros(minScore: score, size: block.sizeBytes)
        let predicted = miner.triesPerSecond.map { "\(PoWTarget.meanTries(zeros: zeros) / $0)" } ?? "not known yet"
        journal.debug("a nonce is searched", metadata: ["zeros": "\(zeros)", "predictedSeconds": "\(predicted)"])
        let mined: MinedNonce
        do throws(MiningError) {
            mined = try await miner.mine(block.work, minScore: score, from: start, allowedSeconds: windowS)
        } catch {
            guard case .tooMuchWork(let zeros, let rate, let predicted, let allowed) = error else { throw error }
            throw AnchoringError.workTooLong(
                AnchoringError.Work(
                    score: score, isNodes: score == info.minPoWScore, sizeBytes: block.sizeBytes, zeros: zeros,
                    triesPerSecond: rate, predictedSeconds: predicted, windowSeconds: allowed))
        }
        block.nonce = mined.nonce
        journal.debug("block mined", metadata: ["zeros": "\(mined.zeros)", "tries": "\(mined.tries)"])
        return block
    }

    /// Sends the newest block; safe to repeat after a lost answer.
    private func submit(_ anchor: StoredAnchor, _ info: NodeInfo) async throws -> StoredAnchor? {
        guard let attempt = anchor.attempts.last else { return try await work(anchor, info) }
        do {
            try await node.submit(attempt.block, id: attempt.blockID)
        } catch {
            switch error {
            case .belowMaxDepth, .refused:
                // These bytes will never be taken.
                guard isTimeForAnother(anchor) else { throw error }
                journal.notice(
                    "a block is not taken, another is mined", metadata: ["seq": "\(anchor.seq)", "why": "\(error)"])
                return try await work(anchor, info)
            default: throw error
            }
        }
        try await ledger.markSubmitted(seq: anchor.seq, blockID: attempt.blockID, atMs: UInt64(clamping: nowMs()))
        return try await stored(anchor.seq)
    }

    /// Asks after every block of the anchor; the one that was referenced first counts.
    private func ask(_ anchor: StoredAnchor, _ info: NodeInfo) async throws -> StoredAnchor? {
        var referenced: [(attempt: AnchorAttempt, milestone: UInt32)] = []
        var newest: BlockStatus?
        for attempt in anchor.attempts {
            newest = try await status(of: attempt)
            if let index = newest?.referencedBy { referenced.append((attempt, index)) }
        }
        if !referenced.isEmpty {
            do { return try await confirm(anchor, referenced.sorted { $0.milestone < $1.milestone }) } catch {
                guard isProofLost(error, anchor), isLongMined(anchor), isTimeForAnother(anchor) else { throw error }
                return try await work(anchor, info)
            }
        }
        guard let last = anchor.attempts.last, let newest else {
            // Lost by the node, or pruned: the same bytes again, unless they are too old by now.
            return try await submit(anchor, info)
        }
        if newest.shouldReattach {
            return isTimeForAnother(anchor) ? try await work(anchor, info) : nil
        }
        if newest.shouldPromote { try await promote(anchor, BlockID(last.blockID), info) }
        return nil
    }

    /// The node has pruned the milestone before its proof was fetched; or it has the milestone and no proof, maybe of any block.
    private func isProofLost(_ error: any Error, _ anchor: StoredAnchor) -> Bool {
        switch error {
        case AnchoringError.milestoneGone: true
        case NodeError.notFound: anchor.attempts.count < Self.unprovenBlocksMax
        default: false
        }
    }

    /// `nil` when the node does not know the block.
    private func status(of attempt: AnchorAttempt) async throws(NodeError) -> BlockStatus? {
        do { return try await node.status(of: attempt.blockID) } catch {
            if error == .notFound { return nil }
            throw error
        }
    }

    /// A node that refuses everything must not make the gateway mine for ever: the pause doubles with every block.
    private func isTimeForAnother(_ anchor: StoredAnchor) -> Bool {
        guard let last = anchor.attempts.last else { return true }
        let pause = min(Self.blockPauseMsMax, settings.pollMs << min(anchor.attempts.count, 20))
        return nowMs() - Int64(clamping: last.minedMs) >= pause
    }

    /// The newest block is so old that a node may have pruned what belongs to it.
    private func isLongMined(_ anchor: StoredAnchor) -> Bool {
        anchor.attempts.last.map { nowMs() - Int64(clamping: $0.minedMs) > Self.lateMs } ?? true
    }

    /// Sends an empty block above the anchor's and fresh tips. It is not kept: another one does as well.
    private func promote(_ anchor: StoredAnchor, _ id: BlockID, _ info: NodeInfo) async throws {
        // The node goes on asking for promotion until a milestone comes by.
        if let last = promotedMs[anchor.seq], nowMs() - last < 4 * settings.pollMs { return }
        promotedMs[anchor.seq] = nowMs()
        let tips = try await node.tips().map { BlockID($0) }
        let bytes = try await mine(try AnchorBlock.promoting(id, tips: tips, minScore: minScore(info)), info)
            .serialized()
        try await node.submit(bytes, id: Block.id(of: bytes).hash)
        journal.notice("block promoted", metadata: ["seq": "\(anchor.seq)", "block": "\(id.text)"])
    }

    /// Proof and milestone are fetched at once and count only when they hold here, without the node's word.
    private func confirm(
        _ anchor: StoredAnchor, _ referenced: [(attempt: AnchorAttempt, milestone: UInt32)]
    ) async throws -> StoredAnchor? {
        var failure: (any Error)?
        for (attempt, index) in referenced {
            do {
                let confirmation = try await proof(of: attempt, milestone: index)
                try await ledger.confirm(seq: anchor.seq, confirmation)
                journal.info(
                    "anchored",
                    metadata: [
                        "seq": "\(anchor.seq)", "size": "\(anchor.size)", "milestone": "\(index)",
                        "block": "0x\(attempt.blockID.hex)",
                    ])
                return try await stored(anchor.seq)
            } catch let error as AnchoringError {
                failure = error
            } catch NodeError.notFound {
                // Another block of this anchor may still be proven.
                failure = NodeError.notFound
            }
        }
        if let failure { throw failure }
        return nil
    }

    private func proof(of attempt: AnchorAttempt, milestone index: UInt32) async throws -> AnchorConfirmation {
        let payload: [UInt8]
        do { payload = try await node.milestone(index: index) } catch NodeError.notFound {
            throw AnchoringError.milestoneGone(index: index)
        }
        let milestone = try settings.policy.check(payload)
        let id = BlockID(attempt.blockID)
        let path: InclusionPath
        do {
            let answer = try JSON.parse(try await node.proofOfInclusion(of: attempt.blockID))
            guard let tree = answer["proof"] else { throw AnchoringError.proofDoesNotHold(block: id.text) }
            path = try InclusionPath(proofJSON: tree, of: id)
        } catch is TangleError {
            throw AnchoringError.proofDoesNotHold(block: id.text)
        }
        guard milestone.index == index, verifyInclusion(of: id, path: path, in: milestone) else {
            throw AnchoringError.proofDoesNotHold(block: id.text)
        }
        return AnchorConfirmation(
            blockID: attempt.blockID, milestoneIndex: index, milestoneID: milestone.id.hash,
            milestoneTimeS: milestone.timestamp, milestone: payload, path: path.bytes)
    }

    private func stored(_ seq: UInt64) async throws -> StoredAnchor {
        guard let anchor = try await ledger.anchor(seq) else {
            throw LedgerError.outOfOrder(what: "anchor \(seq) is not in the ledger")
        }
        return anchor
    }
}

extension StoredAnchor {
    /// No node has taken a block of it yet.
    var isUntaken: Bool { attempts.allSatisfy { $0.submittedMs == nil } }

    /// A block was mined and no node has taken it yet.
    fileprivate var hasUnsentBlock: Bool { attempts.last.map { $0.submittedMs == nil } ?? false }
}
