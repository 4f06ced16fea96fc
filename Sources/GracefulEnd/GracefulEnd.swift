package import Logging
package import ServiceLifecycle

/// Runs a server until it ends or the surrounding task is cancelled; then it takes no more connections, finishes what it is answering
/// and ends.
///
/// A server must not be cancelled as other tasks are: SwiftNIO stops the process when a connection that was just accepted is thrown
/// away without having been served.
///
/// - Parameter endSecondsMax: answers that take longer at the end are cut off.
/// - Throws: what the server threw.
package func runGracefully(
    _ server: some Service, endSecondsMax: Int64 = 5, logger: Logger
) async throws {
    var configuration = ServiceGroupConfiguration(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(endSecondsMax)
    let group = ServiceGroup(configuration: configuration)
    // Out of reach of the cancellation, which the handler below turns into a graceful end.
    let running = Task { try await group.run() }
    try await withTaskCancellationHandler {
        try await running.value
    } onCancel: {
        Task { await group.triggerGracefulShutdown() }
    }
}
