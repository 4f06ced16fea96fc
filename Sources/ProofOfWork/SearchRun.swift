import Synchronization

/// One search on some threads: they take chunks of batches in turn until a nonce is found or somebody says stop.
final class SearchRun: Sendable {
    enum Stop: Equatable { case cancelled, deadline }

    enum Outcome: Equatable {
        case found(nonce: UInt64, position: UInt64, tries: UInt64, seconds: Double)
        case stopped(Stop, resumeAt: UInt64, tries: UInt64, seconds: Double)
        case unavailable
    }

    private struct State {
        var threadsLeft = 0
        var found: (nonce: UInt64, position: UInt64)?
        var tries: UInt64 = 0
        var refused = false
        var continuation: CheckedContinuation<Outcome, Never>?
    }

    private let input: [Int8]
    private let zeros: Int
    private let kernel: SearchKernel
    private let start: UInt64
    private let chunksMax: UInt64?
    private let batchesPerChunk: Int
    private let deadlineNs: UInt64?
    private let nowNs: @Sendable () -> UInt64
    private let beganNs: UInt64

    private let isStopped = Atomic<Bool>(false)
    private let isCancelled = Atomic<Bool>(false)
    private let nextChunk = Atomic<UInt64>(0)
    private let state = Mutex(State())

    /// `chunksMax` ends the search as a deadline would, after that many chunks.
    init(
        work: BlockWork, zeros: Int, kernel: SearchKernel, start: UInt64, chunksMax: UInt64?, batchesPerChunk: Int,
        deadlineNs: UInt64?, nowNs: @escaping @Sendable () -> UInt64
    ) {
        input = work.inputTrits(nonce: 0)
        self.zeros = zeros
        self.kernel = kernel
        self.start = start - start % kernel.lanes
        self.chunksMax = chunksMax
        self.batchesPerChunk = batchesPerChunk
        self.deadlineNs = deadlineNs
        self.nowNs = nowNs
        beganNs = nowNs()
    }

    /// Starts the threads and returns when the last of them has ended. When the task is cancelled no thread begins another
    /// chunk.
    func outcome(threads: Int, niceness: Int32) async -> Outcome {
        guard kernel.isAvailable else { return .unavailable }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock {
                    $0.threadsLeft = threads
                    $0.continuation = continuation
                }
                for _ in 0..<threads where !startThread(niceness: niceness, { self.work() }) {
                    state.withLock { $0.refused = true }
                    isStopped.store(true, ordering: .releasing)
                    threadEnded()
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .releasing)
            isStopped.store(true, ordering: .releasing)
        }
    }

    private var chunkTries: UInt64 { kernel.lanes * UInt64(batchesPerChunk) }

    private func work() {
        let space = SearchSpace(kernel: kernel)
        while true {
            if let deadlineNs, nowNs() >= deadlineNs { break }
            // The last look before a chunk is taken: whatever is taken is tried to its end, so that none is tried twice.
            if isStopped.load(ordering: .acquiring) { break }
            let chunk = nextChunk.wrappingAdd(1, ordering: .relaxed).oldValue
            if let chunksMax, chunk >= chunksMax { break }
            let first = start &+ chunk &* chunkTries
            switch space.search(
                input: input, zeros: zeros, batch: first / kernel.lanes, batches: batchesPerChunk)
            {
            case .found(let nonce, let batchesBefore):
                let before = UInt64(batchesBefore) * kernel.lanes
                state.withLock {
                    $0.tries += before + kernel.lanes
                    if $0.found == nil { $0.found = (nonce, first &+ before) }
                }
                isStopped.store(true, ordering: .releasing)
            case .none:
                state.withLock { $0.tries += chunkTries }
            case .refused:
                state.withLock { $0.refused = true }
                isStopped.store(true, ordering: .releasing)
            }
        }
        threadEnded()
    }

    private func threadEnded() {
        let finished = state.withLock { state -> (CheckedContinuation<Outcome, Never>, State)? in
            state.threadsLeft -= 1
            guard state.threadsLeft == 0, let continuation = state.continuation else { return nil }
            state.continuation = nil
            return (continuation, state)
        }
        guard let (continuation, end) = finished else { return }
        let seconds = Double(nowNs() &- beganNs) / 1e9
        if let found = end.found {
            continuation.resume(
                returning: .found(nonce: found.nonce, position: found.position, tries: end.tries, seconds: seconds))
        } else if end.refused {
            continuation.resume(returning: .unavailable)
        } else {
            let stop: Stop = isCancelled.load(ordering: .acquiring) ? .cancelled : .deadline
            let resumeAt = start &+ nextChunk.load(ordering: .acquiring) &* chunkTries
            continuation.resume(returning: .stopped(stop, resumeAt: resumeAt, tries: end.tries, seconds: seconds))
        }
    }
}
