import CCurl

/// Which bit-sliced search runs: how many nonces it tries side by side, and with which instructions.
package enum SearchKernel: Int32, CaseIterable, Sendable {
    /// 64 lanes, plain C, on every machine.
    case portable64 = 0
    /// 128 lanes, SSE2 or NEON.
    case vector128 = 1
    /// 256 lanes.
    case avx2 = 2
    /// 512 lanes with two-input logic, for cores that run it at twice the rate of three-input logic.
    case avx512Gates = 3
    /// 512 lanes with three-input logic.
    case avx512Ternary = 4

    package var isAvailable: Bool { ccurl_available(rawValue) == 1 }

    /// Nonces of one batch.
    package var lanes: UInt64 { UInt64(ccurl_lanes(rawValue)) }

    /// Most trailing zero trits that can be searched for.
    package static let zerosMax = Int(CCURL_ZEROS_MAX)

    /// The widest that this processor runs; of two equally wide ones the faster in a short trial, made once.
    package static let fastest: SearchKernel = {
        let available = allCases.filter(\.isAvailable)
        let lanesMax = available.map(\.lanes).max() ?? 0
        let widest = available.filter { $0.lanes == lanesMax }
        guard widest.count > 1 else { return widest.first ?? .portable64 }
        return widest.min { trialNs(of: $0) < trialNs(of: $1) } ?? .portable64
    }()

    /// The nonce that one lane of one batch tries.
    package func nonce(batch: UInt64, lane: UInt64) -> UInt64 {
        ccurl_nonce(rawValue, batch, UInt32(clamping: lane))
    }

    /// Shortest of a few trials of about a millisecond each, so that an interruption does not decide.
    private static func trialNs(of kernel: SearchKernel) -> UInt64 {
        let space = SearchSpace(kernel: kernel)
        let input = BlockWork(head: []).inputTrits(nonce: 0)
        return (0..<5).map { _ in
            let began = monotonicNanoseconds()
            _ = space.search(input: input, zeros: zerosMax, batch: 0, batches: Miner.batchesPerChunk)
            return monotonicNanoseconds() - began
        }.min() ?? 0
    }
}

/// The memory of one search at a time, owned by one thread: up to 580 kB.
struct SearchSpace: ~Copyable {
    let kernel: SearchKernel
    private let memory: UnsafeMutableRawPointer

    init(kernel: SearchKernel) {
        self.kernel = kernel
        memory = .allocate(byteCount: max(1, ccurl_workspace_bytes(kernel.rawValue)), alignment: 64)
    }

    deinit { memory.deallocate() }

    enum Outcome: Equatable {
        /// `batchesBefore`: whole batches tried before the one that holds the nonce.
        case found(UInt64, batchesBefore: Int)
        case none
        case refused
    }

    /// Tries `batches` batches from number `batch` on.
    func search(input: [Int8], zeros: Int, batch: UInt64, batches: Int) -> Outcome {
        guard input.count == Curl.hashTrits, (1...SearchKernel.zerosMax).contains(zeros) else { return .refused }
        var nonce: UInt64 = 0
        var done: UInt32 = 0
        let code = ccurl_search(
            kernel.rawValue, memory, input, UInt32(zeros), batch, UInt32(clamping: batches), &nonce, &done)
        switch code {
        case 1: return .found(nonce, batchesBefore: Int(done))
        case 0: return .none
        default: return .refused
        }
    }
}
