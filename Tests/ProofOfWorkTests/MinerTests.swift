import Hashing
import ProofOfWork
import Synchronization
import Testing
import TestTools

/// Goal: the fast search finds what the plain Curl confirms, and stops when told. Method: all kernels this processor
/// runs against the scalar version over the same nonces.
@Suite(.serialized) struct MinerTests {
    static let kernels = SearchKernel.allCases.filter(\.isAvailable)

    /// The first batch from `batch` on with a nonce of `zeros` zeros, by the scalar Curl, and all such nonces in it.
    func firstHits(
        of work: BlockWork, zeros: Int, kernel: SearchKernel, from batch: UInt64
    ) -> (batch: UInt64, nonces: Set<UInt64>) {
        var batch = batch
        while true {
            let nonces = (0..<kernel.lanes).map { kernel.nonce(batch: batch, lane: $0) }
            let hits = nonces.filter { work.zeros(nonce: $0) >= zeros }
            if !hits.isEmpty { return (batch, Set(hits)) }
            batch += 1
        }
    }

    @Test(arguments: kernels) func `each kernel finds the first nonce that the scalar Curl finds`(
        kernel: SearchKernel
    ) async throws {
        let miner = Miner(kernel: kernel)
        var generator = SeededGenerator(seed: 81)
        for zeros in [1, 5, 6] {
            let head = (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let work = BlockWork(head: head)
            let batches: [UInt64] = [0, 1, 26, 3_486_784_400, UInt64.random(in: 0...(1 << 50), using: &generator)]
            for batch in batches.prefix(zeros == 1 ? 5 : 3) {
                let minScore = UInt32(PoWTarget.meanTries(zeros: zeros) / Double(work.sizeBytes))
                let needed = PoWTarget.zeros(minScore: minScore, size: work.sizeBytes)
                guard needed > 0 else { continue }
                let mined = try await miner.mine(work, minScore: minScore, from: batch * kernel.lanes)
                let hits = firstHits(of: work, zeros: needed, kernel: kernel, from: batch)
                #expect(hits.nonces.contains(mined.nonce), "\(kernel) zeros \(needed) batch \(batch)")
                #expect(mined.position == hits.batch * kernel.lanes)
                #expect(mined.zeros == work.zeros(nonce: mined.nonce))
            }
        }
    }

    @Test(arguments: kernels) func `no nonce is tried twice`(kernel: SearchKernel) {
        var seen: Set<UInt64> = []
        for batch in UInt64(0)..<100 {
            for lane in 0..<kernel.lanes { seen.insert(kernel.nonce(batch: batch, lane: lane)) }
        }
        #expect(seen.count == 100 * Int(kernel.lanes))
    }

    @Test(arguments: kernels) func `a mined nonce meets the score asked for`(kernel: SearchKernel) async throws {
        for (size, score) in [(55, UInt32(10)), (184, 20), (600, 3)] {
            let work = BlockWork(head: [UInt8](repeating: 7, count: size - 8))
            let mined = try await Miner(threads: 2, kernel: kernel).mine(work, minScore: score, from: 1 << 60)
            #expect(PoWScore(zeros: mined.zeros, sizeBytes: size).meets(minScore: score))
            #expect(mined.tries > 0)
        }
    }

    @Test func `a score of zero needs no work`() async throws {
        let mined = try await Miner().mine(BlockWork(head: [1]), minScore: 0, from: 77)
        #expect(mined.nonce == 77 && mined.tries == 0)
    }

    @Test func `work that cannot be done in the time allowed is refused before it begins`() async throws {
        let miner = Miner()
        do {
            _ = try await miner.mine(BlockWork(head: [1]), minScore: .max, allowedSeconds: 0.001)
            Issue.record("it was mined")
        } catch MiningError.tooMuchWork(let zeros, let rate, let predicted, let allowed) {
            #expect(zeros == 23)  // 3^22 < (2^32 − 1) · 9 ≤ 3^23
            #expect(predicted > allowed && rate > 0)
            #expect(abs(predicted * rate / PoWTarget.meanTries(zeros: zeros) - 1) < 1e-9)
        }
        #expect((miner.triesPerSecond ?? 0) > 0)
        #expect((miner.predictedSeconds(zeros: 12) ?? 0) > 0)
    }

    @Test func `a search ends when its time has passed and says where to go on`() async throws {
        // A clock that stands still while the rate is measured and the work predicted, then jumps.
        let calls = Atomic<UInt64>(0)
        let miner = Miner(nowNs: {
            let call = calls.wrappingAdd(1, ordering: .relaxed).oldValue
            return call < 16 ? call : 1_000_000_000_000
        })
        do {
            _ = try await miner.mine(BlockWork(head: [1]), minScore: .max, from: 512, allowedSeconds: 900)
            Issue.record("it was mined")
        } catch MiningError.outOfTime(let resumeAt, let tries) {
            #expect(resumeAt >= 512 + tries)
        }
    }

    @Test func `a cancelled search ends and says where to go on`() async throws {
        let began = Atomic<Bool>(false)
        let miner = Miner(nowNs: {
            began.store(true, ordering: .releasing)
            return monotonicNanoseconds()
        })
        let work = BlockWork(head: [UInt8](repeating: 1, count: 1000))
        let search = Task { try await miner.mine(work, minScore: .max, from: 1 << 20) }
        while !began.load(ordering: .acquiring) { await Task.yield() }
        search.cancel()
        let result = await search.result
        do {
            _ = try result.get()
            Issue.record("it was mined")
        } catch MiningError.cancelled(let resumeAt) {
            #expect(resumeAt >= 1 << 20)
        }
    }

    @Test func `a search that goes on where it stopped finds the same nonce`() async throws {
        let work = BlockWork(head: Array("resume".utf8))
        for kernel in Self.kernels {
            let whole = try await Miner(kernel: kernel).mine(work, minScore: 100)
            let later = try await Miner(kernel: kernel).mine(work, minScore: 100, from: whole.position)
            #expect(later.nonce == whole.nonce)
        }
    }

    @Test func `zeros needed grow with score and size and never trap`() {
        #expect(PoWTarget.zeros(minScore: 0, size: 32_768) == 0)
        #expect(PoWTarget.zeros(minScore: 1, size: 1) == 0)
        #expect(PoWTarget.zeros(minScore: 1500, size: 184) == 12)
        #expect(PoWTarget.zeros(minScore: .max, size: .max) == 40)
        #expect(PoWTarget.zeros(minScore: .max, size: -1) == 0)
        #expect(zeros(ofBlockBytes: [1, 2, 3]) == nil)
        #expect(Curl.hash([]) == nil)
        #expect(Curl.hash([Int8](repeating: 2, count: 243)) == nil)
    }
}
