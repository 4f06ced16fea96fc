import BrokerClient
import GracefulEnd
package import Hummingbird
import Logging
import NIOCore

extension LocalTangleNode {
    /// The API without a socket.
    package nonisolated func router() -> Router<BasicRequestContext> { NodeRoutes(node: self).router() }

    /// Serves on 127.0.0.1 and makes a milestone every interval, until cancelled.
    ///
    /// `port` 0 takes a free one; `onListening` is told which. Throws when the port is taken or the disk refuses.
    package nonisolated func run(
        port: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) async throws {
        var logger = Logger(label: "local-tangle")
        logger.logLevel = .critical  // Connections that end with the server are no news.
        let application = Application(
            router: router(),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: port), serverName: nil, reuseAddress: true),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) }, logger: logger)
        let intervalMs = configuration.intervalMs
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [logger] in try await runGracefully(application, logger: logger) }
            if let publisher { group.addTask { try await publisher.run() } }
            if intervalMs > 0 {
                group.addTask {
                    while true {
                        try await self.issueMilestoneIfDue()
                        try await Task.sleep(for: .milliseconds(intervalMs / 4))
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
