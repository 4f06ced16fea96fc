import ProofOfWork
import Synchronization
import Testing
import TestTools

/// Goal: a search that is told to stop stops at its next look, and what goes on later repeats nothing.
/// Method: the clock that the search looks at before every chunk of nonces is the test's own; at a chosen look it cancels.
@Suite(.serialized) struct SearchStoppingTests {
    /// Looks of a call to `mine` that belong to no chunk: its deadline is set, and its beginning noted.
    static let looksBefore = 2

    /// A real clock that counts looks and does something at one of them.
    private final class Looks: Sendable {
        private let count = Atomic<Int>(0)
        private let plan = Mutex<(at: Int, act: @Sendable () -> Void)?>(nil)

        var nowNs: @Sendable () -> UInt64 {
            { [self] in
                let look = count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
                plan.withLock { plan in
                    guard let due = plan, look >= due.at else { return }
                    plan = nil
                    due.act()
                }
                return monotonicNanoseconds()
            }
        }

        /// Looks from now on are counted from 1; at the `nth` of a search `act` is called on the search's thread.
        func arm(nth: Int, _ act: @escaping @Sendable () -> Void) {
            count.store(0, ordering: .sequentiallyConsistent)
            plan.withLock { $0 = (nth, act) }
        }
    }

    /// A running search that can be cancelled from inside its own clock.
    private final class Search: Sendable {
        private let task = Mutex<Task<MinedNonce, any Error>?>(nil)

        func start(_ body: @escaping @Sendable () async throws -> MinedNonce) async -> Result<MinedNonce, any Error> {
            let (gate, open) = AsyncStream<Void>.makeStream()
            let made = Task {
                // Not before it can be cancelled.
                for await _ in gate { break }
                return try await body()
            }
            task.withLock { $0 = made }
            open.yield()
            return await made.result
        }

        func cancel() { task.withLock { $0 }?.cancel() }
    }

    private func cancelled(
        _ miner: Miner, _ looks: Looks, work: BlockWork, minScore: UInt32, from start: UInt64, atLook nth: Int
    ) async -> Result<MinedNonce, any Error> {
        let search = Search()
        looks.arm(nth: nth) { search.cancel() }
        return await search.start {
            try await miner.mine(work, minScore: minScore, from: start, allowedSeconds: 1e9)
        }
    }

    @Test(arguments: [1, 2, 4]) func `after a cancel no thread begins another chunk`(threads: Int) async throws {
        let work = BlockWork(head: [UInt8](repeating: 1, count: 1_000))
        for kernel in MinerTests.kernels {
            let looks = Looks()
            let miner = Miner(threads: threads, kernel: kernel, nowNs: looks.nowNs)
            try await miner.measure()
            for chunksWanted in [0, 1, 5, 23] {
                let start: UInt64 = 1 << 30
                let result = await cancelled(
                    miner, looks, work: work, minScore: 1 << 31, from: start,
                    atLook: Self.looksBefore + chunksWanted + 1)
                guard case .failure(MiningError.cancelled(let resumeAt)) = result else {
                    Issue.record("\(kernel): \(result)")
                    continue
                }
                let chunks = (resumeAt - start) / miner.triesPerChunk
                #expect((resumeAt - start) % miner.triesPerChunk == 0)
                // Each look before the cancel may have led to a chunk, none after it does.
                #expect(chunks <= UInt64(chunksWanted), "\(kernel), \(threads) threads")
                if threads == 1 { #expect(chunks == UInt64(chunksWanted), "\(kernel)") }
            }
        }
    }

    @Test func `a chunk is a millisecond of work at the measured rate, and never more than 32 batches`() async throws {
        for kernel in MinerTests.kernels {
            // A clock by which eight chunks of 32 batches take 7, 80 or 20 ms.
            for (stepNs, batches) in [(7_000_000, 32), (80_000_000, 4), (20_000_000, 12)] as [(UInt64, UInt64)] {
                let calls = Atomic<UInt64>(0)
                let miner = Miner(
                    kernel: kernel, nowNs: { calls.wrappingAdd(1, ordering: .relaxed).oldValue * stepNs })
                #expect(miner.triesPerChunk == 32 * kernel.lanes, "before anything was measured")
                try await miner.measure()
                #expect(miner.triesPerChunk == batches * kernel.lanes)
            }
        }
    }

    @Test func `a search that is cancelled again and again finds the nonce of one that is not, with no try more`()
        async throws
    {
        var dice = SeededGenerator(seed: 2_026)
        let work = BlockWork(head: Array("again and again".utf8))
        let minScore: UInt32 = 20_000  // 13 zeros for 23 bytes: 1.6 million tries on average
        // The narrowest would take seconds.
        for kernel in MinerTests.kernels where kernel.lanes >= 128 {
            let looks = Looks()
            let miner = Miner(kernel: kernel, nowNs: looks.nowNs)
            try await miner.measure()
            let whole = try await miner.mine(work, minScore: minScore)
            var start: UInt64 = 0
            var tries: UInt64 = 0
            var parts = 0
            while true {
                parts += 1
                let nth = Self.looksBefore + Int.random(in: 1...12, using: &dice)
                let result = await cancelled(miner, looks, work: work, minScore: minScore, from: start, atLook: nth)
                if case .failure(MiningError.cancelled(let resumeAt)) = result {
                    tries += resumeAt - start
                    start = resumeAt
                    continue
                }
                let mined = try result.get()
                #expect(mined.nonce == whole.nonce && mined.position == whole.position, "\(kernel)")
                tries += mined.tries
                break
            }
            #expect(tries == whole.tries, "\(kernel) in \(parts) parts")
            #expect(parts > 1, "\(kernel) was never cancelled")
        }
    }

    @Test func `a busy machine's rate is not believed for ever`() async throws {
        // A second between two looks while the machine is busy: 32 batches of 64 lanes in each.
        let busy = Atomic<Bool>(true)
        let clock = Atomic<UInt64>(0)
        let miner = Miner(
            kernel: .portable64,
            nowNs: {
                clock.wrappingAdd(busy.load(ordering: .relaxed) ? 1_000_000_000 : 1_000, ordering: .relaxed).newValue
            })
        let work = BlockWork(head: [1])
        await #expect(throws: MiningError.self) { try await miner.mine(work, minScore: 1 << 20, allowedSeconds: 1) }
        let before = try #require(miner.triesPerSecond)
        busy.store(false, ordering: .relaxed)
        let mined = try await miner.mine(work, minScore: 1_000, allowedSeconds: 1)
        #expect(mined.zeros >= 9 && (miner.triesPerSecond ?? 0) > before)
    }
}
