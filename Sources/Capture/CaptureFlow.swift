internal import LedgerStore
internal import LogEntries
package import Readings
package import TwinModel

/// The flow inwards: readings out of the intake, through the twin, onto the disk within half a second, into the log at
/// the end
/// of every interval.
///
/// `run` drives everything; `step` is one round of it, so that tests can move the clock instead of waiting.
package actor CaptureFlow {
    package struct Settings: Hashable, Sendable {
        /// Time between two rounds, in ms; with the commit itself below 500.
        package var roundMs: UInt64 = 300
        /// Readings of one round.
        package var batchMax = 5_000
        /// An interval is sealed this long after its end, so that what is being read can still arrive, in ms.
        package var sealGraceMs: UInt64 = 1_500
        /// How often silence is looked for, in ms.
        package var silenceMs: UInt64 = 1_000
        /// How often the twin is written down whole, in ms.
        package var snapshotMs: UInt64 = 3_600_000
        /// Below this much free space no gauges are taken, in bytes.
        package var freeBytesMin: UInt64 = 256 << 20
        /// A difference between the two clocks' steps that counts as a clock step, in ms.
        package var clockStepMs: Int64 = 2_000
        /// Rounds that may fail one after the other before the flow gives up.
        package var failuresMax = 100

        package init() {}
    }

    package struct Counts: Hashable, Sendable {
        package var kept: UInt64 = 0
        /// Readings of points that are in no building file.
        package var unknownPoint: UInt64 = 0
        /// Readings of points that spoke more than once a millisecond for longer than a second.
        package var crowded: UInt64 = 0
        package var sealed: UInt64 = 0
        package var failures: UInt64 = 0
    }

    package enum DiskState: Hashable, Sendable {
        case enough
        /// Below the floor: no gauges.
        case short
        /// A write failed for want of space: nothing is taken until there is some.
        case full
    }

    /// Events that wait for a disk that fails; more are not told, the log has them all the same.
    static let eventsWaitingMax = 10_000

    package nonisolated let writer: LogWriter
    package nonisolated let keeper: TwinKeeper
    package nonisolated let intake: Intake
    private let disk: DiskSpace
    private let clock: Clock
    private let settings: Settings

    package private(set) var counts = Counts()
    package private(set) var diskState = DiskState.enough
    /// Readings that have a place and are not on disk yet.
    private var waiting: [PlacedReading] = []
    private var events: [NewEvent] = []
    private var building: Building?
    private var isRestored = false
    private var failuresInARow = 0
    private var lastWallMs: UInt64
    private var lastMonoMs: UInt64
    private var silenceDueMs: UInt64 = 0
    private var snapshotDueMs: UInt64

    package init(
        writer: LogWriter, keeper: TwinKeeper, intake: Intake, disk: DiskSpace, settings: Settings = Settings()
    ) {
        self.writer = writer
        self.keeper = keeper
        self.intake = intake
        self.disk = disk
        self.settings = settings
        clock = writer.clock
        lastWallMs = clock.wallMs()
        lastMonoMs = clock.monoMs()
        snapshotDueMs = clock.monoMs() + settings.snapshotMs
    }

    /// Runs until cancelled, or until the disk has failed `failuresMax` times in a row. What was taken in is on disk
    /// at the end.
    package func run() async throws {
        do {
            while !Task.isCancelled {
                try await step()
                try await clock.sleepMs(settings.roundMs)
            }
        } catch is CancellationError {}
        try await takeIn(limit: Int.max)
    }

    /// Puts a changed building in force in the next round.
    package func change(to building: Building) { self.building = building }

    /// One round. A disk that fails is tried again in the next; an error that no retry can heal is thrown.
    package func step() async throws {
        do {
            try await restoreTwin()
            try await watchDisk()
            if diskState == .full {
                try await waitForSpace()
            } else {
                try await round()
            }
            failuresInARow = 0
        } catch CaptureError.clockBehindMilestone {
            // Set back during the round; the next one waits.
        } catch let error as LedgerError {
            counts.failures += 1
            failuresInARow += 1
            if error.isDiskFull { enterFull() } else if failuresInARow >= settings.failuresMax { throw error }
        }
    }

    private func round() async throws {
        try await keepWaiting()
        if await writer.isClockBehind {
            // Readings are kept in the open interval; whatever needs a leaf, the clock step itself too, waits.
            try await takeIn(limit: settings.batchMax)
            return try await noteSilence()
        }
        try await watchClock()
        try await changeBuilding()
        try await takeIn(limit: settings.batchMax)
        try await noteSilence()
        try await seal()
        try await snapshot()
        try await tell()
    }
}

/// The steps of a round.
extension CaptureFlow {
    private func restoreTwin() async throws {
        if isRestored { return }
        let latest = try await writer.store.latestValues()
        await keeper.restore(latest.values.flatMap(\.replay).sorted { $0.capturedAtMs < $1.capturedAtMs })
        isRestored = true
    }

    private func takeIn(limit: Int) async throws {
        try await keepWaiting()
        let drained = intake.drain(limit)
        if !drained.isEmpty { try await take(drained) }
    }

    /// Place, twin, disk: the twin sees a reading where the log will have it, and the log gets the quality the twin
    /// judged.
    private func take(_ readings: [Reading]) async throws {
        let placed = await writer.take(readings)
        counts.crowded += UInt64(readings.count - placed.count)
        let changes = await keeper.apply(placed.map(\.reading))
        for (place, change) in zip(placed, changes) {
            guard change.fate != .unknownPoint else {
                counts.unknownPoint += 1
                continue
            }
            waiting.append(PlacedReading(k: place.k, reading: change.reading))
            if change.changesQuality, events.count < Self.eventsWaitingMax,
                let id = await keeper.id(of: change.reading.point)
            {
                events.append(.quality(change, point: id))
            }
        }
        try await keepWaiting()
    }

    private func keepWaiting() async throws {
        try await writer.keep(waiting)
        counts.kept += UInt64(waiting.count)
        waiting = []
    }

    private func noteSilence() async throws {
        let nowMs = clock.wallMs()
        guard clock.monoMs() >= silenceDueMs else { return }
        silenceDueMs = clock.monoMs() + settings.silenceMs
        let silent = await keeper.silence(nowMs: Int64(clamping: nowMs))
        if !silent.isEmpty { try await take(silent) }
    }

    private func seal() async throws {
        let sealed = try await writer.sealDue(graceMs: settings.sealGraceMs)
        counts.sealed += UInt64(sealed.count)
        events += sealed.map(NewEvent.seal)
    }

    private func snapshot() async throws {
        guard clock.monoMs() >= snapshotDueMs else { return }
        try await writer.appendSnapshot(of: keeper.building, numbering: keeper.numbering)
        snapshotDueMs = clock.monoMs() + settings.snapshotMs
    }

    private func tell() async throws {
        if events.isEmpty { return }
        try await writer.store.addEvents(events, nowMs: clock.wallMs())
        events = []
    }

    private func changeBuilding() async throws {
        guard let building else { return }
        if try await writer.changeConfiguration(to: building) {
            let numbering = try await writer.store.numbering()
            await keeper.replace(
                building: building, numbering: numbering, nowMs: Int64(clamping: clock.wallMs()))
            intake.setNatures(building.natures(numbering))
            events.append(.change(revision: await writer.configuration.configuration.head.modelRevision))
        }
        self.building = nil
    }

    /// The wall clock may be slewed; a step is told by the other clock.
    private func watchClock() async throws {
        let wallMs = clock.wallMs()
        let monoMs = clock.monoMs()
        let wall = Int64(clamping: wallMs) - Int64(clamping: lastWallMs)
        let step = wall - (Int64(clamping: monoMs) - Int64(clamping: lastMonoMs))
        if abs(step) >= settings.clockStepMs {
            let from = await writer.openK
            try await writer.clockStepped(byMs: step)
            let to = await writer.openK
            if to > from { events.append(.gap(from, to, cause: "clock", periodMs: writer.identity.periodMs)) }
        }
        lastWallMs = wallMs
        lastMonoMs = monoMs
    }
}

/// A disk that fills up.
extension CaptureFlow {
    private func watchDisk() async throws {
        guard let free = disk.freeBytes() else { return }
        switch diskState {
        case .enough where free < settings.freeBytesMin:
            diskState = .short
            intake.takesGauges = false
            events.append(.disk("short"))
        case .short where free >= settings.freeBytesMin:
            diskState = .enough
            intake.takesGauges = true
            events.append(.disk("enough"))
        default: break
        }
    }

    private func enterFull() {
        guard diskState != .full else { return }
        diskState = .full
        intake.takesGauges = false
        disk.release()
        events.append(.disk("full"))
    }

    /// With the reserve given free, what was captured is sealed; the rest of the time until there is space again is a
    /// gap.
    private func waitForSpace() async throws {
        try await keepWaiting()
        let nowK = clock.wallMs() / writer.identity.periodMs
        try await writer.sealHeld(below: nowK)
        guard let free = disk.freeBytes(), free >= settings.freeBytesMin else { return }
        let from = await writer.openK
        try await writer.skip(to: nowK, cause: Leaf.Gap.disk)
        let to = await writer.openK
        if to > from { events.append(.gap(from, to, cause: "disk", periodMs: writer.identity.periodMs)) }
        try disk.reserve()
        diskState = .enough
        intake.takesGauges = true
        events.append(.disk("enough"))
    }
}

extension Building {
    /// Nature of every numbered point, for the intake.
    package func natures(_ numbering: Numbering) -> [PointNumber: Nature] {
        var natures: [PointNumber: Nature] = [:]
        for point in points {
            if let number = numbering.points[point.id] { natures[number] = point.nature }
        }
        return natures
    }
}
