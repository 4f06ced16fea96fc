import BlockingThread
import Foundation
import Testing

/// Goal: whoever waits on an executor's thread goes on at the right time and on that thread, holds nobody up, and ends at once when
/// cancelled. Method: an actor that waits, calls beside it, and many cancellations at every moment.
@Suite(.timeLimit(.minutes(1))) struct ThreadSleepTests {
    private actor Sleeper {
        private let executor = ThreadExecutor(name: "sleep-test")
        private(set) var order: [Int64] = []
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        /// How long it took, milliseconds.
        @discardableResult
        func wait(_ ms: Int64) async throws -> Double {
            let began = ContinuousClock.now
            try await executor.sleep(ms: ms)
            executor.checkIsolated()
            order.append(ms)
            return (ContinuousClock.now - began) / .milliseconds(1)
        }
    }

    @Test(arguments: [-5, 0, 1, 30] as [Int64]) func `a wait is not shorter than asked for, and ends`(ms: Int64)
        async throws
    {
        #expect(try await Sleeper().wait(ms) >= Double(ms))
    }

    @Test func `several waits on one thread end by their instants, and calls come in between`() async throws {
        let sleeper = Sleeper()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ms in [300, 100, 200] as [Int64] { group.addTask { try await sleeper.wait(ms) } }
            #expect(await sleeper.order == [])
            try await group.waitForAll()
        }
        #expect(await sleeper.order == [100, 200, 300])
    }

    @Test func `a cancelled wait ends at once, whenever it is cancelled`() async throws {
        let sleeper = Sleeper()
        for spins in 0..<2_000 {
            let task = Task { try await sleeper.wait(100_000_000) }
            for _ in 0..<spins % 50 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(await sleeper.order == [])
    }

    @Test func `a wait that ends while it is cancelled goes on once`() async throws {
        let (sleeper, beside) = (Sleeper(), Sleeper())
        var ended = 0
        for turn in 0..<500 {
            let task = Task { try await sleeper.wait(1) }
            if turn % 2 == 0 { try await beside.wait(1) }
            task.cancel()
            if (try? await task.value) != nil { ended += 1 }
        }
        #expect(await sleeper.order.count == ended)
    }
}
