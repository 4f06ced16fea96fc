internal import LedgerStore
internal import Readings

/// Decides in which interval a reading stands, and at which millisecond.
///
/// A reading stands where it was captured, unless that interval is sealed: then it stands where it arrived, and its own
/// instant goes beside it. Interval numbers never fall, so while the clock is behind the log everything stands in the
/// first interval that is still open. No point has two readings in one millisecond: the second moves on, but not far.
struct IntervalPlacement {
    /// A capture instant this far ahead of the clock is still taken as it is, in milliseconds.
    static let aheadMsMax: UInt64 = 2_000

    /// Milliseconds a reading moves on at most; a point that speaks faster than once a millisecond for longer is cut off.
    static let crowdMsMax: UInt64 = 1_000

    /// Spans of used instants that are remembered of one point: at most these, at least half of them. A reading that is older
    /// than what is remembered stands behind the newest, with its own instant beside it.
    static let rememberedMax = 4

    let periodMs: UInt64
    /// The first interval that can still take readings.
    private(set) var openK: UInt64
    /// What every point has used in the open intervals.
    private var used = PointTable<UsedInstants>()

    init(periodMs: UInt64, openK: UInt64) {
        self.periodMs = periodMs
        self.openK = openK
    }

    /// The instants of `used` count from here.
    private var baseMs: UInt64 { openK * periodMs }

    /// Intervals below `k` take nothing any more.
    mutating func close(below k: UInt64) {
        guard k > openK else { return }
        let shift = (k - openK) * periodMs
        openK = k
        for place in 0..<used.count { used[at: place].forget(below: shift) }
        // Points that speak no more would stay for ever.
        let quiet = used.values.count(where: \.isEmpty)
        if quiet > used.count / 2 { used = used.filter { !$0.isEmpty } }
    }

    /// `nil` when the point has spoken in every millisecond from there on.
    mutating func place(_ reading: Reading, nowMs: UInt64) -> PlacedReading? {
        let wishedMs = instant(of: reading, nowMs: nowMs)
        let place = used.place(of: reading.point, else: UsedInstants())
        guard let offset = used[at: place].take(wishedMs - baseMs) else { return nil }
        let atMs = baseMs + offset
        if Int64(clamping: atMs) == reading.capturedAtMs {
            return PlacedReading(k: atMs / periodMs, reading: reading)
        }
        let placed = Reading(
            point: reading.point, capturedAtMs: Int64(clamping: atMs),
            sourceAtMs: reading.sourceAtMs ?? reading.capturedAtMs, quality: reading.quality, value: reading.value)
        return PlacedReading(k: atMs / periodMs, reading: placed)
    }

    private func instant(of reading: Reading, nowMs: UInt64) -> UInt64 {
        let arrivalMs = max(nowMs, baseMs)
        guard let captured = UInt64(exactly: reading.capturedAtMs), captured >= baseMs,
            captured <= nowMs + Self.aheadMsMax
        else { return arrivalMs }
        return captured
    }
}

/// The milliseconds of one point that are taken, as rising spans counted from a base.
///
/// A point that is read in order costs one step and 16 bytes for each reading; spans that touch are one.
private struct UsedInstants {
    private struct Span {
        var first: UInt64
        var last: UInt64
    }

    private var spans: [Span] = []
    /// What is not remembered any more lies at or below this.
    private var forgottenTo: UInt64?

    var isEmpty: Bool { spans.isEmpty }

    /// Takes the first free instant from `wished` on; `nil` when there is none within `crowdMsMax`.
    mutating func take(_ wished: UInt64) -> UInt64? {
        guard let newest = spans.last else {
            spans.append(Span(first: wished, last: wished))
            return wished
        }
        if wished > newest.last { return append(wished) }
        if let forgottenTo, wished <= forgottenTo { return append(newest.last + 1) }
        // The first span that ends at or after the wish.
        let at = spans.partitioningIndex { $0.last >= wished }
        let free = spans[at].first <= wished ? spans[at].last + 1 : wished
        guard free - wished <= IntervalPlacement.crowdMsMax else { return nil }
        insert(free)
        return free
    }

    private mutating func append(_ instant: UInt64) -> UInt64 {
        if spans[spans.count - 1].last + 1 == instant {
            spans[spans.count - 1].last = instant
            return instant
        }
        if spans.count >= IntervalPlacement.rememberedMax {
            let half = IntervalPlacement.rememberedMax / 2
            forgottenTo = spans[half - 1].last
            spans.removeFirst(half)
        }
        spans.append(Span(first: instant, last: instant))
        return instant
    }

    /// An instant that lies in no span.
    private mutating func insert(_ instant: UInt64) {
        let at = spans.partitioningIndex { $0.last >= instant }
        let touchesBefore = at > 0 && spans[at - 1].last + 1 == instant
        let touchesAfter = at < spans.count && instant + 1 == spans[at].first
        switch (touchesBefore, touchesAfter) {
        case (true, true):
            spans[at - 1].last = spans[at].last
            spans.remove(at: at)
        case (true, false): spans[at - 1].last = instant
        case (false, true): spans[at].first = instant
        case (false, false): spans.insert(Span(first: instant, last: instant), at: at)
        }
    }

    /// Forgets what lies below `shift`, for ever, and counts from there.
    mutating func forget(below shift: UInt64) {
        let kept = spans.partitioningIndex { $0.last >= shift }
        spans = spans[kept...].map { Span(first: max($0.first, shift) - shift, last: $0.last - shift) }
        forgottenTo = forgottenTo.flatMap { $0 >= shift ? $0 - shift : nil }
    }
}

extension Array {
    /// The first index whose element fulfils the condition, which must hold for all after it.
    fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
