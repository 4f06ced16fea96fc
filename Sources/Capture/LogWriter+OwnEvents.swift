internal import LedgerStore
package import LogEntries
internal import Readings

extension LogWriter {
    /// Writes an event about the gateway itself into the log, in the first stream of class `none`; on disk when this returns.
    ///
    /// - Returns: false when the building has no such stream: then there is no place for it, and nothing is written.
    @discardableResult
    package func appendOwnEvent(kind: String, details: [EventPayload.Detail]) throws -> Bool {
        guard let (stream, _) = publicPlace(for: nil) else { return false }
        _ = try appendEvent(EventPayload(kind: kind, point: nil, details: details), stream: stream)
        return true
    }
}
