import ArgumentParser
import FieldTools
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

    /// A complaint and the way out.
    static func complain(_ message: String, hint: String?) {
        say("plumblined: \(message)")
        if let hint { say("plumblined: hint: \(hint)") }
    }

    /// A result, written at once, so that a reader at the end of a pipe sees a reading when it is made. When it cannot be written,
    /// the program ends with exit code 2; a reader that went away is no complaint.
    static func show(_ text: String, terminator: String = "\n") {
        var bytes = Array((text + terminator).utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if errno != EPIPE { say("plumblined: standard output cannot be written: \(reason(errno))") }
                exit(2)
            }
            bytes = bytes.dropFirst(count)
        }
    }

    /// A line that replaces itself, on a terminal only; an empty one takes it away.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let bytes = Array("\r\u{1B}[K\(text)".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    enum Colour: String {
        case red = "31"
        case green = "32"
    }

    /// Off with NO_COLOR set to anything but nothing (no-color.org), and where the terminal has none.
    private static let hasColours =
        isatty(STDOUT_FILENO) == 1 && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static func paint(_ text: String, _ colour: Colour) -> String {
        hasColours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Runs the body of a tool that reads a device: a refusal gives exit code 1, silence and a dead line 2.
    static func attemptOnLine(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let exit as ExitCode { throw exit } catch let wrong as ValidationError {
            throw wrong
        } catch let error as FieldReadingError {
            progress("")
            complain(error.description, hint: error.hint)
            if case .refused = error { throw ExitCode(1) }
            throw ExitCode(2)
        } catch {
            complain(error)
            throw ExitCode(2)
        }
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

    /// Microseconds of a clock that never jumps.
    static func monotonicUs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// The system's words for an error number, in lower case; 0 is a name that nobody knows.
    static func reason(_ code: Int32) -> String {
        code == 0 ? "the name is not known" : String(cString: strerror(code)).lowercased()
    }

    private static func sentence(_ error: any Error) -> String { "\(error)" }
}
