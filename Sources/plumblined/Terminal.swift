import ArgumentParser
import Gateway
import Glibc
import LocalTangle
import Logging

/// What people see: results on standard output, everything else on standard error with the program's name in front.
enum Terminal {
    /// One line for a person; written whole.
    static func say(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    static func complain(_ error: any Error) {
        say("plumblined: \(sentence(error))")
    }

    /// Runs the body of a command; an error becomes one sentence and exit code 2, or `code`.
    static func attempt(exit code: Int32 = 2, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let exit as ExitCode { throw exit } catch {
            complain(error)
            throw ExitCode(code)
        }
    }

    /// The journal of a running daemon. Under systemd the journal has the time; elsewhere each line begins with it.
    static func journal(_ label: String, level: Logger.Level) -> Logger {
        let isUnderSystemd = getenv("JOURNAL_STREAM") != nil
        let clock: @Sendable () -> Int64 = { wallMs() }
        let nowMs = isUnderSystemd ? nil : clock
        return Logger(label: label) { _ in Journal(label: label, level: level, nowMs: nowMs, write: { say($0) }) }
    }

    static func wallMs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    private static func sentence(_ error: any Error) -> String { "\(error)" }
}
