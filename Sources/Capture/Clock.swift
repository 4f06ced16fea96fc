internal import Glibc

/// The two clocks of the host and a way to wait, passed in so that a year can be played in seconds.
package struct Clock: Sendable {
    /// UTC ms since 1970; may be set, also backwards.
    package let wallMs: @Sendable () -> UInt64
    /// Ms since some moment of this boot; only rises.
    package let monoMs: @Sendable () -> UInt64
    /// Returns after about this many ms, or throws when the task is cancelled.
    package let sleepMs: @Sendable (UInt64) async throws -> Void

    package init(
        wallMs: @escaping @Sendable () -> UInt64, monoMs: @escaping @Sendable () -> UInt64,
        sleepMs: @escaping @Sendable (UInt64) async throws -> Void
    ) {
        self.wallMs = wallMs
        self.monoMs = monoMs
        self.sleepMs = sleepMs
    }

    /// The host's own.
    package static let system = Clock(
        wallMs: { read(CLOCK_REALTIME) }, monoMs: { read(CLOCK_MONOTONIC) },
        sleepMs: { try await Task.sleep(for: .milliseconds(Int64(clamping: $0))) })

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        precondition(clock_gettime(clock, &time) == 0, "the system has no clock")
        return UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
    }
}

/// Random bytes from a source that cannot be guessed; the argument is how many.
package typealias RandomBytes = @Sendable (Int) -> [UInt8]
