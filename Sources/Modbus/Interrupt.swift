import Glibc
import Synchronization

/// Lets another thread end a request that is under way.
final class Interrupt: Sendable {
    private struct State {
        var socket: Int32?
        var isPulled = false
    }

    /// Whoever cannot be woken looks this often whether it was pulled.
    static let lookEveryMs = 100

    private let state = Mutex(State())

    var isPulled: Bool { state.withLock { $0.isPulled } }

    /// The socket that `pull` shuts down; `nil` before it is closed, so that a number used again is never hit.
    func watch(_ socket: Int32?) {
        state.withLock { state in
            state.socket = socket
            if state.isPulled, let socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    func pull() {
        state.withLock { state in
            state.isPulled = true
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Blocks the thread for this long, or until pulled.
    func nap(us: Int64) {
        var leftUs = us
        while leftUs > 0, !isPulled {
            let partUs = min(leftUs, Int64(Self.lookEveryMs) * 1000)
            usleep(useconds_t(partUs))
            leftUs -= partUs
        }
    }
}
