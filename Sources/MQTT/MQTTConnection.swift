import BlockingThread
package import BrokerClient
package import Readings
import Synchronization

/// One connection to a broker and the devices that speak through it.
///
/// libmosquitto's callbacks only put messages into a bounded queue; the loop here takes them out, on a thread of its own.
/// A flood waits at the broker: nothing is read while the queue is half full. After every loss it connects and subscribes
/// again, with back-off.
package actor MQTTConnection {
    private let thread = ThreadExecutor(name: "mqtt-in")
    private let settings: MQTTSettings
    private let nowMs: @Sendable () -> Int64
    private let chance: @Sendable () -> Double
    private let deliver: @Sendable ([Reading]) -> Void
    private let report: @Sendable (MQTTEvent) -> Void
    private let outbox = Outbox()
    private let shared: Mutex<Shared>
    private var router: MQTTRouter
    private var version: MQTTVersion
    private var link: BrokerLink?
    private var losses = LossEpisode()
    /// Topics that were unsubscribed because no device has them; the broker knew them from an earlier run.
    private var strangers: Set<String> = []

    private static let strangerCountMax = 256
    private static let strangerLevelCountMax = 16
    /// After a resumed session, what comes before this much silence was kept by the broker.
    private static let backlogGapMs: Int32 = 250
    private static let backlogMsMax = 10_000

    private struct Shared {
        var statistics = MQTTStatistics()
        /// Devices that are to take the place of the present ones.
        var wanted: (devices: [MQTTDevice], zones: MQTTZones)?
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - zones: rules for sources that tell local time.
    ///   - nowMs: this host's clock, milliseconds since 1970.
    ///   - chance: 0 ..< 1, spreads attempts to reconnect.
    ///   - deliver: takes readings and must not block.
    ///   - report: takes changes of state and must not block.
    package init(
        _ settings: MQTTSettings, devices: [MQTTDevice], zones: MQTTZones = MQTTZones(),
        nowMs: @escaping @Sendable () -> Int64, chance: @escaping @Sendable () -> Double,
        deliver: @escaping @Sendable ([Reading]) -> Void, report: @escaping @Sendable (MQTTEvent) -> Void = { _ in }
    ) {
        self.settings = settings
        self.nowMs = nowMs
        self.chance = chance
        self.deliver = deliver
        self.report = report
        shared = Mutex(Shared())
        version = settings.version ?? .v5
        router = MQTTRouter(devices, zones: zones)
    }

    package nonisolated var statistics: MQTTStatistics { shared.withLock { $0.statistics } }

    /// Puts other devices in place of the present ones. The connection and its session stay: topics that are new are
    /// subscribed to, topics that nobody wants any more are not heard. What is known of devices that stay is kept.
    package nonisolated func change(_ devices: [MQTTDevice], zones: MQTTZones = MQTTZones()) {
        shared.withLock { $0.wanted = (devices, zones) }
        outbox.wake.wake()
    }

    /// Sends a message and waits until the broker has taken it (PUBACK for QoS 1, PUBCOMP for QoS 2, the socket for QoS 0).
    ///
    /// When this throws, the message may have reached the broker only if it was under way already; a version 5 broker drops
    /// it after the deadline, and it is never sent again. Without a connection it throws at once.
    package nonisolated func send(_ message: MQTTMessage, withinMs: Int) async throws(MQTTError) {
        guard statistics.isConnected else { throw .lost(code: 4) }
        try await outbox.send(message, withinMs: withinMs)
    }

    /// Receives until cancelled. It runs once.
    package func run() async throws {
        let outbox = outbox
        try await withTaskCancellationHandler {
            try await loop()
        } onCancel: {
            outbox.wake.wake()
        }
    }

    private func loop() async throws {
        var failures = 0
        var lostAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            var sending = Sending(outbox)
            do throws(MQTTError) {
                try listen(&sending) {
                    failures = 0
                    lostAt = nil
                }
            } catch {
                // What somebody waits for must not be sent a second time by a connection that comes later.
                if sending.hasOpenTickets { link = nil }
                sending.fail(error)
                if Task.isCancelled { break }
                if error.isVersionRefused, settings.version == nil, version == .v5 {
                    version = .v311
                    link = nil
                    report(.olderVersion)
                    continue
                }
                failures += 1
                noteLoss(error)
                let waitMs = settings.backOffMs(failures: failures, chance: chance())
                if failures == 1 { report(.lost(error, retryMs: waitMs)) }
                let clock = ContinuousClock()
                let lost = lostAt ?? clock.now
                lostAt = lost
                if clock.now - lost >= .milliseconds(settings.offlineAfterMs) {
                    let readings = router.tellAllOffline(atMs: nowMs())
                    if !readings.isEmpty { deliver(readings) }
                }
                try await Task.sleep(for: .milliseconds(min(waitMs, max(settings.offlineAfterMs, 1))))
            }
        }
        outbox.failAll(.lost(code: 4))
        try Task.checkCancellation()
    }

    /// One connection from the attempt to its end. Returns when cancelled, throws when it breaks.
    private func listen(_ sending: inout Sending, welcomed: () -> Void) throws(MQTTError) {
        _ = adoptWanted()
        let link = try openLink()
        let isResumed = try link.connect(wake: outbox.wake)
        var hearing = Hearing(link: link, qos: settings.qos)
        try hearing.subscribe(router.filters)
        let clock = ContinuousClock()
        let began = clock.now
        var backlogUntil = isResumed ? began + .milliseconds(Self.backlogMsMax) : began
        var isWelcome = false
        var droppedBefore = link.dropped
        while !Task.isCancelled {
            // What came before the connection broke still counts.
            defer {
                take(link.takeArrivals(), isBacklog: clock.now < backlogUntil)
                noteDrops(link.dropped - droppedBefore)
                droppedBefore = link.dropped
            }
            for refused in hearing.answers() {
                shared.withLock { $0.statistics.refusedTopics += 1 }
                report(.subscriptionRefused(filter: refused.filter, code: refused.code))
            }
            if !isWelcome, hearing.isAnswered {
                isWelcome = true
                welcomed()
                welcome(link, isResumed: isResumed)
            }
            if !isWelcome, clock.now - began > .milliseconds(settings.connectMsMax) {
                throw .noAnswer(afterMs: settings.connectMsMax)
            }
            if let change = adoptWanted() {
                try hearing.unsubscribe(change.gone)
                try hearing.subscribe(change.new)
                tell(router.connected(atMs: nowMs()))
            }
            tell(router.due(atMs: nowMs()))
            try sending.step(link)
            let isBacklog = clock.now < backlogUntil
            let stepBegan = clock.now
            try link.step(timeoutMs: isBacklog ? Self.backlogGapMs : 1000, wake: outbox.wake)
            if isBacklog, !link.hasArrivals, clock.now - stepBegan >= .milliseconds(Int(Self.backlogGapMs)) {
                backlogUntil = began
            }
        }
        noteGoodBye()
        link.disconnect()
    }

    // MARK: - Parts of a connection

    private func openLink() throws(MQTTError) -> BrokerLink {
        if let link { return link }
        let link = try BrokerLink(settings, version: version, nowMs: nowMs)
        self.link = link
        return link
    }

    private func welcome(_ link: BrokerLink, isResumed: Bool) {
        let atMs = nowMs()
        let version = version
        shared.withLock { shared in
            shared.statistics.isConnected = true
            shared.statistics.sinceMs = atMs
            shared.statistics.version = version
            shared.statistics.connects += 1
            shared.statistics.resumed += isResumed ? 1 : 0
        }
        report(.connected(host: settings.host, port: settings.port))
        tell(router.connected(atMs: atMs))
    }

    private func noteLoss(_ error: MQTTError) {
        let atMs = nowMs()
        shared.withLock { shared in
            if shared.statistics.isConnected || shared.statistics.sinceMs == nil { shared.statistics.sinceMs = atMs }
            shared.statistics.isConnected = false
            shared.statistics.failures += 1
            shared.statistics.lastError = error
        }
    }

    private func noteGoodBye() {
        let atMs = nowMs()
        shared.withLock { shared in
            shared.statistics.isConnected = false
            shared.statistics.sinceMs = atMs
        }
    }

    private func noteDrops(_ new: Int) {
        if new > 0 { shared.withLock { $0.statistics.dropped += new } }
        if let event = losses.note(new, atMs: nowMs()) { report(event) }
    }

    /// Takes the devices that `change` has left; topics that are new and that are gone.
    private func adoptWanted() -> (new: [String], gone: [String])? {
        let wanted = shared.withLock { shared in
            defer { shared.wanted = nil }
            return shared.wanted
        }
        guard let wanted else { return nil }
        let before = Set(router.filters)
        router = MQTTRouter(wanted.devices, zones: wanted.zones, keeping: router)
        strangers = []
        let after = Set(router.filters)
        return (after.subtracting(before).sorted(), before.subtracting(after).sorted())
    }

    private func take(_ arrivals: [Arrival], isBacklog: Bool) {
        guard let last = arrivals.last else { return }
        var readings: [Reading] = []
        var bytes: Int64 = 0
        var (malformed, unknown) = (0, 0)
        for arrival in arrivals {
            let message = arrival.message
            // The broker queues for an absent client what has QoS 1 or 2, and nothing else.
            let outcome = router.take(message, atMs: arrival.atMs, isQueued: isBacklog && message.qos > 0)
            bytes += Int64(message.payload.count)
            readings += outcome.readings
            if outcome.isMalformed { malformed += 1 }
            if outcome.isUnknown {
                unknown += 1
                forget(message.topic)
            }
            tell(outcome)
        }
        shared.withLock { shared in
            shared.statistics.messages += arrivals.count
            shared.statistics.bytes += bytes
            shared.statistics.readings += readings.count
            shared.statistics.malformed += malformed
            shared.statistics.unknownTopics += unknown
            shared.statistics.lastMessageAtMs = last.atMs
        }
        if !readings.isEmpty { deliver(readings) }
    }

    private func tell(_ outcome: MQTTRouter.Outcome) {
        for event in outcome.events { report(event) }
        // A full outbox drops a request that is made again when it is due again.
        for message in outcome.messages { _ = outbox.put(message) }
    }

    /// A session at the broker still holds a topic of an earlier configuration, as it is or with one level open.
    private func forget(_ topic: String) {
        guard strangers.count < Self.strangerCountMax, strangers.insert(topic).inserted else { return }
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard levels.count <= Self.strangerLevelCountMax else { return }
        var filters = [topic]
        for index in levels.indices {
            var open = levels
            open[index] = "+"
            filters.append(open.joined(separator: "/"))
        }
        for filter in filters where !router.filters.contains(filter) {
            // The next connection tries again.
            try? link?.unsubscribe(filter)
        }
    }
}

/// The topics of one connection and what the broker says about them.
private struct Hearing {
    let link: BrokerLink
    let qos: Int
    private var asked: [Int32: String] = [:]

    init(link: BrokerLink, qos: Int) {
        self.link = link
        self.qos = qos
    }

    var isAnswered: Bool { asked.isEmpty }

    mutating func subscribe(_ filters: [String]) throws(MQTTError) {
        for filter in filters { asked[try link.subscribe(filter, qos: qos)] = filter }
    }

    func unsubscribe(_ filters: [String]) throws(MQTTError) {
        for filter in filters { try link.unsubscribe(filter) }
    }

    /// Filters that the broker refused since the last call.
    mutating func answers() -> [(filter: String, code: Int32)] {
        var refused: [(filter: String, code: Int32)] = []
        for (id, code) in link.takeGranted() {
            guard let filter = asked.removeValue(forKey: id), code >= 128 else { continue }
            refused.append((filter, code))
        }
        return refused
    }
}

/// Messages that are lost one after the other make one episode: told when it begins and when it is over.
package struct LossEpisode {
    /// This much time without a loss ends it.
    static let quietMs: Int64 = 10_000

    private var dropped = 0
    private var lastAtMs: Int64 = 0

    package init() {}

    package mutating func note(_ new: Int, atMs: Int64) -> MQTTEvent? {
        if new > 0 {
            defer {
                dropped += new
                lastAtMs = atMs
            }
            return dropped == 0 ? .overload(dropped: new, isOver: false) : nil
        }
        guard dropped > 0, atMs - lastAtMs >= Self.quietMs || atMs < lastAtMs else { return nil }
        defer { dropped = 0 }
        return .overload(dropped: dropped, isOver: true)
    }
}
