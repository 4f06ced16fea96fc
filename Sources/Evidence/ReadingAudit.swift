import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle

/// A reading file from its parts to its findings.
struct ReadingAudit {
    let file: ReadingFile
    let card: PolicyCard
    var found: FindingList
    var facts: Verdict.Facts
    var bracket: Verdict.Bracket?
    /// nil while a step was not reached.
    private var isAnchorGood: Bool?
    private var isLogged: Bool?
    private var isItemGood: Bool?
    private var isReadGood: Bool?
    private var milestoneIndex: Int64?
    var keys = LogKeys(nil)

    init(_ file: ReadingFile, card: PolicyCard, found: FindingList, facts: Verdict.Facts) {
        self.file = file
        self.card = card
        self.found = found
        self.facts = facts
    }

    mutating func run() {
        found.add(.noLowerBound)
        facts.leafIndex = file.leafIndex
        var network = NetworkCheck(card: card)
        let answer = network.anchor(
            "the anchor", block: file.block[...], path: file.path[...], milestone: file.milestone[...], into: &found)
        milestoneIndex = answer.milestone.map { Int64($0.index) }
        isAnchorGood = answer.isGood
        readKeys()
        guard let payload = AnchorPayload(bytes: file.checkpoint), payload.kind == .checkpoint,
            keys.inForce(at: payload.size).contains(where: { payload.isSigned(by: $0) })
        else {
            found.add(.signature, "the checkpoint")
            isAnchorGood = false
            return
        }
        if let stated = answer.payload, stated != file.checkpoint {
            found.add(.anchorMismatch, "the anchor")
            isAnchorGood = false
        }
        facts.size = payload.size
        checkKeys(payload)
        checkLeaf(payload, confirmedAt: answer.milestone.map { UInt64($0.timestamp) })
        if isAnchorGood == true, let milestone = answer.milestone {
            bracket = Verdict.Bracket(notBeforeMs: nil, notAfterMs: Int64(milestone.timestamp) * 1000)
        }
    }

    private mutating func checkLeaf(_ checkpoint: AnchorPayload, confirmedAt time: UInt64?) {
        let isIncluded = MerkleTree.isIncluded(
            leafHash(file.leaf), at: file.leafIndex, size: checkpoint.size, proof: file.inclusionProof,
            root: checkpoint.root)
        if !isIncluded { found.add(.inclusion, "leaf \(file.leafIndex)") }
        isLogged = isIncluded
        let leaf: Leaf
        do {
            leaf = try Leaf.decode(file.leaf)
        } catch {
            found.add(error == .unknownType ? .version : .nonCanonical, "leaf \(file.leafIndex)")
            isLogged = false
            return
        }
        guard case .interval(let interval) = leaf.body else {
            found.add(.itemHash, "leaf \(file.leafIndex) is not an interval")
            isItemGood = false
            return
        }
        facts.k = interval.k
        facts.intervals = 1
        facts.leaves = 1
        if let time {
            let (end, isOver) = (interval.k &+ 1).multipliedReportingOverflow(by: interval.periodMs)
            if leaf.wallMs > time * 1000 || isOver || end > time * 1000 {
                found.add(.postdated, "leaf \(file.leafIndex)")
                isLogged = false
            }
        }
        checkItem(interval)
    }

    private mutating func checkItem(_ interval: Leaf.Interval) {
        let isIncluded = MerkleTree.isIncluded(
            leafHash(file.item), at: file.innerIndex, size: interval.itemCount, proof: file.innerProof,
            root: interval.innerRoot)
        guard isIncluded else {
            found.add(.itemHash, "item \(file.innerIndex) of interval \(interval.k)")
            isItemGood = false
            return
        }
        guard let form = ItemForm(file.item) else {
            found.add(.nonCanonical, "item \(file.innerIndex) of interval \(interval.k)")
            isItemGood = false
            return
        }
        facts.stream = form.stream
        facts.streams = [form.stream]
        facts.items = 1
        isItemGood = form.k == interval.k
        if form.k != interval.k { found.add(.itemHash, "the interval of the item") }
        let errorsBefore = found.sorted.count { $0.code.severity == .error }
        let stream = checkConfig(interval, form)
        facts.readings = ItemRules.check(
            form, periodMs: interval.periodMs, stream: stream, rowsAreKnown: stream != nil,
            about: "stream \(form.stream), interval \(interval.k)", into: &found)
        facts.shown = ShownReading.all(item: file.item, periodMs: interval.periodMs, rows: stream?.rows ?? [])
        isReadGood = found.sorted.count { $0.code.severity == .error } == errorsBefore
    }

    /// The row of the item's stream, when the file shows configuration items and they are under the interval's hash.
    private mutating func checkConfig(_ interval: Leaf.Interval, _ form: ItemForm) -> ConfigStream? {
        guard let items = file.config else { return nil }
        let (size, isOver) = interval.itemCount.addingReportingOverflow(1)
        var own: ConfigStream?
        for item in items {
            let isIncluded =
                !isOver
                && MerkleTree.isIncluded(
                    leafHash(item.item), at: item.index, size: size, proof: item.proof, root: interval.configHash)
            guard isIncluded else {
                found.add(.configUnknown, "configuration item \(item.index)")
                continue
            }
            if item.index == 0 {
                guard let head = try? ConfigHead.decode(item.item) else {  // under the hash, yet no head
                    found.add(.nonCanonical, "configuration item 0")
                    continue
                }
                if head.periodMs != interval.periodMs { found.add(.gap, "the period of interval \(interval.k)") }
            } else if let stream = try? ConfigStream.decode(item.item) {  // none: not canonical, below
                guard item.index == file.innerIndex &+ 1 else { continue }
                own = stream
                if stream.stream.rawValue != form.stream { found.add(.itemHash, "the stream of the item") }
            } else {
                found.add(.nonCanonical, "configuration item \(item.index)")
            }
        }
        if own == nil { found.add(.configUnknown, "no row for stream \(form.stream)") }
        return own
    }

    /// Read, item, log, anchor: the way of the reading.
    var steps: [CheckStep] {
        func state(_ isGood: Bool?) -> CheckStep.State { isGood.map { $0 ? .holds : .fails } ?? .notChecked }
        func number(_ name: String, _ value: UInt64?) -> [CheckStep.NamedFact] {
            value.map { [.init(name: name, value: .number(Int64(clamping: $0)))] } ?? []
        }
        return [
            CheckStep(.read, state(isReadGood), facts: number("readings", UInt64(facts.readings))),
            CheckStep(
                .item, state(isItemGood), facts: number("stream", facts.stream.map(UInt64.init)) + number("k", facts.k)),
            CheckStep(.log, state(isLogged), facts: number("leafIndex", facts.leafIndex) + number("size", facts.size)),
            CheckStep(
                .anchor, state(isAnchorGood), facts: number("milestone", milestoneIndex.flatMap(UInt64.init(exactly:)))),
        ]
    }
}
