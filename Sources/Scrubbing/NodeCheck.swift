internal import Hashing
internal import MerkleLog

/// Hashes the tree again while leaves come, and holds every full subtree against the stored node.
///
/// A hash that stands twice and differs (a leaf's bytes and its column; a node and what is below it) goes on as both: the node above
/// tells which was written, so that only what has changed is named.
struct NodeCheck {
    /// A hash, and the other one where two disagree.
    struct Candidates {
        var first: Hash
        var other: Hash?
        var all: [Hash] { [first] + (other.map { [$0] } ?? []) }
    }

    /// What stands in the table: `nil` for none.
    typealias Stored = (_ level: Int, _ index: UInt64) async throws -> Hash?

    private(set) var size: UInt64
    /// Full subtrees, largest first: popcount(size) of them.
    private var subtrees: [Candidates]

    /// The empty tree.
    init() {
        size = 0
        subtrees = []
    }

    /// Goes on behind the first `size` leaves, whose subtrees are taken as they stand. `nil` when one of them is missing.
    init?(size: UInt64, stored: Stored) async throws {
        self.size = size
        subtrees = []
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size >> UInt64(level) & 1 == 1 {
            guard let hash = try await stored(level, start >> UInt64(level)) else { return nil }
            subtrees.append(Candidates(first: hash))
            start += 1 << UInt64(level)
        }
    }

    /// - Parameter damaged: is told (level, index, why) of a node that is not what lies below it.
    mutating func append(
        _ leaf: Candidates, stored: Stored, damaged: (_ level: Int, _ index: UInt64, _ why: String) -> Void
    ) async throws {
        var here = leaf
        var level = 0
        while size >> UInt64(level) & 1 == 1, let left = subtrees.popLast() {
            level += 1
            let index = size >> UInt64(level)
            let made = left.all.flatMap { l in here.all.map { nodeHash(l, $0) } }
            if let kept = try await stored(level, index) {
                if made.contains(kept) {
                    here = Candidates(first: kept)
                } else {
                    damaged(level, index, "does not follow from what lies below it")
                    here = Candidates(first: made[0], other: kept)
                }
            } else {
                damaged(level, index, "is missing")
                here = Candidates(first: made[0])
            }
        }
        subtrees.append(here)
        size += 1
    }

    /// Whether some choice among what disagrees gives this root.
    func leads(to root: Hash) -> Bool {
        let first = subtrees.map(\.first)
        if Self.fold(first) == root { return true }
        for (place, subtree) in subtrees.enumerated() {
            guard let other = subtree.other else { continue }
            var changed = first
            changed[place] = other
            if Self.fold(changed) == root { return true }
        }
        return false
    }

    private static func fold(_ hashes: [Hash]) -> Hash {
        guard var hash = hashes.last else { return MerkleTree.emptyRoot }
        for left in hashes.dropLast().reversed() { hash = nodeHash(left, hash) }
        return hash
    }
}
