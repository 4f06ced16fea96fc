package import BrokerClient
import Hashing
import ProofOfWork
package import Tangle

/// A whole development Tangle in one process: coordinator, node and API on loopback.
///
/// It speaks what a Stardust node speaks, and proves nothing about time: its operator holds every key.
package actor LocalTangleNode {
    package nonisolated let configuration: LocalTangleConfiguration
    /// Public keys of the coordinator, ascending, 32 bytes each.
    package nonisolated let publicKeys: [[UInt8]]
    /// How many of the keys sign a milestone.
    package nonisolated let threshold: Int
    /// The keys as a configuration of several holders names them: `holder-1` and so on, good for ever.
    package nonisolated let heldKeys: [MilestoneKey]
    private let nowMs: @Sendable () -> Int64
    private let pause: @Sendable (_ ms: Int64) async throws -> Void
    /// Takes a message of the event stream; must not block.
    let publish: (@Sendable (MQTTMessage) -> Void)?
    nonisolated let publisher: MQTTPublisher?
    private(set) var state: NodeState
    private var faults = LocalTangleFaults()

    static let healthyMs: Int64 = 300_000
    static let poolBlocksMax = 1_000

    /// Opens or makes the network and its first milestone.
    ///
    /// - Parameters:
    ///   - clock: UTC in ms since 1970.
    ///   - pause: waits that long before an answer of a slow node.
    ///   - chance: 0 ..< 1, spreads attempts to reach the broker.
    ///   - publish: takes the event stream in place of the configured broker; must not block.
    package init(
        configuration: LocalTangleConfiguration, clock: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (_ ms: Int64) async throws -> Void = {
            try await Task.sleep(for: .milliseconds($0))
        },
        chance: @escaping @Sendable () -> Double = { 0 }, publish: (@Sendable (MQTTMessage) -> Void)? = nil
    ) throws(LocalTangleError) {
        var state = try NodeState.opened(configuration)
        if state.cone.latestIndex == 0 {
            _ = try state.issueMilestone(
                nowS: Self.wholeSeconds(clock()), ignoringUserBlocks: false, pruneAfter: configuration.pruneAfter)
        }
        self.configuration = configuration
        publicKeys = state.coordinator.publicKeys
        threshold = state.coordinator.threshold
        heldKeys = state.coordinator.heldKeys
        nowMs = clock
        self.pause = pause
        let publisher = Self.publisher(configuration, publicKey: state.coordinator.publicKeys[0], chance: chance)
        self.publisher = publisher
        self.publish =
            publish
            ?? publisher.map { publisher in
                { @Sendable message in
                    if publisher.isConnected { publisher.publish(message) }
                }
            }
        self.state = state
    }

    /// The keys as a card or a policy pins them, good for ever, all with one holder.
    package nonisolated func milestoneKeys(holder: String = "operator") -> [MilestoneKey] {
        publicKeys.map { MilestoneKey(publicKey: $0, start: 0, end: 0, holder: holder) }
    }

    // MARK: Time

    /// Makes the next milestone now; on disk when this returns.
    @discardableResult
    package func issueMilestone() throws -> Milestone {
        let milestone = try state.issueMilestone(
            nowS: Self.wholeSeconds(nowMs()), ignoringUserBlocks: faults.isOn(.ignore),
            pruneAfter: min(configuration.pruneAfter, faults.size(.prune) ?? .max))
        for fault in LocalTangleFault.allCases where fault.measure == .milestones { _ = faults.spend(fault) }
        if let held = state.cone.latest { tell(milestone, cone: held.cone, blockID: held.blockID) }
        return milestone
    }

    /// Rounded up: a milestone must not be dated before what it confirms (formats.md section 7, core step 8: no slack there).
    private static func wholeSeconds(_ ms: Int64) -> Int64 { (ms + 999) / 1_000 }

    /// Makes the next milestone if the interval since the latest has passed.
    func issueMilestoneIfDue() throws {
        guard let latest = state.cone.latest?.milestone else { return }
        // The time was rounded up by less than a second.
        if nowMs() > Int64(latest.timestamp) * 1_000 - 1_000 + configuration.intervalMs { try issueMilestone() }
    }

    package func setFaults(_ faults: LocalTangleFaults) { self.faults = faults }

    var currentFaults: LocalTangleFaults { faults }

    /// What goes wrong with the answer to a block that was taken.
    enum ReplyFault { case lost, otherID }

    func replyFault() -> ReplyFault? {
        if faults.spend(.lostReply) { return .lost }
        return faults.spend(.otherID) ? .otherID : nil
    }

    /// What a slow node does before it answers.
    nonisolated func waitIfSlow() async throws {
        if let ms = await currentFaults.size(.slow) { try await pause(Int64(ms)) }
    }

    // MARK: Blocks

    /// Takes block bytes as a POST does. The same bytes again give the same id.
    package nonisolated func submit(_ bytes: [UInt8]) async throws -> BlockID {
        let block: Block
        do {
            block = try Block.parse(bytes)
            try block.validate()
        } catch { throw NodeRefusal.badRequest("invalid block: \(error)") }
        guard case .taggedData? = block.payload ?? .taggedData(.init(tag: [], data: [])) else {
            throw NodeRefusal.badRequest("invalid block: this network takes tagged data and empty blocks only")
        }
        let score = PoWScore(zeros: zeros(ofBlockBytes: bytes) ?? 0, sizeBytes: bytes.count)
        guard configuration.minPoWScore == 0 || score.meets(minScore: configuration.minPoWScore) else {
            throw NodeRefusal.badRequest("invalid block: insufficient PoW score")
        }
        let id = Block.id(of: bytes)
        try await take(block, bytes: bytes, id: id)
        return id
    }

    private func take(_ block: Block, bytes: [UInt8], id: BlockID) throws {
        let isNew = state.cone.blocks[id] == nil
        try state.receive(block, bytes: bytes, id: id)
        if isNew { tell(block, bytes: bytes, id: id) }
    }

    /// Bytes of a held block; throws 404.
    package func block(_ id: BlockID) throws(NodeRefusal) -> [UInt8] { try held(id).bytes }

    package func tips() throws(NodeRefusal) -> [BlockID] {
        if faults.isOn(.noTips) { throw .unavailable("no tips available") }
        return state.cone.chooseTips()
    }

    /// Index of the milestone that references the block, or nil while none does; throws 404.
    package func referencedBy(_ id: BlockID) throws(NodeRefusal) -> UInt32? {
        guard case .referenced(let index, _) = try held(id).standing else { return nil }
        return index
    }

    private func held(_ id: BlockID) throws(NodeRefusal) -> HeldBlock {
        guard let block = state.cone.blocks[id] else { throw .notFound("block not found: \(id.text)") }
        return block
    }

    // MARK: Milestones and proofs

    package var latestMilestone: Milestone? { state.cone.latest?.milestone }

    package func milestone(_ index: UInt32) -> Milestone? { state.cone.milestones[index]?.milestone }

    package func milestone(_ id: MilestoneID) -> Milestone? {
        state.cone.indexes[id].flatMap { state.cone.milestones[$0]?.milestone }
    }

    /// The proof of a referenced block; throws 404 for an unknown one, 400 for one that waits, 500 without a real tree.
    package func proof(of id: BlockID) throws(NodeRefusal) -> InclusionProof {
        let block = try held(id)
        guard case .referenced(let index, let place) = block.standing else {
            throw .badRequest("block \(id.text) is not referenced by a milestone")
        }
        guard let milestone = state.cone.milestones[index] else {
            throw .notFound("milestone \(index) not found")
        }
        guard milestone.cone.count >= 2, let path = InclusionTree.path(milestone.cone, index: Int(place)),
            let parsed = try? Block.parse(block.bytes)  // Held blocks were parsed when they came.
        else { throw NodeRefusal(status: 500, message: "the cone of milestone \(index) has fewer than two blocks") }
        return InclusionProof(milestone: milestone.milestone, block: parsed, path: path)
    }

    /// What `validate` of the plugin says: path and signatures under this node's own keys.
    package nonisolated func isValid(_ proof: InclusionProof) -> Bool {
        guard case .holds = proof.milestone.verdict(keys: heldKeys, threshold: threshold) else { return false }
        return proof.isIncluded
    }

    // MARK: As JSON

    package var isHealthy: Bool {
        guard let latest = state.cone.latest?.milestone, !faults.isOn(.unhealthy) else { return false }
        return nowMs() - Int64(latest.timestamp) * 1_000 < Self.healthyMs
    }

    func info() -> JSON {
        let latest = state.cone.latest
        let staleS = faults.size(.stale) ?? 0
        let milestone = JSON.members([
            "index": .number(state.cone.latestIndex),
            "timestamp": latest.map { .number($0.milestone.timestamp - min(staleS, $0.milestone.timestamp)) },
            "milestoneId": latest.map { .string($0.id.text) },
        ])
        let waiting = Double(state.cone.pending.count)
        let intervalS = Double(max(1_000, configuration.intervalMs)) / 1_000
        let rate = Double(latest?.cone.count ?? 0) / intervalS
        return NodeInfoForm(
            parameters: configuration.protocolParameters, isHealthy: isHealthy, milestone: milestone,
            pruningIndex: state.cone.pruningIndex, blocksPerSecond: max(rate, waiting / intervalS),
            referencedPerSecond: rate
        ).json
    }

    func metadata(of id: BlockID) throws(NodeRefusal) -> JSON {
        let block = try held(id)
        var referencedBy: JSON?
        var place: JSON?
        var inclusion: JSON?
        var promote: JSON?
        var reattach: JSON?
        switch block.standing {
        case .referenced(let index, let whiteFlagIndex):
            referencedBy = .number(index)
            place = .number(whiteFlagIndex)
            inclusion = .string("noTransaction")
        case .pending(let oldest, let youngest):
            let need = state.cone.need(oldest: oldest, youngest: youngest)
            promote = .bool(need == .promotion)
            reattach = .bool(need == .reattachment)
        }
        return .members([
            "blockId": .string(id.text), "parents": .array(block.parents.map { .string($0.text) }),
            "isSolid": .bool(true), "referencedByMilestoneIndex": referencedBy,
            "milestoneIndex": block.milestoneIndex.map { .number($0) }, "ledgerInclusionState": inclusion,
            "whiteFlagIndex": place, "shouldPromote": promote, "shouldReattach": reattach,
        ])
    }
}
