import ArgumentParser
import Evidence
import Reporting
import Tangle

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Says whether an evidence file holds.",
        // Broken where a terminal of 80 columns would.
        usage: """
            plumbline verify <file> [--policy <card>] [--tsa-ca <file>] [--from <time>]
                             [--to <time>] [--json]
            """,
        discussion: """
            In place of a file, - is standard input.

            Without --policy the card inside the file is used. That shows only that the
            file agrees with itself, and the exit code is 2: whoever made the file could
            have made the card.

            Examples:
              plumbline verify march.evidence --policy house-16.card
              plumbline verify march.evidence --policy house-16.card \\
                  --from 2026-03-08T00:00:00+01:00 --to 2026-03-09T00:00:00+01:00
              plumbline verify reading.evidence --policy house-16.card --json
              plumbline verify march.evidence --policy house-16.card --tsa-ca authority.pem

            Exit codes: 0 holds (read the notes), 1 does not hold, 2 could not be checked
            or not authenticated, 64 wrong usage.
            """)

    @Argument(help: "The evidence file: of a period or of a reading.")
    var file: String

    @OptionGroup var options: EvidenceOptions

    @Flag(help: "Print the verdict as one JSON object.")
    var json = false

    mutating func run() throws {
        let (verdict, source) = try options.verify(file)
        let report = VerdictReport(verdict: verdict, file: file)
        if json {
            let digest = try source.sha256()
            try Terminal.show(Terminal.safe(json: verdict.json(file: file, sha256: digest, program: Build.text).text))
        } else {
            try Terminal.show(report.text)
            for (message, hint) in report.complaints { Terminal.complain(message, hint: hint) }
        }
        throw ExitCode(verdict.exitCode)
    }
}
