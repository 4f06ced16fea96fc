import BlockingThread
import Synchronization

/// Hears topics of a broker for as long as it runs, and comes back after every loss, with back-off.
///
/// What it hears is handed on at once and kept nowhere. A broker that floods is read only so fast: the rest waits there, or is lost.
package actor BrokerListener {
    /// Messages handed on in one second at most; then nothing is read until the second is over.
    package static let messagesPerSecondMax = 1_000
    /// Topics listened to at the same time at most; those beyond are not heard.
    package static let filtersMax = 64
    /// A connection that lasted so long was no failure, ms: the next loss is the first again.
    private static let steadyMs: Int64 = 10_000
    private static let stepMs: Int32 = 1_000

    package enum News: Hashable, Sendable {
        /// The broker has answered to every topic.
        case listening
        /// The other topics are heard.
        case refused(filter: String, code: Int32)
        case lost(MQTTError, retryMs: Int)
    }

    private let thread = ThreadExecutor(name: "mqtt-events")
    private let settings: MQTTSettings
    private let chance: @Sendable () -> Double
    private let hear: @Sendable (MQTTMessage) -> Void
    private let tell: @Sendable (News) -> Void
    private let wake = WakePipe()
    private let wanted: Mutex<[String]>

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - settings: `version` is 3.1.1 unless it says otherwise; the session is always a clean one.
    ///   - chance: 0 ..< 1, spreads reconnects.
    ///   - hear: called on the connection's thread, must not block.
    ///   - tell: likewise.
    package init(
        _ settings: MQTTSettings, filters: [String] = [], chance: @escaping @Sendable () -> Double,
        hear: @escaping @Sendable (MQTTMessage) -> Void, tell: @escaping @Sendable (News) -> Void = { _ in }
    ) {
        self.settings = settings
        wanted = Mutex(filters)
        self.chance = chance
        self.hear = hear
        self.tell = tell
    }

    /// Puts other topics in place of the present ones; the connection stays.
    package nonisolated func listen(to filters: [String]) {
        let isNew = wanted.withLock { wanted in
            defer { wanted = filters }
            return wanted != filters
        }
        if isNew { wake.wake() }
    }

    /// Connects, hears, comes back; ends when cancelled.
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
        while !Task.isCancelled {
            let beganUs = monotonicNowUs()
            do { try await listen() } catch let error as MQTTError {
                if monotonicNowUs() - beganUs > Self.steadyMs * 1_000 { failures = 0 }
                failures += 1
                let waitMs = settings.backOffMs(failures: failures, chance: chance())
                if !Task.isCancelled { tell(.lost(error, retryMs: waitMs)) }
                try await thread.sleep(ms: Int64(waitMs))
            }
        }
        try Task.checkCancellation()
    }

    /// One connection from the attempt to its end. Returns when cancelled, throws when it breaks.
    private func listen() async throws {
        let link = try BrokerLink(settings, version: settings.version ?? .v311, nowMs: { 0 })
        _ = try link.connect(wake: wake)
        var topics = Topics(link: link, qos: settings.qos)
        var pace = Pace()
        while !Task.isCancelled {
            try topics.become(wanted.withLock { Array($0.prefix(Self.filtersMax)) })
            for news in topics.answers() { tell(news) }
            try link.step(timeoutMs: Self.stepMs, wake: wake)
            let arrivals = link.takeArrivals()
            for arrival in arrivals { hear(arrival.message) }
            let restMs = pace.rest(after: arrivals.count, nowUs: monotonicNowUs())
            if restMs > 0 { try await thread.sleep(ms: restMs) }
        }
        link.disconnect()
    }
}

/// What of the topics of one connection was asked for and answered.
private struct Topics {
    let link: BrokerLink
    let qos: Int
    private var heard: Set<String> = []
    private var asked: [Int32: String] = [:]
    private var isTold = false

    init(link: BrokerLink, qos: Int) {
        self.link = link
        self.qos = qos
    }

    mutating func become(_ filters: [String]) throws(MQTTError) {
        let wanted = Set(filters)
        if wanted == heard { return }
        for filter in heard.subtracting(wanted).sorted() { try link.unsubscribe(filter) }
        for filter in wanted.subtracting(heard).sorted() {
            asked[try link.subscribe(filter, qos: qos)] = filter
            isTold = false
        }
        heard = wanted
    }

    mutating func answers() -> [BrokerListener.News] {
        var news: [BrokerListener.News] = []
        for (id, code) in link.takeGranted() {
            guard let filter = asked.removeValue(forKey: id), code >= 128 else { continue }
            news.append(.refused(filter: filter, code: code))
        }
        if asked.isEmpty, !isTold {
            isTold = true
            news.append(.listening)
        }
        return news
    }
}

/// How many messages came in the present second.
private struct Pace {
    private var beganUs: Int64 = 0
    private var count = 0

    /// - Returns: ms to read nothing, 0 while there is room in this second.
    mutating func rest(after messages: Int, nowUs: Int64) -> Int64 {
        if nowUs - beganUs >= 1_000_000 { (beganUs, count) = (nowUs, 0) }
        count += messages
        guard count >= BrokerListener.messagesPerSecondMax else { return 0 }
        return (beganUs + 1_000_000 - nowUs + 999) / 1_000
    }
}
