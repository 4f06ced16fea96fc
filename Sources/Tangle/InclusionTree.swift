package import Hashing

/// The Merkle tree of TIP-4 over the block ids a milestone newly references.
///
/// Leaf = B2(00 ‖ id), node = B2(01 ‖ left ‖ right), split at the largest power of two below n; empty = B2("").
package enum InclusionTree {
    package static func root(_ ids: [BlockID]) -> Hash {
        ids.isEmpty ? blake2b256([UInt8]()) : root(ids[...])
    }

    /// Siblings from the leaf at `index` up to the root; nil when there is no such leaf.
    package static func path(_ ids: [BlockID], index: Int) -> InclusionPath? {
        guard ids.indices.contains(index) else { return nil }
        var steps: [InclusionPath.Step] = []
        var range = ids[...]
        while range.count > 1 {
            let split = range.startIndex + largestPowerOfTwo(below: range.count)
            if index < split {
                steps.append(.init(side: .right, hash: root(range[split...])))
                range = range[..<split]
            } else {
                steps.append(.init(side: .left, hash: root(range[..<split])))
                range = range[split...]
            }
        }
        return InclusionPath(steps: steps.reversed())
    }

    static func leaf(_ id: BlockID) -> Hash { blake2b256([0] + id.bytes) }
    static func node(_ left: Hash, _ right: Hash) -> Hash { blake2b256([1] + left.bytes + right.bytes) }

    private static func root(_ ids: ArraySlice<BlockID>) -> Hash {
        if ids.count == 1, let only = ids.first { return leaf(only) }
        let split = ids.startIndex + largestPowerOfTwo(below: ids.count)
        return node(root(ids[..<split]), root(ids[split...]))
    }

    /// For n ≥ 2.
    private static func largestPowerOfTwo(below n: Int) -> Int {
        1 << (Int.bitWidth - 1 - (n - 1).leadingZeroBitCount)
    }
}

/// The way from a block's leaf to an inclusion root: what a proof of inclusion comes down to.
package struct InclusionPath: Hashable, Sendable {
    package static let stepsMax = 64
    static let stepBytes = 33

    package enum Side: UInt8, Sendable { case left = 0, right = 1 }

    package struct Step: Hashable, Sendable {
        /// Where the sibling stands.
        package var side: Side
        package var hash: Hash

        package init(side: Side, hash: Hash) {
            self.side = side
            self.hash = hash
        }
    }

    /// From the leaf up; at most 64.
    package let steps: [Step]

    package init?(steps: [Step]) {
        guard steps.count <= Self.stepsMax else { return nil }
        self.steps = steps
    }

    /// The bytes of a `.path` file (formats.md section 6): per step the sibling's side (0 left, 1 right) and its hash.
    package init(bytes: [UInt8]) throws(TangleError) {
        guard bytes.count.isMultiple(of: Self.stepBytes), bytes.count <= Self.stepsMax * Self.stepBytes else {
            throw .path
        }
        var cursor = ByteCursor(bytes[...])
        var steps: [Step] = []
        while cursor.left > 0 {
            guard let side = Side(rawValue: try cursor.u8()) else { throw .path }
            steps.append(Step(side: side, hash: try cursor.hash()))
        }
        self.steps = steps
    }

    package var bytes: [UInt8] { steps.flatMap { [$0.side.rawValue] + $0.hash.bytes } }

    /// The root that the block `id` leads to.
    package func root(from id: BlockID) -> Hash {
        steps.reduce(InclusionTree.leaf(id)) { hash, step in
            switch step.side {
            case .left: InclusionTree.node(step.hash, hash)
            case .right: InclusionTree.node(hash, step.hash)
            }
        }
    }
}

/// Whether `path` leads from the block `id` to the milestone's inclusion root. Says nothing about signatures.
package func verifyInclusion(of id: BlockID, path: InclusionPath, in milestone: Milestone) -> Bool {
    path.root(from: id) == milestone.inclusionRoot
}
