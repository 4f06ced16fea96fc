package import Hashing

/// What follows from a range of leaves that ends with the tree.
extension MerkleTree {
    private struct Unknown: Error {}

    /// The inclusion proof of a leaf of the range [start, size), from its leaves' hashes and its range proof.
    ///
    /// Neither is checked here: hold the proof against a root. `nil` when the index is not in the range, or the range proof has not
    /// one hash for every maximal subtree before it.
    package static func inclusionProof(
        of index: UInt64, leaves: [Hash], from start: UInt64, rangeProof: [Hash]
    ) -> [Hash]? {
        let (size, isOver) = start.addingReportingOverflow(UInt64(leaves.count))
        guard !isOver, index >= start, index < size, rangeProof.count == start.nonzeroBitCount else { return nil }
        /// Roots of the maximal subtrees before the range, by the bit of `start` that each stands for.
        var before: [Int: Hash] = [:]
        var rest = rangeProof[...]
        for level in stride(from: 63, through: 0, by: -1) where start >> UInt64(level) & 1 == 1 {
            before[level] = rest.popFirst()
        }
        func node(_ level: Int, _ place: UInt64) throws(Unknown) -> Hash {
            let first = place << UInt64(level)
            if level == 0, first >= start { return leaves[Int(first - start)] }
            if first + (1 << UInt64(level)) <= start {
                // A maximal one begins where the higher bits of `start` end.
                guard first == (start >> UInt64(level + 1)) << UInt64(level + 1), let hash = before[level] else {
                    throw Unknown()
                }
                return hash
            }
            return nodeHash(try node(level - 1, 2 * place), try node(level - 1, 2 * place + 1))
        }
        // A sibling that lies before the range as a whole is a maximal subtree, so nothing is unknown.
        return try? inclusionProof(of: index, size: size, node: node)
    }
}
