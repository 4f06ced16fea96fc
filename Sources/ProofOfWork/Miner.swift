import Synchronization

/// A nonce that meets its target, confirmed by the scalar Curl, and what finding it cost.
package struct MinedNonce: Equatable, Sendable {
    package var nonce: UInt64
    /// Trailing zero trits reached; at least those asked for.
    package var zeros: Int
    /// Where in the kernel's order of nonces it stood; a search from here finds it again.
    package var position: UInt64
    /// Nonces tried in this call, in whole batches.
    package var tries: UInt64
    package var seconds: Double

    package init(nonce: UInt64, zeros: Int, position: UInt64, tries: UInt64, seconds: Double) {
        self.nonce = nonce
        self.zeros = zeros
        self.position = position
        self.tries = tries
        self.seconds = seconds
    }

    /// Tries per second of this call; 0 when it was too short to tell.
    package var triesPerSecond: Double { seconds > 0 ? Double(tries) / seconds : 0 }
}

/// Finds nonces on threads of its own at low priority, so that polling a bus never waits for mining.
///
/// Several calls may run at once; each has its own threads and memory (up to 580 kB a thread).
package final class Miner: Sendable {
    package let threads: Int
    package let kernel: SearchKernel
    private let niceness: Int32
    private let nowNs: @Sendable () -> UInt64
    private let measured = Mutex<Double?>(nil)

    /// Batches of one kernel call, at most, and while no rate is known.
    static let batchesPerChunk = 32
    /// Batches of one kernel call, at least: the call itself costs about as much as one.
    static let batchesPerChunkMin = 4
    /// Longest work of one kernel call, s: a search looks that often whether it was cancelled or its time is over.
    static let chunkSecondsMax = 0.001
    /// Chunks tried by `measure`.
    static let chunksToMeasure: UInt64 = 8
    package static let threadsMax = 64

    /// `threads` 1…64; `niceness` 0…19 is added to the threads' priority; `nowNs` is any clock that never goes back.
    package init(
        threads: Int = 1, kernel: SearchKernel = .fastest, niceness: Int32 = 10,
        nowNs: @escaping @Sendable () -> UInt64 = monotonicNanoseconds
    ) {
        self.threads = min(max(1, threads), Self.threadsMax)
        self.kernel = kernel
        self.niceness = niceness
        self.nowNs = nowNs
    }

    /// Tries per second of the last measurement or longer search; nil before the first.
    package var triesPerSecond: Double? { measured.withLock { $0 } }

    /// Seconds that `zeros` take on average at the measured rate; nil before the first measurement.
    package func predictedSeconds(zeros: Int) -> Double? {
        triesPerSecond.map { PoWTarget.meanTries(zeros: zeros) / $0 }
    }

    /// Tries of one thread between two looks at cancellation and the clock.
    package var triesPerChunk: UInt64 { kernel.lanes * UInt64(chunkBatches) }

    private var chunkBatches: Int {
        guard let rate = triesPerSecond else { return Self.batchesPerChunk }
        let batches = rate / Double(threads) * Self.chunkSecondsMax / Double(kernel.lanes)
        return Int(min(Double(Self.batchesPerChunk), max(Double(Self.batchesPerChunkMin), batches)))
    }

    /// Searches for a few milliseconds, or `forNs`, after a target nobody meets; gives and keeps the rate in tries per second.
    @discardableResult
    package func measure(forNs: UInt64? = nil) async throws(MiningError) -> Double {
        let work = BlockWork(head: [])
        let run = SearchRun(
            work: work, zeros: SearchKernel.zerosMax, kernel: kernel, start: 0,
            chunksMax: forNs == nil ? Self.chunksToMeasure * UInt64(threads) : nil, batchesPerChunk: chunkBatches,
            deadlineNs: forNs.map { nowNs() &+ $0 }, nowNs: nowNs)
        switch await run.outcome(threads: threads, niceness: niceness) {
        case .stopped(.cancelled, let resumeAt, _, _): throw .cancelled(resumeAt: resumeAt)
        case .unavailable: throw .unavailable
        case .stopped(_, _, let tries, let seconds), .found(_, _, let tries, let seconds):
            let rate = Double(tries) / max(seconds, 1e-9)
            measured.withLock { $0 = rate }
            return rate
        }
    }

    /// Searches until a nonce gives the work a score of `minScore`.
    ///
    /// `start` is a position in the kernel's own order of nonces, rounded down to a whole batch: what an ended search gave as
    /// `resumeAt` goes on where it stopped.
    /// `allowedSeconds`: refuses beforehand what takes longer on average at the measured rate (it is measured when it
    /// has not been, and once more before a refusal), and gives up once that time has passed. A score of 0 needs no work:
    /// the nonce is `start`.
    package func mine(
        _ work: BlockWork, minScore: UInt32, from start: UInt64 = 0, allowedSeconds: Double? = nil
    ) async throws(MiningError) -> MinedNonce {
        let zeros = PoWTarget.zeros(minScore: minScore, size: work.sizeBytes)
        if zeros == 0 {
            return MinedNonce(nonce: start, zeros: work.zeros(nonce: start), position: start, tries: 0, seconds: 0)
        }
        if let allowedSeconds { try await predict(zeros, allowedSeconds) }
        let run = SearchRun(
            work: work, zeros: zeros, kernel: kernel, start: start, chunksMax: nil, batchesPerChunk: chunkBatches,
            deadlineNs: allowedSeconds.map { nowNs() &+ UInt64(min(max(0, $0), 1e9) * 1e9) }, nowNs: nowNs)
        switch await run.outcome(threads: threads, niceness: niceness) {
        case .found(let nonce, let position, let tries, let seconds):
            let confirmed = work.zeros(nonce: nonce)
            guard confirmed >= zeros else { throw .notConfirmed(nonce: nonce, zeros: confirmed) }
            keepRate(tries: tries, seconds: seconds)
            return MinedNonce(nonce: nonce, zeros: confirmed, position: position, tries: tries, seconds: seconds)
        case .stopped(.cancelled, let resumeAt, _, _): throw .cancelled(resumeAt: resumeAt)
        case .stopped(.deadline, let resumeAt, let tries, let seconds):
            keepRate(tries: tries, seconds: seconds)
            throw .outOfTime(resumeAt: resumeAt, tries: tries)
        case .unavailable: throw .unavailable
        }
    }

    /// Throws `tooMuchWork`, by a rate of now: the last search may have had a busy machine, and without another search its rate
    /// would stand for ever.
    private func predict(_ zeros: Int, _ allowedSeconds: Double) async throws(MiningError) {
        if let predicted = predictedSeconds(zeros: zeros), predicted <= allowedSeconds { return }
        let rate = try await measure()
        let predicted = PoWTarget.meanTries(zeros: zeros) / rate
        guard predicted <= allowedSeconds else {
            throw .tooMuchWork(
                zeros: zeros, triesPerSecond: rate, predictedSeconds: predicted, allowedSeconds: allowedSeconds)
        }
    }

    /// Searches shorter than this say little about the rate.
    private static let secondsToTell = 0.01

    private func keepRate(tries: UInt64, seconds: Double) {
        if seconds >= Self.secondsToTell { measured.withLock { $0 = Double(tries) / seconds } }
    }
}
