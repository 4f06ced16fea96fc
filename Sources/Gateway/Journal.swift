package import Logging
import Readings

/// Text for operators on standard error: one line per change of state, `LEVEL ROOM: message key=value`.
///
/// Under systemd the journal adds the time; elsewhere each line begins with it.
package struct Journal: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let label: String
    private let nowMs: (@Sendable () -> Int64)?
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - nowMs: UTC milliseconds for the time in front of each line; `nil` leaves it out.
    ///   - write: takes one line without its line feed.
    package init(
        label: String, level: Logger.Level, nowMs: (@Sendable () -> Int64)?, write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.logLevel = level
        self.nowMs = nowMs
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = nowMs.map { UTCTime.text($0()) + " " } ?? ""
        line += "\(event.level.rawValue) \(label): \(Self.oneLine(event.message.description))"
        var facts = metadata
        if let more = event.metadata { facts.merge(more) { _, new in new } }
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.oneLine("\(value)"))" }
        write(line)
    }

    /// A line feed from outside must not look like a line of ours.
    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}

/// Leaves out what a server calls an error while it is being ended: its connections are closed because we said so.
struct QuietAtTheEnd: LogHandler {
    var handler: any LogHandler

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }
    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        if !Task.isCancelled { handler.log(event: event) }
    }
}
