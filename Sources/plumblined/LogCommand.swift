import ArgumentParser
import FieldTools
import Gateway
import LedgerStore
import Readings
import Scrubbing

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Reads what the ledger holds again, and names what has changed on disk.",
        subcommands: [Fsck.self, Scrub.self])

    struct Fsck: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hashes and checks everything again from the stored bytes.",
            discussion: """
                Leaves, Merkle nodes, items, openings, configurations, snapshots, checkpoints,
                signatures, anchors with their proofs, and the tables beside the log. Nothing
                is changed. The gateway may run meanwhile, and needs not.
                  plumblined log fsck --config /etc/plumbline/plumbline.yaml
                  plumblined log fsck --data /mnt/backup/plumbline --json

                Exit code 0 when everything is what was written, 1 when something is not (each
                thing by name), 2 when it could not be read, 64 for wrong usage.
                """)

        @OptionGroup var file: ConfigurationOption

        @Option(help: "The data folder itself, such as a copy; no configuration is read.")
        var data: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            try await Terminal.attempt {
                let folder = try data ?? GatewayPlan.configuration(at: file.path).dataPath
                do {
                    let report = try await GatewayScrub.fsck(folder: folder) { leaves, size in
                        Terminal.progress(leaves < size ? "leaf \(leaves) of \(size)" : "")
                    }
                    LogReport(report).show(json: json)
                    if !report.isSound { throw ExitCode(1) }
                } catch let error as LedgerError {
                    Terminal.progress("")
                    guard let why = error.damage else { throw error }
                    LogReport.showUnreadable(folder, why, json: json)
                    throw ExitCode(1)
                }
            }
        }
    }

    struct Scrub: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads one day's share again now.",
            discussion: """
                The running gateway does this by itself, so that everything is read within
                log.rereadWithin; by hand the next share is read at once, from where the last
                one stopped. What is damaged stays listed until it is read again and sound.
                  plumblined log scrub --config /etc/plumbline/plumbline.yaml

                Exit code 0 when nothing is damaged, 1 when something is, 2 when it could not be
                read, 64 for wrong usage.
                """)

        @OptionGroup var file: ConfigurationOption

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            try await Terminal.attempt {
                let configuration = try GatewayPlan.configuration(at: file.path)
                let (leaves, status) = try await GatewayScrub.day(
                    folder: configuration.dataPath, withinMs: configuration.log.rereadWithinMs
                ) { done, whole in Terminal.progress(done < whole ? "leaf \(done) of \(whole)" : "") }
                let damage = status.notes.damage
                if json {
                    Terminal.show(LogReport.json(leaves: leaves, status).description)
                } else {
                    for line in damage.map(LogReport.line) { Terminal.show(line) }
                    Terminal.show(
                        "\(leaves) leaves read again; round \(status.notes.round) stands at \(status.notes.place.next) of \(status.size)"
                    )
                }
                if !damage.isEmpty { throw ExitCode(1) }
            }
        }
    }
}

/// What a rereading found, for people and as JSON.
struct LogReport {
    let report: Fsck.Report

    init(_ report: Fsck.Report) { self.report = report }

    private var figures: KeyValuePairs<String, UInt64> {
        let counts = report.counts
        return [
            "leaves": counts.leaves, "nodes": counts.nodes, "items": counts.items, "erasedItems": counts.erasedItems,
            "openings": counts.openings, "configurations": counts.configurations, "snapshots": counts.snapshots,
            "checkpoints": counts.checkpoints, "anchors": counts.anchors,
        ]
    }

    func show(json: Bool) {
        guard !json else {
            Terminal.show(
                "\(ToolJSON.members(["sound": .bool(report.isSound), "origin": .string(report.origin), "size": .number(report.size), "stoppedAt": report.stoppedAt.map { .number($0) } ?? .null, "read": .object(figures.map { ToolJSON.Member($0.key, .number($0.value)) }), "damaged": .number(report.damage.count), "damage": .array(report.damage.named.map(Self.json))]))"
            )
            return
        }
        Terminal.show("\(report.origin): \(report.size) leaves")
        for (name, count) in figures {
            Terminal.show("  \(count) \(name == "erasedItems" ? "of the items erased" : name)")
        }
        for damage in report.damage.named { Terminal.show(Self.line(damage)) }
        if report.isSound {
            Terminal.show(Terminal.paint("everything is what was written", .green))
            return
        }
        if let stoppedAt = report.stoppedAt {
            Terminal.say("plumblined: too much is missing; nothing was read behind leaf \(stoppedAt)")
        }
        let count = report.damage.count
        Terminal.complain(
            count == 1 ? "one thing is not what was written" : "\(count) things are not what was written",
            hint: "keep the data folder as it is for the auditor, then restore the newest copy that is sound")
    }

    /// The file cannot even be opened as a ledger.
    static func showUnreadable(_ folder: String, _ why: String, json: Bool) {
        let damage = Damage(.file, "ledger.db", why)
        guard !json else {
            Terminal.show(
                "\(ToolJSON.members(["sound": .bool(false), "origin": .null, "size": .null, "stoppedAt": .number(0), "read": .object([]), "damaged": .number(1), "damage": .array([Self.json(damage)])]))"
            )
            return
        }
        Terminal.show(line(damage))
        Terminal.complain(
            "the ledger in \(folder) cannot be read",
            hint: "keep the file for the auditor, then restore the newest copy")
    }

    static func line(_ damage: Damage) -> String { "\(Terminal.paint("damaged", .red))  \(damage.name): \(damage.why)" }

    static func json(leaves: UInt64, _ status: Scrubber.Status) -> ToolJSON {
        let notes = status.notes
        return .members([
            "sound": .bool(notes.damage.isEmpty), "leaves": .number(leaves), "round": .number(notes.round),
            "next": .number(notes.place.next), "size": .number(status.size),
            "lastRoundAt": .text(notes.lastRound.map { UTCTime.text(Int64(clamping: $0.endedMs)) }),
            "damaged": .number(notes.damage.count), "damage": .array(notes.damage.map(json)),
        ])
    }

    private static func json(_ damage: Damage) -> ToolJSON {
        .members(["kind": .string(damage.kind.rawValue), "name": .string(damage.name), "why": .string(damage.why)])
    }
}
