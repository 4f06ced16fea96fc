import Hashing
import LedgerStore
import ProofOfWork
import Tangle
import TangleClient

/// One anchor's way: `waiting → worked → submitted → anchored` (`tangle.md` section 6).
extension AnchorFlow {
    /// Takes the next step that can be taken now.
    ///
    /// - Returns: the anchor as stored when its state changed.
    func carry(_ anchor: StoredAnchor) async throws -> StoredAnchor? {
        late(anchor)
        switch anchor.state {
        case .waiting: return try await work(anchor)
        case .worked: return try await submit(anchor)
        case .submitted: return try await ask(anchor)
        case .anchored: return nil
        }
    }

    /// Mines a block above the node's tips; its bytes are on disk before any node sees them.
    private func work(_ anchor: StoredAnchor) async throws -> StoredAnchor {
        let info = try await node.info()
        try settings.demands.check(info, nowS: nowMs() / 1000)
        let tips = try await node.tips().map { BlockID($0) }
        var (block, _) = try AnchorBlock.make(tag: tag, payload: anchor.payload, tips: tips, minScore: info.minPoWScore)
        // Attempts differ in their start, so that a search that failed is not repeated.
        let mined = try await miner.mine(
            BlockWork(head: block.head()), minScore: info.minPoWScore, from: UInt64(anchor.attempts.count) << 40,
            allowedSeconds: Self.workSecondsMax)
        block.nonce = mined.nonce
        let bytes = block.serialized()
        let id = Block.id(of: bytes)
        journal.debug("block mined", metadata: ["seq": "\(anchor.seq)", "tries": "\(mined.tries)"])
        let attempt = try await ledger.addAttempt(
            seq: anchor.seq, blockID: id.hash, block: bytes, minedMs: UInt64(clamping: nowMs()))
        // When sending fails the block is on disk, and the next round sends it.
        try await send(attempt, of: anchor)
        return try await stored(anchor.seq)
    }

    /// Parents must not be older than 15 milestones when the block arrives: about 75 s on a network of 5 s.
    static let workSecondsMax: Double = 60

    /// Sends the newest attempt; safe to repeat after a lost answer.
    private func submit(_ anchor: StoredAnchor) async throws -> StoredAnchor {
        guard let attempt = anchor.attempts.last else { return try await work(anchor) }
        do {
            try await send(attempt, of: anchor)
        } catch let error as NodeError {
            switch error {
            case .belowMaxDepth, .refused:
                journal.notice("a block is not taken, another is mined", metadata: ["seq": "\(anchor.seq)", "why": "\(error)"])
                return try await again(anchor)
            default: throw error
            }
        }
        return try await stored(anchor.seq)
    }

    private func send(_ attempt: AnchorAttempt, of anchor: StoredAnchor) async throws {
        try await node.submit(attempt.block, id: attempt.blockID)
        try await ledger.markSubmitted(seq: anchor.seq, blockID: attempt.blockID, atMs: UInt64(clamping: nowMs()))
    }

    /// Asks after every attempt, newest first; the first referenced one counts.
    private func ask(_ anchor: StoredAnchor) async throws -> StoredAnchor? {
        for attempt in anchor.attempts.reversed() {
            let status: BlockStatus
            do {
                status = try await node.status(of: attempt.blockID)
            } catch .notFound {
                // Lost by the node, or pruned: the same bytes again, unless they are too old by now.
                if attempt == anchor.attempts.last { return try await submit(anchor) }
                continue
            }
            if let index = status.referencedBy { return try await confirm(anchor, attempt, milestone: index) }
            if attempt == anchor.attempts.last, status.shouldReattach { return try await again(anchor) }
        }
        return nil
    }

    private func stored(_ seq: UInt64) async throws -> StoredAnchor {
        guard let anchor = try await ledger.anchor(seq) else {
            throw LedgerError.outOfOrder(what: "anchor \(seq) is not in the ledger")
        }
        return anchor
    }

    private func again(_ anchor: StoredAnchor) async throws -> StoredAnchor {
        guard anchor.attempts.count < Self.attemptsMax else {
            throw NodeError.unsuitable("\(Self.attemptsMax) blocks of anchor \(anchor.seq) were not referenced")
        }
        return try await work(anchor)
    }

    /// Proof and milestone are fetched at once and count only when they hold here, without the node's word.
    private func confirm(_ anchor: StoredAnchor, _ attempt: AnchorAttempt, milestone index: UInt32) async throws -> StoredAnchor {
        let payload = try await node.milestone(index: index)
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
        try await ledger.confirm(
            seq: anchor.seq,
            AnchorConfirmation(
                blockID: attempt.blockID, milestoneIndex: index, milestoneID: milestone.id.hash,
                milestoneTimeS: milestone.timestamp, milestone: payload, path: path.bytes))
        journal.info(
            "anchored", metadata: ["seq": "\(anchor.seq)", "size": "\(anchor.size)", "milestone": "\(index)", "block": "\(id.text)"])
        return try await stored(anchor.seq)
    }
}
