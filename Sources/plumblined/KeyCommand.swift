import ArgumentParser
import Gateway
import Logging

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Changes the log key, or says that it was stolen; needs the recovery key.",
        discussion: """
            Bring the recovery key for these minutes only; it is read and never
            kept. What it signed stands in the log or in every evidence file.
            """,
        subcommands: [Rotate.self, Compromised.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a fresh log key in force. Stop the gateway first.",
            discussion: """
                The change stands in the log when the command returns. Start the
                gateway then: the old key signs the change, the new one everything
                from there on, and the old one is removed. After an interruption the
                same command goes on.
                """)

        @OptionGroup var recovery: RecoveryKeyOption
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Terminal.attempt {
                let plan = try GatewayPlan.load(configurationPath: file.path)
                let change = try await GatewayKeys.change(
                    plan, recoveryKeyPath: recovery.path, journal: { Terminal.journal($0, level: .warning) })
                print(change.newKey)
                Terminal.say(
                    "plumblined: entry \(change.leafIndex) of \(change.origin) "
                        + (change.wasThere ? "had changed the log key before" : "changes the log key"))
                Terminal.say("plumblined: start the gateway now, and take the recovery key off this machine")
            }
        }
    }

    struct Compromised: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "States that the log key was stolen. The gateway may run.",
            discussion: """
                The recovery key vouches for the first SIZE entries and for nothing
                that the log key signed later; every evidence file says so from now
                on. Change the key as well. The statement that is printed can be given
                to anybody.
                """)

        @OptionGroup var recovery: RecoveryKeyOption

        @Option(help: "Entries that are beyond doubt; the last anchored size if not given.")
        var size: UInt64?

        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Terminal.attempt {
                let configuration = try GatewayPlan.configuration(at: file.path)
                let theft = try GatewayKeys.declareStolen(
                    configuration, recoveryKeyPath: recovery.path, size: size)
                print(theft.statement)
                Terminal.say(
                    "plumblined: of \(theft.origin) the first \(theft.size) entries are vouched for, root \(theft.root)"
                )
                Terminal.say("plumblined: stop the gateway and run plumblined key rotate, so that the doubt ends")
            }
        }
    }
}

struct EpochCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "epoch", abstract: "Opens a new log behind one that must not be signed any more.",
        subcommands: [Open.self])

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declares a loss: a new log, a new log key, a new policy card. Stop the gateway first.",
            discussion: """
                For a log that was put back from a backup, or that a witness
                contradicts. The old log is ended and anchored where it still can be,
                and then lies in a folder of its own beside the new one. Verdicts about
                the new one say W_EPOCH_LOSS. Hand out the new card. After an
                interruption the same command goes on.
                """)

        @OptionGroup var recovery: RecoveryKeyOption

        @Flag(help: "Do not try to end and anchor the old log.")
        var withoutEnd = false

        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            try await Terminal.attempt {
                let plan = try GatewayPlan.load(configurationPath: file.path)
                let report = try await GatewayEpoch.open(
                    plan, recoveryKeyPath: recovery.path, isEnding: !withoutEnd,
                    journal: { Terminal.journal($0, level: .warning) })
                print(report.card, terminator: "")
                if report.wasOpen {
                    Terminal.say(
                        "plumblined: the epoch is already open: \(report.origin) follows \(report.previousOrigin) and has signed "
                            + "nothing yet; nothing was done. Start the gateway")
                    return
                }
                Terminal.say(
                    "plumblined: the log \(report.origin) has begun, after \(report.previousSize) anchored entries of "
                        + "\(report.previousOrigin), which lies in \(report.oldFolder)")
                if let why = report.endMissing {
                    Terminal.say("plumblined: hint: the old log has no anchored end: \(why)")
                }
                Terminal.say(
                    "plumblined: \(report.tokens) tokens go on; start the gateway, hand the card above to your auditor, and take "
                        + "the recovery key off this machine")
            }
        }
    }
}

/// The key that `init` gave away; the same option everywhere.
struct RecoveryKeyOption: ParsableArguments {
    @Option(name: .customLong("recovery-key"), help: "The file that init wrote.")
    var path: String
}
