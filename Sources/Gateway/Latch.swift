/// Opens once; whoever waits then goes on. What happened before the waiting began is not missed.
final class Latch: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Never.self) }

    func open() { continuation.finish() }

    /// Returns when open, and at once when the task is cancelled.
    func wait() async { for await _ in stream {} }
}
