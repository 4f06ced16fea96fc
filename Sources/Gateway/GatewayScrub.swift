package import Capture
import Disclosure
import Evidence
import Hashing
import LedgerStore
import Logging
import MetricsExport
import Readings
package import Scrubbing

/// The two rereadings of what is stored: the whole by hand, and a share every day.
package enum GatewayScrub {
    /// File of the daily rereading's notes in the data folder.
    static let notesFile = "scrub"
    static let lockFile = "scrub.lock"

    /// What lies beside the ledger and speaks for it. A card or a checkpoint file that is missing is not held against the log;
    /// one that cannot be read is damage.
    static func measures(_ folder: String) throws -> LogWalk.Measures {
        let paths = DataPaths(folder)
        var card: PolicyCard?
        if Files.exists(paths.card) {
            do { card = try PolicyCard.parse(try GatewayPlan.read(paths.card)) } catch is PolicyCard.ParseError {
                throw GatewayError.cardUnreadable(path: paths.card)
            }
        }
        var measures = LogWalk.Measures(card: card, checkpointFile: try CheckpointFile(directory: folder).read())
        measures.roles = Set(Grant.Role.allCases.map(\.rawValue))
        return measures
    }

    static func memory(_ folder: String) -> ScrubMemory {
        let path = folder + "/" + notesFile
        return ScrubMemory(
            read: { Files.exists(path) ? try GatewayPlan.read(path) : nil },
            keep: { try WholeFile.put($0, at: path) },
            alone: {
                do { return try DirectoryLock(directory: folder, file: lockFile) } catch LedgerError.held { return nil }
            })
    }

    /// Reads everything in a data folder again; the daemon may run beside it.
    package static func fsck(
        folder: String, progress: @Sendable (_ leaves: UInt64, _ of: UInt64) -> Void
    ) async throws -> Fsck.Report {
        try await Fsck.run(
            try LedgerReader.open(directory: folder), measures: try measures(folder), progress: progress)
    }

    /// One day's share by hand.
    /// - Returns: leaves that were read now, and where the rereading stands.
    package static func day(
        folder: String, withinMs: Int64, clock: Clock = .system,
        progress: @escaping @Sendable (_ leaves: UInt64, _ of: UInt64) -> Void
    ) async throws -> (leaves: UInt64, status: Scrubber.Status) {
        let scrubber = scrubber(
            try LedgerReader.open(directory: folder), folder: folder, withinMs: withinMs, clock: clock,
            journal: Logger(label: "scrub") { _ in SwiftLogNoOpLogHandler() })
        let leaves = try await scrubber.day(progress: progress)
        return (leaves, await scrubber.status)
    }

    static func scrubber(
        _ reader: LedgerReader, folder: String, withinMs: Int64, clock: Clock, journal: Logger
    ) -> Scrubber {
        Scrubber(
            reader, measures: { try measures(folder) }, memory: memory(folder),
            settings: Scrubber.Settings(withinMs: UInt64(clamping: withinMs)), nowMs: clock.wallMs,
            pause: clock.sleepMs, journal: journal)
    }

    /// What a person must know: what is damaged, and that nothing is read.
    static func sentences(_ status: Scrubber.Status) -> [String] {
        var sentences: [String] = []
        if let trouble = status.trouble { sentences.append("Stored bytes are not read again: \(trouble).") }
        let damage = status.notes.damage
        if let first = damage.first {
            let others = damage.count > 1 ? " and \(damage.count - 1) more" : ""
            sentences.append(
                "Stored bytes are not what was written: \(first.name)\(others); see plumblined log fsck.")
        }
        return sentences
    }

    static func families(_ status: Scrubber.Status) -> [MetricFamily] {
        let notes = status.notes
        let part = status.size == 0 ? 0 : min(1, Double(notes.place.next) / Double(status.size))
        var families = [
            family(
                "plumbline_scrub_damaged", .gauge, "Stored things that are not what was written.",
                Double(notes.damage.count)),
            family(
                "plumbline_scrub_leaves_total", .counter, "Leaves read again since the start.",
                Double(status.leavesRead)),
            family("plumbline_scrub_round_ratio", .gauge, "Part of the log that this round has read again.", part),
        ]
        if let last = notes.lastRound {
            families.append(
                family(
                    "plumbline_scrub_last_round_timestamp_seconds", .gauge,
                    "When everything had been read again the last time.", Double(last.endedMs) / 1_000))
        }
        return families
    }

    private static func family(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double)
        -> MetricFamily
    {
        MetricFamily(name, kind, help: help, samples: [MetricFamily.Sample(value: value)])
    }
}
