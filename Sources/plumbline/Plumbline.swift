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
              plumbline inspect house-16.evidence

            Exit codes: 0 holds, 1 does not hold, 2 could not be checked or not
            authenticated, 64 wrong usage.
            """,
        version: Build.text,
        subcommands: [VerifyCommand.self, InspectCommand.self])

    private static let commands = ["verify", "inspect", "help"]

    /// A mistyped command is named with its nearest kin, not counted as an argument too many.
    private static func refuseUnknownCommand(_ word: String?) throws(Failure) {
        guard let word, !word.hasPrefix("-"), !commands.contains(word) else { return }
        let kin = commands.max { shared($0, word) < shared($1, word) }.flatMap { shared($0, word) > 1 ? $0 : nil }
        throw Failure(
            "there is no command '\(Terminal.safe(word))'",
            hint: kin.map { "did you mean '\($0)'?" } ?? "'plumbline help' lists the commands", code: Failure.usageCode)
    }

    /// Number of places at which two words have the same letter.
    private static func shared(_ a: String, _ b: String) -> Int { zip(a, b).count { $0 == $1 } }

    /// Parses and runs; every error leaves in the program's own words and with its own exit code.
    static func main() {
        do {
            try refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Terminal.complain(failure.message, hint: failure.hint)
            Glibc.exit(failure.code)
        } catch {
            let code = exitCode(for: error)
            if let exit = error as? ExitCode { Glibc.exit(exit.rawValue) }
            if code == .success {
                Terminal.show(fullMessage(for: error))
                Glibc.exit(0)
            }
            let said = message(for: error)
            Terminal.complain(
                Terminal.plain(said.isEmpty ? "a file is missing" : said),
                hint: "'plumbline help' and 'plumbline help verify' show how it is used")
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
