internal import LedgerStore
internal import Readings
internal import Synchronization

/// Where captured readings stand. Whoever takes them in asks here, and does not wait for a disk that is busy writing others.
final class Places: Sendable {
    private struct State {
        var placement: IntervalPlacement
        /// Readings of each interval that have a place and are not on disk yet.
        var inHand: [UInt64: Int] = [:]

        mutating func count(_ placed: [PlacedReading], _ step: Int) {
            // Neighbours mostly stand in one interval.
            var rest = placed[...]
            while let k = rest.first?.k {
                let end = rest.firstIndex { $0.k != k } ?? rest.endIndex
                let left = inHand[k, default: 0] + step * (end - rest.startIndex)
                inHand[k] = left > 0 ? left : nil
                rest = rest[end...]
            }
        }
    }

    private let state: Mutex<State>

    init(periodMs: UInt64) { state = Mutex(State(placement: IntervalPlacement(periodMs: periodMs, openK: 0))) }

    /// The first interval that can still take readings.
    var openK: UInt64 { state.withLock { $0.placement.openK } }

    /// The first interval with a reading that has a place and is not on disk yet.
    var inHandK: UInt64? { state.withLock { $0.inHand.keys.min() } }

    /// Intervals below `k` take nothing any more.
    func close(below k: UInt64) { state.withLock { $0.placement.close(below: k) } }

    func take(_ readings: [Reading], nowMs: UInt64) -> LogWriter.Taken {
        state.withLock { state in
            var taken = LogWriter.Taken()
            taken.placed.reserveCapacity(readings.count)
            for reading in readings {
                if let placed = state.placement.place(reading, nowMs: nowMs) {
                    taken.placed.append(placed)
                } else {
                    taken.cutOff.append(reading)
                }
            }
            state.count(taken.placed, 1)
            return taken
        }
    }

    /// These are on disk, or for nobody.
    func letGo(_ placed: [PlacedReading]) { state.withLock { $0.count(placed, -1) } }
}
