import BlockingThread
import Synchronization

/// Sends messages to a broker: the devices of the make-believe building, later the twin itself.
package final class MQTTPublisher: Sendable {
    /// Messages that may wait for the broker.
    package static let outboxCountMax = 4096

    private let outbox = Mutex<[MQTTMessage]>([])
    private let wake = WakePipe()
    private let sender: Sender
    private let connected = Flag()

    /// - Parameters:
    ///   - will: what the broker publishes when this client disappears.
    ///   - birth: sent after every successful connect, before anything else.
    ///   - chance: 0 ..< 1, spreads reconnects.
    package init(
        _ settings: MQTTSettings, will: MQTTMessage? = nil, birth: [MQTTMessage] = [],
        chance: @escaping @Sendable () -> Double
    ) {
        sender = Sender(settings, will: will, birth: birth, chance: chance)
    }

    /// Puts a message into the outbox; false when that is full, and the message is not sent then. Never blocks.
    @discardableResult
    package func publish(_ message: MQTTMessage) -> Bool {
        let isTaken = outbox.withLock { waiting in
            guard waiting.count < Self.outboxCountMax else { return false }
            waiting.append(message)
            return true
        }
        wake.wake()
        return isTaken
    }

    /// Connects, sends, reconnects; ends when cancelled.
    package func run() async throws {
        let wake = wake
        try await withTaskCancellationHandler {
            try await sender.run(wake: wake, connected: connected) { self.takeAll() }
        } onCancel: {
            wake.wake()
        }
    }

    package var isConnected: Bool { connected.value }

    private func takeAll() -> [MQTTMessage] {
        outbox.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
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
    private let chance: @Sendable () -> Double
    /// Taken from the outbox and not yet sent; the outbox refills only when this is empty or the link broke.
    private var pending: [MQTTMessage] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ settings: MQTTSettings, will: MQTTMessage?, birth: [MQTTMessage], chance: @escaping @Sendable () -> Double) {
        self.settings = settings
        self.will = will
        self.birth = birth
        self.chance = chance
    }

    func run(wake: WakePipe, connected: Flag, take: @Sendable () -> [MQTTMessage]) async throws {
        var failures = 0
        while !Task.isCancelled {
            do throws(MQTTError) {
                let link = try BrokerLink.open(settings, will: will, wake: wake, nowMs: { 0 })
                failures = 0
                connected.set(true)
                defer { connected.set(false) }
                for message in birth { try link.publish(message) }
                while !Task.isCancelled {
                    pending += take()
                    try send(link)
                    try link.step(timeoutMs: 1000, wake: wake)
                }
                pending += take()
                try send(link)
                link.disconnect()
            } catch {
                failures += 1
            }
            if Task.isCancelled { break }
            try await Task.sleep(for: .milliseconds(settings.backOffMs(failures: failures, chance: chance())))
        }
        try Task.checkCancellation()
    }

    /// What was not sent stays for the next connection.
    private func send(_ link: BrokerLink) throws(MQTTError) {
        var sent = 0
        defer { pending.removeFirst(sent) }
        for message in pending {
            try link.publish(message)
            sent += 1
        }
    }
}
