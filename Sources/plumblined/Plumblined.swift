import ArgumentParser
import CBuildInfo

@main
struct Plumblined: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumblined",
        abstract: "Reads a building, writes down what it saw so that nobody can change it unseen, and serves it.",
        discussion: """
            Set up once:
              plumblined check --config /etc/plumbline/plumbline.yaml
              plumblined init --config /etc/plumbline/plumbline.yaml --recovery-key /media/stick/recovery.key
              plumblined token add kari --role facility --config /etc/plumbline/plumbline.yaml
            Then:
              plumblined run --config /etc/plumbline/plumbline.yaml
            At a device that has no profile yet:
              plumblined scan tcp://192.0.2.7:502
              plumblined probe tcp://192.0.2.7:502 --unit 1 --register 0
              plumblined profile check my-meter.yaml
              plumblined record tcp://192.0.2.7:502 --profile my-meter.yaml --out dump.yaml

            Exit codes: 0 done, 1 a problem with what was found, 2 could not be done, 64 wrong usage.
            """,
        version: "plumblined \(String(cString: plumbline_version())) (commit \(String(cString: plumbline_commit())))",
        subcommands: [
            RunCommand.self, InitCommand.self, CheckCommand.self, StatusCommand.self, ReloadCommand.self,
            TokenCommand.self, KeyCommand.self, EpochCommand.self, LogCommand.self, TangleCommand.self,
            DemoCommand.self, ProfileCommand.self, ProbeCommand.self, ScanCommand.self, RecordCommand.self,
            ReplayCommand.self,
        ])
}

/// Where the configuration stands; the same option everywhere.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file.")
    var path = "/etc/plumbline/plumbline.yaml"
}
