package import BrokerClient

/// A change of state worth a line for the operator.
package enum MQTTEvent: Hashable, Sendable, CustomStringConvertible {
    case connected(host: String, port: UInt16)
    /// The next attempt comes after `retryMs`; told once until the broker is back.
    case lost(MQTTError, retryMs: Int)
    /// The broker speaks 3.1.1 only.
    case olderVersion
    /// The other topics are heard.
    case subscriptionRefused(filter: String, code: Int32)
    case deviceOffline(device: String)
    case deviceOnline(device: String)
    /// Messages were too large, or a flood filled the queue: `dropped` since the episode began. Told at its beginning
    /// and, with the final count, at its end.
    case overload(dropped: Int, isOver: Bool)
    /// A Sparkplug node was asked to tell its births again, because they are not known or a message is missing.
    case rebirthAsked(node: String)

    /// Something a person may have to do something about.
    package var isTrouble: Bool {
        switch self {
        case .lost, .subscriptionRefused, .deviceOffline, .overload(_, isOver: false): true
        case .connected, .olderVersion, .deviceOnline, .overload, .rebirthAsked: false
        }
    }

    package var description: String {
        switch self {
        case .connected: "broker answers"
        case .lost(let error, _): "broker is lost: \(error)"
        case .olderVersion: "broker does not know MQTT 5; 3.1.1 is spoken"
        case .subscriptionRefused(_, let code):
            "broker refuses a topic, its devices are not heard: \(BrokerWords.reason(code))"
        case .deviceOffline: "device says it is offline"
        case .deviceOnline: "device says it is online"
        case .overload(_, isOver: false): "messages are dropped, because they are too large or too many"
        case .overload(_, isOver: true): "no more messages are dropped"
        case .rebirthAsked: "Sparkplug node is asked for its births"
        }
    }

    /// What it is about, by name.
    package var facts: [String: String] {
        switch self {
        case .connected(let host, let port): ["broker": "\(host):\(port)"]
        case .lost(_, let retryMs): ["retryMs": "\(retryMs)"]
        case .olderVersion: [:]
        case .subscriptionRefused(let filter, _): ["topic": filter]
        case .deviceOffline(let device), .deviceOnline(let device): ["device": device]
        case .overload(let dropped, _): ["dropped": "\(dropped)"]
        case .rebirthAsked(let node): ["node": node]
        }
    }
}

/// How the link to a broker fares since start.
package struct MQTTStatistics: Hashable, Sendable {
    package var isConnected = false
    /// When `isConnected` became what it is, milliseconds since 1970; `nil` before the first attempt ended.
    package var sinceMs: Int64?
    /// What is spoken; `nil` before the first connection.
    package var version: MQTTVersion?
    package var connects = 0
    /// Connections that found their session at the broker again.
    package var resumed = 0
    package var failures = 0
    package var lastError: MQTTError?
    package var messages = 0
    /// Payload bytes of `messages`.
    package var bytes: Int64 = 0
    package var readings = 0
    /// Messages that were too large or found the queue full.
    package var dropped = 0
    /// Messages that could not be understood.
    package var malformed = 0
    /// Messages on topics that no device has.
    package var unknownTopics = 0
    /// Topics that the broker does not let this client hear.
    package var refusedTopics = 0
    /// Arrival of the last message, milliseconds since 1970.
    package var lastMessageAtMs: Int64?

    package init() {}
}
