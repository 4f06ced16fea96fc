/// What goes wrong between a client and its broker.
package enum MQTTError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Settings that cannot work, such as a certificate that cannot be read. `code` is libmosquitto's.
    case unusable(code: Int32)
    /// The broker answered and said no; `code` is CONNACK's, SUBACK's or PUBACK's.
    case refused(code: Int32)
    /// No connection, or it broke. `code` is libmosquitto's.
    case lost(code: Int32)
    case noAnswer(afterMs: Int)
    /// The broker took the message, and nobody is subscribed to its topic (told by version 5 brokers only).
    case nobodyListens
    /// Too many messages wait for the broker already.
    case queueFull

    package var description: String {
        switch self {
        case .unusable(let code): "settings that cannot work: \(BrokerWords.library(code))"
        case .refused(let code): "the broker refuses: \(BrokerWords.reason(code))"
        case .lost(let code): BrokerWords.library(code)
        case .noAnswer(let ms): "no answer within \(ms) ms"
        case .nobodyListens: "the broker took it, but nobody is subscribed to the topic"
        case .queueFull: "too many messages wait for the broker"
        }
    }

    /// The broker does not know version 5.
    var isVersionRefused: Bool {
        switch self {
        case .refused(let code): code == 1 || code == 132
        default: false
        }
    }
}

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

/// Words for the numbers of MQTT and libmosquitto.
enum BrokerWords {
    /// CONNACK's return codes of 3.1.1 and the reason codes of version 5 that a client of ours can meet.
    static func reason(_ code: Int32) -> String {
        switch code {
        case 1, 132: "it does not know this protocol version (code \(code))"
        case 2, 133: "it does not take the client id (code \(code))"
        case 3, 136: "it is not available (code \(code))"
        case 4, 134: "name or password is wrong (code \(code))"
        case 5, 135: "this client may not do that (code \(code))"
        case 137: "it is busy (code 137)"
        case 138: "this client is banned (code 138)"
        case 143, 144: "it does not take the topic (code \(code))"
        case 149: "the message is too large (code 149)"
        case 151: "a quota is used up (code 151)"
        case 155: "it does not offer this quality of service (code 155)"
        case 162: "it does not offer wildcards in topics (code 162)"
        default: "code \(code)"
        }
    }

    /// libmosquitto's error codes.
    static func library(_ code: Int32) -> String {
        switch code {
        case 3: "a setting that libmosquitto does not take, or a certificate or key that cannot be read (code 3)"
        case 4, 7: "no connection to the broker (code \(code))"
        case 5: "the broker refused the connection (code 5)"
        case 8, 23:
            "TLS failed: the certificate is not trusted, not for this name, or the broker wants one of ours (code \(code))"
        case 14: "the connection was refused or broke (code 14)"
        case 15, 20: "the broker's name is not known (code \(code))"
        case 19: "the broker did not answer within the keep-alive time (code 19)"
        case 25: "a message is larger than the broker takes (code 25)"
        default: "libmosquitto's error \(code)"
        }
    }
}
