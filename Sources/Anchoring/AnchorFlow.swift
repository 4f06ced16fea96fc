package import Capture
import Hashing
package import LedgerStore
package import Logging
package import ProofOfWork
import Tangle
package import TangleClient

/// The flow outwards: checkpoint → work → node → referenced → evidence kept. Each step is on disk before the next begins,
/// so that after a power cut the flow goes on where it stopped.
package actor AnchorFlow {
    /// Anchors that are carried on in one round; the others have their turn in the next.
    package static let carriedPerRoundMax = 16
    /// Without a proof for so many ms is late, unless the settings say otherwise; and so long a node is given to prove what it
    /// has referenced, before another block is mined.
    package static let lateMs: Int64 = 1_800_000
    /// Longest that a checkpoint waits because the one before it comes no further, ms.
    package static let holdMsMax: Int64 = 21_600_000
    /// Longest pause after a failure, ms; up to half of a pause is taken off by chance.
    package static let pauseMsMax: Int64 = 60_000

    package struct Settings: Sendable {
        /// Between two checkpoints, ms.
        package var everyMs: Int64
        /// Between two looks at a submitted block, ms: about half a milestone interval.
        package var pollMs: Int64
        package var demands: NodeDemands
        package var policy: MilestonePolicy
        /// Work that the policy card asks of every block, even when the node asks for less.
        package var minPoWScore: UInt32
        /// 0 to 1, for the pauses after failures; 1 leaves them as long as they are.
        package var chance: @Sendable () -> Double = { 1 }
        /// What has been due, or signed, without a proof for longer raises the alarm, ms.
        package var lateAfterMs: Int64

        package init(
            everyMs: Int64, pollMs: Int64, demands: NodeDemands, policy: MilestonePolicy, minPoWScore: UInt32 = 0,
            lateAfterMs: Int64 = AnchorFlow.lateMs
        ) {
            self.lateAfterMs = lateAfterMs
            self.minPoWScore = minPoWScore
            self.everyMs = everyMs
            self.pollMs = pollMs
            self.demands = demands
            self.policy = policy
        }
    }

    /// For health and the page.
    package struct Status: Sendable, Equatable {
        /// UTC ms of the next checkpoint.
        package var nextMs: Int64
        /// What hinders the flow now, as a sentence; `nil` while all is well.
        package var trouble: String?
        /// Witnesses that cannot be relied on now, a sentence each.
        package var witnessTroubles: [String] = []
        /// What has been without a proof for longest; `nil` when all that was due has its proof.
        package var unproven: Unproven?
        /// That, while it is late: the alarm.
        package var late: Unproven?

        package init(nextMs: Int64) { self.nextMs = nextMs }
    }

    let settings: Settings
    let ledger: Ledger
    let writer: LogWriter
    let node: any TangleNode
    let miner: any NonceSearch
    /// The memory off the box; `nil` when none is configured.
    let witnesses: Witnesses?
    let tag: [UInt8]
    let nowMs: @Sendable () -> Int64
    let journal: Logger
    private let pause: @Sendable (_ ms: Int64) async throws -> Void
    private let events: NodeEventStream?
    private let tell: @Sendable (StoredAnchor) async -> Void
    package internal(set) var status: Status
    /// When this flow began, UTC ms.
    let startedMs: Int64
    /// When each unfinished anchor's block was promoted last, UTC ms. Not on disk: one promotion more does no harm.
    var promotedMs: [UInt64: Int64] = [:]
    var window = FreshnessWindow()
    /// Since when the checkpoint of each unfinished anchor was due, UTC ms. Not on disk: a new run counts from its signature.
    var dueMs: [UInt64: Int64] = [:]
    private var isPlanned = false
    private var failures = 0
    private var isAsked = false
    /// The last anchor that had its turn.
    private var carriedTo: UInt64 = 0

    /// - Parameters:
    ///   - tag: 20 bytes, `formats.md` section 5.
    ///   - pause: waits that long, or throws when the task is cancelled.
    ///   - events: what the nodes tell by themselves; rounds come earlier then, and do the same.
    ///   - tell: called with an anchor whenever its stored state has changed.
    package init(
        settings: Settings, ledger: Ledger, writer: LogWriter, node: any TangleNode, miner: any NonceSearch,
        tag: [UInt8], witnesses: Witnesses? = nil, journal: Logger, nowMs: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (_ ms: Int64) async throws -> Void, events: NodeEventStream? = nil,
        tell: @escaping @Sendable (StoredAnchor) async -> Void = { _ in }
    ) {
        self.settings = settings
        self.ledger = ledger
        self.writer = writer
        self.node = node
        self.miner = miner
        self.witnesses = witnesses
        self.tag = tag
        self.journal = journal
        self.nowMs = nowMs
        self.pause = pause
        self.events = events
        self.tell = tell
        startedMs = nowMs()
        status = Status(nextMs: startedMs)
    }

    /// What the search reached last; `nil` before it was measured.
    package nonisolated var triesPerSecond: Double? { miner.triesPerSecond }

    /// Runs until cancelled. Nothing else ends it: what hinders it is in `status`, and is tried again.
    package func run() async throws {
        while !Task.isCancelled {
            let wait = await round()
            do { try await rest(wait) } catch { return }
        }
    }

    /// Waits for the next round; what a node tells cuts it short, but never a pause after a failure.
    private func rest(_ ms: Int64) async throws {
        guard let events else { return try await pause(ms) }
        // Without the ledger nothing is followed, and the next round tells why.
        let open = (try? await ledger.openAnchors()) ?? []
        events.follow(open.flatMap(\.attempts).map(\.blockID).reversed(), milestones: !open.isEmpty)
        if status.trouble == nil { try await events.pause(ms, by: pause) } else { try await pause(ms) }
    }

    /// Makes a checkpoint at the next round, whatever the schedule says.
    package func anchorNow() { isAsked = true }

    /// One round: a checkpoint when it is due, then every unfinished anchor as far as it comes.
    ///
    /// A failure of one anchor does not keep the others from their turn.
    /// - Returns: ms until the next round.
    package func round() async -> Int64 {
        var troubles: [String] = []
        do {
            try await plan()
            try await attempt(&troubles) { try await watchProofs() }
            let open = try await ledger.openAnchors()
            let isDue = isAsked || nowMs() >= status.nextMs
            if isDue || !open.isEmpty {
                let info = try await suitableNode()
                if isDue, try await !isHeld(by: open.last) {
                    try await attempt(&troubles) { try await checkpoint(info) }
                }
                for anchor in turn(try await ledger.openAnchors()) {
                    // A call that ends the round ends this anchor's turn too: the next round begins behind it.
                    carriedTo = anchor.seq
                    try await attempt(&troubles) { try await carry(anchor, info, telling: tell) }
                }
            }
        } catch {
            if let sentence = sentence(error) { troubles.append(sentence) }
        }
        if Task.isCancelled { return 0 }
        do { try await watchProofs() } catch { if let sentence = sentence(error) { troubles.append(sentence) } }
        guard let first = troubles.first else {
            recovered()
            return settings.pollMs
        }
        hindered(first)
        return BackOff(firstMs: 2 * settings.pollMs, longestMs: Self.pauseMsMax)
            .waitMs(failures: failures, chance: settings.chance())
    }

    /// While the network takes or references nothing another checkpoint would only make a heap: when it does again, one covers
    /// all of that time. An anchor that is stuck for reasons of its own holds the others up for some hours at most.
    private func isHeld(by newest: StoredAnchor?) async throws -> Bool {
        guard let newest, try await ledger.lastAnchorSeq() == newest.seq,
            nowMs() - Int64(clamping: newest.signedMs) < Self.holdMsMax
        else { return false }
        return newest.isUntaken || newest.attempts.count > 1
    }

    /// A failure that concerns the node as a whole ends the round; any other is noted and the round goes on.
    private func attempt(_ troubles: inout [String], _ body: () async throws -> Void) async throws {
        do { try await body() } catch NodeError.unreachable(let why) {
            throw NodeError.unreachable(why)
        } catch {
            if let sentence = sentence(error) { troubles.append(sentence) }
        }
    }

    /// The schedule goes on where the last run left it, so that a gateway that restarts often still anchors.
    private func plan() async throws {
        if !isPlanned {
            let last = try await ledger.lastCheckpoint()
            status.nextMs = last.map { Int64(clamping: $0.signedMs) + settings.everyMs } ?? nowMs()
            // A beacon that waits for its signature, as behind a key leaf, is not put off.
            if let beacon = try await ledger.lastBeacon(), try await ledger.lastAnchorSeq() < beacon.seq {
                status.nextMs = nowMs()
            }
            try await rememberContradiction()
            isPlanned = true
        }
        // A clock that was set back must not put the next checkpoint off.
        status.nextMs = min(status.nextMs, nowMs() + settings.everyMs)
    }

    private func suitableNode() async throws -> NodeInfo {
        let info = try await node.info()
        try settings.demands.check(info, nowS: nowMs() / 1000)
        if let timeS = info.latestMilestoneTimeS { window.note(index: info.latestMilestoneIndex, timeS: timeS) }
        return info
    }

    /// Unfinished anchors in turns, so that some that never come further do not starve the others.
    private func turn(_ open: [StoredAnchor]) -> [StoredAnchor] {
        let inOrder = open.filter { $0.seq > carriedTo } + open.filter { $0.seq <= carriedTo }
        promotedMs = promotedMs.filter { entry in open.contains { $0.seq == entry.key } }
        dueMs = dueMs.filter { entry in open.contains { $0.seq == entry.key } }
        return Array(inOrder.prefix(Self.carriedPerRoundMax))
    }

    /// A beacon needs a milestone of the network; without a node there is none, and the checkpoint waits.
    private func checkpoint(_ info: NodeInfo) async throws {
        let wasAsked = isAsked
        isAsked = false
        do {
            let milestone = try await latestMilestone(info)
            try settings.demands.check(milestoneTimeS: milestone.milestoneTimeS, nowS: nowMs() / 1000)
            let dueMs = max(startedMs, min(status.nextMs, nowMs()))
            let knownSize = try await ledger.lastCheckpoint()?.size ?? 0
            try await askWitnesses()
            let anchor = try await writer.checkpoint(with: milestone)
            self.dueMs[anchor.seq] = dueMs
            status.nextMs = nowMs() + settings.everyMs
            // The old log key has signed its replacement: the new one shows itself at once.
            if await writer.owesNewSignature { isAsked = true }
            journal.info("checkpoint signed", metadata: ["seq": "\(anchor.seq)", "size": "\(anchor.size)"])
            await tell(anchor)
            await cosign(anchor, knownSize: knownSize)
        } catch {
            isAsked = isAsked || wasAsked
            throw error
        }
    }

    /// The node's latest milestone, signed as the card asks.
    func latestMilestone(_ info: NodeInfo) async throws -> BeaconFacts {
        let facts = try settings.policy.beacon(try await node.milestone(index: info.latestMilestoneIndex))
        guard facts.milestoneIndex == info.latestMilestoneIndex else {
            throw AnchoringError.milestoneNotTrusted(
                index: facts.milestoneIndex, why: "milestone \(info.latestMilestoneIndex) was asked for")
        }
        window.note(index: facts.milestoneIndex, timeS: facts.milestoneTimeS)
        return facts
    }

    /// `nil` for what is no trouble: it is too early, or the task was cancelled.
    private func sentence(_ error: any Error) -> String? {
        switch error {
        case CaptureError.tooEarly, is CancellationError, MiningError.cancelled: nil
        case let error as NodeError: "node \(node.name): \(error)"
        case AnchoringError.memorySilent(let why): "no witness can be relied on: \(why.joined(separator: "; "))"
        case let error as AnchoringError: "node \(node.name): \(error)"
        case let error as MiningError: "proof of work: \(error)"
        default: "\(error)"
        }
    }

    private func hindered(_ sentence: String) {
        failures += 1
        if status.trouble != sentence { journal.warning("anchoring waits: \(sentence)") }
        status.trouble = sentence
    }

    private func recovered() {
        if status.trouble != nil { journal.notice("anchoring goes on") }
        failures = 0
        status.trouble = nil
    }
}
