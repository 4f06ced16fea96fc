import CMosquitto
import Glibc

/// One connection to a broker, from the attempt to its end. Belongs to one thread.
final class BrokerLink {
    /// Packets taken from the socket in one step.
    private static let packetCountMax: Int32 = 64
    private static let startLibrary: Void = { _ = mosquitto_lib_init() }()

    private let handle: OpaquePointer
    private let inbox: Inbox

    /// - Parameters:
    ///   - will: what the broker says when this client disappears.
    ///   - nowMs: read when a message arrives.
    init(_ settings: MQTTSettings, will: MQTTMessage? = nil, nowMs: @escaping () -> Int64) throws(MQTTError) {
        _ = Self.startLibrary
        inbox = Inbox(nowMs: nowMs)
        guard let handle = mosquitto_new(settings.clientID, true, Unmanaged.passUnretained(inbox).toOpaque()) else {
            throw .unusable(code: Int32(MOSQ_ERR_INVAL.rawValue))
        }
        self.handle = handle
        mosquitto_connect_callback_set(handle) { _, object, code in Inbox.of(object)?.answer = code }
        mosquitto_subscribe_callback_set(handle) { _, object, _, count, granted in
            Inbox.of(object)?.subscribed(UnsafeBufferPointer(start: granted, count: Int(max(count, 0))))
        }
        mosquitto_message_callback_set(handle) { _, object, message in
            if let message { Inbox.of(object)?.add(message.pointee) }
        }
        if let username = settings.username {
            try Self.check(mosquitto_username_pw_set(handle, username, settings.password))
        }
        if let file = settings.authorityFile { try Self.check(mosquitto_tls_set(handle, file, nil, nil, nil, nil)) }
        if let will {
            try Self.check(
                mosquitto_will_set(
                    handle, will.topic, Int32(will.payload.count), will.payload, Int32(will.qos), will.isRetained))
        }
        let code = mosquitto_connect_async(
            handle, settings.host, Int32(settings.port), Int32(settings.keepAliveSeconds))
        guard code == 0 else { throw .lost(code: code) }
    }

    deinit { mosquitto_destroy(handle) }

    /// The broker's answer to the attempt: `nil` before it, 0 for welcome.
    var answer: Int32? { inbox.answer }

    /// Topics that the broker has answered about, and whether it refused one.
    var subscriptions: (answered: Int, isRefused: Bool) { (inbox.subscriptionsAnswered, inbox.isRefused) }

    /// Waits for traffic, at most `timeoutMs`, and does what is due.
    func step(timeoutMs: Int32, wake: WakePipe) throws(MQTTError) {
        let socket = mosquitto_socket(handle)
        guard socket >= 0 else { throw .lost(code: Int32(MOSQ_ERR_CONN_LOST.rawValue)) }
        let wanted = POLLIN | (mosquitto_want_write(handle) ? POLLOUT : 0)
        var waits = [
            pollfd(fd: socket, events: Int16(wanted), revents: 0),
            pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&waits, 2, timeoutMs)
        if waits[1].revents != 0 { wake.clear() }
        let came = Int32(waits[0].revents)
        if came & POLLOUT != 0 { try Self.kept(mosquitto_loop_write(handle, Self.packetCountMax)) }
        if came & ~POLLOUT != 0 { try Self.kept(mosquitto_loop_read(handle, Self.packetCountMax)) }
        try Self.kept(mosquitto_loop_misc(handle))
    }

    /// Messages since the last call, oldest first.
    func take() -> [Arrival] { inbox.take() }

    var dropped: Int { inbox.dropped }

    func subscribe(_ filter: String, qos: Int32) throws(MQTTError) {
        try Self.kept(mosquitto_subscribe(handle, nil, filter, qos))
    }

    func publish(_ message: MQTTMessage) throws(MQTTError) {
        try Self.kept(
            mosquitto_publish(
                handle, nil, message.topic, Int32(clamping: message.payload.count), message.payload, Int32(message.qos),
                message.isRetained))
    }

    /// Says good-bye, so that the broker does not publish the will. A connection that is gone already needs none.
    func disconnect() { _ = mosquitto_disconnect(handle) }

    private static func check(_ code: Int32) throws(MQTTError) {
        if code != 0 { throw .unusable(code: code) }
    }

    private static func kept(_ code: Int32) throws(MQTTError) {
        if code != 0 { throw .lost(code: code) }
    }
}

/// A message and the instant it came.
struct Arrival {
    let message: MQTTMessage
    /// Milliseconds since 1970 by this host's clock.
    let atMs: Int64
}

/// Where libmosquitto's callbacks put what they hear; nothing else happens in them.
private final class Inbox {
    private static let messageCountMax = 4096
    private static let payloadBytesMax: Int32 = 256 * 1024

    var answer: Int32?
    private(set) var subscriptionsAnswered = 0
    private(set) var isRefused = false
    private(set) var dropped = 0
    private var arrivals: [Arrival] = []
    private let nowMs: () -> Int64

    init(nowMs: @escaping () -> Int64) { self.nowMs = nowMs }

    static func of(_ object: UnsafeMutableRawPointer?) -> Inbox? {
        object.map { Unmanaged<Inbox>.fromOpaque($0).takeUnretainedValue() }
    }

    /// - Parameter granted: quality of service per topic, 128 for a refusal.
    func subscribed(_ granted: UnsafeBufferPointer<Int32>) {
        subscriptionsAnswered += granted.count
        if granted.contains(where: { $0 > 2 }) { isRefused = true }
    }

    func add(_ message: mosquitto_message) {
        guard arrivals.count < Self.messageCountMax, message.payloadlen <= Self.payloadBytesMax,
            let topic = message.topic,
            let name = String(validatingCString: topic)
        else {
            dropped += 1
            return
        }
        let payload = Array(UnsafeRawBufferPointer(start: message.payload, count: Int(max(message.payloadlen, 0))))
        arrivals.append(
            Arrival(
                message: MQTTMessage(topic: name, payload: payload, isRetained: message.retain, qos: Int(message.qos)),
                atMs: nowMs()))
    }

    func take() -> [Arrival] {
        defer { arrivals.removeAll(keepingCapacity: true) }
        return arrivals
    }
}
