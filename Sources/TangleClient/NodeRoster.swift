package import Hashing

/// Several nodes of one network behind the face of one.
///
/// The first suitable node in the order of the configuration is used until it fails; then the next one is, and stays. No node is used
/// that was not found suitable within the last `checkedMs`: right network and protocol, healthy, its clock near ours, its demand of work
/// within bounds. One that fails is asked again after a back-off; those that are not in use are looked at now and then, so that an
/// operator hears of a dead stand-by before it is needed.
///
/// A 404 or 400 is the word of one node, not of the network: another may have seen more, or pruned less, so the others are asked before
/// it is believed.
package actor NodeRoster: TangleNode {
    /// Nodes that may be configured.
    package static let countMax = 8
    /// How long a look at a node counts, ms.
    package static let checkedMs: Int64 = 60_000
    /// Between two looks at a node that is suitable and not in use, ms.
    package static let standByMs: Int64 = 300_000
    /// After a failure; at most as long as half the longest pause of whoever asks, so that the two do not add up.
    package static let backOff = BackOff(firstMs: 2_000, longestMs: 30_000)

    /// Every address, for messages.
    package nonisolated let name: String
    private let demands: NodeDemands
    private let nowMs: @Sendable () -> Int64
    private let chance: @Sendable () -> Double
    private var places: [NodePlace]
    private var inUse = 0

    /// - Parameters:
    ///   - nodes: 1 to `countMax`, the preferred one first.
    ///   - nowMs: UTC ms.
    ///   - chance: 0 to 1, for the back-off.
    package init(
        _ nodes: [any TangleNode], demands: NodeDemands, nowMs: @escaping @Sendable () -> Int64,
        chance: @escaping @Sendable () -> Double
    ) {
        precondition((1...Self.countMax).contains(nodes.count), "a roster has 1 to \(Self.countMax) nodes")
        name = nodes.map(\.name).joined(separator: " or ")
        places = nodes.map { NodePlace(node: $0) }
        self.demands = demands
        self.nowMs = nowMs
        self.chance = chance
    }

    /// How every node stands, in the order of the configuration.
    package var views: [NodeView] {
        places.indices.map { places[$0].view(isInUse: $0 == inUse && places[$0].isSuitable) }
    }

    // MARK: - As one node

    /// What the node in use says of itself, after it was found suitable; the next suitable one is in use from then on when it was not.
    ///
    /// - Throws: why the preferred node cannot be used, when none can. A node that failed is not asked before its time.
    package func info() async throws(NodeError) -> NodeInfo {
        var first: NodeError?
        for index in order where places[index].isDue(nowMs()) {
            if Task.isCancelled, first != nil { break }
            do throws(NodeError) {
                let info = try await check(index)
                inUse = index
                await lookAtOthers()
                return info
            } catch { first = first ?? error }
        }
        throw first ?? places[inUse].lastError ?? .notReady
    }

    package func tips() async throws(NodeError) -> [Hash] {
        try await ask { node throws(NodeError) in try await node.tips() }
    }

    package func submit(_ block: [UInt8], id: Hash) async throws(NodeError) {
        try await ask { node throws(NodeError) in try await node.submit(block, id: id) }
    }

    package func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        try await ask { node throws(NodeError) in try await node.status(of: block) }
    }

    package func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        try await ask { node throws(NodeError) in try await node.milestone(index: index) }
    }

    package func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        try await ask { node throws(NodeError) in try await node.proofOfInclusion(of: block) }
    }

    // MARK: - Which node

    /// The node in use, then the others in the order of the configuration.
    private var order: [Int] { [inUse] + places.indices.filter { $0 != inUse } }

    /// One call, answered by the first node that can.
    ///
    /// - Throws: what the first node that was asked said.
    private func ask<Answer: Sendable>(
        _ call: @Sendable (any TangleNode) async throws(NodeError) -> Answer
    ) async throws(NodeError) -> Answer {
        var first: NodeError?
        for index in order where index == inUse || places[index].isDue(nowMs()) {
            if Task.isCancelled, first != nil { break }
            do throws(NodeError) { try await checkUnlessChecked(index) } catch {
                first = first ?? error
                continue
            }
            places[index].calls += 1
            do throws(NodeError) {
                let answer = try await call(places[index].node)
                places[index].succeeded(nowMs())
                // Who stands in for one that failed stays in use; who only knew more does not.
                if !places[inUse].isSuitable { inUse = index }
                return answer
            } catch {
                if error.isOfTheNode { failed(index, error) } else { places[index].answered(nowMs()) }
                first = first ?? error
            }
        }
        throw first ?? places[inUse].lastError ?? .notReady
    }

    private func checkUnlessChecked(_ index: Int) async throws(NodeError) {
        if !places[index].isChecked(nowMs(), within: Self.checkedMs) { _ = try await check(index) }
    }

    /// Asks a node what it is, and finds it suitable.
    private func check(_ index: Int) async throws(NodeError) -> NodeInfo {
        places[index].calls += 1
        do throws(NodeError) {
            let info = try await places[index].node.info()
            try demands.check(info, nowS: nowMs() / 1_000)
            places[index].checked(nowMs(), milestoneIndex: info.latestMilestoneIndex)
            return info
        } catch {
            failed(index, error)
            throw error
        }
    }

    /// One node that is not in use and whose turn it is, so that the round of whoever asked is not held up by all of them.
    private func lookAtOthers() async {
        let turn = places.indices.first { index in
            index != inUse && places[index].isDue(nowMs())
                && !places[index].isChecked(nowMs(), within: Self.standByMs)
        }
        guard let turn, !Task.isCancelled else { return }
        // What it found is in the node's state.
        _ = try? await check(turn)
    }

    private func failed(_ index: Int, _ error: NodeError) {
        places[index].failed(
            error, nowMs: nowMs(),
            waitMs: Self.backOff.waitMs(failures: places[index].failuresInARow + 1, chance: chance()))
    }
}

extension NodeError {
    /// The fault lies with the node that was asked; another may do what was asked.
    var isOfTheNode: Bool {
        switch self {
        case .unreachable, .notAllowed, .notReady, .failed, .malformed, .otherBlock, .unsuitable: true
        case .refused, .belowMaxDepth, .notFound: false
        }
    }
}
