import CMosquitto

/// A message and the instant it came.
package struct Arrival {
    package let message: MQTTMessage
    /// Milliseconds since 1970 by this host's clock.
    package let atMs: Int64
}

/// Where libmosquitto's callbacks put what they hear; nothing else happens in them. Belongs to one thread.
///
/// The link stops reading when `isFull`, so a flood waits at the broker and not here; beyond the hard limits a message is
/// dropped and counted.
final class Inbox {
    static let messageCountMax = 4096
    static let sizeBytesMax = 16 << 20
    static let payloadBytesMax: Int32 = 256 * 1024

    /// The broker's answer to the attempt: `nil` before it, 0 for welcome.
    var answer: Int32?
    var isSessionPresent = false
    private(set) var dropped = 0
    private(set) var count = 0
    private var arrivals: [Arrival] = []
    private var sizeBytes = 0
    private let nowMs: () -> Int64
    /// Packet ids of subscriptions and publications that the broker has answered, with its code.
    private var granted: [(id: Int32, code: Int32)] = []
    private var taken: [(id: Int32, code: Int32)] = []

    init(nowMs: @escaping () -> Int64) { self.nowMs = nowMs }

    static func of(_ object: UnsafeMutableRawPointer?) -> Inbox? {
        object.map { Unmanaged<Inbox>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Half of the limits is left for what one read may still bring.
    var isFull: Bool { arrivals.count >= Self.messageCountMax / 2 || sizeBytes >= Self.sizeBytesMax / 2 }

    var hasArrivals: Bool { !arrivals.isEmpty }

    func reset() {
        answer = nil
        isSessionPresent = false
        granted = []
        taken = []
    }

    func add(_ message: mosquitto_message) {
        let size = Int(max(message.payloadlen, 0))
        guard arrivals.count < Self.messageCountMax, sizeBytes + size <= Self.sizeBytesMax,
            message.payloadlen <= Self.payloadBytesMax, let topic = message.topic,
            let name = String(validatingCString: topic)
        else {
            dropped += 1
            return
        }
        arrivals.append(
            Arrival(
                message: MQTTMessage(
                    topic: name, payload: Array(UnsafeRawBufferPointer(start: message.payload, count: size)),
                    isRetained: message.retain, qos: Int(message.qos)),
                atMs: nowMs()))
        sizeBytes += size
        count &+= 1
    }

    /// - Parameter codes: quality of service per topic, 128 and above for a refusal.
    func subscribed(_ id: Int32, _ codes: UnsafeBufferPointer<Int32>) {
        granted.append((id, codes.max() ?? 128))
    }

    func published(_ id: Int32, code: Int32) { taken.append((id, code)) }

    func takeArrivals() -> [Arrival] {
        defer {
            arrivals.removeAll(keepingCapacity: true)
            sizeBytes = 0
        }
        return arrivals
    }

    func takeGranted() -> [(id: Int32, code: Int32)] {
        defer { granted.removeAll(keepingCapacity: true) }
        return granted
    }

    func takeTaken() -> [(id: Int32, code: Int32)] {
        defer { taken.removeAll(keepingCapacity: true) }
        return taken
    }
}
