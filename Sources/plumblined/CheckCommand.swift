import ArgumentParser
import FieldTools
import Gateway
import SourceYAML

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads configuration, building and device profiles as a whole and starts nothing.",
        discussion: """
            Every mistake is named with file, line, column and the nearest known key,
            as far as it does not follow from another.
              plumblined check --config /etc/plumbline/plumbline.yaml
              plumblined check --json

            Exit code 0 when all is well, 1 when something is wrong, 64 for wrong usage.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        try await Terminal.attempt(exit: 1) {
            let mistakes = GatewayPlan.mistakes(configurationPath: file.path)
            let summary = mistakes.isEmpty ? try GatewayPlan.load(configurationPath: file.path).summary : nil
            if json {
                Terminal.show(
                    "\(ToolJSON.members(["good": .bool(mistakes.isEmpty), "configuration": .string(file.path), "summary": .text(summary), "mistakes": .array(mistakes.map { ProfileCommand.json($0) })]))"
                )
            } else if let summary {
                Terminal.show("\(file.path): good: \(summary)")
            } else {
                for mistake in mistakes { Terminal.complain(mistake) }
                if mistakes.count > 1 { Terminal.say("plumblined: \(mistakes.count) mistakes") }
            }
            if !mistakes.isEmpty { throw ExitCode(1) }
        }
    }
}
