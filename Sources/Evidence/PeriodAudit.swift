import Hashing
import LogEntries
import MerkleLog
import Readings
import TimeStamping

/// A period file from its parts to its findings, in the order of formats.md section 7 and its appendix.
struct PeriodAudit {
    let period: OpenedPeriod
    let card: PolicyCard
    /// Whom card and caller believe about time.
    let stampTrust: TimeStampTrust
    /// What is asked: UTC milliseconds, from ≤ t < to.
    let fromMs: Int64
    let toMs: Int64
    let options: VerificationOptions
    /// nil: nothing is counted.
    let scope: PeriodSurvey.Scope?

    var found: FindingList
    var facts: Verdict.Facts
    var steps = StepList()
    var network: NetworkCheck
    /// nil when the note of A cannot be read; the core says so.
    var startSize: UInt64?
    var contextLeaves: [(index: UInt64, leaf: Leaf)] = []
    var keys = LogKeys(nil)
    /// Of the first interval.
    var periodMs: UInt64?
    /// Statements of the recovery key that hold.
    var compromises: [CompromiseStatement] = []
    /// By place in the list of anchors.
    var anchors: [AnchorRecord] = []
    var configs: [Hash: ConfigView] = [:]
    var bracket: Verdict.Bracket?
    /// What time stamps alone give.
    var stampedBracket: Verdict.Bracket?
    /// Seconds since 1970 of A's beacon.
    var lowerBound: UInt64?
    var survey: PeriodSurvey?
    /// In words, of cosignatures that do not hold.
    var badCosignatures: [String] = []
    /// A witness on the card cosigned B.
    var isEndRemembered = false

    init(
        _ period: OpenedPeriod, card: PolicyCard, fromMs: Int64, toMs: Int64, options: VerificationOptions,
        scope: PeriodSurvey.Scope?, found: FindingList, facts: Verdict.Facts
    ) {
        self.period = period
        self.card = card
        stampTrust = options.stampTrust.adding(fingerprints: card.timeStampRoots)
        self.fromMs = fromMs
        self.toMs = toMs
        self.options = options
        self.scope = scope
        self.found = found
        self.facts = facts
        network = NetworkCheck(card: card)
    }

    /// Throws `E_MALFORMED`, which stands alone.
    mutating func run() throws(Stop) {
        try readContext()
        let ends = try endPlaces()
        let isReadable = checkAnchors(ends)
        checkCosignatures(end: ends.to)
        steps.close([.file, .card])
        guard isReadable else { return }
        for config in period.configs where configs[config.hash] == nil { configs[config.hash] = ConfigView(config) }
        readLowerBound()
        var core = CoreAudit(coreInput(ends), found: found)
        guard core.authenticate() else {
            found = core.findings
            return
        }
        var around = AroundWalk(self, core.outcome)
        let asked = (periodMs ?? configs.values.compactMap { $0.head?.periodMs }.first).flatMap {
            SurveyWalk.asked(fromMs, toMs, $0)
        }
        var survey = scope.map { SurveyWalk($0, self, core.outcome) }
        let tally = scope.map { SurveyTally($0, disclosed: Set(period.streams), entities: entityPoints($0)) }
        let configs = configs
        let all = max(period.leaves.count, 1)
        let counted = core.walk(workers: options.workers, asked: asked, tally: tally) { leaves in
            let whole = period.contentBytes
            options.progress.tell(leaves < all ? whole + whole / all * leaves : 2 * whole, 2 * whole)
        } visit: { index, leaf in
            around.take(index, leaf)
            survey?.take(index, leaf, configs: configs, asked: asked, isProven: around.provenBeacon == index)
        }
        found = core.findings
        let outcome = core.outcome
        checkContextProofs(outcome)
        checkCompromises(outcome)
        facts.history.end = outcome.end
        around.coverage.check(fromMs, toMs, configs, into: &found)
        steps.close([.range])
        around.finish(into: &found, &facts, &network)
        steps.close([.configuration])
        found.merge(outcome.payloads)
        steps.close([.item, .read, .time])
        let opened = try checkOpenings(outcome)
        facts.leaves = period.leaves.count
        facts.intervals = outcome.intervals
        facts.items = outcome.items
        facts.readings = outcome.readings
        facts.erasedItems = outcome.erasedItems
        facts.withheldItems = outcome.withheldItems
        if outcome.widestBracketSeconds > 3_600 { found.add(.wideBracket, "\(outcome.widestBracketSeconds) s") }
        if let covered = around.coverage.span(configs) {
            self.survey = survey?.finish(covered.periodMs, asked: asked, opened: opened, counted)
        }
        let areGood = [ends.from, ends.to].allSatisfy { anchors[$0].isGood }
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
        guard let from = period.place(ofAnchor: period.fromSeq), let to = period.place(ofAnchor: period.toSeq)
        else { throw Stop(.malformed, "anchor \(period.fromSeq) or \(period.toSeq) is missing") }
        return (from, to)
    }

    private func coreInput(_ ends: (from: Int, to: Int)) -> CoreAudit.Input {
        let listed = anchors.map { anchor in
            CoreAudit.ListedAnchor(
                name: anchor.name, reading: anchor.reading,
                confirmation: anchor.milestone.map {
                    CoreAudit.Confirmation(milestoneIndex: UInt64($0.index), time: UInt64($0.time))
                }, stampedMs: anchor.stamp?.latestMs)
        }
        var input = CoreAudit.Input(
            origin: card.origin, keys: keys, anchors: listed, from: ends.from, to: ends.to, proof: period.rangeProof,
            leaves: period.leaves, items: period.items)
        input.configs = configs.filter(\.value.isSound)
        input.disclosed = Set(period.streams)
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

    /// The file's openings one by one; their form was checked when it was opened.
    func forEachOpening(_ body: (PeriodOpening) -> Void) {
        guard let range = period.openings else { return }
        // As said; a source that fails now says so itself.
        try? PeriodFile.forEachOpening(period.source, range) { opening throws(Stop) in body(opening) }
    }
}
