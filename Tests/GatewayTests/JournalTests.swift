import Logging
import Synchronization
import Testing

import Gateway

@Suite struct JournalTests {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    static func logger(
        _ lines: Lines, label: String = "field", nowMs: (@Sendable () -> Int64)? = nil, level: Logger.Level = .info
    ) -> Logger {
        Logger(label: label) { Journal(label: $0, level: level, nowMs: nowMs, write: { lines.add($0) }) }
    }

    @Test func `a line is level, room, message and facts in order of their names`() {
        let lines = Lines()
        Self.logger(lines).warning("device does not answer", metadata: ["unit": "3", "device": "mb1"])
        #expect(lines.all == ["warning field: device does not answer device=mb1 unit=3"])
    }

    @Test func `outside of systemd each line begins with its instant`() {
        let lines = Lines()
        Self.logger(lines, nowMs: { 1_772_359_200_123 }).info("hello")
        #expect(lines.all == ["2026-03-01T10:00:00.123Z info field: hello"])
    }

    @Test(arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{0B}"])
    func `a line feed from outside makes no second line`(_ feed: String) {
        let lines = Lines()
        Self.logger(lines).error("before\(feed)error gateway: forged", metadata: ["topic": "a\(feed)b"])
        #expect(lines.all == ["error field: before error gateway: forged topic=a b"])
    }

    @Test func `what is less serious than asked for is not written`() {
        let lines = Lines()
        let logger = Self.logger(lines, level: .warning)
        logger.info("quiet")
        logger.notice("quiet")
        logger.warning("loud")
        #expect(lines.all == ["warning field: loud"])
    }

    @Test func `facts of the logger stand in every line, and a line's own win`() {
        let lines = Lines()
        var logger = Self.logger(lines)
        logger[metadataKey: "line"] = "one"
        logger.info("a")
        logger.info("b", metadata: ["line": "two"])
        #expect(lines.all == ["info field: a line=one", "info field: b line=two"])
    }
}
