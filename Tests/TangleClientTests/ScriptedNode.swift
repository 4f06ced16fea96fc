import Hashing
import Synchronization
import TangleClient

/// A node that answers what the test says, and remembers what it was asked.
final class ScriptedNode: TangleNode {
    enum Call: String, CaseIterable, Sendable { case info, tips, submit, status, milestone, proof }

    private struct State {
        var info = ScriptedNode.info()
        var failures: [Call: NodeError] = [:]
        var calls: [Call] = []
    }

    let name: String
    private let state = Mutex(State())

    init(_ name: String) { self.name = name }

    static func info(
        isHealthy: Bool = true, network: String = "net", version: UInt8 = 2, score: UInt32 = 10, index: UInt32 = 7,
        timeS: UInt32? = nil
    ) -> NodeInfo {
        NodeInfo(
            name: "scripted", version: "1", isHealthy: isHealthy, networkName: network, protocolVersion: version,
            minPoWScore: score, belowMaxDepth: 15, latestMilestoneIndex: index, latestMilestoneTimeS: timeS)
    }

    /// Every such call fails from now on.
    func fail(_ call: Call, with error: NodeError) { state.withLock { $0.failures[call] = error } }

    /// No call fails any more.
    func recover() { state.withLock { $0.failures = [:] } }

    func says(_ info: NodeInfo) { state.withLock { $0.info = info } }

    /// The calls since the last look, in order.
    func taken() -> [Call] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }

    private func call(_ call: Call) throws(NodeError) -> NodeInfo {
        let (info, failure) = state.withLock { state in
            state.calls.append(call)
            return (state.info, state.failures[call])
        }
        if let failure { throw failure }
        return info
    }

    func info() async throws(NodeError) -> NodeInfo { try call(.info) }

    /// The node's name is in its tips, so that a test sees whose they are.
    func tips() async throws(NodeError) -> [Hash] {
        _ = try call(.tips)
        return [sha256(Array(name.utf8))]
    }

    func submit(_ block: [UInt8], id: Hash) async throws(NodeError) { _ = try call(.submit) }

    func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        _ = try call(.status)
        return BlockStatus(isSolid: true, referencedBy: nil, shouldPromote: false, shouldReattach: false)
    }

    func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        _ = try call(.milestone)
        return Array(name.utf8)
    }

    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        _ = try call(.proof)
        return Array(name.utf8)
    }
}

/// A clock that moves when told.
final class TestClock: Sendable {
    private let hands = Mutex<Int64>(1_790_000_000_000)
    var nowMs: Int64 { hands.withLock { $0 } }
    func advance(ms: Int64) { hands.withLock { $0 += ms } }
}
