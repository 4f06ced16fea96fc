internal import LedgerStore
internal import LogEntries
internal import Readings
package import TwinModel

/// The flow inwards: readings out of the intake, through the twin at once, onto the disk within half a second, into the log at
/// the end of every interval.
///
/// `run` drives everything; `step` is one round of it, so that tests can move the clock instead of waiting. What the twin shows
/// has its place in the log already; a power cut may take what came in the last half second from both.
package actor CaptureFlow {
    package struct Settings: Hashable, Sendable {
        /// Time between two rounds, in ms; with the commit itself below 500.
        package var roundMs: UInt64 = 300
        /// Least time between two looks at the intake, in ms: readings that come one after the other share one.
        package var wakeGapMs: UInt64 = 2
        /// Readings that have a place and are not on disk, at most; so many do not wait for the round. As many again may join while
        /// these are being written.
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
        /// Readings by a meaning of their point that had ended already.
        package var superseded: UInt64 = 0
        /// Readings that came after a newer one of their point: history only.
        package var late: UInt64 = 0
        /// Groups of readings put on disk, and how long that took in sum, ms.
        package var commits: UInt64 = 0
        package var commitMs: UInt64 = 0
        package var sealed: UInt64 = 0
        /// Events for the API's stream that were not told because the disk failed.
        package var eventsDropped: UInt64 = 0
        /// Events of kind `overload` in the log.
        package var overloadEvents: UInt64 = 0
        package var failures: UInt64 = 0
    }

    package enum DiskState: Hashable, Sendable {
        case enough
        /// Below the floor: no gauges.
        case short
        /// A write failed for want of space: nothing is taken until there is some.
        case full
    }

    /// Events that wait for a disk that fails; more are counted and not told, the log has them all the same.
    static let eventsWaitingMax = 10_000

    package nonisolated let writer: LogWriter
    package nonisolated let keeper: TwinKeeper
    package nonisolated let intake: Intake
    let disk: DiskSpace
    let clock: Clock
    let settings: Settings

    package internal(set) var counts = Counts()
    package internal(set) var diskState = DiskState.enough
    /// Readings that have a place and are not on disk yet.
    var waiting: [PlacedReading] = []
    /// So many of them, from the first, are being written.
    var writing = 0
    var events: [NewEvent] = []
    var change: BuildingChange?
    var withheld: WithheldPoints?
    /// No round comes any more.
    var hasEnded = false
    var isRestored = false
    var failuresInARow = 0
    var lastWallMs: UInt64
    var lastMonoMs: UInt64
    var silenceDueMs: UInt64 = 0
    var snapshotDueMs: UInt64
    var overload = OverloadEpisodes()
    /// Batches the twin's slow listeners had lost when that was last noted.
    var droppedBatches: UInt64 = 0
    /// One element whenever a round is due; elements nobody has taken yet are one.
    private let rounds = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private var isAlone = false
    private var behind: [CheckedContinuation<Void, Never>] = []

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
    /// at the end. It runs once.
    package func run() async throws {
        defer { end() }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await self.keepTime() }
                group.addTask { try await self.serveRounds() }
                group.addTask { try await self.serveIntake() }
                try await group.next()
            }
        } catch is CancellationError {}
        end()
        try await takeInEverything()
    }

    private func keepTime() async throws {
        while !Task.isCancelled {
            rounds.continuation.yield()
            try await clock.sleepMs(settings.roundMs)
        }
    }

    private func serveRounds() async throws { for await _ in rounds.stream { try await step() } }

    /// Shows the twin what comes, at once, also while a round writes to the disk.
    private func serveIntake() async throws {
        var dueMs: UInt64 = 0
        for await _ in intake.rings {
            let nowMs = clock.monoMs()
            if nowMs < dueMs { try await clock.sleepMs(dueMs - nowMs) }
            await lookIn()
            dueMs = clock.monoMs() + settings.wakeGapMs
        }
    }

    /// Nobody else's reading gets a place, is shown or joins those that wait, until `body` has returned.
    func alone<T>(_ body: () async throws -> T) async rethrows -> T {
        while isAlone { await withCheckedContinuation { behind.append($0) } }
        isAlone = true
        defer {
            isAlone = false
            for next in behind { next.resume() }
            behind = []
        }
        return try await body()
    }

    /// One round. A disk that fails is tried again in the next; an error that no retry can heal is thrown.
    package func step() async throws {
        // Whoever asks while this round is under way waits for the next.
        let isAsked = isChanging
        do {
            try await restoreTwin()
            try await watchDisk()
            if diskState == .full {
                try await alone { try await waitForSpace() }
            } else {
                try await round()
            }
            failuresInARow = 0
            // What found no room does not wait for the next reading.
            if intake.length > 0 { intake.ring() }
            if isAsked { refuseWaitingChange(CaptureError.cannotChangeNow) }
        } catch CaptureError.clockBehindMilestone {
            // Set back during the round; the next one waits.
            if isAsked { refuseWaitingChange(CaptureError.cannotChangeNow) }
        } catch let error as LedgerError {
            if isAsked { refuseWaitingChange(error) }
            counts.failures += 1
            failuresInARow += 1
            if error.isDiskFull { enterFull() } else if failuresInARow >= settings.failuresMax { throw error }
        }
    }

    /// What has come is given its place and shown; the next round writes it down. While the disk fails, it stays in the intake.
    private func lookIn() async {
        await alone {
            guard isRestored, failuresInARow == 0, diskState != .full else { return }
            await takeIn()
        }
        // A whole batch does not wait for the round.
        if waiting.count - writing >= settings.batchMax { rounds.continuation.yield() }
    }

    private func round() async throws {
        intake.release(nowMs: Int64(clamping: clock.wallMs()))
        // What an earlier round could not write comes first, and bounds what is taken in.
        if failuresInARow > 0 { try await keepWaiting() }
        let isSecond = clock.monoMs() >= silenceDueMs
        if isSecond { silenceDueMs = clock.monoMs() + settings.silenceMs }
        if !isClockStepped { (lastWallMs, lastMonoMs) = (clock.wallMs(), clock.monoMs()) }
        if isLeafDue {
            try await alone {
                await takeIn()
                if isSecond { await noteSilence() }
                try await keepWaiting()
                try await writeLeaves()
            }
        } else {
            await alone {
                await takeIn()
                if isSecond { await noteSilence() }
            }
            // Meanwhile the intake is served.
            try await keepWaiting()
        }
        if writer.isClockBehind { return }
        if isSecond { try await tellOverload() }
        try await tell()
    }

    /// Whether this round has more to do than to write readings down.
    private var isLeafDue: Bool {
        change != nil || clock.monoMs() >= snapshotDueMs || isClockStepped
            || clock.wallMs() >= (writer.openK + 1) * writer.identity.periodMs + settings.sealGraceMs
    }

    /// Nothing waits and nothing is under way, so that an interval can be closed.
    private func writeLeaves() async throws {
        // While the clock is behind, readings are kept in the open interval; whatever needs a leaf, the clock step itself too,
        // waits.
        if writer.isClockBehind { return }
        try await watchClock()
        try await seal()
        // A change may have waited for that.
        try await changeBuilding()
        try await snapshot()
    }
}
