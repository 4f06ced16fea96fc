package import Readings
internal import Synchronization
package import TwinModel

/// What waits between the field and the ledger: a bounded queue that never blocks whoever fills it.
///
/// Points with a report rule are thinned out before it. When it is full the oldest gauge goes. Counters and the like, and
/// readings that say a device cannot be relied on, are never lost to a full queue: when nothing else is left, a newer reading
/// takes the place of the oldest of the same point, whose total it carries on.
package final class Intake: Sendable {
    /// As many readings as a building has points at most: the first poll of everything fits.
    package static let lengthMaxDefault = 65_536

    package struct Counts: Hashable, Sendable {
        package var offered: UInt64 = 0
        package var droppedGauges: UInt64 = 0
        package var replaced: UInt64 = 0
        /// Refused because the disk is short of space.
        package var refused: UInt64 = 0
        /// Within the dead band, or sooner than the report rule wants: not lost, not wanted.
        package var suppressed: UInt64 = 0
    }

    /// What the intake knows of a point.
    package struct Source: Hashable, Sendable {
        package let nature: Nature
        package let report: ReportRule?
        package let scale: Scale

        package init(nature: Nature, report: ReportRule? = nil, scale: Scale = .identity) {
            self.nature = nature
            self.report = report
            self.scale = scale
        }
    }

    private struct State {
        var gauges = Lane()
        var others = Lane()
        var order: UInt64 = 0
        var counts = Counts()
        var takesGauges = true
        var filter = ReportFilter()
        /// Points whose readings are not gauges.
        var kept: Set<PointNumber> = []

        mutating func setSources(_ sources: [PointNumber: Source]) {
            kept = Set(sources.lazy.filter { $0.value.nature != .gauge }.map(\.key))
            filter.setRules(
                sources.compactMapValues { source in source.report.map { ($0, source.scale) } })
        }
    }

    package let lengthMax: Int
    /// What was lost here, and what others on the way in have lost.
    package let losses = LossBook()
    /// One element whenever something waits; elements nobody has taken yet are one. For one listener.
    package let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let state: Mutex<State>

    /// - Parameter sources: of the points; one that is not in it counts as a gauge.
    package init(sources: [PointNumber: Source], lengthMax: Int = Intake.lengthMaxDefault) {
        precondition(lengthMax > 0)
        self.lengthMax = lengthMax
        var first = State()
        first.setSources(sources)
        state = Mutex(first)
        (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package convenience init(natures: [PointNumber: Nature], lengthMax: Int = Intake.lengthMaxDefault) {
        self.init(sources: natures.mapValues { Source(nature: $0) }, lengthMax: lengthMax)
    }

    /// A changed building; what report rules have seen of points that stay is kept.
    package func setSources(_ sources: [PointNumber: Source]) { state.withLock { $0.setSources(sources) } }

    /// Puts readings at the end. Never blocks and never fails; what happened is in `counts` and `losses`.
    package func offer(_ readings: [Reading]) {
        state.withLock { state in
            for reading in readings { put(reading, &state) }
        }
        ring()
    }

    /// Wakes the listener of `rings`, also when nothing waits.
    package func ring() { bell.yield() }

    /// Lets readings in that a report rule has held back until now, because it allows only so many, or wants a sign of life.
    package func release(nowMs: Int64) {
        state.withLock { state in
            for reading in state.filter.due(nowMs: nowMs) { enqueue(reading, &state) }
        }
    }

    /// Takes out at most `count`, oldest first.
    package func drain(_ count: Int) -> [Reading] {
        state.withLock { state in
            let waiting = state.gauges.count + state.others.count
            if waiting == 0 { return [] }
            var taken: [Reading] = []
            taken.reserveCapacity(min(count, waiting))
            while taken.count < count {
                let gauge = state.gauges.firstOrder ?? UInt64.max
                let other = state.others.firstOrder ?? UInt64.max
                guard let next = gauge < other ? state.gauges.pop() : state.others.pop() else { break }
                taken.append(next)
            }
            return taken
        }
    }

    /// Takes out everything of these points, for nobody; returns how much that was.
    package func remove(_ points: Set<PointNumber>) -> Int {
        state.withLock { $0.gauges.remove(points) + $0.others.remove(points) }
    }

    package var length: Int { state.withLock { $0.gauges.count + $0.others.count } }

    package var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.suppressed = state.filter.suppressedCount
            return counts
        }
    }

    /// Whether gauges are taken at all; below the disk's floor they are not.
    package var takesGauges: Bool {
        get { state.withLock { $0.takesGauges } }
        set { state.withLock { $0.takesGauges = newValue } }
    }

    private func put(_ reading: Reading, _ state: inout State) {
        state.counts.offered += 1
        if state.filter.isEmpty { return enqueue(reading, &state) }
        var kept: [Reading] = []
        state.filter.take(reading) { kept.append($0) }
        for reading in kept { enqueue(reading, &state) }
    }

    private func enqueue(_ reading: Reading, _ state: inout State) {
        // A device's silence must be seen, or its last value would look alive.
        let isGauge = reading.value != .none && !state.kept.contains(reading.point)
        if isGauge && !state.takesGauges {
            state.counts.refused += 1
            return lost(reading, .diskShort)
        }
        if state.gauges.count + state.others.count >= lengthMax {
            if let oldest = state.gauges.pop() {
                state.counts.droppedGauges += 1
                lost(oldest, .intakeFull)
            } else if isGauge {
                state.counts.droppedGauges += 1
                return lost(reading, .intakeFull)
            } else if let older = state.others.remove(point: reading.point) {
                state.counts.replaced += 1
                lost(older, .intakeReplaced)
            }
        }
        state.order += 1
        if isGauge { state.gauges.append(reading, state.order) } else { state.others.append(reading, state.order) }
    }

    private func lost(_ reading: Reading, _ place: LossBook.Place) {
        losses.note(place, point: reading.point, atMs: reading.capturedAtMs)
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
        if head == entries.count {
            // A burst must not hold its memory for ever.
            entries.removeAll(keepingCapacity: entries.count <= Self.usedMax)
            head = 0
        } else if head >= Self.usedMax && head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return reading
    }

    mutating func remove(_ points: Set<PointNumber>) -> Int {
        let before = count
        entries.removeFirst(head)
        head = 0
        entries.removeAll { points.contains($0.reading.point) }
        return before - count
    }

    /// Takes out the oldest of a point.
    mutating func remove(point: PointNumber) -> Reading? {
        guard let at = entries[head...].firstIndex(where: { $0.reading.point == point }) else { return nil }
        return entries.remove(at: at).reading
    }
}
