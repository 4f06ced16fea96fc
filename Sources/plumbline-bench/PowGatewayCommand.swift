import ArgumentParser
import Glibc
import LedgerStore

/// Hidden: one whole gateway in a process of its own, measured between its first anchor and the next.
struct PowGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pow-gateway", shouldDisplay: false)
    /// Longest wait for the first anchor, s.
    private static let anchorSecondsMax: Double = 120

    @Option var configurationPath: String
    @Option var dataPath: String
    @Option var seconds: Double

    func run() async throws {
        try await BenchGateway.run(configurationPath: configurationPath) { _ in try await watch() }
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
