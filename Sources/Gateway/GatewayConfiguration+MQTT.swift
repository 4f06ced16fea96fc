package import BrokerClient
import NIOSSL
import SourceYAML

extension GatewayConfiguration {
    package struct MQTT: Sendable, Equatable {
        package var host: String
        package var port: UInt16 = 1883
        /// `nil`: 5, and 3.1.1 with a broker that does not know 5.
        package var version: MQTTVersion?
        package var qos = 1
        /// `nil`: `plumbline-GATEWAY`. The twin is republished by a second client, with `-twin` after it.
        package var clientID: String?
        package var isCleanSession = false
        package var keepAliveMs: Int64 = 30_000
        package var offlineAfterMs: Int64 = 15_000
        package var user: String?
        package var passwordPath: String?
        package var tls: TLS?
        /// Topic root under which the twin is republished.
        package var publish: String?
        /// Topic prefix of Home Assistant's discovery.
        package var discovery: String?

        package struct TLS: Sendable, Equatable {
            /// PEM files; without `caPath` the system's authorities are trusted.
            package var caPath: String?
            package var certificatePath: String?
            package var keyPath: String?
        }
    }

    static func mqtt(
        _ node: YAMLNode, path: (YAMLNode) throws(SourceError) -> String
    ) throws(SourceError) -> MQTT {
        try node.allow([
            "host", "port", "version", "qos", "clientId", "cleanSession", "keepAlive", "offlineAfter", "user",
            "passwordFile", "tls", "publish", "discovery",
        ])
        var mqtt = MQTT(host: try node.required("host").string(sizeBytesMax: 255))
        if let tls = node["tls"] {
            mqtt.tls = try mqttTLS(tls, path: path)
            mqtt.port = 8883
        }
        if let port = node["port"] { mqtt.port = UInt16(try port.int(1...65_535)) }
        if let version = node["version"] { mqtt.version = try version.choice(["5", "3.1.1"]) == "5" ? .v5 : .v311 }
        if let qos = node["qos"] { mqtt.qos = try qos.int(0...2) }
        if let id = node["clientId"] {
            let text = try id.string(sizeBytesMax: 200)
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw id.error("'\(text)' is no client id", hint: "1 to 200 printable ASCII characters without space")
            }
            mqtt.clientID = text
        }
        if let clean = node["cleanSession"] { mqtt.isCleanSession = try clean.bool() }
        if let keepAlive = node["keepAlive"] {
            mqtt.keepAliveMs = try keepAlive.duration(5_000...3_600_000)
            guard mqtt.keepAliveMs % 1_000 == 0 else { throw keepAlive.error("keepAlive is told in whole seconds") }
        }
        if let after = node["offlineAfter"] { mqtt.offlineAfterMs = try after.duration(1_000...86_400_000) }
        if let user = node["user"] { mqtt.user = try user.string(sizeBytesMax: 255) }
        if let file = node["passwordFile"] {
            mqtt.passwordPath = try path(file)
            guard mqtt.user != nil else { throw file.error("a password needs a name", hint: "set mqtt.user") }
        }
        if let topic = node["publish"] { mqtt.publish = try topicRoot(topic) }
        if let prefix = node["discovery"] {
            mqtt.discovery = try topicRoot(prefix)
            guard mqtt.publish != nil else {
                throw prefix.error("discovery points at topics that are not published", hint: "set mqtt.publish")
            }
        }
        return mqtt
    }

    private static func mqttTLS(
        _ node: YAMLNode, path: (YAMLNode) throws(SourceError) -> String
    ) throws(SourceError) -> MQTT.TLS {
        try node.allow(["ca", "certificate", "key"])
        var tls = MQTT.TLS()
        if let file = node["ca"] { tls.caPath = try path(file) }
        if let file = node["certificate"] { tls.certificatePath = try path(file) }
        if let file = node["key"] { tls.keyPath = try path(file) }
        guard (tls.certificatePath == nil) == (tls.keyPath == nil) else {
            throw node.error("certificate and key belong together; only one is given")
        }
        return tls
    }

    private static func topicRoot(_ node: YAMLNode) throws(SourceError) -> String {
        let text = try node.string(sizeBytesMax: 255)
        guard !text.isEmpty, !text.contains(where: { "+#\u{0}".contains($0) }), !text.hasSuffix("/"),
            !text.hasPrefix("$")
        else {
            throw node.error("'\(text)' cannot be a topic root", hint: "no + # or $, no slash at the end")
        }
        return text
    }
}

extension GatewayConfiguration {
    /// Of the client that listens to devices.
    func fieldBroker() throws -> MQTTSettings? { try mqtt?.settings(clientID: mqttClientID) }

    /// Of the client that republishes the twin: nothing is kept for it at the broker.
    func twinBroker() throws -> MQTTSettings? {
        guard var settings = try mqtt?.settings(clientID: mqttClientID + "-twin") else { return nil }
        settings.isCleanSession = true
        return settings
    }

    private var mqttClientID: String { mqtt?.clientID ?? "plumbline-\(gateway)" }
}

extension GatewayConfiguration.MQTT {
    /// Reads the password, and checks that the files of a TLS connection hold what they should.
    func settings(clientID: String) throws -> MQTTSettings {
        var settings = MQTTSettings(host: host, port: port, clientID: clientID)
        settings.version = version
        settings.qos = qos
        settings.isCleanSession = isCleanSession
        settings.keepAliveSeconds = Int(keepAliveMs / 1_000)
        settings.offlineAfterMs = Int(offlineAfterMs)
        settings.username = user
        if let passwordPath {
            let text = String(decoding: try GatewayPlan.read(passwordPath), as: UTF8.self)
            settings.password = text.split(separator: "\n").first.map(String.init)
        }
        if let tls {
            for path in [tls.caPath, tls.certificatePath].compactMap(\.self) {
                do { _ = try NIOSSLCertificate.fromPEMFile(path) } catch {
                    throw GatewayError.tls(path: path, why: "\(error)")
                }
            }
            if let path = tls.keyPath {
                do { _ = try NIOSSLPrivateKey(file: path, format: .pem) } catch {
                    throw GatewayError.tls(path: path, why: "\(error)")
                }
            }
            settings.tls = MQTTCredentials(
                authorityFile: tls.caPath, certificateFile: tls.certificatePath, keyFile: tls.keyPath)
        }
        return settings
    }
}
