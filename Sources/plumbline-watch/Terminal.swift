import ArgumentParser
import Glibc
import Logging

/// Results go to standard output, everything else to standard error.
enum Terminal {
    static func say(_ text: String) { _ = put(text, STDERR_FILENO) }

    /// A result. When it cannot be written there is nobody to tell but the exit code.
    static func show(_ text: String) throws {
        guard put(text, STDOUT_FILENO) else { throw ExitCode(2) }
    }

    /// Where the witness answers and with which key; a reader that has gone away does not stop the watch.
    static func announce(_ text: String) { _ = put(text, STDOUT_FILENO) }

    static func wallMs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Of a clock that is never set.
    static func monotonicMs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    static let journal = Logger(label: "plumbline-watch") { _ in LineHandler() }

    private static func put(_ text: String, _ descriptor: Int32) -> Bool {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}

/// One line for each event: level, sentence, facts.
struct LineHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        // What came from a node or a gateway must not steer a terminal.
        let line = String(
            String.UnicodeScalarView(
                "\(event.message)\(facts)".unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
        Terminal.say("plumbline-watch: \(event.level): \(line)")
    }
}
