import Evidence
import Foundation
import Hashing
import LocalTangle
import Logging
import MerkleLog
import Synchronization
import Tangle
import TangleClient
import Testing
import Watching
import Witness
import WitnessClient

/// A log whose leaf i is the number i, and after `fork` another number; one key for both histories.
struct TestLog {
    static let origin = "gw1/b/house/1"

    let key: LogSigningKey
    let tree: MerkleTree

    init(size: UInt64, forkedAt fork: UInt64 = .max) throws {
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 1, count: 32)))
        tree = MerkleTree((0..<size).map { leafHash(Array("\($0 >= fork ? $0 + 1_000_000 : $0)".utf8)) })
    }

    func note(_ size: UInt64) throws -> SignedNote {
        try key.sign(Checkpoint(origin: Self.origin, size: size, root: tree.root(size: size)))
    }
}

/// What a gateway shows, in memory; everything can be replaced.
final class ShownLog: PublicLog {
    private struct State {
        var tree: MerkleTree
        var note: SignedNote?
        var anchors: [ListedAnchor] = []
        var failure: CallError?
        var tile: (@Sendable ([UInt8]) -> [UInt8])?
        var keys: KeyList?
        var keyCalls = 0
    }

    private let state: Mutex<State>
    let name = "test gateway"

    init(_ tree: MerkleTree) { state = Mutex(State(tree: tree)) }

    func show(_ note: SignedNote?, of log: TestLog) { show(note, tree: log.tree) }
    func show(_ note: SignedNote?, tree: MerkleTree) {
        state.withLock {
            $0.note = note
            $0.tree = tree
        }
    }
    func showKeys(_ keys: KeyList?) { state.withLock { $0.keys = keys } }
    /// How often the log was asked for its keys.
    var keyCalls: Int { state.withLock { $0.keyCalls } }
    func list(_ anchor: ListedAnchor) { state.withLock { $0.anchors.append(anchor) } }
    func fail(_ failure: CallError?) { state.withLock { $0.failure = failure } }
    func changeTiles(_ change: (@Sendable ([UInt8]) -> [UInt8])?) { state.withLock { $0.tile = change } }

    func checkpoint() async throws(CallError) -> SignedNote? {
        let (note, failure) = state.withLock { ($0.note, $0.failure) }
        if let failure { throw failure }
        return note
    }

    func anchors(after seq: UInt64) async throws(CallError) -> [ListedAnchor] {
        let (anchors, failure) = state.withLock { ($0.anchors, $0.failure) }
        if let failure { throw failure }
        return anchors.filter { $0.seq > seq }
    }

    func keys(size: UInt64) async throws(CallError) -> KeyList {
        let (keys, failure) = state.withLock {
            $0.keyCalls += 1
            return ($0.keys, $0.failure)
        }
        if let failure { throw failure }
        guard let keys, keys.size == size else { throw .refused(status: 404) }
        return keys
    }

    func tile(_ tile: Tile) async throws(CallError) -> [UInt8] {
        let (tree, change) = state.withLock { ($0.tree, $0.tile) }
        guard tile.exists(size: tree.size), case .hashes(let level) = tile.content else { throw .refused(status: 404) }
        let bytes = tile.range.flatMap { tree.node(level: Tile.height * level, index: $0).bytes }
        return change.map { $0(bytes) } ?? bytes
    }
}

/// The development network without HTTP between.
struct NodeAtHand: AnchorSource {
    let network: LocalTangleNode
    let name = "test node"

    private func ask<Answer: Sendable>(
        _ body: @Sendable () async throws(NodeRefusal) -> Answer
    ) async throws(NodeError) -> Answer {
        do { return try await body() } catch {
            throw error.status == 404 ? NodeError.notFound : NodeError.refused(message: error.message)
        }
    }

    func block(_ id: Hash) async throws(NodeError) -> [UInt8] {
        try await ask { () async throws(NodeRefusal) in try await network.block(BlockID(id)) }
    }

    func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        let index = try await ask { () async throws(NodeRefusal) in try await network.referencedBy(BlockID(block)) }
        return BlockStatus(isSolid: true, referencedBy: index, shouldPromote: false, shouldReattach: false)
    }

    func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        guard let milestone = await network.milestone(index) else { throw .notFound }
        return milestone.serialized()
    }

    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        let proof = try await ask { () async throws(NodeRefusal) in try await network.proof(of: BlockID(block)) }
        do { return try proof.json().bytes } catch { throw .malformed(what: "proof") }
    }
}

/// A watch over a log that is anchored on a development network; the store lies in a folder of its own.
final class WatchedHouse: Sendable {
    static let nowMs: Int64 = 1_772_370_000_000

    let network: LocalTangleNode
    let shown: ShownLog
    let card: PolicyCard
    let path: String

    convenience init(_ log: TestLog, pruneAfter: UInt32 = 3_600) async throws {
        try await self.init(
            log: log.tree, logKey: log.key, recoveryHash: .zero, genesis: .zero, pruneAfter: pruneAfter)
    }

    init(
        log: MerkleTree, logKey: LogSigningKey, recoveryHash: Hash, genesis: Hash, pruneAfter: UInt32 = 3_600
    ) async throws {
        let network = try LocalTangleNode(
            configuration: LocalTangleConfiguration(
                networkName: "dev", intervalMs: 0, minPoWScore: 0, pruneAfter: pruneAfter),
            clock: { Self.nowMs })
        let milestone = try #require(await network.milestone(1))
        card = PolicyCard(
            origin: TestLog.origin, logKey: logKey.verifierKey.description, recoveryHash: recoveryHash,
            genesis: genesis,
            network: "dev", milestoneIndex: 1, milestoneID: milestone.id.hash,
            milestoneKeys: try network.milestoneKeys(holder: "somebody").map {
                PolicyCard.MilestoneKey(
                    key: try #require(Hash(bytes: $0.publicKey)), start: $0.start, end: $0.end, holder: $0.holder)
            }, threshold: 1, minPowScore: 0)
        self.network = network
        shown = ShownLog(log)
        path = NSTemporaryDirectory() + "watch-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // what is left lies in the system's temporary folder

    /// - Parameter laterMs: how much the watcher's clock is ahead of the network's.
    func open(events: NodeEventStream? = nil, laterMs: Int64 = 0) async throws -> WatchRun {
        let store = try WitnessStore(path: path, name: "watch.example/w1") { Array(repeating: 7, count: $0) }
        return try await WatchRun(
            card: card, store: store, node: NodeAtHand(network: network), log: shown, events: events,
            journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, nowMs: { Self.nowMs + laterMs })
    }

    /// Puts a checkpoint on the network and, unless told otherwise, on the gateway's list.
    @discardableResult
    func anchor(
        _ note: SignedNote, by key: LogSigningKey, seq: UInt64, isListed: Bool = true, tag: [UInt8]? = nil
    ) async throws -> BlockID {
        let payload = try #require(AnchorPayload(note, by: key.verifierKey))
        let block = try Block(
            parents: Array(try await network.tips().prefix(1)),
            payload: .taggedData(
                TaggedData(tag: tag ?? anchorTag(origin: TestLog.origin), data: payload.bytes)))
        let id = try await network.submit(block.serialized())
        try await network.issueMilestone()
        if isListed { shown.list(ListedAnchor(seq: seq, size: payload.size, blockID: id.hash)) }
        return id
    }
}
