package import Capture
import Hashing
package import LedgerStore
package import Logging
package import ProofOfWork
package import Tangle
package import TangleClient

/// The flow outwards: checkpoint → work → node → referenced → evidence kept. Each step is on disk before the next begins,
/// so that after a power cut the flow goes on where it stopped.
package actor AnchorFlow {
    /// Anchors that are carried on in one round; older ones wait for the next.
    package static let carriedPerRoundMax = 16
    /// Blocks that are mined for one anchor at most; each is asked after until one is referenced.
    package static let attemptsMax = 20
    /// An anchor without proof after this many ms is told as an error, once.
    package static let lateMs: Int64 = 1_800_000
    /// Longest pause after a failure, ms.
    package static let pauseMsMax: Int64 = 60_000

    package struct Settings: Sendable {
        /// Between two checkpoints, ms.
        package var everyMs: Int64
        /// Between two looks at a submitted block, ms: about half a milestone interval.
        package var pollMs: Int64
        package var demands: NodeDemands
        package var policy: MilestonePolicy

        package init(everyMs: Int64, pollMs: Int64, demands: NodeDemands, policy: MilestonePolicy) {
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
        package var lastNodeAnswerMs: Int64?
    }

    let settings: Settings
    let ledger: Ledger
    let writer: LogWriter
    let node: any TangleNode
    let miner: Miner
    let tag: [UInt8]
    let nowMs: @Sendable () -> Int64
    let journal: Logger
    private let pause: @Sendable (_ ms: Int64) async throws -> Void
    private let tell: @Sendable (StoredAnchor) async -> Void
    package private(set) var status: Status
    private var failures = 0
    private var isAsked = false
    private var toldLate: Set<UInt64> = []

    /// - Parameters:
    ///   - tag: 20 bytes, `formats.md` section 5.
    ///   - pause: waits that long, or throws when the task is cancelled.
    ///   - tell: called with an anchor whenever its stored state has changed.
    package init(
        settings: Settings, ledger: Ledger, writer: LogWriter, node: any TangleNode, miner: Miner, tag: [UInt8],
        journal: Logger, nowMs: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (_ ms: Int64) async throws -> Void,
        tell: @escaping @Sendable (StoredAnchor) async -> Void = { _ in }
    ) {
        self.settings = settings
        self.ledger = ledger
        self.writer = writer
        self.node = node
        self.miner = miner
        self.tag = tag
        self.journal = journal
        self.nowMs = nowMs
        self.pause = pause
        self.tell = tell
        status = Status(nextMs: nowMs() + settings.everyMs)
    }

    /// Runs until cancelled. Only a log that must not be signed any more ends it with an error.
    package func run() async throws {
        while !Task.isCancelled {
            let wait = try await round()
            do { try await pause(wait) } catch { return }
        }
    }

    /// Makes a checkpoint at the next round, whatever the schedule says.
    package func anchorNow() { isAsked = true }

    /// One round: a checkpoint when it is due, then every unfinished anchor one step further.
    ///
    /// - Returns: ms until the next round.
    package func round() async throws -> Int64 {
        do {
            if isAsked || nowMs() >= status.nextMs {
                let anchor = try await checkpoint()
                isAsked = false
                status.nextMs = nowMs() + settings.everyMs
                journal.info("checkpoint signed", metadata: ["seq": "\(anchor.seq)", "size": "\(anchor.size)"])
                await tell(anchor)
            }
            for anchor in try await ledger.openAnchors().prefix(Self.carriedPerRoundMax) {
                if let changed = try await carry(anchor) { await tell(changed) }
            }
            recovered()
            return settings.pollMs
        } catch let error as NodeError {
            hindered("node \(node.name): \(error)")
        } catch let error as AnchoringError {
            hindered("node \(node.name): \(error)")
        } catch let error as MiningError {
            hindered("proof of work: \(error)")
        } catch is CancellationError {
            return 0
        }
        return min(Self.pauseMsMax, settings.pollMs << min(failures, 6))
    }

    /// A beacon needs a milestone of the network; without a node there is none, and the checkpoint waits.
    private func checkpoint() async throws -> StoredAnchor {
        let info = try await node.info()
        status.lastNodeAnswerMs = nowMs()
        try settings.demands.check(info, nowS: nowMs() / 1000)
        let payload = try await node.milestone(index: info.latestMilestoneIndex)
        return try await writer.checkpoint(with: try settings.policy.beacon(payload))
    }

    func late(_ anchor: StoredAnchor) {
        guard nowMs() - Int64(clamping: anchor.signedMs) > Self.lateMs, toldLate.insert(anchor.seq).inserted else { return }
        journal.error("an anchor has no proof yet", metadata: ["seq": "\(anchor.seq)", "signedMs": "\(anchor.signedMs)"])
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
