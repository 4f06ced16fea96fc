import Glibc

/// Ends a `poll(2)` from another thread.
///
/// The descriptors are open from `init` to `deinit`; writing one byte to a pipe is safe from any thread.
package final class WakePipe: Sendable {
    package let readEnd: Int32
    private let writeEnd: Int32

    /// Having no descriptor left is a state the daemon cannot work in, so that stops it.
    package init() {
        var ends: [Int32] = [-1, -1]
        let code = pipe(&ends)
        precondition(code == 0, "the system gives no pipe: error \(errno)")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// A pipe that is full already wakes, so a failed write does not matter.
    package func wake() { _ = write(writeEnd, [1], 1) }

    /// Takes out what was written, so that the next `poll` waits again.
    package func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) == bytes.count {}
    }
}
