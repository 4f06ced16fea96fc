internal import LedgerStore
internal import LogEntries
package import Readings
package import TwinModel

/// The steps of a round.
extension CaptureFlow {
    /// The twin as the ledger remembers it, with the silence since then: what was good before a restart is not shown as live when
    /// it is too old for that.
    func restoreTwin() async throws {
        if isRestored { return }
        let latest = try await writer.store.latestValues()
        let replay = latest.values.flatMap(\.replay).sorted { $0.capturedAtMs < $1.capturedAtMs }
        let silent = await keeper.silence(after: replay, nowMs: Int64(clamping: clock.wallMs()))
        let taken = writer.take(silent)
        let changes = await keeper.restore(replay, silence: taken.placed.map(\.reading))
        await collect(taken, changes)
        isRestored = true
    }

    /// As much as a batch holds, into the twin and to what waits for the disk.
    func takeIn() async {
        let room = settings.batchMax - (waiting.count - writing)
        if room <= 0 { return }
        let drained = intake.drain(room)
        if !drained.isEmpty { await take(drained) }
    }

    /// Everything, onto the disk.
    func takeInEverything() async throws {
        repeat {
            try await keepWaiting()
            await takeIn()
        } while !waiting.isEmpty || intake.length > 0
    }

    /// Place, then twin: the twin sees a reading where the log will have it, and the log gets the quality the twin judged.
    private func take(_ readings: [Reading]) async {
        // As it was when these came, whatever happens in the meantime.
        let withheld = withheld
        var taken = writer.take(readings)
        if let withheld {
            func isWithheld(_ placed: PlacedReading) -> Bool {
                placed.k >= withheld.fromK && withheld.points.contains(placed.reading.point)
            }
            let superseded = taken.placed.filter(isWithheld)
            taken.placed.removeAll(where: isWithheld)
            writer.letGo(superseded)
            counts.superseded += UInt64(superseded.count)
        }
        let changes = await keeper.apply(taken.placed.map(\.reading))
        await collect(taken, changes)
    }

    private func collect(_ taken: LogWriter.Taken, _ changes: [TwinChange]) async {
        for reading in taken.cutOff {
            counts.crowded += 1
            intake.losses.note(.crowded, point: reading.point, atMs: reading.capturedAtMs)
        }
        var changed: [TwinChange] = []
        waiting.reserveCapacity(waiting.count + changes.count)
        for (place, change) in zip(taken.placed, changes) {
            guard change.fate != .unknownPoint else {
                counts.unknownPoint += 1
                writer.letGo([place])
                continue
            }
            if change.fate == .late { counts.late += 1 }
            waiting.append(PlacedReading(k: place.k, reading: change.reading))
            if change.changesQuality { changed.append(change) }
        }
        if changed.isEmpty { return }
        let ids = await keeper.ids
        for change in changed {
            if let id = ids[change.reading.point] { add(.quality(change, point: id)) }
        }
    }

    private func add(_ event: NewEvent) {
        if events.count < Self.eventsWaitingMax {
            events.append(event)
        } else {
            counts.eventsDropped += 1
            intake.losses.note(.eventsWaiting, atMs: Int64(clamping: clock.wallMs()))
        }
    }

    /// What waits now, onto the disk; more may join meanwhile. One at a time.
    func keepWaiting() async throws {
        if waiting.isEmpty { return }
        writing = waiting.count
        defer { writing = 0 }
        let startMs = clock.monoMs()
        try await writer.keep(waiting)
        counts.commits += 1
        counts.commitMs += UInt64(clamping: Int64(clamping: clock.monoMs()) - Int64(clamping: startMs))
        counts.kept += UInt64(writing)
        waiting.removeFirst(writing)
        // A burst must not hold its memory for ever.
        if waiting.isEmpty, waiting.capacity > 2 * settings.batchMax { waiting = [] }
    }

    func noteSilence() async {
        let silent = await keeper.silence(nowMs: Int64(clamping: clock.wallMs()))
        if !silent.isEmpty { await take(silent) }
    }

    func seal() async throws {
        let sealed = try await writer.sealDue(graceMs: settings.sealGraceMs)
        counts.sealed += UInt64(sealed.count)
        events += sealed.map(NewEvent.seal)
    }

    func snapshot() async throws {
        guard clock.monoMs() >= snapshotDueMs else { return }
        try await writer.appendSnapshot(of: keeper.building, numbering: keeper.numbering)
        snapshotDueMs = clock.monoMs() + settings.snapshotMs
    }

    func tell() async throws {
        if events.isEmpty { return }
        let told = events
        try await writer.store.addEvents(told, nowMs: clock.wallMs())
        // More may have joined meanwhile; if not, the room goes too.
        if events.count == told.count { events = [] } else { events.removeFirst(told.count) }
    }

    /// By how much the wall clock was set since the last look, in ms. It may be slewed; a step is told by the other clock.
    private func clockStepMs(_ wallMs: UInt64, _ monoMs: UInt64) -> Int64 {
        let wall = Int64(clamping: wallMs) - Int64(clamping: lastWallMs)
        return wall - (Int64(clamping: monoMs) - Int64(clamping: lastMonoMs))
    }

    var isClockStepped: Bool { abs(clockStepMs(clock.wallMs(), clock.monoMs())) >= settings.clockStepMs }

    func watchClock() async throws {
        let (wallMs, monoMs) = (clock.wallMs(), clock.monoMs())
        let step = clockStepMs(wallMs, monoMs)
        if abs(step) >= settings.clockStepMs {
            let from = writer.openK
            try await writer.clockStepped(byMs: step)
            let to = writer.openK
            if to > from { events.append(.gap(from, to, cause: "clock", periodMs: writer.identity.periodMs)) }
        }
        lastWallMs = wallMs
        lastMonoMs = monoMs
    }
}

extension Building {
    /// Nature, report rule and scale of every numbered point, for the intake.
    package func sources(_ numbering: Numbering) -> [PointNumber: Intake.Source] {
        var sources: [PointNumber: Intake.Source] = [:]
        sources.reserveCapacity(points.count)
        for point in points {
            if let number = numbering.points[point.id] {
                sources[number] = Intake.Source(nature: point.nature, report: point.report, scale: point.scale)
            }
        }
        return sources
    }
}
