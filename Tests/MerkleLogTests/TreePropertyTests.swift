import Hashing
import MerkleLog
import Testing

/// Goal: trees, frontiers and proofs agree with a naive recursion, and no changed proof holds.
/// Method: every size to 70 with every index, old size and range; every byte of a proof changed in turn.
@Suite struct TreePropertyTests {
    static let leaves = (0..<70).map { leafHash(countingLeaf(UInt64($0))) }
    static let tree = MerkleTree(leaves)
    static let roots = (0...70).map { naiveRoot(leaves[..<$0]) }

    /// RFC 6962 section 2.1, word for word.
    private static func naiveRoot(_ leaves: ArraySlice<Hash>) -> Hash {
        guard let first = leaves.first else { return sha256([]) }
        if leaves.count == 1 { return first }
        var k = 1
        while 2 * k < leaves.count { k *= 2 }
        return nodeHash(naiveRoot(leaves.prefix(k)), naiveRoot(leaves.dropFirst(k)))
    }

    /// Every variant of a proof with one byte changed, one hash missing or one more.
    private static func damaged(_ proof: [Hash], _ try: ([Hash]) -> Void) {
        for at in proof.indices {
            for byte in 0..<32 {
                var bytes = proof[at].bytes
                bytes[byte] ^= 1 << UInt8(byte % 8)
                var other = proof
                other[at] = Hash(bytes: bytes) ?? .zero
                `try`(other)
            }
            var shorter = proof
            shorter.remove(at: at)
            `try`(shorter)
        }
        `try`(proof + [sha256([9])])
        `try`([sha256([9])] + proof)
    }

    @Test func `a range that ends with the tree gives the inclusion proof of each of its leaves`() {
        for size in 1...70 {
            for start in 0..<size {
                let proof = Self.tree.rangeProof(UInt64(start)..<UInt64(size), size: UInt64(size))
                let hashes = Array(Self.leaves[start..<size])
                for index in start..<size {
                    let made = MerkleTree.inclusionProof(
                        of: UInt64(index), leaves: hashes, from: UInt64(start), rangeProof: proof)
                    #expect(
                        made == Self.tree.inclusionProof(of: UInt64(index), size: UInt64(size)),
                        "leaf \(index) of [\(start), \(size))")
                }
                for (index, start, proof) in [
                    (UInt64(size), UInt64(start), proof), (UInt64(start) &- 1, UInt64(start), proof),
                    (UInt64(start), UInt64(start), proof + [Self.leaves[0]]), (.max, .max, proof),
                ] {
                    #expect(
                        MerkleTree.inclusionProof(of: index, leaves: hashes, from: start, rangeProof: proof) == nil)
                }
            }
        }
    }

    @Test func `roots and frontiers are those of the naive recursion`() throws {
        var frontier = Frontier()
        for size in 0...70 {
            let count = UInt64(size)
            #expect(frontier.root == Self.roots[size])
            #expect(Self.tree.root(size: count) == Self.roots[size])
            #expect(MerkleTree.root(of: Self.leaves[..<size]) == Self.roots[size])
            #expect(MerkleTree(Array(Self.leaves[..<size])).root == Self.roots[size])
            #expect(Frontier(size: count, node: Self.tree.node) == frontier)
            #expect(Frontier(size: count, hashes: frontier.hashes) == frontier)
            #expect(Frontier(size: count, hashes: frontier.hashes + [.zero]) == nil)
            guard size < 70 else { break }
            let completed = frontier.append(Self.leaves[size])
            #expect(completed.count == (size + 1).trailingZeroBitCount + 1)
            for node in completed { #expect(node.hash == Self.tree.node(level: node.level, index: node.index)) }
        }
    }

    @Test func `an extension proof gives both roots, and no changed one does`() throws {
        for size in 1...70 {
            for old in 1...size {
                let proof = MerkleTree.extensionProof(from: UInt64(old), to: UInt64(size), node: Self.tree.node)
                let roots = try #require(
                    MerkleTree.roots(oldSize: UInt64(old), size: UInt64(size), extensionProof: proof))
                #expect(roots.old == Self.roots[old] && roots.new == Self.roots[size])
                guard size > 60, old % 7 == 3 else { continue }
                Self.damaged(proof) { other in
                    let changed = MerkleTree.roots(oldSize: UInt64(old), size: UInt64(size), extensionProof: other)
                    #expect(changed?.new != Self.roots[size])
                }
            }
        }
        #expect(MerkleTree.roots(oldSize: 0, size: 0, extensionProof: []) == nil)
        #expect(MerkleTree.roots(oldSize: 5, size: 4, extensionProof: [.zero, .zero]) == nil)
        let many = Array(repeating: Hash.zero, count: 64)
        #expect(MerkleTree.roots(oldSize: .max, size: .max, extensionProof: many) != nil)
        #expect(MerkleTree.roots(oldSize: 1, size: .max, extensionProof: many) == nil)
    }

    @Test func `inclusion proofs hold for every leaf of every size, and no changed one does`() {
        for size in 1...70 {
            for index in 0..<size {
                let proof = Self.tree.inclusionProof(of: UInt64(index), size: UInt64(size))
                func holds(_ proof: [Hash]) -> Bool {
                    MerkleTree.isIncluded(
                        Self.leaves[index], at: UInt64(index), size: UInt64(size), proof: proof, root: Self.roots[size])
                }
                #expect(holds(proof), "\(index) of \(size)")
                guard size % 7 == 0 else { continue }
                Self.damaged(proof) { if holds($0) { Issue.record("\(index) of \(size)") } }
            }
        }
    }

    @Test func `consistency proofs hold for every pair of sizes, and no changed one does`() {
        for size in 1...70 {
            for old in 1...size {
                let proof = Self.tree.consistencyProof(from: UInt64(old), to: UInt64(size))
                func holds(_ proof: [Hash]) -> Bool {
                    MerkleTree.isConsistent(
                        oldSize: UInt64(old), oldRoot: Self.roots[old], size: UInt64(size), root: Self.roots[size],
                        proof: proof)
                }
                #expect(holds(proof), "\(old) to \(size)")
                guard size % 7 == 0 else { continue }
                Self.damaged(proof) { if holds($0) { Issue.record("\(old) to \(size)") } }
            }
        }
    }

    @Test func `range proofs hold for every range, and no changed one does`() {
        for size in stride(from: 1, through: 70, by: 1) {
            for start in 0..<size {
                for end in (start + 1)...size where size <= 20 || (start + end) % 5 == 0 {
                    let proof = Self.tree.rangeProof(UInt64(start)..<UInt64(end), size: UInt64(size))
                    func holds(_ leaves: ArraySlice<Hash>, _ proof: [Hash]) -> Bool {
                        MerkleTree.isRange(
                            start: UInt64(start), leaves: leaves, size: UInt64(size), proof: proof,
                            oldRoot: Self.roots[start], root: Self.roots[size])
                    }
                    let leaves = Self.leaves[start..<end]
                    #expect(holds(leaves, proof), "\(start)..<\(end) of \(size)")
                    if leaves.count > 1, holds(leaves.dropLast(), proof) {
                        Issue.record("omission in \(start)..<\(end) of \(size)")
                    }
                    guard size == 13 || size == 16 else { continue }
                    Self.damaged(proof) { if holds(leaves, $0) { Issue.record("\(start)..<\(end) of \(size)") } }
                }
            }
        }
    }

    @Test func `absurd sizes and proofs are refused, not trapped on`() {
        let many = Array(repeating: Hash.zero, count: 80)
        for size in [UInt64.max, 1 << 63, (1 << 63) + 1, 0, 1] as [UInt64] {
            for index in [UInt64.max, UInt64.max - 1, 1 << 63, 0, 1] as [UInt64] {
                #expect(!MerkleTree.isIncluded(.zero, at: index, size: size, proof: many, root: .zero))
                #expect(!MerkleTree.isIncluded(.zero, at: index, size: size, proof: [], root: sha256([])))
                #expect(!MerkleTree.isConsistent(oldSize: index, oldRoot: .zero, size: size, root: .zero, proof: many))
                for count in [0, 1, 63, 64, 65, 80] {
                    let proof = Array(many[..<count])
                    let root = MerkleTree.rangeRoot(start: index, leaves: [sha256([1])], size: size, proof: proof)
                    #expect(root != .zero)
                }
            }
        }
    }

    @Test func `a tile path has one spelling`() {
        for path in ["tile/0/x001/x234/067", "tile/entries/000.p/1", "tile/1/x001/000.p/255", "tile/7/000"] {
            #expect(Tile(path: path)?.path == path)
        }
        for path in [
            "", "tile", "tile/0", "tile/00/000", "tile/0/0", "tile/0/x000/001", "tile/0/001/002", "tile/0/000.p/0",
            "tile/0/000.p/256", "tile/0/000.p/01", "tile/8/000", "tile/-1/000", "tile/+1/000", "tile/0/000/",
            "/tile/0/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/entries/00a", "tile/entries/000.p", "tile/.p/1",
        ] {
            #expect(Tile(path: path) == nil, "\(path)")
        }
        let entries: [[UInt8]] = [[], [1], Array(repeating: 2, count: 300)]
        #expect(EntryBundle.decode(EntryBundle.encode(entries)) == entries)
        #expect(EntryBundle.decode([0, 2, 1]) == nil)
        #expect(EntryBundle.decode([0]) == nil)
    }
}
