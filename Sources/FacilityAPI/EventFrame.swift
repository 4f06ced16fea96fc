/// Frames of `text/event-stream` (WHATWG HTML section 9.2): an id only on durable events, data always one line of JSON.
package enum EventFrame {
    package static let retry: [UInt8] = Array("retry: 3000\n\n".utf8)

    /// A durable event; `json` holds no line break (our writer escapes them).
    package static func event(id: Int64, kind: String, json: [UInt8]) -> [UInt8] {
        Array("id: \(id)\n".utf8) + frame(kind, json)
    }

    /// A control event: without id, so that a reconnect resumes after the last durable one.
    package static func control(_ kind: String, json: [UInt8]) -> [UInt8] { frame(kind, json) }

    private static func frame(_ kind: String, _ json: [UInt8]) -> [UInt8] {
        let line = json.filter { $0 != 0x0A && $0 != 0x0D }
        return Array("event: \(kind)\ndata: ".utf8) + line + [0x0A, 0x0A]
    }
}
