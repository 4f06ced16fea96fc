import LogEntries

/// A leaf of type 12: the log was closed, for another one or for ever.
package struct LogEnd: Hashable, Sendable {
    package let leafIndex: UInt64
    /// Origin of the log that follows.
    package let nextOrigin: String?

    package init(leafIndex: UInt64, nextOrigin: String?) {
        self.leafIndex = leafIndex
        self.nextOrigin = nextOrigin
    }
}

/// Step 5: every interval follows the one before it, with the same period.
struct SequenceStep {
    var found = FindingList()
    private var expected: UInt64?
    private var periodMs: UInt64?

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        switch leaf.body {
        case .interval(let interval):
            if interval.k != expected ?? interval.k || interval.periodMs != periodMs ?? interval.periodMs {
                found.add(.gap, "interval \(interval.k)")
            }
            periodMs = interval.periodMs
            expected = max(expected ?? 0, interval.k &+ 1)
        case .gap(let gap):
            if gap.kFrom != expected ?? gap.kFrom || gap.kTo < gap.kFrom {
                found.add(.gap, "the gap at leaf \(index)")
            }
            expected = max(expected ?? 0, gap.kTo &+ 1)
        default: break
        }
    }
}

/// Step 5, its end. Behind an end stand only beacons, so that it is anchored, and erasures, which the law may ask for later.
/// Anything else is a second history beside the log that follows: `E_FORK`.
struct EndStep {
    var found = FindingList()
    private(set) var end: LogEnd?

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        if let end {
            switch leaf.body {
            case .beacon, .erasure: break
            default: found.add(.fork, "leaf \(index) after the end of the log in leaf \(end.leafIndex)")
            }
        } else if case .end(let nextOrigin) = leaf.body {
            end = LogEnd(leafIndex: index, nextOrigin: nextOrigin)
        }
    }
}

/// Step 7: beacons follow one another, and an anchor on the path covers each.
struct BeaconStep {
    var found = FindingList()
    private var seq: UInt64?
    private let covered: Set<UInt64>
    private var last: (index: UInt64, isBeacon: Bool)?

    init(before seq: UInt64?, covered: Set<UInt64>) {
        self.seq = seq
        self.covered = covered
    }

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        guard case .beacon(let beacon) = leaf.body else {
            last = (index, false)
            return
        }
        last = (index, true)
        if let seq, beacon.anchorSeq != seq &+ 1 { found.add(.anchorSequence, "anchor \(beacon.anchorSeq)") }
        seq = beacon.anchorSeq
        if !covered.contains(index + 1) { found.add(.unanchored, "anchor \(beacon.anchorSeq)") }
    }

    mutating func finish(endSize: UInt64) {
        guard let last, last.index == endSize - 1, last.isBeacon else {
            found.add(.unanchored, "leaf \(endSize - 1) is not a beacon")
            return
        }
    }
}

/// Step 8: each leaf's own times lie between the two bounds that anchors and time stamps give.
struct TimeStep {
    var found = FindingList()
    private(set) var widestBracketSeconds: UInt64 = 0
    private(set) var hasOpenStart = false
    /// Ascending by size.
    private let bounds: [(size: UInt64, seconds: UInt64)]
    private let stamps: [(size: UInt64, ms: Int64)]
    private var bound = 0
    private var stamp = 0
    /// Seconds since 1970 of the last beacon.
    private var lower: UInt64?

    init(_ anchors: [CoreAudit.GoodAnchor], lowerBound: UInt64?) {
        lower = lowerBound
        var earliest: [UInt64: UInt64] = [:]
        var stamped: [UInt64: Int64] = [:]
        for anchor in anchors {
            if let time = anchor.confirmation?.time {
                earliest[anchor.size] = min(earliest[anchor.size] ?? time, time)
            }
            if let ms = anchor.stampedMs { stamped[anchor.size] = min(stamped[anchor.size] ?? ms, ms) }
        }
        bounds = earliest.sorted { $0.key < $1.key }.map { (size: $0.key, seconds: $0.value) }
        stamps = stamped.sorted { $0.key < $1.key }.map { (size: $0.key, ms: $0.value) }
    }

    /// Earliest confirmation (s) and earliest time stamp (ms) of the tree of this size.
    func end(_ size: UInt64) -> (seconds: UInt64?, stampMs: Int64?) {
        (bounds.last { $0.size == size }?.seconds, stamps.last { $0.size == size }?.ms)
    }

    mutating func take(_ index: UInt64, _ leaf: Leaf) {
        while bound < bounds.count, bounds[bound].size <= index { bound += 1 }
        let upper = bound < bounds.count ? bounds[bound].seconds : nil
        while stamp < stamps.count, stamps[stamp].size <= index { stamp += 1 }
        let stampedMs = stamp < stamps.count ? UInt64(clamping: stamps[stamp].ms) : nil
        var earliest = leaf.wallMs
        var latest = leaf.wallMs
        if case .interval(let interval) = leaf.body {
            let endMs = saturating(interval.k &+ 1, times: interval.periodMs)
            earliest = min(earliest, endMs)
            latest = max(latest, endMs)
        }
        if let lower {
            let ms = saturating(lower, times: 1000)
            if earliest < (ms > 1000 ? ms - 1000 : 0) { found.add(.backdated, "leaf \(index)") }
        }
        if latest > min(upper.map { saturating($0, times: 1000) } ?? .max, stampedMs ?? .max) {
            found.add(.postdated, "leaf \(index)")
        }
        if let lower, let upper, upper > lower { widestBracketSeconds = max(widestBracketSeconds, upper - lower) }
        if lower == nil { hasOpenStart = true }
        if case .beacon(let beacon) = leaf.body { lower = beacon.milestoneTime }
    }

    private func saturating(_ value: UInt64, times factor: UInt64) -> UInt64 {
        let (product, isOver) = value.multipliedReportingOverflow(by: factor)
        return isOver ? .max : product
    }
}
