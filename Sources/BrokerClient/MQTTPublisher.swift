import BlockingThread
import Synchronization

/// Sends messages to a broker: the twin itself, and the devices of the make-believe building.
package final class MQTTPublisher: Sendable {
    /// Messages that may wait for the broker.
    package static let outboxCountMax = Outbox.countMax

    private let outbox = Outbox()
    private let sender: Sender
    private let connected = Flag()

    /// - Parameters:
    ///   - will: what the broker publishes when this client disappears.
    ///   - birth: sent after every successful connect, before anything else.
    ///   - farewell: sent when this client ends by itself; the broker does not publish the will then.
    ///   - chance: 0 ..< 1, spreads reconnects.
    ///   - onConnect: told after every successful connect, once the birth is on its way; must not block.
    package init(
        _ settings: MQTTSettings, will: MQTTMessage? = nil, birth: [MQTTMessage] = [], farewell: [MQTTMessage] = [],
        chance: @escaping @Sendable () -> Double, onConnect: @escaping @Sendable () -> Void = {}
    ) {
        sender = Sender(
            settings, will: will, birth: birth, farewell: farewell, chance: chance, onConnect: onConnect)
    }

    /// Puts a message into the outbox; false when that is full, and the message is not sent then. Never blocks.
    @discardableResult
    package func publish(_ message: MQTTMessage) -> Bool { outbox.put(message) }

    /// Sends a message and waits until the broker has taken it (PUBACK for QoS 1, PUBCOMP for QoS 2, the socket for QoS 0).
    ///
    /// When this throws, the message may have reached the broker only if it was under way already; a version 5 broker drops
    /// it after the deadline. Without a connection it throws at once.
    package func send(_ message: MQTTMessage, withinMs: Int) async throws(MQTTError) {
        guard isConnected else { throw .lost(code: 4) }
        try await outbox.send(message, withinMs: withinMs)
    }

    /// Connects, sends, reconnects; ends when cancelled.
    package func run() async throws {
        let outbox = outbox
        try await withTaskCancellationHandler {
            try await sender.run(outbox, connected: connected)
        } onCancel: {
            outbox.wake.wake()
        }
    }

    package var isConnected: Bool { connected.value }
}

/// A Boolean that one thread writes and others read.
private final class Flag: Sendable {
    private let atomic = Atomic<Bool>(false)
    var value: Bool { atomic.load(ordering: .acquiring) }
    func set(_ new: Bool) { atomic.store(new, ordering: .releasing) }
}

private actor Sender {
    private let thread = ThreadExecutor(name: "mqtt-out")
    private let settings: MQTTSettings
    private let will: MQTTMessage?
    private let birth: [MQTTMessage]
    private let farewell: [MQTTMessage]
    private let chance: @Sendable () -> Double
    private let onConnect: @Sendable () -> Void
    private var version: MQTTVersion

    /// Steps that the last messages get when this client ends by itself.
    private static let endingStepsMax = 20

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        _ settings: MQTTSettings, will: MQTTMessage?, birth: [MQTTMessage], farewell: [MQTTMessage],
        chance: @escaping @Sendable () -> Double, onConnect: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.will = will
        self.birth = birth
        self.farewell = farewell
        self.chance = chance
        self.onConnect = onConnect
        version = settings.version ?? .v5
    }

    func run(_ outbox: Outbox, connected: Flag) async throws {
        var failures = 0
        while !Task.isCancelled {
            var sending = Sending(outbox)
            do throws(MQTTError) {
                let link = try BrokerLink(settings, version: version, will: will, nowMs: { 0 })
                _ = try link.connect(wake: outbox.wake)
                failures = 0
                for message in birth { try link.publish(message) }
                connected.set(true)
                defer { connected.set(false) }
                onConnect()
                while !Task.isCancelled {
                    try sending.step(link)
                    try link.step(timeoutMs: 1000, wake: outbox.wake)
                }
                try end(link, &sending, outbox)
            } catch {
                sending.fail(error)
                if error.isVersionRefused, settings.version == nil, version == .v5 {
                    version = .v311
                    continue
                }
                failures += 1
            }
            if Task.isCancelled { break }
            try await Task.sleep(for: .milliseconds(settings.backOffMs(failures: failures, chance: chance())))
        }
        outbox.failAll(.lost(code: 4))
        try Task.checkCancellation()
    }

    private func end(_ link: BrokerLink, _ sending: inout Sending, _ outbox: Outbox) throws(MQTTError) {
        for message in farewell { try link.publish(message) }
        for _ in 0..<Self.endingStepsMax {
            try sending.step(link)
            if sending.isIdle, !link.isCrowded { break }
            try link.step(timeoutMs: 50, wake: outbox.wake)
        }
        link.disconnect()
    }
}
