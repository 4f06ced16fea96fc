import ArgumentParser
import Gateway
import Logging
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the gateway until SIGTERM or Ctrl-C.",
        discussion: """
            Ends with exit code 0 after a clean end, 2 when it cannot start or has to stop; systemd starts it again.
            SIGHUP makes it read its configuration, building and profiles again, as plumblined reload does.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        try await Terminal.attempt {
            let plan = try GatewayPlan.load(configurationPath: file.path)
            let level = Logger.Level(rawValue: plan.configuration.journal.rawValue) ?? .info
            // One that waits is enough: it reads whatever the files hold by then.
            let (hangups, hangup) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let signals = await UnixSignalsSequence(trapping: .sighup)
            let gateway = GatewayRun(
                plan, hangups: hangups, journal: { Terminal.journal($0, level: level) })
            try await untilSignal {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for await _ in signals { hangup.yield() } }
                    defer { group.cancelAll() }
                    try await gateway.run()
                }
            }
        }
    }
}

/// Runs the body until it ends or SIGTERM or SIGINT comes; then it is cancelled and waited for.
func untilSignal(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            do { try await body() } catch is CancellationError {}
            return true
        }
        group.addTask {
            for await _ in signals { return false }
            return false
        }
        while let isBody = try await group.next() {
            group.cancelAll()
            if isBody { return }
        }
    }
}
