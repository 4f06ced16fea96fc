import Hashing
import Synchronization
import TangleClient

/// The real client over a line that breaks at the calls a test names.
final class SteeredNode: TangleNode {
    enum Call: String, CaseIterable, Sendable { case info, tips, submit, status, milestone, proof }

    /// How long a call waits that is meant to hear nothing, ms of the host's own clock.
    private static let hastyMs: Int64 = 80

    private struct State {
        /// Calls so far, from 1 at the first.
        var count = 0
        var counts: [Call: Int] = [:]
        var fault: LineFault?
        /// Whether the call fails: what it is, its number among all, its number among its kind.
        var isMeant: @Sendable (Call, Int, Int) -> Bool = { _, _, _ in false }
        var broken: [Call] = []
    }

    let name: String
    private let line: FaultyLine
    private let patient: HTTPTangleNode
    private let hasty: HTTPTangleNode
    private let deaf: HTTPTangleNode
    private let state = Mutex(State())

    init(nodePort: Int) throws {
        line = try FaultyLine(nodePort: nodePort)
        name = line.url
        patient = HTTPTangleNode(url: line.url)
        hasty = HTTPTangleNode(url: line.url, timeoutMs: Self.hastyMs)
        deaf = HTTPTangleNode(url: line.deafURL)
    }

    /// Every call that `isMeant` names fails so from now on.
    func fail(_ fault: LineFault, _ isMeant: @escaping @Sendable (_ call: Call, _ number: Int, _ ofKind: Int) -> Bool) {
        state.withLock {
            $0.fault = fault
            $0.isMeant = isMeant
        }
    }

    var count: Int { state.withLock { $0.count } }
    /// The calls that failed on purpose, in order.
    var broken: [Call] { state.withLock { $0.broken } }

    func end() async throws {
        line.end()
        for client in [patient, hasty, deaf] { try await client.shutdown() }
    }

    private func call<Answer>(
        _ call: Call, _ body: (HTTPTangleNode) async throws(NodeError) -> Answer
    ) async throws(NodeError) -> Answer {
        let fault = state.withLock { state -> LineFault? in
            state.count += 1
            state.counts[call, default: 0] += 1
            guard state.isMeant(call, state.count, state.counts[call] ?? 0) else { return nil }
            state.broken.append(call)
            return state.fault
        }
        guard let fault else { return try await body(patient) }
        line.set(fault)
        defer { line.set(nil) }
        return try await body(fault == .refused ? deaf : fault.isSilent ? hasty : patient)
    }

    func info() async throws(NodeError) -> NodeInfo {
        try await call(.info) { node throws(NodeError) in try await node.info() }
    }
    func tips() async throws(NodeError) -> [Hash] {
        try await call(.tips) { node throws(NodeError) in try await node.tips() }
    }
    func submit(_ block: [UInt8], id: Hash) async throws(NodeError) {
        try await call(.submit) { node throws(NodeError) in try await node.submit(block, id: id) }
    }
    func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        try await call(.status) { node throws(NodeError) in try await node.status(of: block) }
    }
    func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        try await call(.milestone) { node throws(NodeError) in try await node.milestone(index: index) }
    }
    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        try await call(.proof) { node throws(NodeError) in try await node.proofOfInclusion(of: block) }
    }
}
