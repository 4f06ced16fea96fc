package import BrokerClient
package import Hashing
import Synchronization
import Tangle

/// What nodes tell by themselves, heard through the brokers they speak to: a reason to look earlier, never one to believe.
///
/// Whoever uses it polls as if it were not there. A stream that is away, lies, floods or tells old news changes how soon a look
/// comes, within `WakeBudget`, and nothing else.
package final class NodeEventStream: Sendable {
    /// Blocks whose metadata is listened to at the same time; those beyond are found by polling.
    package static let followedMax = 32
    /// Blocks under the tag that wait to be taken; the oldest go first.
    package static let taggedMax = 256

    /// A node that speaks to a broker.
    package struct Source: Sendable {
        /// The node's address.
        package let node: String
        package let broker: BrokerAddress

        package init(node: String, broker: BrokerAddress) {
            self.node = node
            self.broker = broker
        }
    }

    /// How one stream fares since the start.
    package struct View: Sendable, Equatable {
        /// The node's address.
        package var node: String
        package var isListening = false
        /// Messages that were understood.
        package var heard = 0
        /// Messages that were not what their topic promises, or old ones that the broker had kept.
        package var ignored = 0
        /// Looks that came earlier because of it.
        package var wakes = 0
        /// Looks that it would have brought beyond the budget.
        package var refused = 0

        package init(
            node: String, isListening: Bool = false, heard: Int = 0, ignored: Int = 0, wakes: Int = 0, refused: Int = 0
        ) {
            self.node = node
            self.isListening = isListening
            self.heard = heard
            self.ignored = ignored
            self.wakes = wakes
            self.refused = refused
        }
    }

    package struct TaggedBlock: Sendable, Equatable {
        package let id: Hash
        package let data: [UInt8]
    }

    private struct State {
        var followed: Set<Hash> = []
        var wantsMilestones = false
        var milestones: [Int: UInt32] = [:]
        var tagged: [TaggedBlock] = []
        var budget = WakeBudget()
        var isDue = false
        var waiter: CheckedContinuation<Void, Never>?
        var views: [View]
    }

    private let tag: [UInt8]?
    private let nowMs: @Sendable () -> Int64
    private let report: @Sendable (_ sentence: String, _ isTrouble: Bool) -> Void
    private let state: Mutex<State>
    private let sources: [Source]
    private let clientID: String
    private let chance: @Sendable () -> Double
    private let listeners: Mutex<[BrokerListener]> = Mutex([])

    /// - Parameters:
    ///   - tag: blocks with data under it are told; `nil` for none.
    ///   - clientID: of no other client of these brokers; at most 20 characters.
    ///   - nowMs: of a clock that is never set.
    ///   - chance: 0 ..< 1, spreads reconnects.
    ///   - report: told when a stream is there and when it is lost, once for each; must not block.
    package init(
        _ sources: [Source], tag: [UInt8]? = nil, clientID: String, nowMs: @escaping @Sendable () -> Int64,
        chance: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (_ sentence: String, _ isTrouble: Bool) -> Void = { _, _ in }
    ) {
        self.sources = sources
        self.tag = tag
        self.clientID = clientID
        self.nowMs = nowMs
        self.chance = chance
        self.report = report
        state = Mutex(State(views: sources.map { View(node: $0.node) }))
    }

    package var views: [View] { state.withLock { $0.views } }

    /// Listens until cancelled.
    package func run() async throws {
        let made = sources.enumerated().map { index, source in
            var settings = MQTTSettings(
                host: source.broker.host, port: source.broker.port, clientID: "\(clientID)-\(index)")
            settings.version = .v311
            settings.qos = 0
            return BrokerListener(
                settings, filters: filters, chance: chance, hear: { [weak self] in self?.hear($0, from: index) },
                tell: { [weak self] in self?.note($0, of: index) })
        }
        listeners.withLock { $0 = made }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for listener in made { group.addTask { try await listener.run() } }
            try await group.waitForAll()
        }
    }

    /// Says what is worth telling from now on.
    ///
    /// - Parameters:
    ///   - blocks: those that wait for a milestone, the newest first.
    ///   - milestones: whether a new milestone alone is worth a look.
    package func follow(_ blocks: [Hash], milestones: Bool) {
        state.withLock { state in
            state.followed = Set(blocks.prefix(Self.followedMax))
            state.wantsMilestones = milestones
        }
        let filters = filters
        for listener in listeners.withLock({ $0 }) { listener.listen(to: filters) }
    }

    private var filters: [String] {
        let (followed, wantsMilestones) = state.withLock { ($0.followed, $0.wantsMilestones) }
        return (tag.map { [EventTopic.taggedData($0)] } ?? [])
            // Only then does the node have the cone: of the latest it may have heard no more than the index.
            + (wantsMilestones ? [EventTopic.confirmedMilestone] : [])
            + followed.sorted().map { EventTopic.metadata(BlockID($0)) }
    }

    /// Blocks that were told under the tag since the last call, oldest first. Their bytes are the broker's word.
    package func takeTagged() -> [TaggedBlock] {
        state.withLock { state in
            defer { state.tagged = [] }
            return state.tagged
        }
    }

    /// Waits so long, or until something is told that makes a look worth it. What was told since the last wait is not missed.
    package func pause(
        _ ms: Int64, by pause: @escaping @Sendable (_ ms: Int64) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await pause(ms) }
            group.addTask { await self.hint() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    /// Takes a message of the broker of source `index`.
    package func hear(_ message: MQTTMessage, from index: Int) {
        // What the broker had kept is of no moment that anybody knows.
        let event = message.isRetained ? nil : NodeEvent(topic: message.topic, payload: message.payload)
        let nowMs = nowMs()
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard let event else {
                state.views[index].ignored += 1
                return nil
            }
            state.views[index].heard += 1
            guard isWorthALook(event, index, &state), !state.isDue else { return nil }
            guard state.budget.take(nowMs) else {
                state.views[index].refused += 1
                return nil
            }
            state.views[index].wakes += 1
            guard let waiter = state.waiter else {
                state.isDue = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    private func isWorthALook(_ event: NodeEvent, _ source: Int, _ state: inout State) -> Bool {
        switch event {
        case .milestone(let index):
            defer { state.milestones[source] = index }
            return state.wantsMilestones && state.milestones[source] != index
        case .metadata(let block, let referencedBy):
            return referencedBy != nil && state.followed.contains(block.hash)
        case .tagged(let block, let tagged):
            guard let tag, tagged.tag == tag, !state.tagged.contains(where: { $0.id == block.hash }) else {
                return false
            }
            if state.tagged.count >= Self.taggedMax { state.tagged.removeFirst() }
            state.tagged.append(TaggedBlock(id: block.hash, data: tagged.data))
            return true
        }
    }

    private func note(_ news: BrokerListener.News, of index: Int) {
        let source = sources[index]
        let isListening = news == .listening
        if case .refused(let filter, let code) = news {
            return report("the events of node \(source.node): the broker refuses topic \(filter) (code \(code))", true)
        }
        let isChange = state.withLock { state in
            defer { state.views[index].isListening = isListening }
            return state.views[index].isListening != isListening
        }
        guard isChange else { return }
        if case .lost(let error, _) = news {
            report("the events of node \(source.node) are not heard, it is polled: \(error)", true)
        } else {
            report("the events of node \(source.node) are heard at \(source.broker)", false)
        }
    }

    /// Returns when something is due, or when cancelled.
    private func hint() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isDue || Task.isCancelled {
                        state.isDue = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
