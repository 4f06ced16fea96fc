import Hashing
import MerkleLog
import ProofOfWork
import Synchronization
import Tangle
import TangleClient
import TestTools

/// A network without wires and processor time: milestones of the simulated clock are made and signed when somebody asks, and
/// blocks are judged by their parents' age as a node does. Work is not judged: the search is simulated too.
final class SimulatedNetwork: TangleNode {
    static let name = "simulated"
    static let intervalMs: Int64 = 10_000
    static let belowMaxDepth: UInt32 = 15
    static let promoteDepth: UInt32 = 8

    private struct Held {
        /// The latest milestone when it came.
        let attachedAt: UInt32
        /// The milestone that references it, maybe one that is still to come; `nil` when none will.
        var dueAt: UInt32?
    }

    private struct State {
        var blocks: [BlockID: Held] = [:]
        /// Tips that were named, and when.
        var tips: [BlockID: UInt32] = [:]
        /// Blocks by the milestone that references them, in the order they came.
        var cones: [UInt32: [BlockID]] = [:]
        var prunedTo: UInt32 = 0
        var nextPruning = 0
        var dice: SeededGenerator
        /// Calls until the daemon is dead; `nil` while nobody wants its death.
        var lifeLeft: Int?
        var isDead = false
        var spoiled: Set<BlockID> = []
        var promotions = 0
    }

    let time: HandClock
    let outages: [Outage]
    let signer: LogSigningKey
    private let startMs: Int64
    private let state: Mutex<State>

    init(time: HandClock, outages: [Outage], signer: LogSigningKey, seed: UInt64) {
        self.time = time
        self.outages = outages
        self.signer = signer
        startMs = time.nowMs
        state = Mutex(State(dice: SeededGenerator(seed: seed &+ 0x6E65_74)))
    }

    var name: String { Self.name }
    var key: MilestoneKey {
        MilestoneKey(publicKey: signer.verifierKey.publicKey, start: 0, end: 0, holder: "operator")
    }

    /// Blocks after which another may be mined: refused, too old, wanted again, or without proof.
    var spoiled: Set<BlockID> { state.withLock { $0.spoiled } }
    /// Empty blocks that were to be taken.
    var promotions: Int { state.withLock { $0.promotions } }

    // MARK: - The daemon's death

    /// The daemon dies at the `nth` call from now, before it is done or before its reply has come.
    func killDaemon(atCall nth: Int) { state.withLock { $0.lifeLeft = nth } }
    var isDaemonDead: Bool { state.withLock { $0.isDead } }
    func daemonStarts() {
        state.withLock {
            $0.isDead = false
            $0.lifeLeft = nil
        }
    }

    // MARK: - Time

    func outage(atMs: Int64) -> Outage? { outages.first { $0.fromMs <= atMs && atMs < $0.toMs } }

    /// Milestone 1 is as old as the network; none is made while it stands still.
    private func latest(atMs: Int64) -> UInt32 {
        let still = outages.filter { $0.kind == .stalled }.map { max(0, min($0.toMs, atMs) - $0.fromMs) }.reduce(0, +)
        return 1 + UInt32((atMs - startMs - still) / Self.intervalMs)
    }

    private func timestampS(of index: UInt32) -> UInt32 {
        var atMs = startMs + Int64(index - 1) * Self.intervalMs
        for outage in outages where outage.kind == .stalled && outage.fromMs < atMs {
            atMs += outage.toMs - outage.fromMs
        }
        return UInt32(atMs / 1_000)
    }

    // MARK: - Calls

    /// One call: whether it fails, and whether it is done all the same.
    private func call<Answer: Sendable>(
        _ body: (inout State, Outage.Kind?, UInt32) throws(NodeError) -> Answer
    ) throws(NodeError) -> Answer {
        let nowMs = time.nowMs
        let kind = outage(atMs: nowMs)?.kind
        let latest = latest(atMs: nowMs)
        return try state.withLock { state throws(NodeError) in
            prune(&state, nowMs)
            if state.isDead { throw .unreachable("the daemon is dead") }
            if let left = state.lifeLeft, left <= 1 {
                state.isDead = true
                // Dead before the call or after it.
                if state.dice.isOne(of: 2) { _ = try body(&state, kind, latest) }
                throw .unreachable("the daemon is dead")
            }
            state.lifeLeft? -= 1
            if kind == .unreachable || kind == .pruned { throw .unreachable("an outage") }
            guard state.dice.isOne(of: kind == .flaky ? 3 : 400) else { return try body(&state, kind, latest) }
            switch Int.random(in: 0..<5, using: &state.dice) {
            case 0: throw .unreachable("by chance")
            case 1: throw .notReady
            case 2: throw .failed(status: 500, message: "by chance")
            case 3: throw .malformed(what: "by chance")
            default:
                _ = try body(&state, kind, latest)
                throw .unreachable("the reply is lost by chance")
            }
        }
    }

    /// After an outage with pruning nothing is known that is older than its end.
    private func prune(_ state: inout State, _ nowMs: Int64) {
        let endings = outages.filter { $0.kind == .pruned && $0.toMs <= nowMs }
        guard endings.count > state.nextPruning, let ending = endings.last else { return }
        state.nextPruning = endings.count
        state.prunedTo = latest(atMs: ending.toMs)
        let kept = state.prunedTo
        state.blocks = state.blocks.filter { $0.value.attachedAt >= kept }
        state.tips = state.tips.filter { $0.value >= kept }
        state.cones = state.cones.filter { $0.key >= kept }
    }

    func info() throws(NodeError) -> NodeInfo {
        try call { state, kind, latest throws(NodeError) in
            NodeInfo(
                name: "simulated", version: "1", isHealthy: kind != .unhealthy, networkName: "dev", protocolVersion: 2,
                minPoWScore: kind == .demanding ? 50_000 : 1_500, belowMaxDepth: UInt8(Self.belowMaxDepth),
                latestMilestoneIndex: latest,
                latestMilestoneTimeS: state.dice.isOne(of: 2) ? self.timestampS(of: latest) : nil)
        }
    }

    func tips() throws(NodeError) -> [Hash] {
        try call { state, kind, latest throws(NodeError) in
            if kind == .tipless { throw .notReady }
            let count = Int.random(in: 1...8, using: &state.dice)
            // On a quiet network the tips stay for some milestones.
            let tips = (0..<count).map { BlockID(sha256(Array("tip \(latest / 4) \($0)".utf8))) }
            for tip in tips where state.tips[tip] == nil { state.tips[tip] = latest }
            return tips.map(\.hash)
        }
    }

    func submit(_ bytes: [UInt8], id: Hash) throws(NodeError) {
        let id = BlockID(id)
        guard let block = try? Block.parse(bytes), Block.id(of: bytes) == id else {
            throw .malformed(what: "the block is none")
        }
        try call { state, kind, latest throws(NodeError) in
            if block.payload == nil { state.promotions += 1 }
            if kind == .refusing {
                state.spoiled.insert(id)
                throw .refused(message: "an outage")
            }
            if state.blocks[id] == nil { try self.take(block, id, kind, latest, &state) }
            if kind == .replyless { throw .unreachable("the reply is lost") }
        }
    }

    private func take(
        _ block: Block, _ id: BlockID, _ kind: Outage.Kind?, _ latest: UInt32, _ state: inout State
    ) throws(NodeError) {
        for parent in block.parents {
            let root = state.blocks[parent].map { $0.dueAt.map { min($0, latest) } ?? $0.attachedAt }
            guard let root = state.tips[parent] ?? root else {
                state.spoiled.insert(id)
                throw .refused(message: "not solid")
            }
            guard latest - root <= Self.belowMaxDepth else {
                state.spoiled.insert(id)
                throw .belowMaxDepth
            }
        }
        // Some blocks are left behind by the tips of others, until a promotion.
        let isLeft = kind == .ignoring || (block.payload != nil && state.dice.isOne(of: 40))
        let dueAt = isLeft ? nil : latest + UInt32.random(in: 1...3, using: &state.dice)
        state.blocks[id] = Held(attachedAt: latest, dueAt: dueAt)
        guard let dueAt else { return }
        for parent in block.parents {
            guard let held = state.blocks[parent], held.dueAt == nil, latest - held.attachedAt <= Self.belowMaxDepth
            else { continue }
            state.blocks[parent]?.dueAt = dueAt
            state.cones[dueAt, default: []].append(parent)
        }
        state.cones[dueAt, default: []].append(id)
    }

    func status(of block: Hash) throws(NodeError) -> BlockStatus {
        let id = BlockID(block)
        return try call { state, kind, latest throws(NodeError) in
            guard let held = state.blocks[id] else { throw .notFound }
            if let dueAt = held.dueAt, dueAt <= latest {
                return BlockStatus(isSolid: true, referencedBy: dueAt, shouldPromote: false, shouldReattach: false)
            }
            let age = latest - held.attachedAt
            let isTooOld = held.dueAt == nil && age > Self.belowMaxDepth
            if isTooOld { state.spoiled.insert(id) }
            return BlockStatus(
                isSolid: true, referencedBy: nil, shouldPromote: !isTooOld && age > Self.promoteDepth,
                shouldReattach: isTooOld)
        }
    }

    func milestone(index: UInt32) throws(NodeError) -> [UInt8] {
        try call { state, kind, latest throws(NodeError) in
            guard index >= state.prunedTo, index <= latest else { throw .notFound }
            return try self.milestone(index, cone: self.cone(index, state)).serialized()
        }
    }

    func proofOfInclusion(of block: Hash) throws(NodeError) -> [UInt8] {
        let id = BlockID(block)
        return try call { state, kind, latest throws(NodeError) in
            guard kind != .proofless, let dueAt = state.blocks[id]?.dueAt, dueAt <= latest else {
                state.spoiled.insert(id)
                throw .notFound
            }
            let cone = self.cone(dueAt, state)
            guard let place = cone.firstIndex(of: id), let path = InclusionTree.path(cone, index: place) else {
                throw .failed(status: 500, message: "no path")
            }
            return JSON.members(["proof": path.proofJSON(of: id)]).bytes
        }
    }

    // MARK: - Milestones

    /// The list always holds the block of the milestone before, so that it has two entries at least with one of ours.
    private func cone(_ index: UInt32, _ state: State) -> [BlockID] {
        [Self.carrier(of: index - 1)] + (state.cones[index] ?? [])
    }

    private static func carrier(of index: UInt32) -> BlockID { BlockID(sha256(Array("milestone \(index)".utf8))) }

    /// A milestone of its own: the chain from one to the next is nothing that anchoring looks at, and a month of 260 000
    /// milestones would have to be signed for it.
    private func milestone(_ index: UInt32, cone: [BlockID]) throws(NodeError) -> Milestone {
        var milestone = Milestone(
            index: index, timestamp: timestampS(of: index),
            previousMilestoneID: MilestoneID(sha256(Array("before \(index)".utf8))),
            parents: [Self.carrier(of: index - 1)], inclusionRoot: InclusionTree.root(cone),
            appliedRoot: InclusionTree.root([]))
        guard let signature = try? signer.sign(milestone.id.bytes) else {
            throw .failed(status: 500, message: "the milestone cannot be signed")
        }
        milestone.signatures = [MilestoneSignature(publicKey: signer.verifierKey.publicKey, signature: signature)]
        return milestone
    }
}

/// Takes as long as a search does, by the simulated clock, and no processor time.
final class SimulatedSearch: NonceSearch {
    private let time: HandClock
    private let rate: Mutex<Double>
    private let state: Mutex<(dice: SeededGenerator, count: Int)>

    init(time: HandClock, triesPerSecond: Double = 1e6, seed: UInt64) {
        self.time = time
        rate = Mutex(triesPerSecond)
        state = Mutex((SeededGenerator(seed: seed &+ 0x706F_77), 0))
    }

    /// `nil` never: this processor knows itself.
    var triesPerSecond: Double? { rate.withLock { $0 } }
    func becomes(triesPerSecond: Double) { rate.withLock { $0 = triesPerSecond } }

    /// Searches that found a nonce.
    var count: Int { state.withLock { $0.count } }

    func mine(
        _ work: BlockWork, minScore: UInt32, from start: UInt64, allowedSeconds: Double?
    ) throws(MiningError) -> MinedNonce {
        let zeros = PoWTarget.zeros(minScore: minScore, size: work.sizeBytes)
        let meanTries = PoWTarget.meanTries(zeros: zeros)
        let triesPerSecond = rate.withLock { $0 }
        if let allowedSeconds, meanTries / triesPerSecond > allowedSeconds {
            throw .tooMuchWork(
                zeros: zeros, triesPerSecond: triesPerSecond, predictedSeconds: meanTries / triesPerSecond,
                allowedSeconds: allowedSeconds)
        }
        // Tries until the first hit: the mean times −ln of a chance, within 1/16 to 16 times the mean.
        let chance = state.withLock { UInt64.random(in: 1...(1 << 48), using: &$0.dice) }
        let factor = Double(chance.leadingZeroBitCount - 15) * 0.69
        let tries = meanTries * min(16, max(1 / 16, factor))
        let seconds = tries / triesPerSecond
        guard seconds <= allowedSeconds ?? .infinity else {
            time.advance(ms: Int64((allowedSeconds ?? 0) * 1_000))
            throw .outOfTime(resumeAt: start &+ UInt64(tries), tries: UInt64(tries))
        }
        time.advance(ms: Int64(seconds * 1_000))
        state.withLock { $0.count += 1 }
        return MinedNonce(nonce: start, zeros: zeros, position: start, tries: UInt64(tries), seconds: seconds)
    }
}
