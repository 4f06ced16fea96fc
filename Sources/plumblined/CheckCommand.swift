import ArgumentParser
import Gateway

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads configuration, building and device profiles as a whole and starts nothing.",
        discussion:
            "Exit code 0 when all is well, 1 when something is wrong; a mistake is named with file, line and column.")

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        try await Terminal.attempt(exit: 1) {
            let plan = try GatewayPlan.load(configurationPath: file.path)
            try plan.checkSurroundings()
            print("\(file.path): good: \(plan.summary)")
        }
    }
}
