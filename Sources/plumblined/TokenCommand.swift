import ArgumentParser
import Gateway

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Who may use the API and the page.",
        discussion: "Works while the gateway runs. A token is shown once, when it is made; only its SHA-256 is stored.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a token and prints it, alone on its line.")

        @Argument(help: "Who or what it is for: a-z 0-9 - _")
        var name: String

        @Option(help: "\(GatewayTokens.roles.joined(separator: ", ")).")
        var role = "facility"

        @Option(help: "Days until it expires; without it, it is valid until it is removed.")
        var days: Int?

        @Option(
            help: ArgumentHelp(
                "Show only this stream, by number or name; may be given again. Everything else is answered as if it were not there.",
                valueName: "stream"))
        var stream: [String] = []

        @OptionGroup var file: ConfigurationOption

        func validate() throws {
            guard GatewayTokens.roles.contains(role) else {
                throw ValidationError(
                    "unknown role '\(role)'; roles are \(GatewayTokens.roles.joined(separator: ", "))")
            }
            if let days, !(1...3_650).contains(days) { throw ValidationError("--days takes 1 to 3650") }
        }

        func run() async throws {
            try await Terminal.attempt {
                let plan = try GatewayPlan.load(configurationPath: file.path)
                let tokens = try GatewayTokens(plan.configuration)
                print(try tokens.add(name: name, role: role, days: days, streams: stream))
                Terminal.say("plumblined: this is the only time the token is shown")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists all tokens that were ever made, without the tokens themselves.")

        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Terminal.attempt {
                let plan = try GatewayPlan.load(configurationPath: file.path)
                for line in try GatewayTokens(plan.configuration).list() {
                    let until = line.until.map { (line.isValid ? "until " : "ended ") + $0 } ?? "no end"
                    let scope = line.scope.isEmpty ? "" : "\t" + line.scope
                    print("\(line.grant)\t\(line.name)\t\(line.role)\tsince \(line.since)\t\(until)\(scope)")
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a token back; the next request with it is refused.")

        @Argument(help: "The name it was made with.")
        var name: String

        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Terminal.attempt {
                let plan = try GatewayPlan.load(configurationPath: file.path)
                try GatewayTokens(plan.configuration).remove(name: name)
                Terminal.say("plumblined: token \(name) is taken back")
            }
        }
    }
}
