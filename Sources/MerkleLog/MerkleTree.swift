package import Hashing

/// RFC 6962 section 2.1, the hash of a leaf's bytes.
package func leafHash(_ bytes: some Collection<UInt8>) -> Hash { sha256Leaf(bytes) }

/// RFC 6962 section 2.1, the hash of an inner node.
package func nodeHash(_ left: Hash, _ right: Hash) -> Hash { sha256Node(left, right) }

/// A tree over leaf hashes held in memory, and the proofs of RFC 6962 over trees held anywhere.
///
/// A *full subtree* (level, index) covers the leaves [index·2^level, (index + 1)·2^level); level 0 is a leaf hash.
/// Only full subtrees are ever read or stored: everything else is folded from them.
package struct MerkleTree: Sendable {
    /// SHA-256 of nothing: the root of the empty tree.
    package static let emptyRoot = sha256([])

    /// `levels[level][index]`, full subtrees only.
    private let levels: [[Hash]]

    package init(_ leaves: [Hash]) {
        var levels = [leaves]
        while let below = levels.last, below.count > 1 {
            var level: [Hash] = []
            level.reserveCapacity(below.count / 2)
            for i in stride(from: 0, to: below.count - 1, by: 2) { level.append(nodeHash(below[i], below[i + 1])) }
            levels.append(level)
        }
        self.levels = levels
    }

    package var size: UInt64 { UInt64(levels[0].count) }

    package var root: Hash { root(size: size) }

    /// Root of the first `size` leaves; `size` must not exceed the tree's.
    package func root(size: UInt64) -> Hash { MerkleTree.root(size: size, node: node) }

    /// The full subtree, which must lie inside the tree.
    package func node(level: Int, index: UInt64) -> Hash { levels[level][Int(index)] }

    /// Proof that leaf `index` is under the root of the first `size` leaves (of all when `nil`).
    package func inclusionProof(of index: UInt64, size: UInt64? = nil) -> [Hash] {
        MerkleTree.inclusionProof(of: index, size: size ?? self.size, node: node)
    }

    package func consistencyProof(from oldSize: UInt64, to size: UInt64? = nil) -> [Hash] {
        MerkleTree.consistencyProof(from: oldSize, to: size ?? self.size, node: node)
    }

    package func rangeProof(_ range: Range<UInt64>, size: UInt64? = nil) -> [Hash] {
        MerkleTree.rangeProof(range, size: size ?? self.size, node: node)
    }

    /// RFC 6962 section 2.1, MTH over leaf hashes.
    package static func root(of leaves: some Sequence<Hash>) -> Hash {
        var frontier = Frontier()
        for leaf in leaves { frontier.append(leaf) { _, _, _ in } }
        return frontier.root
    }
}

/// Making proofs from stored nodes. `node` reads the full subtree (level, index); what it throws is passed on.
extension MerkleTree {
    /// Root of the first `size` leaves.
    package static func root<Failure: Error>(
        size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> Hash {
        if size == 0 { return emptyRoot }
        return try subtree(0, size, node)
    }

    /// RFC 6962 section 2.1.1, from the leaf upwards. `index` must be below `size`.
    package static func inclusionProof<Failure: Error>(
        of index: UInt64, size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> [Hash] {
        precondition(index < size)
        var proof: [Hash] = []
        var low: UInt64 = 0
        var high = size
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                proof.append(try subtree(middle, high, node))
                high = middle
            } else {
                proof.append(try subtree(low, middle, node))
                low = middle
            }
        }
        return proof.reversed()
    }

    /// RFC 6962 section 2.1.2. Empty from size 0 and from the same size. `oldSize` must not exceed `size`.
    package static func consistencyProof<Failure: Error>(
        from oldSize: UInt64, to size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> [Hash] {
        precondition(oldSize <= size)
        if oldSize == 0 || oldSize == size { return [] }
        var proof: [Hash] = []
        var low: UInt64 = 0
        var high = size
        while high != oldSize {
            let middle = low + split(high - low)
            if oldSize <= middle {
                proof.append(try subtree(middle, high, node))
                high = middle
            } else {
                proof.append(try subtree(low, middle, node))
                low = middle
            }
        }
        // The old tree's own root is known to the verifier; only a part of it must be named.
        if low > 0 { proof.append(try subtree(low, high, node)) }
        return proof.reversed()
    }

    /// Hashes of the maximal subtrees outside `range`, left to right, in RFC 6962's split of [0, size).
    /// `range` must not be empty and must lie inside the tree.
    package static func rangeProof<Failure: Error>(
        _ range: Range<UInt64>, size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> [Hash] {
        precondition(!range.isEmpty && range.upperBound <= size)
        var proof: [Hash] = []
        // Parts still to be walked, the leftmost last; at most one for every level.
        var pending = [(low: UInt64(0), high: size)]
        while let (low, high) = pending.popLast() {
            if high <= range.lowerBound || low >= range.upperBound {
                proof.append(try subtree(low, high, node))
            } else if low < range.lowerBound || high > range.upperBound {
                let middle = low + split(high - low)
                pending.append((middle, high))
                pending.append((low, middle))
            }
        }
        return proof
    }

    /// MTH of the leaves [low, high), where `low` is a multiple of a power of two not below the count.
    static func subtree<Failure: Error>(
        _ low: UInt64, _ high: UInt64, _ node: (Int, UInt64) throws(Failure) -> Hash
    ) throws(Failure) -> Hash {
        // From the right: the smallest full subtree is hashed first.
        var end = high
        var level = (high - low).trailingZeroBitCount
        end -= 1 << UInt64(level)
        var hash = try node(level, end >> UInt64(level))
        while end > low {
            level = (end - low).trailingZeroBitCount
            end -= 1 << UInt64(level)
            hash = nodeHash(try node(level, end >> UInt64(level)), hash)
        }
        return hash
    }

    /// The largest power of two below `count`, which is at least 2 (RFC 6962's k).
    static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
