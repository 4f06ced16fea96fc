import Glibc
import Hashing
import Tangle

/// The node's knowledge together with its file: what is true here is on disk.
struct NodeState: ~Copyable {
    let configuration: LocalTangleConfiguration
    let coordinator: Coordinator
    private(set) var cone = Cone()
    private var journal: NodeJournal?
    /// Size after the last rewrite; the file is rewritten when it has grown to twice that and past the floor.
    private var compactBytes = 0

    private enum Kind {
        static let network: UInt8 = 0
        static let block: UInt8 = 1
        static let milestone: UInt8 = 2
        static let referencedBlock: UInt8 = 3
        static let knownMilestone: UInt8 = 4
        static let pruning: UInt8 = 5
    }

    private init(configuration: LocalTangleConfiguration, coordinator: Coordinator, journal: consuming NodeJournal?) {
        self.configuration = configuration
        self.coordinator = coordinator
        compactBytes = journal?.sizeBytes ?? 0
        self.journal = journal
    }

    /// Opens what the directory holds, or makes it.
    static func opened(_ configuration: LocalTangleConfiguration) throws(LocalTangleError) -> NodeState {
        try configuration.check()
        guard let directory = configuration.directory else {
            let coordinator = Coordinator(count: configuration.keyCount ?? 1, threshold: configuration.threshold)
            return NodeState(configuration: configuration, coordinator: coordinator, journal: nil)
        }
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw .disk(doing: "make", path: directory, errno: errno) }
        let coordinator = try Coordinator.stored(path: directory + "/keys", configuration)
        let path = directory + "/tangle"
        var records: [NodeJournal.Record] = []
        var journal = try NodeJournal.opened(path: path, records: &records)
        if records.isEmpty {
            try journal.append([.init(kind: Kind.network, bytes: Array(configuration.networkName.utf8))])
            try syncFolder(of: path)
        }
        var state = NodeState(configuration: configuration, coordinator: coordinator, journal: journal)
        for (place, record) in records.enumerated() { try state.restore(record, place: place, path: path) }
        state.cone.prune(after: configuration.pruneAfter)
        try state.check(path: path)
        return state
    }

    /// Takes a block whose form, version and work were checked; nothing happens when it is held already.
    mutating func receive(_ block: Block, bytes: [UInt8], id: BlockID) throws {
        guard cone.blocks[id] == nil else { return }
        try cone.admit(block)
        try append(.init(kind: Kind.block, bytes: bytes))
        cone.add(block, bytes: bytes, id: id)
    }

    /// Makes, signs, stores and applies the next milestone; then forgets what is older than `pruneAfter` milestones.
    mutating func issueMilestone(
        nowS: Int64, ignoringUserBlocks: Bool, pruneAfter: UInt32
    ) throws(LocalTangleError) -> Milestone {
        let latest = cone.latest?.milestone
        let (parents, newCone) = cone.nextParents { _ in !ignoringUserBlocks }
        let timeS = max(nowS, latest.map { Int64($0.timestamp) + 1 } ?? 0)
        guard let timestamp = UInt32(exactly: timeS), cone.latestIndex < .max else { throw .exhausted }
        let milestone = try coordinator.signed(
            Milestone(
                index: cone.latestIndex + 1, timestamp: timestamp, previousMilestoneID: latest?.id ?? .none,
                parents: parents, inclusionRoot: InclusionTree.root(newCone), appliedRoot: InclusionTree.root([])))
        try append(.init(kind: Kind.milestone, bytes: milestone.serialized()))
        cone.apply(milestone, cone: newCone, block: try Self.block(of: milestone))
        cone.prune(after: pruneAfter)
        try rewriteIfLarge()
        return milestone
    }

    private static func block(of milestone: Milestone) throws(LocalTangleError) -> Block {
        do { return try Block(parents: milestone.parents, payload: .milestone(milestone)) } catch { throw .signing }
    }

    // MARK: On disk

    private mutating func append(_ record: NodeJournal.Record) throws(LocalTangleError) {
        try journal?.append([record])
    }

    private mutating func rewriteIfLarge() throws(LocalTangleError) {
        guard let size = journal?.sizeBytes, size > max(configuration.rewriteBytesMin, 2 * compactBytes) else { return }
        try rewrite()
    }

    /// Writes only what is still known.
    mutating func rewrite() throws(LocalTangleError) {
        var records: [NodeJournal.Record] = [
            .init(kind: Kind.network, bytes: Array(configuration.networkName.utf8)),
            .init(kind: Kind.pruning, bytes: little(cone.pruningIndex)),
        ]
        let held = cone.milestones.values.sorted { $0.milestone.index < $1.milestone.index }
        for one in held {
            for (place, id) in one.cone.enumerated() {
                guard let block = cone.blocks[id] else { continue }
                let head = little(one.milestone.index) + little(UInt32(clamping: place))
                records.append(.init(kind: Kind.referencedBlock, bytes: head + block.bytes))
            }
            records.append(.init(kind: Kind.knownMilestone, bytes: one.milestone.serialized()))
        }
        for id in cone.pending {
            if let block = cone.blocks[id] { records.append(.init(kind: Kind.block, bytes: block.bytes)) }
        }
        try journal?.replace(with: records)
        compactBytes = journal?.sizeBytes ?? 0
    }

    // MARK: From disk

    /// Ids referenced by milestones that a rewritten file lists, until their milestone's record comes.
    private var listed: [UInt32: [BlockID]] = [:]

    private mutating func restore(_ record: NodeJournal.Record, place: Int, path: String) throws(LocalTangleError) {
        guard place > 0 else {
            let name = String(decoding: record.bytes, as: UTF8.self)
            guard record.kind == Kind.network, name == configuration.networkName else {
                throw .otherNetwork(stored: name, wanted: configuration.networkName)
            }
            return
        }
        do {
            switch record.kind {
            case Kind.block:
                let block = try Block.parse(record.bytes)
                cone.add(block, bytes: record.bytes, id: Block.id(of: record.bytes))
            case Kind.milestone:
                let milestone = try Milestone.parse(record.bytes)
                let newCone = cone.coneOf(milestone.parents)
                guard InclusionTree.root(newCone) == milestone.inclusionRoot else {
                    throw LocalTangleError.record(path: path, number: place)
                }
                cone.apply(milestone, cone: newCone, block: try Self.block(of: milestone))
                cone.prune(after: configuration.pruneAfter)
            case Kind.referencedBlock:
                try restoreReferenced(record.bytes)
            case Kind.knownMilestone:
                let milestone = try Milestone.parse(record.bytes)
                let newCone = listed.removeValue(forKey: milestone.index) ?? []
                cone.restore(
                    .init(
                        milestone: milestone, id: milestone.id, cone: newCone,
                        blockID: try Self.block(of: milestone).id))
            case Kind.pruning:
                cone.restore(pruningIndex: try Self.number(record.bytes, at: 0))
            default:
                throw LocalTangleError.record(path: path, number: place)
            }
        } catch let error as LocalTangleError {
            throw error
        } catch { throw .record(path: path, number: place) }
    }

    private mutating func restoreReferenced(_ bytes: [UInt8]) throws(TangleError) {
        let index = try Self.number(bytes, at: 0)
        let place = try Self.number(bytes, at: 4)
        let body = Array(bytes.dropFirst(8))
        let block = try Block.parse(body)
        let id = Block.id(of: body)
        var milestoneIndex: UInt32?
        if case .milestone(let milestone) = block.payload { milestoneIndex = milestone.index }
        listed[index, default: []].append(id)
        cone.restore(
            id,
            HeldBlock(
                bytes: body, parents: block.parents, standing: .referenced(by: index, place: place),
                milestoneIndex: milestoneIndex))
    }

    private static func number(_ bytes: [UInt8], at place: Int) throws(TangleError) -> UInt32 {
        guard bytes.count >= place + 4 else { throw .truncated }
        return bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func little(_ value: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
}
