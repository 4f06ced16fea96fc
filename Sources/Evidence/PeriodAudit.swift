import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle
import TimeStamping

/// A period file from its parts to its findings, in the order of formats.md section 7 and its appendix.
struct PeriodAudit {
    let parts: PeriodParts
    let card: PolicyCard
    /// Whom card and caller believe about time.
    let stampTrust: TimeStampTrust
    /// What is asked: UTC milliseconds, from ≤ t < to.
    let fromMs: Int64
    let toMs: Int64

    var found: FindingList
    var facts: Verdict.Facts
    var steps = StepList()
    var network: NetworkCheck
    /// nil when the note of A cannot be read; the core says so.
    var startSize: UInt64?
    var contextLeaves: [(index: UInt64, leaf: Leaf)] = []
    var keys = LogKeys(nil)
    /// Statements of the recovery key that hold.
    var compromises: [CompromiseStatement] = []
    /// By place in `parts.anchors`; nil for an anchor whose note is not this log's.
    var answers: [NetworkCheck.AnchorAnswer?] = []
    /// Tokens that hold, by place in `parts.anchors`.
    var stamps: [Int: TimeStampToken] = [:]
    var configs: [Hash: ConfigView] = [:]
    /// Records by interval, in their order.
    let itemsByK: [UInt64: [PeriodItem.Content]]
    /// Leaves whose beacon cites a milestone that the file shows, signed as the card asks.
    var provenBeacons: Set<UInt64> = []
    var bracket: Verdict.Bracket?
    /// What the core found; nil when it stopped.
    var outcome: CoreAudit.Outcome?
    /// What time stamps alone give.
    var stampedBracket: Verdict.Bracket?
    /// Seconds since 1970 of A's beacon.
    var lowerBound: UInt64?

    init(
        _ parts: PeriodParts, card: PolicyCard, stampTrust: TimeStampTrust, fromMs: Int64, toMs: Int64,
        found: FindingList, facts: Verdict.Facts
    ) {
        self.parts = parts
        self.card = card
        self.stampTrust = stampTrust.adding(fingerprints: card.timeStampRoots)
        self.fromMs = fromMs
        self.toMs = toMs
        self.found = found
        self.facts = facts
        network = NetworkCheck(card: card)
        var items: [UInt64: [PeriodItem.Content]] = [:]
        for item in parts.items { items[item.k, default: []].append(item.content) }
        itemsByK = items
    }

    /// Throws `E_MALFORMED`, which stands alone.
    mutating func run() throws(Stop) {
        try readContext()
        let ends = try endPlaces()
        let isReadable = checkAnchors(ends)
        checkCosignatures(end: ends.to)
        steps.close([.file, .card])
        guard isReadable else { return }
        for config in parts.configs where configs[config.hash] == nil { configs[config.hash] = ConfigView(config) }
        readLowerBound()
        var core = CoreAudit(coreInput(ends), found: found)
        let isComplete = core.run()
        found = core.findings
        guard isComplete else { return }
        let outcome = core.outcome
        self.outcome = outcome
        checkContextProofs(outcome)
        checkCompromises(outcome)
        facts.history.end = outcome.end
        checkCoverage(outcome)
        steps.close([.range])
        checkBeacons(outcome)
        checkStampsAgainstBeacons(outcome)
        checkConfigurations(outcome)
        steps.close([.configuration])
        checkPayloads(outcome)
        steps.close([.item, .read, .time])
        try checkOpenings(outcome)
        facts.leaves = parts.leaves.count
        facts.erasedItems = outcome.erasedItems
        facts.withheldItems = outcome.withheldItems
        if outcome.widestBracketSeconds > 3_600 { found.add(.wideBracket, "\(outcome.widestBracketSeconds) s") }
        let areGood = [ends.from, ends.to].allSatisfy { answers[$0]?.isGood == true }
        if areGood, let time = outcome.endTime {
            let stampedMs = outcome.endStampMs
            bracket = Verdict.Bracket(
                notBeforeMs: lowerBound.map(milliseconds), notAfterMs: min(milliseconds(time), stampedMs ?? .max))
            stampedBracket = stampedMs.map { Verdict.Bracket(notBeforeMs: nil, notAfterMs: $0) }
        }
    }

    private func milliseconds(_ seconds: UInt64) -> Int64 { Int64(clamping: seconds) &* 1000 }

    /// Places of A and B in the list of anchors.
    private func endPlaces() throws(Stop) -> (from: Int, to: Int) {
        guard let from = parts.anchors.firstIndex(where: { $0.seq == parts.fromSeq }),
            let to = parts.anchors.firstIndex(where: { $0.seq == parts.toSeq })
        else { throw Stop(.malformed, "anchor \(parts.fromSeq) or \(parts.toSeq) is missing") }
        return (from, to)
    }

    /// Blocks, paths and milestones. False when A's or B's milestone cannot be read, which ends the run.
    private mutating func checkAnchors(_ ends: (from: Int, to: Int)) -> Bool {
        var isReadable = true
        for (place, anchor) in parts.anchors.enumerated() {
            let isEnd = place == ends.from || place == ends.to
            guard isEnd || isOurs(anchor) else {
                answers.append(nil)
                continue
            }
            let name = "anchor \(anchor.seq)"
            let answer = network.anchor(
                name, block: anchor.block, path: anchor.path, milestone: anchor.milestone, into: &found)
            answers.append(answer)
            let isStampGood = checkStamp(of: anchor, at: place)
            steps.add(
                .anchor, answer.isGood && isStampGood ? .holds : .fails,
                ["seq": .number(Int64(clamping: anchor.seq))],
                milestone: answer.milestone.map { Int64($0.index) },
                timeStamp: stamps[place].map { UTCTime.text($0.timeMs) })
            if isEnd, answer.milestone == nil, answer.blockID != nil { isReadable = false }
        }
        return isReadable
    }

    private func isOurs(_ anchor: PeriodAnchor) -> Bool {
        guard let text = String(validating: anchor.note, as: UTF8.self), let note = SignedNote(text),
            let checkpoint = note.checkpoint, checkpoint.origin.utf8.elementsEqual(card.origin.utf8)
        else { return false }
        return keys.signer(of: note, checkpoint) != nil
    }

    private func coreInput(_ ends: (from: Int, to: Int)) -> CoreAudit.Input {
        let anchors = zip(parts.anchors, answers).enumerated().map { place, pair in
            let (anchor, answer) = pair
            return CoreAudit.ListedAnchor(
                name: "anchor \(anchor.seq)", note: String(validating: anchor.note, as: UTF8.self) ?? "",
                payload: answer?.payload,
                confirmation: answer?.milestone.map {
                    CoreAudit.Confirmation(milestoneIndex: UInt64($0.index), time: UInt64($0.timestamp))
                }, stampedMs: stamps[place]?.latestMs)
        }
        var input = CoreAudit.Input(
            origin: card.origin, keys: keys, anchors: anchors, from: ends.from, to: ends.to, proof: parts.rangeProof,
            leaves: parts.leaves, items: itemsByK)
        for (hash, config) in configs where config.isSound { input.places[hash] = config.places }
        input.disclosed = Set(parts.streams)
        for (index, leaf) in contextLeaves {
            if case .erasure(let erasure) = leaf.body, erasure.kFrom <= erasure.kTo, index >= startSize ?? 0 {
                input.laterErasures.append(
                    CoreAudit.Erasure(
                        stream: erasure.stream.rawValue, k: erasure.kFrom...erasure.kTo, leafIndex: index))
            }
            if case .beacon(let beacon) = leaf.body, index &+ 1 == startSize { input.seqBefore = beacon.anchorSeq }
        }
        input.lowerBound = lowerBound
        input.statedSizes = Set(compromises.map(\.payload.size))
        return input
    }
}

/// Collects the steps of a run; what was not closed when it ends was not checked.
struct StepList {
    private var anchors: [CheckStep] = []
    private var closed: Set<CheckStep.Name> = []

    mutating func add(
        _ name: CheckStep.Name, _ state: CheckStep.State, _ facts: KeyValuePairs<String, CheckStep.Fact>,
        milestone: Int64? = nil, timeStamp: String? = nil
    ) {
        var named = facts.map { CheckStep.NamedFact(name: $0.key, value: $0.value) }
        if let milestone { named.append(.init(name: "milestone", value: .number(milestone))) }
        if let timeStamp { named.append(.init(name: "timeStamp", value: .text(timeStamp))) }
        anchors.append(CheckStep(name, state, facts: named))
    }

    mutating func close(_ names: [CheckStep.Name]) { closed.formUnion(names) }

    /// The steps in the order of `names`, each failed by the errors that belong to it.
    func finish(_ names: [CheckStep.Name], _ findings: [Finding]) -> [CheckStep] {
        names.flatMap { name -> [CheckStep] in
            if name == .anchor { return anchors.isEmpty ? [CheckStep(.anchor, .notChecked)] : anchors }
            let isFailed = findings.contains { $0.code.severity == .error && $0.code.step == name }
            return [CheckStep(name, isFailed ? .fails : closed.contains(name) ? .holds : .notChecked)]
        }
    }
}

extension FindingCode {
    /// The step that fails by this error.
    var step: CheckStep.Name {
        switch self {
        case .malformed, .nonCanonical, .version: .file
        case .origin: .card
        case .blockID, .proofOfWork, .milestoneSignature, .unknownKey, .timeStamp: .anchor
        case .itemMalformed: .read
        case .itemCount, .itemHash, .erasedUndeclared: .item
        case .configUnknown: .configuration
        case .backdated, .postdated, .beacon, .milestoneFork: .time
        default: .range
        }
    }
}
