import BlockingThread
package import Readings
import Synchronization

/// One connection to a broker and the devices that speak through it.
///
/// libmosquitto's callbacks only put messages into a bounded queue; the loop here takes them out, on a thread of its own.
/// After every loss it connects and subscribes again, with back-off.
package actor MQTTConnection {
    private let thread = ThreadExecutor(name: "mqtt-in")
    private let settings: MQTTSettings
    private let nowMs: @Sendable () -> Int64
    private let chance: @Sendable () -> Double
    private let deliver: @Sendable ([Reading]) -> Void
    private let report: @Sendable (MQTTEvent) -> Void
    private let wake = WakePipe()
    private let shared = Mutex(MQTTStatistics())
    private var router: MQTTRouter

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - nowMs: this host's clock, milliseconds since 1970.
    ///   - chance: 0 ..< 1, spreads attempts to reconnect.
    ///   - deliver: takes readings and must not block.
    ///   - report: takes changes of state and must not block.
    package init(
        _ settings: MQTTSettings, devices: [MQTTDevice], nowMs: @escaping @Sendable () -> Int64,
        chance: @escaping @Sendable () -> Double, deliver: @escaping @Sendable ([Reading]) -> Void,
        report: @escaping @Sendable (MQTTEvent) -> Void = { _ in }
    ) {
        self.settings = settings
        self.nowMs = nowMs
        self.chance = chance
        self.deliver = deliver
        self.report = report
        router = MQTTRouter(devices)
    }

    package nonisolated var statistics: MQTTStatistics { shared.withLock { $0 } }

    /// Receives until cancelled. It runs once.
    package func run() async throws {
        let wake = wake
        try await withTaskCancellationHandler {
            try await loop()
        } onCancel: {
            wake.wake()
        }
    }

    private func loop() async throws {
        var failures = 0
        var lostAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            do throws(MQTTError) {
                let link = try BrokerLink.open(settings, filters: router.filters, wake: wake, nowMs: nowMs)
                failures = 0
                lostAt = nil
                shared.withLock { statistics in
                    statistics.isConnected = true
                    statistics.connects += 1
                }
                report(.connected(host: settings.host, port: settings.port))
                try listen(on: link)
                link.disconnect()
            } catch {
                if Task.isCancelled { break }
                failures += 1
                shared.withLock { statistics in
                    statistics.isConnected = false
                    statistics.failures += 1
                }
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
        try Task.checkCancellation()
    }

    /// Returns when cancelled, throws when the connection breaks.
    private func listen(on link: BrokerLink) throws(MQTTError) {
        var droppedBefore = 0
        while !Task.isCancelled {
            // What came before the connection broke still counts.
            defer {
                take(link.take())
                let new = link.dropped - droppedBefore
                droppedBefore = link.dropped
                if new > 0 { shared.withLock { $0.dropped += new } }
            }
            try link.step(timeoutMs: 1000, wake: wake)
        }
    }

    private func take(_ arrivals: [Arrival]) {
        guard let last = arrivals.last else { return }
        var readings: [Reading] = []
        var malformed = 0
        for arrival in arrivals {
            let outcome = router.take(arrival.message, atMs: arrival.atMs)
            readings += outcome.readings
            if outcome.isMalformed { malformed += 1 }
            for event in outcome.events { report(event) }
        }
        shared.withLock { statistics in
            statistics.messages += arrivals.count
            statistics.readings += readings.count
            statistics.malformed += malformed
            statistics.lastMessageAtMs = last.atMs
        }
        if !readings.isEmpty { deliver(readings) }
    }
}
