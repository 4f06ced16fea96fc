package import Readings
internal import Synchronization

/// What waits between the field and the ledger: a bounded queue that never blocks whoever fills it.
///
/// When it is full the oldest gauge goes. Counters and the like are never lost to a full queue: when nothing else is
/// left, a newer reading takes the place of the oldest of the same point, whose total it carries on.
package final class Intake: Sendable {
    package static let lengthMaxDefault = 20_000

    package struct Counts: Hashable, Sendable {
        package var offered: UInt64 = 0
        package var droppedGauges: UInt64 = 0
        package var replaced: UInt64 = 0
        /// Refused because the disk is short of space.
        package var refused: UInt64 = 0
    }

    private struct State {
        var gauges = Lane()
        var others = Lane()
        var order: UInt64 = 0
        var counts = Counts()
        var takesGauges = true
        var natures: [PointNumber: Nature]
    }

    package let lengthMax: Int
    private let state: Mutex<State>

    /// - Parameter natures: of the points; one that is not in it counts as a gauge.
    package init(natures: [PointNumber: Nature], lengthMax: Int = Intake.lengthMaxDefault) {
        precondition(lengthMax > 0)
        self.lengthMax = lengthMax
        state = Mutex(State(natures: natures))
    }

    package func setNatures(_ natures: [PointNumber: Nature]) { state.withLock { $0.natures = natures } }

    /// Puts readings at the end. Never blocks and never fails; what happened is in `counts`.
    package func offer(_ readings: [Reading]) {
        state.withLock { state in
            for reading in readings { put(reading, &state) }
        }
    }

    /// Takes out at most `count`, oldest first.
    package func drain(_ count: Int) -> [Reading] {
        state.withLock { state in
            var taken: [Reading] = []
            while taken.count < count {
                let gauge = state.gauges.firstOrder ?? UInt64.max
                let other = state.others.firstOrder ?? UInt64.max
                guard let next = gauge < other ? state.gauges.pop() : state.others.pop() else { break }
                taken.append(next)
            }
            return taken
        }
    }

    package var length: Int { state.withLock { $0.gauges.count + $0.others.count } }
    package var counts: Counts { state.withLock { $0.counts } }

    /// Whether gauges are taken at all; below the disk's floor they are not.
    package var takesGauges: Bool {
        get { state.withLock { $0.takesGauges } }
        set { state.withLock { $0.takesGauges = newValue } }
    }

    private func put(_ reading: Reading, _ state: inout State) {
        state.counts.offered += 1
        let isGauge = (state.natures[reading.point] ?? .gauge) == .gauge
        if isGauge && !state.takesGauges {
            state.counts.refused += 1
            return
        }
        if state.gauges.count + state.others.count >= lengthMax {
            if state.gauges.pop() != nil {
                state.counts.droppedGauges += 1
            } else if isGauge {
                state.counts.droppedGauges += 1
                return
            } else if state.others.remove(point: reading.point) {
                state.counts.replaced += 1
            }
        }
        state.order += 1
        if isGauge { state.gauges.append(reading, state.order) } else { state.others.append(reading, state.order) }
    }
}

/// Readings in order, each with its place among all.
private struct Lane {
    /// Readings that were taken out stay in the array until there are this many.
    private static let usedMax = 1_024
    private var entries: [(order: UInt64, reading: Reading)] = []
    private var head = 0

    var count: Int { entries.count - head }
    var firstOrder: UInt64? { head < entries.count ? entries[head].order : nil }

    mutating func append(_ reading: Reading, _ order: UInt64) { entries.append((order, reading)) }

    mutating func pop() -> Reading? {
        guard head < entries.count else { return nil }
        let reading = entries[head].reading
        head += 1
        if head == entries.count || head >= Self.usedMax {
            entries.removeFirst(head)
            head = 0
        }
        return reading
    }

    /// Takes out the oldest of a point.
    mutating func remove(point: PointNumber) -> Bool {
        guard let at = entries[head...].firstIndex(where: { $0.reading.point == point }) else { return false }
        entries.remove(at: at)
        return true
    }
}
