import BlockingThread
import Foundation
import Testing

/// Goal: jobs keep their order, nobody is lost and nobody waits for ever, however many executors come and go.
/// Method: actors on threads of their own, semaphores in place of C calls that block, and the list of this process's threads.
struct ThreadExecutorOrderTests {
    private actor Worker {
        private let executor: ThreadExecutor
        private var numbers: [Int] = []
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        init(_ name: String = "order-test", stackBytes: Int = 512 * 1024) {
            executor = ThreadExecutor(name: name, stackBytes: stackBytes)
        }

        func add(_ number: Int) { numbers.append(number) }
        func all() -> [Int] { numbers }
        func block(begun: DispatchSemaphore, until go: DispatchSemaphore) {
            begun.signal()
            wait(go)
        }
        /// From the kernel: the C library declares `pthread_self` constant, and an optimiser asks for it once.
        func threadID() -> String {
            executor.checkIsolated()
            return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? ""
        }
        func comm() -> String {
            (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
        }
        func ask(_ other: Worker, depth: Int) async -> Int {
            depth == 0 ? 0 : await other.ask(self, depth: depth - 1) + 1
        }
        func deep(_ depth: Int) -> Int { depth == 0 ? 0 : deep(depth - 1) + 1 }
    }

    @Test func `calls that wait behind a blocked one are all done once it goes on`() async {
        let worker = Worker()
        let releaser = Worker()
        let (begun, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // More than the queue keeps before it makes room again.
        let count = 3_000
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await worker.block(begun: begun, until: go) }
            for number in 0..<count { group.addTask { await worker.add(number) } }
            group.addTask { await releaser.block(begun: go, until: begun) }
        }
        #expect(await worker.all().sorted() == Array(0..<count))
    }

    @Test func `calls from many tasks are all done, each task's in its own order`() async {
        let worker = Worker()
        let (tasks, calls) = (50, 100)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask { for call in 0..<calls { await worker.add(task * calls + call) } }
            }
        }
        let all = await worker.all()
        #expect(all.count == tasks * calls)
        for task in 0..<tasks {
            let own = all.filter { $0 / calls == task }
            #expect(own == own.sorted() && own.count == calls)
        }
    }

    @Test func `an actor stays on one thread, two actors never share one`() async {
        let workers = (0..<20).map { _ in Worker() }
        var ids: [String] = []
        for worker in workers {
            let first = await worker.threadID()
            for _ in 0..<10 { #expect(await worker.threadID() == first) }
            ids.append(first)
        }
        #expect(Set(ids).count == workers.count)
    }

    @Test func `actors that call each other back do not wait for ever`() async {
        let (a, b) = (Worker(), Worker())
        #expect(await a.ask(b, depth: 1_000) == 1_000)
    }

    @Test func `the last reference may go away on the thread itself`() async {
        for round in 0..<200 {
            let task = Task {
                let worker = Worker()
                await worker.add(round)
                return await worker.all()
            }
            #expect(await task.value == [round])
        }
    }

    @Test func `threads end with their actors, also when all are made at once`() async throws {
        let name = "gone-test"
        let workers = (0..<64).map { _ in Worker(name) }
        for worker in workers { #expect(await worker.comm() == name + "\n") }
        #expect(threads(named: name) == 64)
        await Self.drop(consume workers)
        let deadline = ContinuousClock.now + .seconds(20)
        while threads(named: name) > 0, ContinuousClock.now < deadline { await Task.yield() }
        #expect(threads(named: name) == 0)
    }

    private static func drop(_ workers: consuming [Worker]) async {}

    @Test func `a long name is cut and a small stack is enough for small work`() async {
        let worker = Worker("a-name-of-more-than-fifteen-bytes", stackBytes: 1)
        #expect(await worker.comm() == "a-name-of-more-\n")
        #expect(await worker.deep(50) == 50)
    }

    /// Threads of this process with a name.
    private func threads(named name: String) -> Int {
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        // A thread may end between the two looks.
        return ids.count { (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == name + "\n" }
    }
}

/// Blocking is the point here: it stands in for a C call.
private func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }
