import Capture
import Gateway
import Logging

/// A whole gateway inside this process, for as long as it is watched.
enum BenchGateway {
    /// Sets the gateway of a configuration up, runs it quietly, and ends it when `watch` is through.
    static func run(configurationPath: String, watch: (CaptureFlow) async throws -> Void) async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        let quiet = logger
        let plan = try GatewayPlan.load(configurationPath: configurationPath)
        _ = try await GatewaySetup.initialise(plan, recoveryKeyPath: configurationPath + ".recovery")
        let gateway = GatewayRun(plan, journal: { _ in quiet })
        let (started, told) = AsyncStream<CaptureFlow>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                defer { told.finish() }
                try await gateway.run { _ = told.yield($0.capture) }
            }
            guard let capture = await started.first(where: { _ in true }) else { return try await group.next() ?? () }
            try await watch(capture)
            group.cancelAll()
            // Ends by being cancelled; what it measured is told.
            while let ended = await group.nextResult() {
                if case .failure(let error) = ended, !(error is CancellationError) { throw error }
            }
        }
    }
}
