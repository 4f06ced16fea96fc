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

    let periodMs: UInt64
    /// The first interval that can still take readings.
    private(set) var openK: UInt64
    /// Instants in use, per open interval.
    private var used: [UInt64: Set<Slot>] = [:]

    private struct Slot: Hashable {
        let atMs: UInt64
        let point: PointNumber
    }

    init(periodMs: UInt64, openK: UInt64) {
        self.periodMs = periodMs
        self.openK = openK
    }

    /// Intervals below `k` take nothing any more.
    mutating func close(below k: UInt64) {
        guard k > openK else { return }
        openK = k
        used = used.filter { $0.key >= k }
    }

    /// `nil` when the point has spoken in every millisecond from there on.
    mutating func place(_ reading: Reading, nowMs: UInt64) -> PlacedReading? {
        var atMs = instant(of: reading, nowMs: nowMs)
        let lastMs = atMs + Self.crowdMsMax
        var source = reading.sourceAtMs
        if Int64(clamping: atMs) != reading.capturedAtMs { source = source ?? reading.capturedAtMs }
        while !used[atMs / periodMs, default: []].insert(Slot(atMs: atMs, point: reading.point)).inserted {
            atMs += 1
            guard atMs <= lastMs else { return nil }
            source = source ?? reading.capturedAtMs
        }
        let placed = Reading(
            point: reading.point, capturedAtMs: Int64(clamping: atMs), sourceAtMs: source, quality: reading.quality,
            value: reading.value)
        return PlacedReading(k: atMs / periodMs, reading: placed)
    }

    private func instant(of reading: Reading, nowMs: UInt64) -> UInt64 {
        let openMs = openK * periodMs
        let arrivalMs = max(nowMs, openMs)
        guard let captured = UInt64(exactly: reading.capturedAtMs), captured >= openMs,
            captured <= nowMs + Self.aheadMsMax
        else { return arrivalMs }
        return captured
    }
}
