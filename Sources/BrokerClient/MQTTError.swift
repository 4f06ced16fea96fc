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
        case .unusable(let code): "settings that cannot work: \(BrokerWords.connection(code))"
        case .refused(let code): "the broker refuses: \(BrokerWords.reason(code))"
        case .lost(let code): BrokerWords.connection(code)
        case .noAnswer(let ms): "no answer within \(ms) ms"
        case .nobodyListens: "the broker took it, but nobody is subscribed to the topic"
        case .queueFull: "too many messages wait for the broker"
        }
    }

    /// The broker does not know version 5.
    package var isVersionRefused: Bool {
        switch self {
        case .refused(let code): code == 1 || code == 132
        default: false
        }
    }
}

/// Words for the numbers of MQTT and libmosquitto.
package enum BrokerWords {
    /// CONNACK's return codes of 3.1.1 and the reason codes of version 5 that a client of ours can meet.
    package static func reason(_ code: Int32) -> String {
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
    package static func connection(_ code: Int32) -> String {
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
