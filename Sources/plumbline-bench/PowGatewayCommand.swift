import ArgumentParser
import Gateway
import Glibc
import LedgerStore
import Logging

/// Hidden: one whole gateway in a process of its own, measured between its first anchor and the next.
struct PowGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pow-gateway", shouldDisplay: false)
    /// Longest wait for the first anchor, s.
    private static let anchorSecondsMax: Double = 120

    @Option var configurationPath: String
    @Option var dataPath: String
    @Option var seconds: Double

    func run() async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        let quiet = logger
        let plan = try GatewayPlan.load(configurationPath: configurationPath)
        _ = try await GatewaySetup.initialise(plan, recoveryKeyPath: configurationPath + ".recovery")
        let gateway = GatewayRun(plan, journal: { _ in quiet })
        let (started, told) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                defer { told.finish() }
                try await gateway.run { _ in told.yield() }
            }
            guard await started.first(where: { _ in true }) != nil else { return try await group.next() ?? () }
            try await watch()
            group.cancelAll()
            // Ends by being cancelled; what it measured is told.
            while let ended = await group.nextResult() {
                if case .failure(let error) = ended, !(error is CancellationError) { throw error }
            }
        }
    }

    private func watch() async throws {
        let began = Usage.monotonicSeconds()
        while try await openAndAnchored() != (0, 1) {
            guard Usage.monotonicSeconds() - began < Self.anchorSecondsMax else { return print("") }
            try await Task.sleep(for: .milliseconds(200))
        }
        // What the start read is let go, and the figure is the daemon's alone.
        try await Task.sleep(for: .seconds(5))
        let (cpu, from) = (Usage.cpuSeconds(), Usage.monotonicSeconds())
        try await Task.sleep(for: .seconds(seconds))
        let percent = (Usage.cpuSeconds() - cpu) / (Usage.monotonicSeconds() - from) * 100
        // Another anchor in that time would be no time between two.
        if try await openAndAnchored() == (0, 1) { tell("cpuPercent", percent) }
        print("")
    }

    private func openAndAnchored() async throws -> (Int, Int) {
        let anchors = try await LedgerReader.open(directory: dataPath).anchors(AnchorQuery(limit: 10))
        let anchored = anchors.filter { $0.state == .anchored }.count
        return (anchors.count - anchored, anchored)
    }
}
