import ArgumentParser
import CBuildInfo
import Glibc

/// The auditor's program: checks evidence files with nothing but the file and the policy card.
@main
struct Plumbline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumbline",
        abstract: "Checks evidence files of a Plumbline gateway, offline.",
        discussion: """
            An evidence file shows what a gateway wrote down and that nothing of it was
            altered, left out or dated back. The policy card says whose gateway it is; you
            were handed it when the gateway was set up.

            Examples:
              plumbline verify house-16.evidence --policy house-16.card
              plumbline audit house-16.evidence --policy house-16.card --html house.html
              plumbline trail house-16.evidence --policy house-16.card
              plumbline inspect house-16.evidence
              plumbline export house-16.evidence --policy house-16.card > readings.csv
              plumbline check-table bill.csv house-16.evidence --policy house-16.card

            Exit codes: 0 holds, 1 does not hold, 2 could not be checked or not
            authenticated, 64 wrong usage.
            """,
        version: Build.text,
        subcommands: [
            VerifyCommand.self, AuditCommand.self, TrailCommand.self, InspectCommand.self, ExportCommand.self,
            CheckTableCommand.self,
        ])

    private static let helped = ["verify", "audit", "trail", "inspect", "export", "check-table"]
    private static let commands = helped + ["help"]

    /// A mistyped command is named with its nearest kin, not counted as an argument too many; so is one after `help`.
    private static func refuseUnknownCommand(_ words: ArraySlice<String>) throws(Failure) {
        let named = words.first == "help" ? words.dropFirst().first : words.first
        guard let word = named, !word.hasPrefix("-"), !commands.contains(word) else { return }
        let kin = commands.max { shared($0, word) < shared($1, word) }.flatMap { shared($0, word) > 1 ? $0 : nil }
        throw Failure(
            "there is no command '\(Terminal.safe(word))'",
            hint: kin.map { "did you mean '\($0)'?" } ?? "'plumbline help' lists the commands", code: Failure.usageCode)
    }

    /// The parser puts its guess behind the complaint: "… Did you mean '--policy'?". Here a guess is a hint.
    private static func parted(_ said: String) -> (message: String, kin: String?) {
        guard let mark = said.firstRange(of: ". Did you mean") else { return (said, nil) }
        return (String(said[..<mark.lowerBound]), "did you mean" + said[mark.upperBound...])
    }

    /// Prints a help text; the exit code says whether it arrived.
    private static func printed(_ text: String) -> Int32 {
        do {
            try Terminal.show(text)
            return 0
        } catch {
            Terminal.complain(error.message)
            return error.code
        }
    }

    /// Number of places at which two words have the same letter.
    private static func shared(_ a: String, _ b: String) -> Int { zip(a, b).count { $0 == $1 } }

    /// Parses and runs; every error leaves in the program's own words and with its own exit code.
    static func main() {
        // A reader that has seen enough, such as head(1), must not take the verdict's exit code away.
        signal(SIGPIPE, SIG_IGN)
        let words = CommandLine.arguments.dropFirst()
        do {
            try refuseUnknownCommand(words)
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Terminal.complain(failure.message, hint: failure.hint)
            Glibc.exit(failure.code)
        } catch {
            let code = exitCode(for: error)
            if let exit = error as? ExitCode { Glibc.exit(exit.rawValue) }
            if code == .success {
                Glibc.exit(printed(fullMessage(for: error)))
            }
            let (said, kin) = parted(Terminal.plain(message(for: error)))
            let help =
                words.first.flatMap { helped.contains($0) ? "'plumbline help \($0)'" : nil } ?? "'plumbline help'"
            Terminal.complain(
                Terminal.safe(said), hint: kin.map { Terminal.safe($0) } ?? "\(help) shows how it is used")
            Glibc.exit(Failure.usageCode)
        }
    }
}

/// Which source this program was built from.
enum Build {
    static let version = String(cString: plumbline_version())
    static let commit = String(cString: plumbline_commit())
    static let text = "plumbline \(version) (commit \(commit))"
}

/// Ends the program with a message, a hint and an exit code of the contract.
struct Failure: Error {
    static let uncheckedCode: Int32 = 2
    static let usageCode: Int32 = 64

    let message: String
    let hint: String?
    let code: Int32

    init(_ message: String, hint: String? = nil, code: Int32 = Failure.uncheckedCode) {
        self.message = message
        self.hint = hint
        self.code = code
    }
}
