package import Readings

/// The one place in a running gateway that holds the twin: takes readings in, answers what is now, tells whoever listens.
package actor TwinKeeper {
    /// Batches that wait for one subscriber; beyond it the oldest are dropped and counted.
    package static let waitingBatchesMax = 256

    package private(set) var building: Building
    package private(set) var numbering: Numbering
    package private(set) var twin: Twin
    /// Batches of readings that slow subscribers did not get, since the start.
    package private(set) var droppedBatches: UInt64 = 0

    /// Ids of the points of the present revision.
    package private(set) var ids: PointTable<String>
    private var subscribers: [UInt64: AsyncStream<[Reading]>.Continuation] = [:]
    private var nextSubscriber: UInt64 = 0

    package init(building: Building, numbering: Numbering, listeningSinceMs: Int64) {
        self.building = building
        self.numbering = numbering
        twin = Twin(building: building, numbering: numbering, listeningSinceMs: listeningSinceMs)
        ids = Self.ids(building, numbering)
    }

    /// Takes readings in, in order, and tells the subscribers what now holds. Store the readings of the changes.
    @discardableResult
    package func apply(_ readings: [Reading]) -> [TwinChange] {
        let changes = readings.map { twin.apply($0) }
        if !subscribers.isEmpty { tell(changes.compactMap { $0.fate == .applied ? $0.reading : nil }) }
        return changes
    }

    /// Fills the twin from stored readings without telling anybody, oldest first, and then takes in what silence has made of
    /// them: nobody in between sees an old value as a live one.
    @discardableResult
    package func restore(_ readings: [Reading], silence: [Reading] = []) -> [TwinChange] {
        for reading in readings { _ = twin.apply(reading) }
        return apply(silence)
    }

    /// What silence makes at `nowMs` once `readings` are restored; nothing is changed.
    package func silence(after readings: [Reading], nowMs: Int64) -> [Reading] {
        var restored = twin
        for reading in readings { _ = restored.apply(reading) }
        return restored.silence(nowMs)
    }

    /// What silence makes at `nowMs`, not yet applied.
    package func silence(nowMs: Int64) -> [Reading] { twin.silence(nowMs) }

    package func state(of point: String) -> PointState? {
        numbering.points[point].flatMap { twin.states[$0] }
    }

    package func state(of point: PointNumber) -> PointState? { twin.states[point] }

    /// Every point of the present revision with its state, by id.
    package func states() -> [String: PointState] {
        var result: [String: PointState] = [:]
        result.reserveCapacity(ids.count)
        for (number, id) in ids { result[id] = twin.states[number] }
        return result
    }

    package func id(of point: PointNumber) -> String? { ids[point] }
    package func number(of point: String) -> PointNumber? { numbering.points[point] }

    /// Puts a new revision of the building in place; the states of points that stay are kept.
    package func replace(building: Building, numbering: Numbering, nowMs: Int64) {
        self.building = building
        self.numbering = numbering
        ids = Self.ids(building, numbering)
        twin.replace(building: building, numbering: numbering, nowMs: nowMs)
    }

    /// Forgets what it shows of these points that was captured in `instants`, and tells the subscribers that there is no value.
    package func forget(_ points: [PointNumber], capturedIn instants: Range<Int64>, nowMs: Int64) {
        tell(
            points.filter { twin.forget($0, capturedIn: instants, nowMs: nowMs) }.map {
                Reading(point: $0, capturedAtMs: nowMs, quality: .offline, value: .none)
            })
    }

    /// Every batch of readings from now on. A subscriber that does not keep up loses the oldest batches; ends when its task is cancelled.
    package func subscribe() -> AsyncStream<[Reading]> {
        let number = nextSubscriber
        nextSubscriber += 1
        let (stream, continuation) = AsyncStream.makeStream(
            of: [Reading].self, bufferingPolicy: .bufferingNewest(Self.waitingBatchesMax))
        subscribers[number] = continuation
        return stream
    }

    package var subscriberCount: Int { subscribers.count }

    /// Ends every subscriber's stream; for the way out.
    package func finish() {
        for continuation in subscribers.values { continuation.finish() }
        subscribers = [:]
    }

    private func tell(_ readings: [Reading]) {
        guard !readings.isEmpty else { return }
        for (number, continuation) in subscribers {
            switch continuation.yield(readings) {
            case .enqueued: break
            case .dropped: droppedBatches += 1
            case .terminated: subscribers[number] = nil
            @unknown default: break
            }
        }
    }

    private static func ids(_ building: Building, _ numbering: Numbering) -> PointTable<String> {
        var ids = PointTable<String>()
        for point in building.points {
            if let number = numbering.points[point.id] { ids.set(number, to: point.id) }
        }
        return ids
    }
}
