package import Hashing

/// What must be remembered of a tree to go on appending: the roots of its full subtrees, largest first.
package struct Frontier: Hashable, Sendable {
    package private(set) var size: UInt64 = 0
    /// popcount(size) hashes, left to right.
    package private(set) var hashes: [Hash] = []

    package init() {}

    /// A frontier as it was stored; `nil` unless there are popcount(size) hashes.
    package init?(size: UInt64, hashes: [Hash]) {
        guard hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// The frontier of a stored tree; `node` reads the full subtree (level, index).
    package init<Failure: Error>(size: UInt64, node: (Int, UInt64) throws(Failure) -> Hash) throws(Failure) {
        self.size = size
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size >> UInt64(level) & 1 == 1 {
            hashes.append(try node(level, start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
    }

    /// Appends one leaf hash; `completed` is told every full subtree (level, index) that this leaf completes, itself
    /// first.
    package mutating func append<Failure: Error>(
        _ leaf: Hash, completed: (Int, UInt64, Hash) throws(Failure) -> Void
    ) throws(Failure) {
        var hash = leaf
        var level = 0
        try completed(0, size, hash)
        while size >> UInt64(level) & 1 == 1, let left = hashes.popLast() {
            hash = nodeHash(left, hash)
            level += 1
            try completed(level, size >> UInt64(level), hash)
        }
        hashes.append(hash)
        size += 1
    }

    /// Appends one leaf hash and returns the full subtrees it completes, itself first.
    package mutating func append(_ leaf: Hash) -> [(level: Int, index: UInt64, hash: Hash)] {
        var nodes: [(level: Int, index: UInt64, hash: Hash)] = []
        append(leaf) { nodes.append(($0, $1, $2)) }
        return nodes
    }

    package var root: Hash {
        guard var hash = hashes.last else { return MerkleTree.emptyRoot }
        for left in hashes.dropLast().reversed() { hash = nodeHash(left, hash) }
        return hash
    }

    /// Root of a tree of `size` leaves that continues this one, which is not empty; `right` are the maximal subtrees
    /// after it, left to right. `nil` when there are more or fewer than fit.
    func root(size whole: UInt64, following right: ArraySlice<Hash>) -> Hash? {
        guard size > 0, size <= whole else { return nil }
        var rest = right
        var left = hashes
        guard var hash = left.popLast() else { return nil }
        // [start, end) is what `hash` covers: it grows until it is the whole tree.
        var end = size
        var level = UInt64(size.trailingZeroBitCount)
        while true {
            let start = level < 64 ? ((end - 1) >> level) << level : 0
            if start == 0, end == whole { break }
            if level >= 64 { return nil }
            if start >> level & 1 == 1 {
                // A right child: its left sibling is full and already known.
                guard let sibling = left.popLast() else { return nil }
                hash = nodeHash(sibling, hash)
            } else if end < whole {
                // A left child with something after it: the sibling may be less than full.
                guard let sibling = rest.popFirst() else { return nil }
                hash = nodeHash(hash, sibling)
                let (full, isOver) = end.addingReportingOverflow(1 << level)
                end = isOver ? whole : min(full, whole)
            }
            level += 1
        }
        return rest.isEmpty && left.isEmpty ? hash : nil
    }
}
