import ArgumentParser
import Gateway

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the keys, the first three leaves of the log and the policy card. Once for every building.",
        discussion: """
            The recovery key is written to the path you name, which should be a stick that leaves the building: whoever has it can
            replace the log key. The policy card is what your auditor keeps from today on; hand out copies of it now.
            Nothing that exists is ever overwritten.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(
        name: .customLong("recovery-key"),
        help: "Where the recovery key is written; it must not exist and not lie in the data folder.")
    var recoveryKey: String

    func run() async throws {
        try await Terminal.attempt {
            let plan = try GatewayPlan.load(configurationPath: file.path)
            let report = try await GatewaySetup.initialise(
                plan, recoveryKeyPath: recoveryKey)
            print(report.card, terminator: "")
            Terminal.say(
                "plumblined: the log \(report.origin) has begun; the policy card above lies in \(report.cardPath)")
            Terminal.say(
                "plumblined: take \(report.recoveryKeyPath) off this machine now, and hand the card to your auditor")
            if report.isSelfNetwork {
                Terminal.say(
                    "plumblined: hint: no Tangle node is configured, so the operator holds all milestone keys; verdicts will say W_SELF_NETWORK"
                )
            }
        }
    }
}
