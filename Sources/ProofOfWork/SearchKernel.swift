import CCurl

/// Which bit-sliced search runs: how many nonces it tries side by side.
package enum SearchKernel: Int32, CaseIterable, Sendable {
    case lanes64 = 0
    case lanes256 = 1
    case lanes512 = 2

    package var isAvailable: Bool { ccurl_available(rawValue) == 1 }

    /// Nonces of one batch.
    package var lanes: UInt64 { UInt64(ccurl_lanes(rawValue)) }

    /// The widest that this processor runs.
    package static var widest: SearchKernel { allCases.last { $0.isAvailable } ?? .lanes64 }
}

/// The memory of one search at a time, owned by one thread.
struct SearchSpace: ~Copyable {
    let kernel: SearchKernel
    private let memory: UnsafeMutableRawPointer

    init(kernel: SearchKernel) {
        self.kernel = kernel
        memory = .allocate(byteCount: ccurl_workspace_bytes(kernel.rawValue), alignment: 64)
    }

    deinit { memory.deallocate() }

    enum Outcome: Equatable {
        case found(UInt64)
        case none
        case refused
    }

    /// Tries `batches` batches from `start`, a whole multiple of the lanes.
    func search(input: [Int8], zeros: Int, start: UInt64, batches: Int) -> Outcome {
        guard input.count == Curl.hashTrits, (1...Curl.hashTrits).contains(zeros) else { return .refused }
        var nonce: UInt64 = 0
        let code = ccurl_search(
            kernel.rawValue, memory, input, UInt32(zeros), start, UInt32(clamping: batches), &nonce)
        switch code {
        case 1: return .found(nonce)
        case 0: return .none
        default: return .refused
        }
    }
}
