import Foundation
import Hashing
import LocalTangle
import Synchronization
import Tangle
import TangleClient
import Testing

/// A clock that moves when told to.
final class HandClock: Sendable {
    private let hands = Mutex<Int64>(1_772_370_000_000)
    var nowMs: Int64 { hands.withLock { $0 } }
    func advance(ms: Int64) { hands.withLock { $0 += ms } }
}

/// Runs `body` beside a development network that answers on a loopback port; milestones are made by hand.
func withNetwork(
    _ time: HandClock, minPoWScore: UInt32 = 10, behindMs: Int64 = 0, pruneAfter: UInt32 = 3_600,
    _ body: (_ network: LocalTangleNode, _ node: WatchedNode) async throws -> Void
) async throws {
    let network = try LocalTangleNode(
        configuration: LocalTangleConfiguration(
            networkName: "dev", intervalMs: 0, minPoWScore: minPoWScore, pruneAfter: pruneAfter),
        clock: { time.nowMs - behindMs })
    let (ports, told) = AsyncStream<Int>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { told.finish() }
            try await network.run(port: 0) { told.yield($0) }
        }
        defer { group.cancelAll() }
        var listening = ports.makeAsyncIterator()
        let port = try #require(await listening.next(), "the node does not listen")
        let client = HTTPTangleNode(url: "http://127.0.0.1:\(port)")
        do { try await body(network, WatchedNode(client)) } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        group.cancelAll()
        while await group.nextResult() != nil {}
    }
}

/// What a node can do wrong in one call.
enum NodeFault: String, CaseIterable, Sendable {
    case unreachable, refused, belowMaxDepth, notFound, notReady, failed, garbage, somethingElse, replyLost
}

/// A real node, of which any call can be made to fail, and any answer can be replaced.
final class WatchedNode: TangleNode {
    private struct State {
        var count = 0
        var faultAt: Int?
        var fault = NodeFault.unreachable
        var isFaultOnSubmit = false
        var submitted: [[UInt8]] = []
        var milestone: (@Sendable (UInt32, [UInt8]) -> [UInt8])?
        var proof: (@Sendable (Hash, [UInt8]) -> [UInt8])?
        var status: (@Sendable (Hash, BlockStatus) -> BlockStatus?)?
    }

    let inner: any TangleNode
    private let state = Mutex(State())

    init(_ inner: any TangleNode) { self.inner = inner }

    var name: String { inner.name }
    /// Calls so far.
    var count: Int { state.withLock { $0.count } }
    /// Whether the failing call was a submission.
    var isFaultOnSubmit: Bool { state.withLock { $0.isFaultOnSubmit } }
    /// Every block that was to be submitted, in order.
    var submitted: [[UInt8]] { state.withLock { $0.submitted } }

    /// The `number`-th call from the first fails, once.
    func fail(_ number: Int, _ fault: NodeFault) {
        state.withLock {
            $0.faultAt = number
            $0.fault = fault
        }
    }

    func answerMilestones(_ change: (@Sendable (UInt32, [UInt8]) -> [UInt8])?) {
        state.withLock { $0.milestone = change }
    }
    func answerProofs(_ change: (@Sendable (Hash, [UInt8]) -> [UInt8])?) { state.withLock { $0.proof = change } }
    /// `nil` from `change` is a 500.
    func answerStatus(_ change: (@Sendable (Hash, BlockStatus) -> BlockStatus?)?) {
        state.withLock { $0.status = change }
    }

    private func fault(onSubmit: Bool = false) -> NodeFault? {
        state.withLock {
            $0.count += 1
            guard $0.count == $0.faultAt else { return nil }
            $0.isFaultOnSubmit = onSubmit
            return $0.fault
        }
    }

    /// The call with its fault; `other` is what "something else" means for it.
    private func call<Answer>(
        onSubmit: Bool = false, _ body: () async throws(NodeError) -> Answer,
        other: (Answer) throws(NodeError) -> Answer,
        garbage: () throws(NodeError) -> Answer
    ) async throws(NodeError) -> Answer {
        switch fault(onSubmit: onSubmit) {
        case nil: return try await body()
        case .unreachable: throw .unreachable("on purpose")
        case .refused: throw .refused(message: "on purpose")
        case .belowMaxDepth: throw .belowMaxDepth
        case .notFound: throw .notFound
        case .notReady: throw .notReady
        case .failed: throw .failed(status: 500, message: "on purpose")
        case .garbage: return try garbage()
        case .somethingElse: return try other(try await body())
        case .replyLost:
            _ = try await body()
            throw .unreachable("the reply was lost on purpose")
        }
    }

    func info() async throws(NodeError) -> NodeInfo {
        try await call {
            () async throws(NodeError) in
            try await inner.info()
        } other: {
            NodeInfo(
                name: $0.name, version: $0.version, isHealthy: true, networkName: "another", protocolVersion: 2,
                minPoWScore: 0, belowMaxDepth: 15, latestMilestoneIndex: 1, latestMilestoneTimeS: nil)
        } garbage: { () throws(NodeError) in
            throw .malformed(what: "on purpose")
        }
    }

    func tips() async throws(NodeError) -> [Hash] {
        try await call {
            () async throws(NodeError) in
            try await inner.tips()
        } other: { _ in
            [sha256([1]), sha256([2])]
        } garbage: { () throws(NodeError) in
            throw .malformed(what: "on purpose")
        }
    }

    func submit(_ block: [UInt8], id: Hash) async throws(NodeError) {
        state.withLock { $0.submitted.append(block) }
        try await call(onSubmit: true) {
            () async throws(NodeError) in
            try await inner.submit(block, id: id)
        } other: { (_: Void) throws(NodeError) in
            throw .otherBlock(expected: id.hex, answered: sha256([3]).hex)
        } garbage: { () throws(NodeError) in
            throw .malformed(what: "on purpose")
        }
    }

    func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        let answer = try await call {
            () async throws(NodeError) in
            try await inner.status(of: block)
        } other: { _ in
            BlockStatus(isSolid: true, referencedBy: 1, shouldPromote: false, shouldReattach: false)
        } garbage: { () throws(NodeError) in
            throw .malformed(what: "on purpose")
        }
        guard let change = state.withLock({ $0.status }) else { return answer }
        guard let changed = change(block, answer) else { throw .failed(status: 500, message: "on purpose") }
        return changed
    }

    func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        let inner = inner
        let answer = try await call {
            () async throws(NodeError) in
            try await inner.milestone(index: index)
        } other: {
            $0.dropLast() + [0]
        } garbage: {
            [7, 7, 7]
        }
        return state.withLock { $0.milestone }?(index, answer) ?? answer
    }

    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        let answer = try await call {
            () async throws(NodeError) in
            try await inner.proofOfInclusion(of: block)
        } other: { _ in
            Array(#"{"proof":{"l":{"value":"0x\#(block.hex)"},"r":{"h":"0x\#(sha256([4]).hex)"}}}"#.utf8)
        } garbage: {
            Array("<html>".utf8)
        }
        return state.withLock { $0.proof }?(block, answer) ?? answer
    }
}
