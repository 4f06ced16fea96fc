import Anchoring
import CanonicalCBOR
import Capture
import Evidence
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import ProofOfWork
import Tangle
import Testing

/// Goal: in a month of outages and deaths every checkpoint that was due gets its proof, with no block more than needed.
/// Method: seeded months on a simulated clock; the flow, the log and the ledger are real, the network and the search are
/// simulated. `PLUMBLINE_FUZZ_SEEDS` sets the number of seeds, `PLUMBLINE_FUZZ_FIRST` the first.
struct AnchorMonthTests {
    static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["PLUMBLINE_FUZZ_SEEDS"].flatMap(UInt64.init) ?? 3
        let first = environment["PLUMBLINE_FUZZ_FIRST"].flatMap(UInt64.init) ?? 1
        return Array(first..<(first + count))
    }

    @Test(arguments: seeds) func `a month of outages leaves nothing without a proof`(seed: UInt64) async throws {
        let month = try await AnchorMonth(seed: seed)
        try await month.live()
        let check = try await MonthCheck(month)
        try check.everythingIsProven()
        try await check.everyIntervalIsCovered()
        check.backlogs()
        check.work()
        check.alarms()
        await month.ledger.close()
    }
}

/// What must be true after a month.
private struct MonthCheck {
    /// From the end of an interval, or of what held it up, to its proof, beyond the time between two checkpoints: a block that
    /// is left behind twice is attached again after 16 milestones and a pause.
    static let settlingMs: Int64 = 2 * 3_600_000

    let month: AnchorMonth
    let anchors: [StoredAnchor]
    let trouble: String?
    let late: AnchorFlow.Unproven?
    private let log: LogState

    struct LogState {
        let hashes: [Hash]
        /// Whether each alarm in the log begins; else it ends.
        let alarms: [Bool]
        /// Leaf and end of every interval, UTC ms.
        let intervals: [(leaf: UInt64, endMs: Int64)]
    }

    init(_ month: AnchorMonth) async throws {
        self.month = month
        anchors = try await month.ledger.anchors(AnchorQuery(limit: 100_000))
        trouble = await month.flow.status.trouble
        late = await month.flow.status.late
        var hashes: [Hash] = []
        var intervals: [(leaf: UInt64, endMs: Int64)] = []
        var alarms: [Bool] = []
        let reader = try LedgerReader.open(directory: month.directory)
        for stored in try await month.ledger.leaves(0..<(try await month.ledger.size())) {
            hashes.append(leafHash(stored.bytes))
            switch try Leaf.decode(stored.bytes).body {
            case .interval(let interval):
                intervals.append((stored.index, Int64((interval.k + 1) * interval.periodMs)))
            case .event:
                let opening = try #require(try await reader.openings(leaf: stored.index).first?.bytes)
                let payload = try EventPayload.decode(try Commitment.decode(opening).payload)
                alarms.append(payload.details.first { $0.name == "phase" }?.value.asText == "start")
            default: break
            }
        }
        log = LogState(hashes: hashes, alarms: alarms, intervals: intervals)
    }

    private func what(_ more: String = "") -> Comment { "seed \(month.seed) \(more)" }

    private func milestoneMs(_ anchor: StoredAnchor) -> Int64 {
        anchor.confirmation.map { Int64($0.milestoneTimeS) * 1_000 } ?? .max
    }

    /// Every checkpoint is anchored, proves itself to the auditor's code, and is a state of the log as it is now.
    func everythingIsProven() throws {
        #expect(trouble == nil, what())
        #expect(anchors.map(\.seq) == (0..<anchors.count).map { UInt64($0 + 1) }, what())
        #expect(anchors.count > 100, what("only \(anchors.count) anchors"))
        let card = try card()
        var tree = Frontier()
        var size = 0
        for anchor in anchors {
            let confirmation = try #require(anchor.confirmation, what("anchor \(anchor.seq) is \(anchor.state)"))
            let attempt = try #require(anchor.attempts.first { $0.blockID == confirmation.blockID }, what())
            var found = FindingList()
            var check = NetworkCheck(card: card)
            let answer = check.anchor(
                "anchor \(anchor.seq)", block: attempt.block[...], path: confirmation.path[...],
                milestone: confirmation.milestone[...], into: &found)
            #expect(answer.isGood && found.sorted.isEmpty && answer.payload == anchor.payload, what("\(found.sorted)"))
            #expect(milestoneMs(anchor) >= Int64(anchor.signedMs), what("dated after what it proves"))
            while size < Int(anchor.size) {
                _ = tree.append(log.hashes[size])
                size += 1
            }
            #expect(tree.root == anchor.root, what("anchor \(anchor.seq)"))
        }
    }

    /// Every interval of the month has a proof as soon as the cadence, the outages and the daemon's absences allow.
    func everyIntervalIsCovered() async throws {
        var place = 0
        // Of the anchors from some place on, the earliest proof.
        var earliest = [Int64](repeating: .max, count: anchors.count + 1)
        for index in anchors.indices.reversed() {
            earliest[index] = min(earliest[index + 1], milestoneMs(anchors[index]))
        }
        for interval in log.intervals where interval.endMs <= month.endMs {
            while place < anchors.count, anchors[place].size <= interval.leaf { place += 1 }
            let provenMs = earliest[place]
            guard provenMs < .max else {
                Issue.record(what("the interval of leaf \(interval.leaf) has no proof"))
                continue
            }
            let freeMs = provenMs - interval.endMs - hindered(from: interval.endMs, to: provenMs)
            #expect(
                freeMs <= month.everyMs + Self.settlingMs, what("leaf \(interval.leaf) waits \(freeMs / 60_000) min"))
        }
    }

    /// Ms of outages and absences between two times.
    private func hindered(from: Int64, to: Int64) -> Int64 {
        var spans = month.network.outages.map { ($0.fromMs, $0.toMs) } + month.downs.map { ($0.fromMs, $0.toMs) }
        spans.sort { $0.0 < $1.0 }
        var sum: Int64 = 0
        var reached = from
        for (begin, end) in spans {
            let low = max(begin, reached)
            let high = min(end, to)
            guard high > low else { continue }
            sum += high - low
            reached = high
        }
        return sum
    }

    /// While no block can be handed over no heap of checkpoints grows, and the first one afterwards covers all of that time.
    func backlogs() {
        var judged = 0
        for outage in month.network.outages where outage.kind.takesNothing {
            // A network that stands still is noticed when its latest milestone is five minutes old.
            let noticedMs = outage.fromMs + 310_000
            let during = anchors.filter { noticedMs <= $0.signedMs && $0.signedMs < outage.toMs }
            let name = what("\(outage.kind) of \((outage.toMs - outage.fromMs) / 60_000) min")
            // A checkpoint waits for the one before it, for some hours at most.
            let heldCount = 1 + Int((outage.toMs - noticedMs) / AnchorFlow.holdMsMax)
            #expect(during.count <= (outage.kind.stopsCheckpoints ? 0 : heldCount), name)
            let mined = anchors.flatMap(\.attempts).filter { noticedMs <= $0.minedMs && $0.minedMs < outage.toMs }
            if outage.kind.stopsCheckpoints { #expect(mined.isEmpty, name) }
            guard outage.toMs - outage.fromMs > 2 * month.everyMs,
                let next = anchors.first(where: { $0.signedMs >= outage.toMs })
            else { continue }
            judged += 1
            let missed = log.intervals.last { $0.endMs <= outage.toMs }
            #expect(missed.map { $0.leaf < next.size } ?? true, name)
            // That one, and the next when its time has come.
            let soon = anchors.filter {
                outage.toMs <= $0.signedMs && $0.signedMs < Int64(next.signedMs) + month.everyMs - 60_000
            }
            #expect(soon.count == 1, name)
        }
        #expect(judged > 0, what("no outage was long enough to judge"))
    }

    /// Another block only after the node has said that the one before is lost to it, and a search only for a block.
    func work() {
        let spoiled = month.network.spoiled
        for anchor in anchors {
            for attempt in anchor.attempts.dropLast() {
                let isSpoiled = spoiled.contains(BlockID(attempt.blockID))
                #expect(isSpoiled, what("anchor \(anchor.seq) was mined twice"))
            }
            // The pause between two blocks doubles from the poll to an hour.
            let openMs = milestoneMs(anchor) - Int64(anchor.signedMs)
            let pauses = 11 + openMs / 3_600_000
            #expect(anchor.attempts.count <= pauses, what("anchor \(anchor.seq), open for \(openMs / 60_000) min"))
        }
        for outage in month.network.outages where outage.kind == .ignoring {
            // What was mined once more holds the next back.
            let from = outage.fromMs + 20 * Outage.minuteMs
            let count = anchors.count { from <= $0.signedMs && $0.signedMs < outage.toMs }
            let hours = (outage.toMs - outage.fromMs) / 3_600_000
            #expect(count <= 2 + hours / 6, what("\(count) checkpoints in \(hours) h of which none was referenced"))
        }
        let blocks = anchors.map(\.attempts.count).reduce(0, +)
        let searches = month.search.count
        let sent = blocks + month.network.promotions
        #expect(searches >= blocks, what())
        #expect(searches <= sent + month.interrupted, what("\(searches) searches for \(sent) blocks"))
    }

    /// Long outages raise the alarm, nothing else does, and it is taken back; a death in between lets it begin anew.
    func alarms() {
        #expect(late == nil, what())
        let starts = log.alarms.count { $0 }
        let ends = log.alarms.count - starts
        let long = month.network.outages.count { $0.toMs - $0.fromMs > AnchorFlow.lateMs }
        #expect(starts > 0 && ends > 0 && ends <= starts && starts - ends <= month.downs.count, what())
        #expect(ends <= long + month.downs.count, what("\(ends) alarms ended, \(long) long outages"))
        for (one, next) in zip(log.alarms, log.alarms.dropFirst()) where !one { #expect(next, what("ended twice")) }
    }

    private func card() throws -> PolicyCard {
        PolicyCard(
            origin: AnchorMonth.origin, logKey: month.key.verifierKey.description,
            recoveryHash: sha256(Array(month.recovery.verifierKey.description.utf8)), genesis: log.hashes[0],
            network: "dev", milestoneIndex: 1, milestoneID: .zero,
            milestoneKeys: [
                PolicyCard.MilestoneKey(
                    key: try #require(Hash(bytes: month.network.key.publicKey)), start: 0, end: 0,
                    holder: PolicyCard.operatorHolder)
            ], threshold: 1, minPowScore: 0)
    }
}
