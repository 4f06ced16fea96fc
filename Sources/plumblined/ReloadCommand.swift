import ArgumentParser
import Gateway

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Asks the running gateway to read its configuration, building and profiles again.",
        discussion: """
            All of it is put in force, or nothing: a mistake is named with file, line and column, and the gateway goes on as before.
            Exit code 0 when it is in force, 1 when it was not taken, 2 when no gateway answers. SIGHUP does the same.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print the answer as it is.")
    var json = false

    func run() async throws {
        try await Terminal.attempt {
            let answer = try await GatewayStatus.reload(try GatewayPlan.configuration(at: file.path))
            if json {
                print(answer.json)
            } else {
                for sentence in answer.sentences {
                    if answer.isDone { print(sentence) } else { Terminal.say("plumblined: \(sentence)") }
                }
            }
            if !answer.isDone { throw ExitCode(1) }
        }
    }
}
