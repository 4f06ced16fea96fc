import ArgumentParser
import Gateway

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Asks the running gateway how it is.",
        discussion: "Exit code 0 when all is well, 1 when the gateway names a problem, 2 when none answers.")

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print the health document as it is.")
    var json = false

    func run() async throws {
        try await Terminal.attempt {
            let answer = try await GatewayStatus.ask(try GatewayPlan.configuration(at: file.path))
            if json {
                print(answer.json)
            } else {
                print(
                    "\(answer.url)  \(answer.state == "ok" ? "all is well" : answer.state ?? "answers, but not like a gateway")"
                )
                for problem in answer.problems { print("  \(problem)") }
            }
            if answer.state != "ok" { throw ExitCode(1) }
        }
    }
}
