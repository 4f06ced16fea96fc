import ArgumentParser
import Evidence
import Hashing
import Readings
import Tangle

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Says whether an evidence file holds.",
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

            Exit codes: 0 holds (read the notes), 1 does not hold, 2 could not be checked
            or not authenticated, 64 wrong usage.
            """)

    @Argument(help: "The evidence file: of a period or of a reading.")
    var file: String

    @Option(name: .customLong("policy"), help: ArgumentHelp("The policy card you were handed.", valueName: "card"))
    var policy: String?

    @Option(
        help: ArgumentHelp(
            "Ask whether the file covers the time from here on (RFC 3339, with zone).", valueName: "time"))
    var from: String?

    @Option(
        help: ArgumentHelp("Ask whether the file covers the time up to here (RFC 3339, with zone).", valueName: "time"))
    var to: String?

    @Flag(help: "Print the verdict as one JSON object.")
    var json = false

    mutating func run() throws {
        let fromMs = try from.map { try Self.instant($0, "--from") }
        let toMs = try to.map { try Self.instant($0, "--to") }
        if let fromMs, let toMs, fromMs >= toMs {
            throw Failure("--to must be later than --from", code: Failure.usageCode)
        }
        if file == FileInput.standardInput, policy == FileInput.standardInput {
            throw Failure("only one of file and card can be standard input", code: Failure.usageCode)
        }
        let card = try policy.map { try Self.card($0) }
        let bytes = try FileInput.read(file)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("checking \(FileInput.name(of: file))") }
        let verdict = Evidence.verify(file: bytes, card: card, from: fromMs, to: toMs)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("") }
        let report = VerdictReport(verdict: verdict, file: file)
        if json {
            try Terminal.show(Terminal.safe(json: report.json(sha256: sha256(bytes)).text))
        } else {
            try Terminal.show(report.text)
            for (message, hint) in report.complaints { Terminal.complain(message, hint: hint) }
        }
        throw ExitCode(verdict.exitCode)
    }

    private static func instant(_ text: String, _ option: String) throws(Failure) -> Int64 {
        do {
            return try UTCTime.parse(text)
        } catch {
            switch error {
            case .malformed:
                throw Failure(
                    "\(option) '\(Terminal.safe(text))' is not a time", hint: "write it like 2026-03-01T10:15:00Z",
                    code: Failure.usageCode)
            case .withoutZone:
                throw Failure(
                    "\(option) '\(Terminal.safe(text))' has no zone", hint: "add Z or an offset such as +01:00",
                    code: Failure.usageCode)
            }
        }
    }

    private static func card(_ path: String) throws(Failure) -> PolicyCard {
        let bytes = try FileInput.read(path)
        do {
            return try PolicyCard.parse(bytes)
        } catch {
            let reason =
                switch error {
                case .tooLong: "it is longer than \(PolicyCard.sizeBytesMax) bytes"
                case .notText: "it is not UTF-8 text"
                case .line(let number): "line \(number) is not what a card has there"
                case .contradiction: "its lines contradict each other"
                }
            throw Failure(
                "\(FileInput.name(of: path)) is not a policy card: \(reason)",
                hint: "a card begins with the line plumbline-card/v1; use the file you were handed, unchanged")
        }
    }
}
