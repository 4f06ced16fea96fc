import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

/// Beacons, configurations and coverage: what stands inside the authenticated leaves, told to it leaf by leaf.
struct AroundWalk {
    var coverage = Coverage()
    /// The last beacon leaf that cites a milestone which the file shows, signed as the card asks.
    private(set) var provenBeacon: UInt64?

    private let audit: PeriodAudit
    private var network: NetworkCheck
    private var beaconsFound = FindingList()
    private var stamps: StampStep
    private var configsFound = FindingList()
    private var changes: [String] = []
    /// The configuration in force.
    private var current: Hash?
    /// Anchors by size, ascending, then by place.
    private let listed: [Int32]
    private let anchors: [CoreAudit.GoodAnchor]
    /// Whether a leaf used the beacon at this place.
    private var isUsed: [Bool]
    /// Milestones that were judged side by side, from this place on.
    private var judged: [NetworkCheck.MilestoneMark?] = []
    private var judgedFrom = 0

    init(_ audit: PeriodAudit, _ outcome: CoreAudit.Outcome) {
        self.audit = audit
        network = audit.network
        anchors = outcome.anchors
        stamps = StampStep(outcome.anchors, audit.anchors)
        listed = outcome.anchors.indices.sorted { (outcome.anchors[$0].size, $0) < (outcome.anchors[$1].size, $1) }
            .map { Int32($0) }
        isUsed = [Bool](repeating: false, count: audit.period.beacons.count)
        for config in audit.configs.values {
            if !config.isSound { configsFound.add(.configUnknown, "configuration \(config.hash.hex.prefix(8))") }
            if !config.isLegal { configsFound.add(.nonCanonical, "configuration \(config.hash.hex.prefix(8))") }
        }
        for (index, leaf) in audit.contextLeaves where index < outcome.startSize {
            if case .config(let change) = leaf.body { current = change.newHash }
        }
        for (index, leaf) in audit.contextLeaves {
            if case .beacon(let beacon) = leaf.body { stamps.take(index, beacon) }
        }
        if let startSize = audit.startSize, let last = audit.contextLeaves.first(where: { $0.index &+ 1 == startSize })
        {
            if case .beacon(let beacon) = last.leaf.body {
                check(last.index, beacon)
            } else {
                beaconsFound.add(.noLowerBound, "leaf \(last.index) is not a beacon")
            }
        }
    }

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        coverage.take(leaf)
        switch leaf.body {
        case .beacon(let beacon):
            check(index, beacon)
            stamps.take(index, beacon)
        case .config(let change): check(index, change)
        case .interval(let interval): check(interval)
        default: break
        }
    }

    private mutating func check(_ index: UInt64, _ beacon: Leaf.Beacon) {
        let name = "the beacon of anchor \(beacon.anchorSeq)"
        if let previous = beacon.previous, isOtherAnchor(previous) {
            beaconsFound.add(.beacon, "\(name) cites another anchor of size \(previous.size)")
        }
        guard let place = audit.period.place(ofBeacon: beacon.anchorSeq), !isUsed[place] else {
            beaconsFound.add(.noLowerBound, name)
            return
        }
        isUsed[place] = true
        let milestone = mark(place)
        let isSigned = network.take(milestone, name, into: &beaconsFound)
        guard let milestone else { return }
        if !beacon.cites(milestone) { beaconsFound.add(.beacon, name) }
        if isSigned, beacon.cites(milestone) { provenBeacon = index }
    }

    /// Whether the file lists anchors of that size, and none of them is this one.
    private func isOtherAnchor(_ previous: Leaf.PreviousAnchor) -> Bool {
        var low = 0
        var high = listed.count
        while low < high {
            let middle = (low + high) / 2
            if anchors[Int(listed[middle])].size < previous.size { low = middle + 1 } else { high = middle }
        }
        var isListed = false
        while low < listed.count, case let anchor = anchors[Int(listed[low])], anchor.size == previous.size {
            isListed = true
            let blockID = audit.anchors[anchor.place].blockID
            // An anchor whose block is none has no id to compare.
            if anchor.root == previous.root, blockID == nil || blockID == previous.blockID { return false }
            low += 1
        }
        return isListed
    }

    /// The milestone of a beacon; the ones behind it are judged with it, side by side.
    private mutating func mark(_ place: Int) -> NetworkCheck.MilestoneMark? {
        if !(judgedFrom..<(judgedFrom + judged.count)).contains(place) {
            let workers = audit.options.workers
            let share = 32
            let (period, network) = (audit.period, network)
            let ends = stride(from: place, to: min(place + share * workers.count, period.beacons.count), by: share)
            let shares = ends.map { $0..<min($0 + share, period.beacons.count) }
            judged = Array(
                workers.map(shares.count) { number in
                    shares[number].map {
                        network.judge(milestone: period.source.bytes(period.beacons[$0].milestone)[...])
                    }
                }.joined())
            judgedFrom = place
        }
        return judged[place - judgedFrom]
    }

    private mutating func check(_ index: UInt64, _ change: Leaf.Config) {
        if change.oldHash != current { configsFound.add(.configUnknown, "the change in leaf \(index)") }
        current = change.newHash
        if let old = change.oldHash.flatMap({ audit.configs[$0] }), let new = audit.configs[change.newHash] {
            changes += old.changes(to: new)
        }
    }

    private mutating func check(_ interval: Leaf.Interval) {
        guard interval.configHash == current, let config = audit.configs[interval.configHash] else {
            configsFound.add(.configUnknown, "interval \(interval.k)")
            return
        }
        guard config.isSound else { return }
        if let head = config.head, head.periodMs != interval.periodMs {
            configsFound.add(.gap, "the period of interval \(interval.k)")
        }
        if UInt64(config.streams.count) != interval.itemCount {
            configsFound.add(.itemCount, "interval \(interval.k)")
        }
    }

    func finish(into found: inout FindingList, _ facts: inout Verdict.Facts, _ network: inout NetworkCheck) {
        network = self.network
        found.merge(beaconsFound)
        if let stray = isUsed.firstIndex(of: false) {
            found.add(.beacon, "no leaf for the beacon of anchor \(audit.period.beacons[stray].seq)")
        }
        stamps.finish(into: &found)
        found.merge(configsFound)
        facts.configurationChanges = changes
    }
}

extension PeriodAudit {
    /// Readings captured in the time asked for, of a file in which nothing was found: in order of interval, in an interval by
    /// capture instant, then point.
    func readings(_ each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void) rethrows {
        let cursor = ItemCursor(period.items)
        try period.leaves.forEach { _, bytes in
            // Every leaf was read before.
            guard case .interval(let interval)? = (try? Leaf.decode([UInt8](bytes)))?.body else { return }
            let config = configs[interval.configHash].flatMap { $0.isSound ? $0 : nil }
            var found: [(reading: ShownReading, stream: UInt32)] = []
            var place = 0
            cursor.forEach(of: interval.k) { kind, bytes in
                defer { place += 1 }
                guard kind == 0, let form = ItemForm(bytes) else { return }
                let rows = config.flatMap { place < $0.streams.count ? $0.streams[place]?.rows : nil } ?? []
                for reading in ShownReading.all(item: [UInt8](bytes), periodMs: interval.periodMs, rows: rows)
                where reading.atMs >= fromMs && reading.atMs < toMs { found.append((reading, form.stream)) }
            }
            found.sort { ($0.reading.atMs, $0.reading.point) < ($1.reading.atMs, $1.reading.point) }
            for (reading, stream) in found { try each(reading, stream, interval.k) }
        }
    }

    /// Number of leaves whose content the file shows.
    mutating func checkOpenings(_ outcome: CoreAudit.Outcome) throws(Stop) -> Int {
        guard let range = period.openings else { return 0 }
        var count = 0
        let (leaves, source) = (period.leaves, period.source)
        var judged = FindingList()
        try PeriodFile.forEachOpening(source, range) { opening throws(Stop) in
            guard opening.leafIndex >= outcome.startSize, opening.leafIndex < outcome.endSize else {
                throw Stop(.malformed, "leaf \(opening.leafIndex) of the openings lies outside the period")
            }
            count += 1
            // A leaf that cannot be read has its own finding.
            guard let bytes = leaves.leaf(Int(opening.leafIndex - outcome.startSize)),
                let leaf = try? Leaf.decode(bytes)
            else { return }
            for code in Opening.judge(leaf, opening.items, hidden: opening.hidden) {
                judged.add(code, "the opening of leaf \(opening.leafIndex)")
            }
        }
        found.merge(judged)
        return count
    }
}
