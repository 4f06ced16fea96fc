import Capture
import Dispatch
import LedgerStore
import Readings
import Testing
import TwinModel

extension Ledger {
    /// Keeps the ledger's thread busy, as a disk that takes its time does.
    ///
    /// - Returns: whether somebody let it go; otherwise it went on by itself.
    fileprivate func hold(begun: AsyncStream<Void>.Continuation, until go: DispatchSemaphore) -> Bool {
        begun.yield()
        return go.wait(timeout: .now() + 20) == .success
    }
}

/// Goal: a reading does not wait for the disk. Method: the flow runs by the host's clock, and the ledger's thread is held meanwhile.
@Suite(.timeLimit(.minutes(2))) struct ServingTests {
    @Test func `a reading is shown while the disk is busy, and is on disk when the flow has ended`() async throws {
        let house = try await House(periodMs: 86_400_000)
        let daemon = try await house.start(clock: .system)
        let flow = Task { try await daemon.flow.run() }
        let shown = await daemon.keeper.subscribe()
        func isShown(_ value: Int64) async {
            for await batch in shown where batch.contains(where: { $0.value == .integer(value) }) { return }
        }
        let atMs = Clock.system.wallMs()
        daemon.intake.offer([house.reading(2, 1, atMs: atMs)])
        await isShown(1)
        let (began, begun) = AsyncStream<Void>.makeStream()
        let go = DispatchSemaphore(value: 0)
        let holding = Task { await daemon.ledger.hold(begun: begun, until: go) }
        for await _ in began { break }
        // More than one look, so that a round has met the busy ledger in between.
        for value in 2...400 as ClosedRange<Int64> {
            daemon.intake.offer([house.reading(2, value, atMs: atMs + UInt64(value))])
            await isShown(value)
        }
        go.signal()
        #expect(await holding.value)
        flow.cancel()
        try await flow.value
        let kept = try await daemon.ledger.openReadings(k: atMs / house.periodMs)
        #expect(kept.filter { $0.point == PointNumber(2) }.map(\.value) == (1...400).map { .integer($0) })
        await daemon.kill()
    }
}
