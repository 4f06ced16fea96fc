import Glibc

/// Runs `body` on a detached thread of its own whose priority is lowered by `niceness`; false when none could be made.
///
/// On Linux a priority belongs to a thread, so only this one becomes nice.
func startThread(niceness: Int32, _ body: @escaping @Sendable () -> Void) -> Bool {
    let start = Unmanaged.passRetained(ThreadStart(niceness: niceness, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let code = pthread_create(&thread, &attributes, threadMain, start.toOpaque())
    if code != 0 { start.release() }
    return code == 0
}

/// Nanoseconds of this machine's monotonic clock.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private final class ThreadStart: Sendable {
    let niceness: Int32
    let body: @Sendable () -> Void

    init(niceness: Int32, body: @escaping @Sendable () -> Void) {
        self.niceness = niceness
        self.body = body
    }
}

private func threadMain(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(pointer).takeRetainedValue()
    // A refusal does not matter: the search then runs at the usual priority.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, start.niceness)
    start.body()
    return nil
}
