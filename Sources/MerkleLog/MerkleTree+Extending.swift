package import Hashing

/// What ties two sizes of one tree together so that both roots follow from the same hashes.
///
/// RFC 6962's consistency proof may leave the old root out of what it proves from; whoever must say *which* of two
/// signed roots the log's nodes contradict needs both folded.
extension MerkleTree {
    /// Hashes of the maximal subtrees left of leaf `oldSize`, left to right, then of those right of it, in RFC 6962's split of
    /// [0, size). `oldSize` must be from 1 to `size`.
    package static func extensionProof<Failure: Error>(
        from oldSize: UInt64, to size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> [Hash] {
        precondition(oldSize > 0 && oldSize <= size)
        var proof = try Frontier(size: oldSize, node: node).hashes
        var start = oldSize
        while start < size {
            // The largest aligned subtree that begins here; behind it the tree may end before the subtree is full.
            let whole = start &+ (1 << UInt64(start.trailingZeroBitCount))
            let end = whole > start ? min(whole, size) : size
            proof.append(try subtree(start, end, node))
            start = end
        }
        return proof
    }

    /// The roots that such a proof gives the first `oldSize` leaves and all `size`; `nil` when it has more or fewer hashes
    /// than fit.
    package static func roots(
        oldSize: UInt64, size: UInt64, extensionProof proof: [Hash]
    ) -> (old: Hash, new: Hash)? {
        let count = oldSize.nonzeroBitCount
        guard oldSize > 0, oldSize <= size, count <= proof.count,
            let frontier = Frontier(size: oldSize, hashes: Array(proof[..<count])),
            let new = frontier.root(size: size, following: proof[count...])
        else { return nil }
        return (frontier.root, new)
    }
}
