/// Which broker, as whom, and how patiently.
package struct MQTTSettings: Sendable, Equatable {
    /// Name or address.
    package var host: String
    package var port: UInt16
    /// Unique at the broker: a second client of the same name throws the first one out.
    package var clientID: String
    /// `nil`: version 5, and 3.1.1 as soon as the broker says that it does not know 5.
    package var version: MQTTVersion?
    /// Of the subscriptions, 0 … 2; the broker sends with this at most.
    package var qos = 1
    /// With false the broker keeps the session while this client is away, and what was published meanwhile with QoS 1 or 2.
    package var isCleanSession = true
    /// How long a version 5 broker keeps the session after the connection is gone; a 3.1.1 broker decides that itself.
    package var sessionExpirySeconds: UInt32 = 86_400
    package var username: String?
    package var password: String?
    /// With it the connection is TLS 1.2 or newer, and the broker's certificate must be for `host`.
    package var tls: MQTTCredentials?
    package var keepAliveSeconds = 30
    /// From the attempt to the broker's answer, subscriptions included.
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
    package func backOffMs(failures: Int, chance: Double) -> Int {
        let doubled = backOffMsMin << min(max(failures - 1, 0), 16)
        let full = min(max(doubled, 1), backOffMsMax)
        return full - Int(Double(full) / 4 * min(max(chance, 0), 1))
    }
}

package enum MQTTVersion: Int32, Sendable {
    case v311 = 4
    case v5 = 5

    package var name: String { self == .v5 ? "5" : "3.1.1" }
}

/// PEM files of a TLS connection.
package struct MQTTCredentials: Sendable, Equatable {
    /// Authorities to trust; `nil` for the system's.
    package var authorityFile: String?
    /// The client's certificate and its private key: both or none.
    package var certificateFile: String?
    package var keyFile: String?

    package init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
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
