import BlockingThread
import Foundation
import Synchronization
import Testing

/// Goal: who blocks, blocks nobody else, and a thread ends with its actor. Method: actors that wait for each other with semaphores.
struct ThreadExecutorTests {
    /// An actor on a thread of its own.
    private actor Blocker {
        private let thread = ThreadExecutor(name: "test-blocker")
        private var sum = 0
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        /// Tells that it has begun, then blocks its thread until told to go on.
        func block(begun: DispatchSemaphore, until go: DispatchSemaphore) -> String {
            begun.signal()
            blockingWait(go)
            return name()
        }

        func collect(_ begun: DispatchSemaphore, _ count: Int) {
            for _ in 0..<count { blockingWait(begun) }
        }

        func name() -> String {
            thread.checkIsolated()
            return (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
        }

        func add(_ number: Int) { sum = sum &* 31 &+ number }
        func total() -> Int { sum }

        func afterPause() async -> String {
            await Task.yield()
            return name()
        }
    }

    @Test func `actors that block run side by side, more than there are cores`() async {
        let count = 12
        let (begun, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let blockers = (0..<count).map { _ in Blocker() }
        let free = Blocker()
        let names = await withTaskGroup(of: String.self) { group in
            for blocker in blockers { group.addTask { await blocker.block(begun: begun, until: go) } }
            // All of them block at once; were one to wait for another's thread, this would never be reached.
            group.addTask {
                await free.collect(begun, count)
                for _ in 0..<count { go.signal() }
                return "test-blocker\n"
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(names.count == count + 1 && names.allSatisfy { $0 == "test-blocker\n" })
    }

    @Test func `calls run in the order they came and stay on the thread after a pause`() async {
        let blocker = Blocker()
        var expected = 0
        for number in 0..<5000 {
            await blocker.add(number)
            expected = expected &* 31 &+ number
        }
        #expect(await blocker.total() == expected)
        #expect(await blocker.afterPause() == "test-blocker\n")
    }

    @Test func `many actors come and go without leaving threads behind`() async throws {
        for _ in 0..<300 {
            let blocker = Blocker()
            #expect(await blocker.name() == "test-blocker\n")
        }
    }
}

/// Blocking is the point here: it stands in for a C call.
private func blockingWait(_ semaphore: DispatchSemaphore) { semaphore.wait() }
