package import Evidence
package import Logging
import MerkleLog
package import TangleClient
package import Witness
package import WitnessClient

/// One watch: the store, the desk at which checkpoints are handed in, and the watcher, all on the same memory.
package struct WatchRun: Sendable {
    package let card: PolicyCard
    package let store: WitnessStore
    package let desk: WitnessDesk
    package let watcher: Watcher
    private let journal: Logger
    private let events: NodeEventStream?

    /// - Parameters:
    ///   - events: what the node tells by itself, under the log's tag.
    ///   - patienceMs: how long the gateway may take to list an anchor after its milestone.
    ///   - nowMs: UTC ms.
    package init(
        card: PolicyCard, store: WitnessStore, node: any AnchorSource, log: any PublicLog,
        events: NodeEventStream? = nil, patienceMs: Int64 = Watcher.patienceMs, journal: Logger,
        nowMs: @escaping @Sendable () -> Int64
    ) async throws {
        guard let logKey = VerifierKey(card.logKey) else { throw PolicyCard.ParseError.contradiction }
        self.card = card
        self.store = store
        self.journal = journal
        self.events = events
        desk = WitnessDesk(
            cosigner: store.cosigner, logs: [card.origin: [logKey]], memory: store.memory, forks: store.forks,
            nowS: { UInt64(clamping: nowMs() / 1_000) })
        watcher = try await Watcher(
            card: card, keysPath: store.path + "/keys", desk: desk, forks: store.forks,
            shelf: try AnchorShelf(folder: store.path + "/anchors"),
            sightings: try SightingShelf(folder: store.path + "/sighted"), node: node, log: log, events: events,
            patienceMs: patienceMs, journal: journal, nowMs: nowMs)
    }

    /// Looks until there is nothing more to fetch, and says how the log stands.
    package func once() async throws -> WatchReport {
        while try await watcher.round() { try Task.checkCancellation() }
        return await watcher.report
    }

    /// Serves and looks every `everyMs` until cancelled, or until the store fails.
    ///
    /// - Parameter pause: waits that many ms, or throws when cancelled.
    package func run(
        host: String, port: Int, everyMs: Int64, pause: @escaping @Sendable (_ ms: Int64) async throws -> Void,
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) async throws {
        let watcher = watcher
        let server = WatchServer(desk: desk, journal: journal) { await watcher.report }
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await server.run(host: host, port: port, onListening: onListening) }
            group.addTask {
                while true {
                    let hasMore = try await watcher.round()
                    if !hasMore {
                        if let events { try await events.pause(everyMs, by: pause) } else { try await pause(everyMs) }
                    }
                    try Task.checkCancellation()
                }
            }
            if let events { group.addTask { try await events.run() } }
            try await group.next()
        }
    }
}
