package import LedgerStore
package import Logging

/// The notes of the daily rereading on disk, and who may change them at the moment.
package struct ScrubMemory: Sendable {
    /// The notes' bytes; `nil` when there are none yet.
    let read: @Sendable () throws -> [UInt8]?
    /// Puts them whole in the place of the old ones.
    let keep: @Sendable ([UInt8]) throws -> Void
    /// Runs while no other process changes them; `nil` when one does.
    let alone: @Sendable () throws -> (any Sendable)?

    package init(
        read: @escaping @Sendable () throws -> [UInt8]?, keep: @escaping @Sendable ([UInt8]) throws -> Void,
        alone: @escaping @Sendable () throws -> (any Sendable)?
    ) {
        self.read = read
        self.keep = keep
        self.alone = alone
    }
}

/// Reads a share of everything that is stored again, every day, so that bytes that rot are found while a backup still has them.
package actor Scrubber {
    package struct Settings: Sendable {
        /// Everything is read within so many ms.
        package var withinMs: UInt64
        /// Between two steps.
        package var stepMs: UInt64 = 60_000
        /// Leaves of one step at most, whatever has been missed.
        package var leavesPerStepMax: UInt64 = 256

        package init(withinMs: UInt64) { self.withinMs = withinMs }
    }

    package struct Status: Sendable {
        package var notes = ScrubNotes()
        /// Leaves of the log when it was looked at last.
        package var size: UInt64 = 0
        /// Read since the start of this process.
        package var leavesRead: UInt64 = 0
        /// Why nothing is read at the moment.
        package var trouble: String?
    }

    package private(set) var status = Status()
    private let reader: LedgerReader
    private let measures: @Sendable () async throws -> LogWalk.Measures
    private let memory: ScrubMemory
    private let settings: Settings
    private let nowMs: @Sendable () -> UInt64
    private let pause: @Sendable (UInt64) async throws -> Void
    private let journal: Logger
    private var told: Set<String> = []

    package init(
        _ reader: LedgerReader, measures: @escaping @Sendable () async throws -> LogWalk.Measures, memory: ScrubMemory,
        settings: Settings, nowMs: @escaping @Sendable () -> UInt64,
        pause: @escaping @Sendable (UInt64) async throws -> Void, journal: Logger
    ) {
        self.reader = reader
        self.measures = measures
        self.memory = memory
        self.settings = settings
        self.nowMs = nowMs
        self.pause = pause
        self.journal = journal
    }

    /// Runs until cancelled. What it cannot do now it does later: nothing here stops the gateway.
    package func run() async throws {
        while true {
            do {
                _ = try await step()
                status.trouble = nil
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if status.trouble == nil { journal.warning("rereading waits: \(error)") }
                status.trouble = "\(error)"
            }
            try await pause(settings.stepMs)
        }
    }

    /// Reads what is due; how many leaves.
    package func step() async throws -> UInt64 {
        guard let alone = try memory.alone() else { return 0 }
        defer { withExtendedLifetime(alone) {} }
        var notes = try notes()
        let now = nowMs()
        if notes.begunMs == 0 || notes.begunMs > now { notes.begunMs = now }
        let size = try await reader.size()
        status.size = size
        let passedMs = now - notes.begunMs + settings.stepMs
        let due =
            passedMs >= settings.withinMs
            ? size : Self.share(of: size, passedMs: passedMs, withinMs: settings.withinMs)
        let end = min(size, due, notes.place.next + settings.leavesPerStepMax)
        let isRoundOver = end == size && passedMs >= settings.withinMs
        guard end > notes.place.next || isRoundOver else {
            status.notes = notes
            return 0
        }
        return try await read(to: end, of: size, &notes, endsRound: isRoundOver)
    }

    /// By hand: the share of one day now, from where the last rereading stopped; a round that ends begins again at the first leaf.
    package func day(progress: @Sendable (_ leaves: UInt64, _ of: UInt64) -> Void = { _, _ in }) async throws -> UInt64
    {
        guard let alone = try memory.alone() else { throw ScrubError.busy }
        defer { withExtendedLifetime(alone) {} }
        var notes = try notes()
        let size = try await reader.size()
        status.size = size
        let dayMs: UInt64 = 86_400_000
        var left = max(1, Self.share(of: size, passedMs: min(dayMs, settings.withinMs), withinMs: settings.withinMs))
        let whole = left
        var count: UInt64 = 0
        while left > 0 {
            if notes.begunMs == 0 { notes.begunMs = nowMs() }
            let end = min(size, notes.place.next + min(left, settings.leavesPerStepMax))
            let read = try await read(to: end, of: size, &notes, endsRound: end == size)
            count += read
            progress(count, whole)
            left = end == size ? 0 : left - min(left, read)
        }
        return count
    }

    private func notes() throws -> ScrubNotes {
        // Notes that cannot be read are begun anew: all is read again.
        try memory.read().flatMap { ScrubNotes($0) } ?? ScrubNotes()
    }

    private func read(
        to end: UInt64, of size: UInt64, _ notes: inout ScrubNotes, endsRound: Bool
    ) async throws -> UInt64 {
        let start = notes.place.next
        var walk = LogWalk(reader, measures: try await measures(), from: notes.place)
        try await walk.step(to: end)
        if endsRound { try await walk.finish(size: size) }
        notes.place = walk.place
        let known = Set(notes.found.map(\.name))
        let fresh = walk.found.named.filter { !known.contains($0.name) }
        notes.found = Array((notes.found + fresh).prefix(DamageList.namedMax))
        for damage in fresh where told.insert(damage.name).inserted {
            journal.error(
                "stored bytes are not what was written: \(damage.name) \(damage.why)",
                metadata: ["kind": "\(damage.kind.rawValue)"])
        }
        let read = end > start ? end - start : 0
        status.leavesRead += read
        if endsRound { finishRound(&notes, leaves: size) }
        try memory.keep(Array(notes.encoded().utf8))
        status.notes = notes
        return read
    }

    private func finishRound(_ notes: inout ScrubNotes, leaves: UInt64) {
        let now = nowMs()
        notes.lastRound = ScrubNotes.Ended(begunMs: notes.begunMs, endedMs: now, leaves: leaves)
        journal.notice(
            "everything that is stored was read again",
            metadata: ["round": "\(notes.round)", "leaves": "\(leaves)", "damaged": "\(notes.found.count)"])
        notes.round += 1
        notes.begunMs = now
        notes.place = LogWalk.Place()
        notes.foundBefore = notes.found
        notes.found = []
    }

    /// Leaves that must be read after a part of the time, rounded up.
    private static func share(of size: UInt64, passedMs: UInt64, withinMs: UInt64) -> UInt64 {
        let (high, low) = size.multipliedFullWidth(by: passedMs)
        guard high < withinMs else { return size }
        let (quotient, remainder) = withinMs.dividingFullWidth((high, low))
        return quotient + (remainder > 0 ? 1 : 0)
    }
}

package enum ScrubError: Error, CustomStringConvertible {
    case busy

    package var description: String {
        "a rereading is under way in another process; try again in a minute"
    }
}
