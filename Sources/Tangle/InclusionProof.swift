import Hashing

extension InclusionPath {
    /// The tree of the `poi/v1` plugin: `l`, `r` inner, `value` the block's leaf, `h` a sibling taken as it is.
    package func proofJSON(of id: BlockID) -> JSON {
        steps.reduce(JSON.members(["value": .string(id.text)])) { tree, step in
            let sibling = JSON.members(["h": .hex(step.hash.bytes)])
            switch step.side {
            case .left: return .members(["l": sibling, "r": tree])
            case .right: return .members(["l": tree, "r": sibling])
            }
        }
    }

    /// Reads such a tree: exactly one `value`, which must be `id`; nothing but l, r, h, value; depth up to 64.
    package init(proofJSON tree: JSON, of id: BlockID) throws(TangleError) {
        switch try Self.fold(tree, depth: 0) {
        case .hash: throw .path
        case .leaf(let leaf, let steps):
            guard leaf == id, let path = InclusionPath(steps: steps) else { throw .path }
            self = path
        }
    }

    private enum Subtree {
        case hash(Hash)
        case leaf(BlockID, [Step])
    }

    private static func fold(_ tree: JSON, depth: Int) throws(TangleError) -> Subtree {
        guard depth <= stepsMax, case .object(let members) = tree else { throw .path }
        if members.count == 1, tree["h"] != nil { return .hash(try tree.hash("h")) }
        if members.count == 1, tree["value"] != nil { return .leaf(BlockID(try tree.hash("value")), []) }
        guard members.count == 2, let left = tree["l"], let right = tree["r"] else { throw .path }
        switch (try fold(left, depth: depth + 1), try fold(right, depth: depth + 1)) {
        case (.hash(let left), .hash(let right)): return .hash(InclusionTree.node(left, right))
        case (.hash(let left), .leaf(let id, let steps)): return .leaf(id, steps + [Step(side: .left, hash: left)])
        case (.leaf(let id, let steps), .hash(let right)): return .leaf(id, steps + [Step(side: .right, hash: right)])
        case (.leaf, .leaf): throw .path
        }
    }
}

/// A proof of inclusion as the plugin gives it and takes it: milestone, block, tree.
package struct InclusionProof: Equatable, Sendable {
    package var milestone: Milestone
    package var block: Block
    package var path: InclusionPath

    package init(milestone: Milestone, block: Block, path: InclusionPath) {
        self.milestone = milestone
        self.block = block
        self.path = path
    }

    package init(json: JSON) throws(TangleError) {
        guard let milestone = json["milestone"] else { throw .json(field: "milestone") }
        guard let block = json["block"] else { throw .json(field: "block") }
        guard let proof = json["proof"] else { throw .json(field: "proof") }
        self.milestone = try Milestone(json: milestone)
        self.block = try Block(json: block)
        path = try InclusionPath(proofJSON: proof, of: self.block.id)
    }

    package func json() throws(TangleError) -> JSON {
        .members([
            "milestone": try milestone.json(), "block": try block.json(), "proof": path.proofJSON(of: block.id),
        ])
    }

    /// Whether the block is under the milestone's root. Signatures are judged apart, under pinned keys.
    package var isIncluded: Bool { verifyInclusion(of: block.id, path: path, in: milestone) }
}
