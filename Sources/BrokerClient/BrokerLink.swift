package import BlockingThread
import CMosquitto
import Glibc

/// One client at a broker, from its first attempt to its end. Belongs to one thread.
///
/// It outlives its connections: what a QoS 2 exchange has reached when a connection breaks is carried on by the next one.
package final class BrokerLink {
    /// Messages read from the socket in one step before others get their turn.
    private static let readCountMax = 512
    private static let writePacketCountMax: Int32 = 64
    /// Version 5 brokers keep larger packets to themselves.
    private static let packetBytesMax: UInt32 = 1 << 20
    private static let systemAuthorities = "/etc/ssl/certs"
    private static let startLibrary: Void = { _ = mosquitto_lib_init() }()

    package let version: MQTTVersion
    private let handle: OpaquePointer
    private let settings: MQTTSettings
    private let inbox: Inbox
    private var wasConnected = false

    /// - Parameters:
    ///   - will: what the broker says when this client disappears.
    ///   - nowMs: read when a message arrives.
    package init(
        _ settings: MQTTSettings, version: MQTTVersion, will: MQTTMessage? = nil, nowMs: @escaping () -> Int64
    ) throws(MQTTError) {
        _ = Self.startLibrary
        self.settings = settings
        self.version = version
        inbox = Inbox(nowMs: nowMs)
        let object = Unmanaged.passUnretained(inbox).toOpaque()
        guard let handle = mosquitto_new(settings.clientID, settings.isCleanSession, object) else {
            throw .unusable(code: Int32(MOSQ_ERR_INVAL.rawValue))
        }
        self.handle = handle
        try Self.check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, version.rawValue))
        setCallbacks()
        if let username = settings.username {
            try Self.check(mosquitto_username_pw_set(handle, username, settings.password))
        }
        if let tls = settings.tls {
            let folder = tls.authorityFile == nil ? Self.systemAuthorities : nil
            try Self.check(
                mosquitto_tls_set(handle, tls.authorityFile, folder, tls.certificateFile, tls.keyFile, nil))
        }
        if let will {
            try Self.check(
                mosquitto_will_set(
                    handle, will.topic, Int32(will.payload.count), will.payload, Int32(will.qos), will.isRetained))
        }
        if version == .v5 { try setConnectProperties() }
    }

    deinit { mosquitto_destroy(handle) }

    /// Waits until the broker has welcomed this client; whether it still had the session.
    package func connect(wake: WakePipe) throws(MQTTError) -> Bool {
        inbox.reset()
        let code =
            wasConnected
            ? mosquitto_reconnect_async(handle)
            : mosquitto_connect_async(handle, settings.host, Int32(settings.port), Int32(settings.keepAliveSeconds))
        guard code == 0 else { throw .lost(code: code) }
        wasConnected = true
        let deadline = ContinuousClock().now + .milliseconds(settings.connectMsMax)
        while true {
            if let answer = inbox.answer {
                if answer != 0 { throw .refused(code: answer) }
                return inbox.isSessionPresent
            }
            guard !Task.isCancelled, ContinuousClock().now < deadline else {
                throw .noAnswer(afterMs: settings.connectMsMax)
            }
            do throws(MQTTError) { try step(timeoutMs: 100, wake: wake) } catch {
                // A broker that says no also hangs up; its word counts for more.
                if let answer = inbox.answer, answer != 0 { throw .refused(code: answer) }
                throw error
            }
        }
    }

    /// Waits for traffic, at most `timeoutMs`, and does what is due.
    package func step(timeoutMs: Int32, wake: WakePipe) throws(MQTTError) {
        let socket = mosquitto_socket(handle)
        guard socket >= 0 else { throw .lost(code: Int32(MOSQ_ERR_CONN_LOST.rawValue)) }
        let wanted = POLLIN | (mosquitto_want_write(handle) ? POLLOUT : 0)
        var waits = (
            pollfd(fd: socket, events: Int16(wanted), revents: 0),
            pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0)
        )
        _ = withUnsafeMutableBytes(of: &waits) { poll($0.bindMemory(to: pollfd.self).baseAddress, 2, timeoutMs) }
        if waits.1.revents != 0 { wake.clear() }
        let came = Int32(waits.0.revents)
        if came & POLLOUT != 0 { try Self.kept(mosquitto_loop_write(handle, Self.writePacketCountMax)) }
        if came & ~POLLOUT != 0 { try read() }
        try Self.kept(mosquitto_loop_misc(handle))
    }

    /// Reads until nothing more is there; the library takes about one packet a call.
    private func read() throws(MQTTError) {
        for _ in 0..<Self.readCountMax {
            let before = inbox.count
            try Self.kept(mosquitto_loop_read(handle, 1))
            if inbox.count == before || inbox.isFull { return }
        }
    }

    package var hasArrivals: Bool { inbox.hasArrivals }

    /// Messages since the last call, oldest first.
    package func takeArrivals() -> [Arrival] { inbox.takeArrivals() }

    /// Answers to subscriptions, by packet id: the granted quality of service, 128 and above for a refusal.
    package func takeGranted() -> [(id: Int32, code: Int32)] { inbox.takeGranted() }

    /// Publications the broker is done with, by packet id, with its reason code.
    package func takeTaken() -> [(id: Int32, code: Int32)] { inbox.takeTaken() }

    package var dropped: Int { inbox.dropped }

    /// Bytes wait for the socket: what is published now only makes the library's own queue longer.
    package var isCrowded: Bool { mosquitto_want_write(handle) }

    /// - Returns: the packet id that the broker's answer will carry.
    package func subscribe(_ filter: String, qos: Int) throws(MQTTError) -> Int32 {
        var id: Int32 = 0
        try Self.kept(mosquitto_subscribe(handle, &id, filter, Int32(qos)))
        return id
    }

    package func unsubscribe(_ filter: String) throws(MQTTError) {
        try Self.kept(mosquitto_unsubscribe(handle, nil, filter))
    }

    /// - Parameter expirySeconds: a version 5 broker drops it after that.
    /// - Returns: the packet id that the broker's answer will carry.
    @discardableResult
    package func publish(_ message: MQTTMessage, expirySeconds: UInt32? = nil) throws(MQTTError) -> Int32 {
        var id: Int32 = 0
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if version == .v5, let expirySeconds {
            let key = Int32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue)
            try Self.check(mosquitto_property_add_int32(&properties, key, expirySeconds))
        }
        let code = mosquitto_publish_v5(
            handle, &id, message.topic, Int32(clamping: message.payload.count), message.payload, Int32(message.qos),
            message.isRetained, properties)
        // A topic or size that cannot be sent is the message's fault, not the connection's.
        let own = [MOSQ_ERR_INVAL, MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_OVERSIZE_PACKET]
        if own.contains(where: { Int32($0.rawValue) == code }) { throw .unusable(code: code) }
        try Self.kept(code)
        return id
    }

    /// Says good-bye, so that the broker does not publish the will. A connection that is gone already needs none.
    package func disconnect() { _ = mosquitto_disconnect(handle) }

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, object, code, flags, _ in
            guard let inbox = Inbox.of(object) else { return }
            inbox.isSessionPresent = flags & 1 != 0
            inbox.answer = code
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, object, id, count, granted, _ in
            Inbox.of(object)?.subscribed(id, UnsafeBufferPointer(start: granted, count: Int(max(count, 0))))
        }
        mosquitto_message_v5_callback_set(handle) { _, object, message, _ in
            if let message { Inbox.of(object)?.add(message.pointee) }
        }
        mosquitto_publish_v5_callback_set(handle) { _, object, id, code, _ in
            Inbox.of(object)?.published(id, code: code)
        }
    }

    /// The library takes CONNECT's properties only with the call that blocks until the host answers or not. Without a host
    /// that call keeps the properties and returns at once, and the attempt that does not block sends them.
    private func setConnectProperties() throws(MQTTError) {
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        let wanted = [
            (MQTT_PROP_SESSION_EXPIRY_INTERVAL, settings.isCleanSession ? 0 : settings.sessionExpirySeconds),
            (MQTT_PROP_MAXIMUM_PACKET_SIZE, Self.packetBytesMax),
        ]
        for (key, value) in wanted {
            try Self.check(mosquitto_property_add_int32(&properties, Int32(key.rawValue), value))
        }
        _ = mosquitto_connect_bind_v5(
            handle, nil, Int32(settings.port), Int32(settings.keepAliveSeconds), nil, properties)
    }

    private static func check(_ code: Int32) throws(MQTTError) {
        if code != 0 { throw .unusable(code: code) }
    }

    private static func kept(_ code: Int32) throws(MQTTError) {
        if code != 0 { throw .lost(code: code) }
    }
}
