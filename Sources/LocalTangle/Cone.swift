import Hashing
import Tangle

/// A block the node holds.
struct HeldBlock {
    var bytes: [UInt8]
    var parents: [BlockID]
    var standing: Standing
    /// The milestone payload the block carries, if it is one.
    var milestoneIndex: UInt32?

    enum Standing: Equatable {
        /// Oldest and youngest milestone that the cone below rests on.
        case pending(oldest: UInt32, youngest: UInt32)
        /// Referenced by a milestone, at this place of its cone, from 0.
        case referenced(by: UInt32, place: UInt32)
    }
}

/// What the node knows about the Tangle: blocks, milestones, tips. No clock, no file, no key.
struct Cone {
    static let belowMaxDepth: UInt32 = 15
    static let youngestBehindMax: UInt32 = 8
    static let oldestBehindMax: UInt32 = 13
    static let tipsMax = 8
    /// Blocks waiting to be referenced; more are refused until milestones catch up.
    static let pendingMax = 10_000

    private(set) var blocks: [BlockID: HeldBlock] = [:]
    /// Unreferenced blocks in the order they came: parents before children.
    private(set) var pending: [BlockID] = []
    /// Blocks that no held block refers to, in the order they came.
    private(set) var tips: [BlockID] = []
    private(set) var milestones: [UInt32: HeldMilestone] = [:]
    private(set) var indexes: [MilestoneID: UInt32] = [:]
    /// Index of the latest milestone; 0 before the first.
    private(set) var latestIndex: UInt32 = 0
    /// Highest index that was forgotten.
    private(set) var pruningIndex: UInt32 = 0

    struct HeldMilestone {
        var milestone: Milestone
        var id: MilestoneID
        /// Ids it newly referenced, in white-flag order.
        var cone: [BlockID]
        /// The block that carries it.
        var blockID: BlockID
    }

    var latest: HeldMilestone? { milestones[latestIndex] }

    // MARK: Blocks

    /// Whether a block may be added: parents known, cone not too old, room left.
    func admit(_ block: Block) throws(NodeRefusal) {
        guard pending.count < Self.pendingMax else { throw .unavailable("too many blocks wait for a milestone") }
        for parent in block.parents where parent != .genesis && blocks[parent] == nil {
            throw .badRequest("invalid block: parent \(parent.text) is unknown, the block is not solid")
        }
        let oldest = roots(of: block.parents).oldest
        guard latestIndex <= oldest + Self.belowMaxDepth else {
            throw .badRequest("invalid block: parents are below max depth")
        }
    }

    /// Adds an admitted block; nothing happens when it is held already.
    mutating func add(_ block: Block, bytes: [UInt8], id: BlockID) {
        guard blocks[id] == nil else { return }
        let (oldest, youngest) = roots(of: block.parents)
        var milestoneIndex: UInt32?
        if case .milestone(let milestone) = block.payload { milestoneIndex = milestone.index }
        blocks[id] = HeldBlock(
            bytes: bytes, parents: block.parents, standing: .pending(oldest: oldest, youngest: youngest),
            milestoneIndex: milestoneIndex)
        pending.append(id)
        let parents = Set(block.parents)
        tips.removeAll { parents.contains($0) }
        tips.append(id)
    }

    private func roots(of parents: [BlockID]) -> (oldest: UInt32, youngest: UInt32) {
        var oldest = UInt32.max
        var youngest: UInt32 = 0
        for parent in parents {
            switch blocks[parent]?.standing {
            case .pending(let old, let young):
                oldest = min(oldest, old)
                youngest = max(youngest, young)
            case .referenced(let index, _):
                oldest = min(oldest, index)
                youngest = max(youngest, index)
            case nil:
                // The genesis, or a block that was forgotten.
                let index = parent == .genesis ? 0 : pruningIndex
                oldest = min(oldest, index)
                youngest = max(youngest, index)
            }
        }
        return (oldest, youngest)
    }

    /// What a block that waits needs: nothing, a child, or a new attachment.
    enum Need: Equatable { case nothing, promotion, reattachment }

    func need(oldest: UInt32, youngest: UInt32) -> Need {
        if latestIndex > oldest + Self.belowMaxDepth { return .reattachment }
        if latestIndex > youngest + Self.youngestBehindMax || latestIndex > oldest + Self.oldestBehindMax {
            return .promotion
        }
        return .nothing
    }

    /// Up to eight tips that are not lazy, newest first; never none once there is a milestone.
    func chooseTips() -> [BlockID] {
        let fresh = tips.reversed().filter { id in
            guard case .pending(let oldest, let youngest)? = blocks[id]?.standing else { return true }
            return need(oldest: oldest, youngest: youngest) == .nothing
        }
        if fresh.isEmpty, let latest { return [latest.blockID] }
        return Array(fresh.prefix(Self.tipsMax)).sorted()
    }

    // MARK: Milestones

    /// Parents and cone of the next milestone. `refersTo` leaves blocks out as parents.
    func nextParents(refersTo: (BlockID) -> Bool) -> (parents: [BlockID], cone: [BlockID]) {
        guard let latest else { return ([.genesis], []) }
        let others = tips.filter { id in
            guard id != latest.blockID, refersTo(id), case .pending(let oldest, _)? = blocks[id]?.standing else {
                return false
            }
            return latestIndex <= oldest + Self.belowMaxDepth
        }
        let parents = ([latest.blockID] + others.prefix(Block.parentCounts.upperBound - 1)).sorted()
        return (parents, coneOf(parents))
    }

    func coneOf(_ parents: [BlockID]) -> [BlockID] {
        whiteFlagOrder(from: parents) { id in
            guard let block = blocks[id], case .pending = block.standing else { return nil }
            return block.parents
        }
    }

    /// Takes the next milestone in: its cone is referenced, its block is added.
    mutating func apply(_ milestone: Milestone, cone: [BlockID], block: Block) {
        for (place, id) in cone.enumerated() {
            blocks[id]?.standing = .referenced(by: milestone.index, place: UInt32(clamping: place))
        }
        latestIndex = milestone.index
        let bytes = block.serialized()
        let blockID = Block.id(of: bytes)
        restore(HeldMilestone(milestone: milestone, id: milestone.id, cone: cone, blockID: blockID))
        let referenced = Set(cone)
        pending.removeAll { referenced.contains($0) }
        tips.removeAll { referenced.contains($0) }
        for id in pending {
            guard let block = blocks[id] else { continue }
            let (oldest, youngest) = roots(of: block.parents)
            blocks[id]?.standing = .pending(oldest: oldest, youngest: youngest)
        }
        add(block, bytes: bytes, id: blockID)
    }

    /// Forgets what was referenced more than `pruneAfter` milestones ago, and what can never be referenced any more.
    mutating func prune(after pruneAfter: UInt32) {
        guard latestIndex > pruneAfter else { return }
        let last = latestIndex - pruneAfter
        while pruningIndex < last {
            pruningIndex += 1
            guard let old = milestones.removeValue(forKey: pruningIndex) else { continue }
            indexes[old.id] = nil
            for id in old.cone { blocks[id] = nil }
        }
        var dead: Set<BlockID> = []
        for id in pending {
            if case .pending(let oldest, _)? = blocks[id]?.standing, oldest < last { dead.insert(id) }
        }
        guard !dead.isEmpty else { return }
        for id in dead { blocks[id] = nil }
        pending.removeAll { dead.contains($0) }
        tips.removeAll { dead.contains($0) }
    }

    // MARK: Restoring what was stored

    mutating func restore(_ held: HeldMilestone) {
        milestones[held.milestone.index] = held
        indexes[held.id] = held.milestone.index
        latestIndex = max(latestIndex, held.milestone.index)
    }

    mutating func restore(_ id: BlockID, _ block: HeldBlock) { blocks[id] = block }

    mutating func restore(pruningIndex: UInt32) { self.pruningIndex = pruningIndex }
}
