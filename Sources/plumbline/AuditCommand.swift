import ArgumentParser
import Evidence
import Reporting
import Tangle

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Audits a period and writes a report for people.",
        usage: "plumbline audit <file> [--policy <card>] [<options>]",
        discussion: """
            The whole file is checked as 'verify' checks it. The report says what was
            checked, what is proven and what is not, between which moments each part
            was placed in the log, how complete it is, what was withheld or erased,
            and every change of unit or scale. --stream, --point and --entity narrow
            what is counted; the verdict is always that of the whole file.

            In place of a file, - is standard input.

            Examples:
              plumbline audit march.evidence --policy house-16.card
              plumbline audit march.evidence --policy house-16.card --lang de \\
                  --html march.html
              plumbline audit march.evidence --policy house-16.card --point m1.energy \\
                  --from 2026-03-08T00:00:00+01:00 --to 2026-03-09T00:00:00+01:00

            Exit codes: 0 holds (read the notes), 1 does not hold, 2 could not be
            checked, not authenticated, or asked about something that the file does
            not show, 64 wrong usage.
            """)

    @Argument(help: "The evidence file: of a period or of a reading.")
    var file: String

    @OptionGroup var options: EvidenceOptions

    @Option(help: ArgumentHelp("Count only this stream; may be given again.", valueName: "number"))
    var stream: [UInt32] = []

    @Option(help: ArgumentHelp("Count only this point; may be given again.", valueName: "id"))
    var point: [String] = []

    @Option(
        help: ArgumentHelp(
            "Count only the points of this entity and its parts, where the file opens snapshots.", valueName: "id"))
    var entity: [String] = []

    @Option(help: ArgumentHelp("Language of the report: en or de.", valueName: "language"))
    var lang = "en"

    @Option(help: ArgumentHelp("Write the report as a page into this file, too.", valueName: "file"))
    var html: String?

    @Flag(help: "Print the report as one JSON object.")
    var json = false

    func validate() throws {
        guard Language(rawValue: lang) != nil else { throw ValidationError("--lang takes en or de") }
    }

    mutating func run() throws {
        var scope = PeriodSurvey.Scope()
        scope.streams = Set(stream)
        scope.points = Set(point)
        scope.entities = Set(entity)
        let (verdict, survey, digest) = try options.audit(file, scope: scope)
        let report = AuditReport(
            verdict: verdict, survey: survey, file: FileInput.name(of: file), sha256: digest, program: Build.text,
            language: Language(rawValue: lang) ?? .english)
        if let html { try FileOutput.write(Array(HTMLRendering(report.document).text.utf8), to: html) }
        if json {
            try Terminal.show(Terminal.safe(json: report.json.text))
        } else {
            try Terminal.show(TextRendering(report.document, paint: Self.paint).text)
        }
        for (message, hint) in VerdictReport(verdict: verdict, file: file).complaints where !json {
            Terminal.complain(message, hint: hint)
        }
        if let unknown = survey?.unknown, !unknown.isEmpty {
            Terminal.complain(
                "the file does not show \(Terminal.safe(unknown.joined(separator: ", ")))",
                hint: "'plumbline inspect' lists what it holds")
        }
        throw ExitCode(report.exitCode)
    }

    private static func paint(_ text: String, _ tone: ReportDocument.Tone) -> String {
        switch tone {
        case .good: Terminal.paint(text, .green)
        case .caution: Terminal.paint(text, .yellow)
        case .bad: Terminal.paint(text, .red)
        }
    }
}
