import CanonicalCBOR
import Hashing
import LogEntries

// Steps 5 to 8: one way through the leaves, with each interval's items.
extension CoreAudit {
    /// Leaves that one worker takes at a time.
    private static let shareLeaves = 128
    /// Items without bytes, of configurations that are not known, that are judged at the end.
    static let hiddenMax = 1 << 18

    /// `visit` is told every leaf that can be read, in its order. `asked`: the intervals that `tally` counts. Gives the tally back.
    mutating func walk(
        workers: Workers, asked: ClosedRange<UInt64>? = nil, tally: SurveyTally?,
        progress: (_ leaves: Int) -> Void = { _ in },
        visit: (UInt64, Leaf) -> Void
    ) -> SurveyTally? {
        var walk = LeafWalk(self)
        let rules = IntervalJudge.Rules(
            configs: input.configs.mapValues { PreparedConfig($0) }, disclosed: input.disclosed, erasures: erasures)
        // Each judge is one worker's alone.
        nonisolated(unsafe) let judges = (0..<workers.count).map { _ in
            IntervalJudge(rules, input.items, tally: tally?.empty())
        }
        let next = input.leaves.reader()
        var number = 0
        var leaves: [(index: UInt64, leaf: Leaf)] = []
        var work: [IntervalJudge.Work] = []
        while number < input.leaves.count {
            leaves.removeAll(keepingCapacity: true)
            work.removeAll(keepingCapacity: true)
            while leaves.count < Self.shareLeaves * workers.count, number < input.leaves.count, let bytes = next() {
                let index = outcome.startSize + UInt64(number)
                number += 1
                guard let leaf = walk.read(bytes, index) else { continue }
                leaves.append((index, leaf))
                guard case .interval(let interval) = leaf.body, walk.seen.insert(interval.k) else { continue }
                work.append(.init(index: index, interval: interval, isAsked: asked?.contains(interval.k) ?? false))
            }
            let share = (work.count + workers.count - 1) / workers.count
            let parts = work
            let answers = workers.map(workers.count) { number in
                judges[number].judge(parts[min(number * share, parts.count)..<min((number + 1) * share, parts.count)])
            }
            for answer in answers { walk.take(answer) }
            for (index, leaf) in leaves {
                walk.take(index, leaf)
                visit(index, leaf)
            }
            progress(number)
        }
        walk.finish(rules, input.items, endSize: outcome.endSize)
        for list in walk.lists { found.merge(list) }
        walk.put(into: &outcome)
        guard tally != nil else { return nil }
        let whole = judges[0].tally
        for judge in judges.dropFirst() { if let other = judge.tally { whole?.merge(other) } }
        return whole
    }
}

/// What a way through the leaves has found so far.
struct LeafWalk {
    /// Intervals that had a leaf.
    var seen = KSet()
    private var unreadable = FindingList()
    private var sequence = SequenceStep()
    private var end = EndStep()
    private var items = FindingList()
    private var beacons: BeaconStep
    private var times: TimeStep
    private var payloads = FindingList()
    private var sums = IntervalJudge.Answer()
    private var intervals = 0
    private let endSize: UInt64

    init(_ core: CoreAudit) {
        beacons = BeaconStep(before: core.input.seqBefore, covered: core.outcome.sizesOnPath)
        times = TimeStep(core.outcome.anchors.filter { core.isOnPath($0) }, lowerBound: core.input.lowerBound)
        endSize = core.outcome.endSize
    }

    mutating func read(_ bytes: UnsafeRawBufferPointer, _ index: UInt64) -> Leaf? {
        do {
            return try Leaf.decode([UInt8](bytes))
        } catch {
            unreadable.add(error == .unknownType ? .version : .nonCanonical, "leaf \(index)")
            return nil
        }
    }

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        sequence.take(index, leaf)
        end.take(index, leaf)
        beacons.take(index, leaf)
        times.take(index, leaf)
        if case .interval = leaf.body { intervals += 1 }
    }

    mutating func take(_ answer: IntervalJudge.Answer) {
        items.merge(answer.items)
        payloads.merge(answer.payloads)
        sums.erasedItems += answer.erasedItems
        sums.withheldItems += answer.withheldItems
        sums.itemCount += answer.itemCount
        sums.readings += answer.readings
        for (hash, places) in answer.learned {
            guard sums.learned[hash] != nil || sums.learned.count < 1_024 else { continue }
            sums.learned[hash, default: [:]].merge(places) { $1 }
        }
        sums.hidden += answer.hidden.prefix(max(0, CoreAudit.hiddenMax - sums.hidden.count))
    }

    mutating func finish(_ rules: IntervalJudge.Rules, _ packed: PackedItems, endSize: UInt64) {
        beacons.finish(endSize: endSize)
        if let stray = packed.ks.first(notIn: seen) {
            items.add(.itemCount, "items of interval \(stray), which is not in the log")
        }
        var late = IntervalJudge.Answer()
        for item in sums.hidden { rules.judge(item, sums.learned[item.configHash]?[item.place], &late) }
        items.merge(late.items)
        sums.erasedItems += late.erasedItems
        sums.withheldItems += late.withheldItems
    }

    /// In the order of the steps; the rules of readings come later.
    var lists: [FindingList] { [unreadable, sequence.found, end.found, items, beacons.found, times.found] }

    func put(into outcome: inout CoreAudit.Outcome) {
        outcome.end = end.end
        outcome.erasedItems = sums.erasedItems
        outcome.withheldItems = sums.withheldItems
        outcome.items = sums.itemCount
        outcome.readings = sums.readings
        outcome.intervals = intervals
        outcome.payloads = payloads
        outcome.widestBracketSeconds = times.widestBracketSeconds
        (outcome.endTime, outcome.endStampMs) = times.end(endSize)
    }
}

/// An interval item, `[1, stream, k, salt16, payload]`, as far as the audit reads it.
struct ItemForm {
    let stream: UInt32
    let k: UInt64
    let payload: [UInt8]

    static let kind: UInt64 = 1
    static let saltBytes = 16

    /// nil for bytes that are not an item in canonical form.
    init?(_ bytes: some Collection<UInt8>) {
        guard let fields = (try? CBOR.decode(Array(bytes)))?.asArray,  // any failure: not an item
            fields.count == 5, fields[0] == .unsigned(ItemForm.kind),
            let stream = fields[1].asUnsigned.flatMap({ UInt32(exactly: $0) }), let k = fields[2].asUnsigned,
            let salt = fields[3].asBytes, salt.count == ItemForm.saltBytes, let payload = fields[4].asBytes
        else { return nil }
        self.stream = stream
        self.k = k
        self.payload = payload
    }
}
