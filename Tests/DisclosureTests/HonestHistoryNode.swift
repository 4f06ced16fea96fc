import Hashing
import LocalTangle
import Synchronization
import Tangle
import TangleClient
import TestTools

/// What a gateway runs on: true time and what the host's two clocks make of it, free space, bytes that look random.
final class HistoryHost: Sendable {
    static let startMs: Int64 = 1_772_370_000_000

    private struct Hands {
        var trueMs = HistoryHost.startMs
        /// How far this host's wall clock is ahead of the truth, ms.
        var aheadMs: Int64 = 0
        var bootMs = HistoryHost.startMs - 5_000
    }
    private let hands = Mutex(Hands())
    private let salts: Mutex<SeededGenerator>
    private let space = Mutex<UInt64>(1 << 40)

    init(seed: UInt64) { salts = Mutex(SeededGenerator(seed: seed &+ 999_983)) }

    func random(_ count: Int) -> [UInt8] { salts.withLock { $0.bytes(count) } }
    var freeBytes: UInt64 {
        get { space.withLock { $0 } }
        set { space.withLock { $0 = newValue } }
    }

    var trueMs: Int64 { hands.withLock { $0.trueMs } }
    var wallMs: Int64 { hands.withLock { $0.trueMs + $0.aheadMs } }
    var monoMs: UInt64 { hands.withLock { UInt64($0.trueMs - $0.bootMs) } }
    var aheadMs: Int64 {
        get { hands.withLock { $0.aheadMs } }
        set { hands.withLock { $0.aheadMs = newValue } }
    }
    func advance(ms: Int64) { hands.withLock { $0.trueMs += ms } }
    /// The machine, not only the daemon, starts anew.
    func reboot() { hands.withLock { $0.bootMs = $0.trueMs - 1_000 } }
}

/// A development network without its HTTP side, stepped by hand; it can be away.
final class HistoryNode: TangleNode {
    let network: LocalTangleNode
    private let time: HistoryHost
    private let away = Atomic<Bool>(false)
    private let swallows = Atomic<Bool>(false)
    private let swallowed = Mutex<Set<Hash>>([])

    init(_ time: HistoryHost) throws {
        self.time = time
        network = try LocalTangleNode(
            configuration: LocalTangleConfiguration(
                networkName: "dev", intervalMs: 0, minPoWScore: 0, pruneAfter: 3_600),
            clock: { time.trueMs })
    }

    var isAway: Bool {
        get { away.load(ordering: .relaxed) }
        set { away.store(newValue, ordering: .relaxed) }
    }

    /// The next block is taken and never heard of again: its anchor stays without proof.
    func swallowNext() { swallows.store(true, ordering: .relaxed) }

    let name = "history"

    /// A milestone, when the last one's second has passed.
    func goOn() async throws {
        if let latest = await network.latestMilestone, Int64(latest.timestamp) * 1_000 >= time.trueMs { return }
        try await network.issueMilestone()
    }

    private func here() throws(NodeError) {
        if isAway { throw .unreachable("away on purpose") }
    }

    func info() async throws(NodeError) -> NodeInfo {
        try here()
        guard let latest = await network.latestMilestone else { throw .notReady }
        return NodeInfo(
            name: "history", version: "1", isHealthy: true, networkName: "dev", protocolVersion: 2, minPoWScore: 0,
            belowMaxDepth: 15, latestMilestoneIndex: latest.index, latestMilestoneTimeS: latest.timestamp)
    }

    func tips() async throws(NodeError) -> [Hash] {
        try here()
        do { return try await network.tips().map(\.hash) } catch { throw .notReady }
    }

    func submit(_ block: [UInt8], id: Hash) async throws(NodeError) {
        try here()
        if swallows.exchange(false, ordering: .relaxed) {
            swallowed.withLock { _ = $0.insert(id) }
            return
        }
        do {
            let taken = try await network.submit(block)
            guard taken.hash == id else { throw NodeError.otherBlock(expected: id.hex, answered: taken.text) }
        } catch {
            throw .refused(message: "\(error)")
        }
    }

    func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        try here()
        if swallowed.withLock({ $0.contains(block) }) { throw .failed(status: 500, message: "lost on purpose") }
        do {
            return BlockStatus(
                isSolid: true, referencedBy: try await network.referencedBy(BlockID(block)), shouldPromote: false,
                shouldReattach: false)
        } catch { throw .notFound }
    }

    func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        try here()
        guard let milestone = await network.milestone(index) else { throw .notFound }
        return milestone.serialized()
    }

    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        try here()
        do { return try await network.proof(of: BlockID(block)).json().bytes } catch { throw .notFound }
    }
}
