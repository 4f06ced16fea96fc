package import Hashing

/// Checking proofs that came from outside: no input traps, a wrong one is `false` or `nil`.
extension MerkleTree {
    /// RFC 6962 section 2.1.1 by RFC 9162 section 2.1.3.2.
    ///
    /// A proof fits every tree size of a band: take size and root together from one signed checkpoint.
    package static func isIncluded(
        _ leaf: Hash, at index: UInt64, size: UInt64, proof: [Hash], root: Hash
    ) -> Bool {
        inclusionRoot(leaf, at: index, size: size, proof: proof) == root
    }

    /// The root that the proof leads to; `nil` when its length does not fit index and size.
    package static func inclusionRoot(_ leaf: Hash, at index: UInt64, size: UInt64, proof: [Hash]) -> Hash? {
        guard index < size else { return nil }
        var position = index
        var last = size - 1
        var hash = leaf
        for sibling in proof {
            if last == 0 { return nil }
            if position & 1 == 1 || position == last {
                hash = nodeHash(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }

    /// RFC 6962 section 2.1.2 by RFC 9162 section 2.1.4.2. From size 0 the old root must be the empty one and the
    /// proof empty.
    package static func isConsistent(
        oldSize: UInt64, oldRoot: Hash, size: UInt64, root: Hash, proof: [Hash]
    ) -> Bool {
        if oldSize > size { return false }
        if oldSize == size { return proof.isEmpty && oldRoot == root }
        if oldSize == 0 { return proof.isEmpty && oldRoot == emptyRoot }
        var rest = proof[...]
        if oldSize.nonzeroBitCount == 1 { rest = ([oldRoot] + proof)[...] }
        guard let first = rest.popFirst() else { return false }
        var position = oldSize - 1
        var last = size - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var oldHash = first
        var hash = first
        for sibling in rest {
            if last == 0 { return false }
            if position & 1 == 1 || position == last {
                oldHash = nodeHash(sibling, oldHash)
                hash = nodeHash(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == oldRoot && hash == root
    }

    /// Root of the first `start` leaves from a range proof: its first popcount(start) hashes folded right to left.
    /// `nil` when the proof is shorter.
    package static func oldRoot(start: UInt64, rangeProof proof: [Hash]) -> Hash? {
        let count = start.nonzeroBitCount
        guard count <= proof.count else { return nil }
        guard count > 0 else { return emptyRoot }
        var hash = proof[count - 1]
        for i in stride(from: count - 2, through: 0, by: -1) { hash = nodeHash(proof[i], hash) }
        return hash
    }

    /// Root of a tree of `size` leaves whose leaves [start, start + count) are `leaves` and whose other parts are the
    /// proof's hashes. `nil` when the range is empty or outside, or when the proof has more or fewer hashes than fit.
    package static func rangeRoot(
        start: UInt64, leaves: some Collection<Hash>, size: UInt64, proof: [Hash]
    ) -> Hash? {
        let (end, isOver) = start.addingReportingOverflow(UInt64(leaves.count))
        guard !isOver, start < end, end <= size else { return nil }
        // Everything outside is a subtree of RFC 6962's split, so it is a run of aligned full subtrees on the left …
        let leftCount = start.nonzeroBitCount
        guard leftCount <= proof.count else { return nil }
        guard var frontier = Frontier(size: start, hashes: Array(proof[..<leftCount])) else { return nil }
        for leaf in leaves { frontier.append(leaf) { _, _, _ in } }
        // … and on the right the siblings that complete each level, of which only the last may be less than full.
        return frontier.root(size: size, following: proof[leftCount...])
    }

    /// Range proof of formats.md section 7: completeness and consistency at once.
    package static func isRange(
        start: UInt64, leaves: some Collection<Hash>, size: UInt64, proof: [Hash], oldRoot: Hash, root: Hash
    ) -> Bool {
        self.oldRoot(start: start, rangeProof: proof) == oldRoot
            && rangeRoot(start: start, leaves: leaves, size: size, proof: proof) == root
    }
}
