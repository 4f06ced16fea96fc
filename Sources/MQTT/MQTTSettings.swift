/// Which broker, as whom, and how patiently.
package struct MQTTSettings: Sendable {
    /// Name or address.
    package var host: String
    package var port: UInt16
    /// Unique at the broker: a second client of the same name throws the first one out.
    package var clientID: String
    package var username: String?
    package var password: String?
    /// PEM file of the authorities to trust; with it the connection is TLS.
    package var authorityFile: String?
    package var keepAliveSeconds = 30
    /// From the attempt to the broker's answer.
    package var connectMsMax = 10_000
    /// Waiting time after the first failure; it doubles up to `backOffMsMax`, and up to a quarter is taken off by chance.
    package var backOffMsMin = 250
    package var backOffMsMax = 30_000
    /// A connection that is gone for longer makes every point `offline`.
    package var offlineAfterMs = 15_000

    package init(host: String, port: UInt16, clientID: String) {
        self.host = host
        self.port = port
        self.clientID = clientID
    }

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - chance: 0 ..< 1.
    func backOffMs(failures: Int, chance: Double) -> Int {
        let doubled = backOffMsMin << min(max(failures - 1, 0), 16)
        let full = min(max(doubled, 1), backOffMsMax)
        return full - Int(Double(full) / 4 * min(max(chance, 0), 1))
    }
}

/// One message, in or out.
package struct MQTTMessage: Hashable, Sendable {
    package let topic: String
    package let payload: [UInt8]
    /// Out: the broker keeps it. In: the broker had kept it from earlier.
    package let isRetained: Bool
    /// 0 … 2.
    package let qos: Int

    package init(topic: String, payload: [UInt8], isRetained: Bool = false, qos: Int = 0) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.qos = qos
    }

    package init(topic: String, text: String, isRetained: Bool = false, qos: Int = 0) {
        self.init(topic: topic, payload: Array(text.utf8), isRetained: isRetained, qos: qos)
    }
}

/// What goes wrong between a client and its broker.
package enum MQTTError: Error, Hashable, Sendable {
    /// Settings that cannot work, such as an authority file that is not there. `code` is libmosquitto's.
    case unusable(code: Int32)
    /// The broker answered and said no; `code` is CONNACK's (4 and 5 are name, password, permission), or 128 for a topic.
    case refused(code: Int32)
    /// No connection, or it broke. `code` is libmosquitto's.
    case lost(code: Int32)
    case noAnswer(afterMs: Int)
}

/// A change of state worth a line for the operator.
package enum MQTTEvent: Hashable, Sendable {
    case connected(host: String, port: UInt16)
    /// The next attempt comes after `retryMs`; told once until the broker is back.
    case lost(MQTTError, retryMs: Int)
    case deviceOffline(device: String)
    case deviceOnline(device: String)
}

/// How the link to a broker fares since start.
package struct MQTTStatistics: Hashable, Sendable {
    package var isConnected = false
    package var connects = 0
    package var failures = 0
    package var messages = 0
    package var readings = 0
    /// Messages that found the queue full or were too large.
    package var dropped = 0
    /// Messages that could not be understood.
    package var malformed = 0
    /// Arrival of the last message, milliseconds since 1970.
    package var lastMessageAtMs: Int64?

    package init() {}
}
