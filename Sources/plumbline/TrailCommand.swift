import ArgumentParser
import Evidence
import Reporting
import Tangle

struct TrailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trail",
        abstract: "Lists who did what: commands, changes, accesses, events.",
        usage: "plumbline trail <file> [--policy <card>] [<options>]",
        discussion: """
            The whole file is checked as 'verify' checks it; of a file that does not
            hold nothing is listed. Each entry stands with its leaf in the log and the
            gateway's clock, below the moments between which it was placed in the log.

            command, outcome   who asked for which value and why; what came of it, and
                               what the device held afterwards
            configuration      another model in force, with changes of unit and scale
            snapshot           entities, their parts and points, as of that model
            access             who read which point, how, and how often
            event, erasure     what happened, and what was erased

            An actor is a pseudonym of one month; where an access shows the number of
            its grant, it is named. The operator's 'plumblined token list' says whose
            grant that is. What a file withholds stays closed, and is counted at the end.
            Events of streams that are not public are readings: see 'export'.

            Examples:
              plumbline trail march.evidence --policy house-16.card
              plumbline trail march.evidence --policy house-16.card \\
                  --point heat-pump-2.set-point
              plumbline trail march.evidence --policy house-16.card --entity room-4 \\
                  --from 2026-03-08T00:00:00+01:00 --to 2026-03-09T00:00:00+01:00

            Exit codes: 0 holds (read the notes), 1 does not hold, 2 could not be
            checked, not authenticated, or asked about something that the file does
            not show, 64 wrong usage.
            """)

    @Argument(help: "The evidence file of a period.")
    var file: String

    @OptionGroup var options: EvidenceOptions

    @Option(help: ArgumentHelp("Only what concerns this stream; may be given again.", valueName: "number"))
    var stream: [UInt32] = []

    @Option(help: ArgumentHelp("Only what concerns this point; may be given again.", valueName: "id"))
    var point: [String] = []

    @Option(
        help: ArgumentHelp("Only what concerns this entity, its parts and their points.", valueName: "id"))
    var entity: [String] = []

    @Flag(help: "Print verdict and entries as one JSON object.")
    var json = false

    mutating func run() throws {
        var scope = PeriodSurvey.Scope()
        scope.streams = Set(stream)
        scope.points = Set(point)
        scope.entities = Set(entity)
        let (verdict, leaves, digest) = try options.trail(file)
        guard verdict.facts.kind != .reading else {
            throw Failure(
                "a reading file has no trail", hint: "ask the gateway for the evidence of a period",
                code: Failure.usageCode)
        }
        let report = TrailReport(verdict: verdict, leaves: leaves, scope: scope)
        if json {
            let text = report.json(file: file, sha256: digest, program: Build.text).text
            try Terminal.show(Terminal.safe(json: text))
        } else {
            let head = VerdictReport(verdict: verdict, file: file)
            try Terminal.show(([head.brief] + report.lines).joined(separator: "\n"))
            for (message, hint) in head.complaints { Terminal.complain(message, hint: hint) }
        }
        if !report.unknown.isEmpty {
            Terminal.complain(
                "the file does not show \(Terminal.safe(report.unknown.joined(separator: ", ")))",
                hint: "'plumbline inspect' lists what it holds")
        }
        throw ExitCode(report.exitCode)
    }
}
