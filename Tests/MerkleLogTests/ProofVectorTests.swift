import Hashing
import MerkleLog
import Testing

/// Goal: roots, proofs and tiles are those of other implementations, and their broken proofs are refused.
/// Method: every case of `log/`; for valid ones our own proof must be the same, hash by hash.
@Suite struct ProofVectorTests {
    /// One tree is enough: every smaller size is inside it.
    static let tree = MerkleTree((0..<1_048_576).map { leafHash(countingLeaf($0)) })

    struct Root: Decodable { let size: UInt64, root: String }

    @Test func `roots are those of another implementation`() throws {
        for vector in try VectorFiles.cases("rfc6962_roots", as: Root.self) where vector.size <= Self.tree.size {
            #expect(Self.tree.root(size: vector.size).hex == vector.root, "size \(vector.size)")
        }
    }

    struct Inclusion: Decodable {
        let index: UInt64, size: UInt64, leaf_hash: String, proof: [String], root: String, valid: Bool
        let mutation: String?
    }

    @Test func `inclusion proofs hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("rfc6962_inclusion", as: Inclusion.self) {
            let proof = try vector.proof.map(hash)
            let holds = MerkleTree.isIncluded(
                try hash(vector.leaf_hash), at: vector.index, size: vector.size, proof: proof,
                root: try hash(vector.root))
            #expect(holds == vector.valid, "\(vector)")
            if vector.valid, vector.size <= Self.tree.size {
                #expect(Self.tree.inclusionProof(of: vector.index, size: vector.size) == proof, "\(vector)")
            }
        }
    }

    struct Consistency: Decodable {
        let old_size: UInt64, old_root: String, new_size: UInt64, new_root: String, proof: [String], valid: Bool
        let mutation: String?
    }

    @Test func `consistency proofs hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("rfc6962_consistency", as: Consistency.self) {
            let proof = try vector.proof.map(hash)
            let holds = MerkleTree.isConsistent(
                oldSize: vector.old_size, oldRoot: try hash(vector.old_root), size: vector.new_size,
                root: try hash(vector.new_root), proof: proof)
            #expect(holds == vector.valid, "\(vector)")
            if vector.valid, vector.new_size <= Self.tree.size {
                #expect(Self.tree.consistencyProof(from: vector.old_size, to: vector.new_size) == proof, "\(vector)")
            }
        }
    }

    struct Range: Decodable {
        let start: UInt64, end: UInt64, size: UInt64, proof: [String], old_root: String, root: String, valid: Bool
        let mutation: String?
    }

    @Test func `range proofs hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("range_proofs", as: Range.self) where vector.end <= Self.tree.size {
            let proof = try vector.proof.map(hash)
            let leaves = (vector.start..<vector.end).map { Self.tree.node(level: 0, index: $0) }
            let holds = MerkleTree.isRange(
                start: vector.start, leaves: leaves, size: vector.size, proof: proof,
                oldRoot: try hash(vector.old_root),
                root: try hash(vector.root))
            #expect(
                holds == vector.valid,
                "\(vector.start)..<\(vector.end) of \(vector.size), \(vector.mutation ?? "as made")")
            if vector.valid, vector.size <= Self.tree.size {
                #expect(Self.tree.rangeProof(vector.start..<vector.end, size: vector.size) == proof)
            }
        }
    }

    struct TileCase: Decodable {
        let path: String, size: UInt64, width: Int, first_hash: String, sha256_of_tile_bytes: String
    }

    @Test func `tiles have the paths and bytes of C2SP tlog-tiles`() throws {
        for vector in try VectorFiles.cases("tiles_c2sp", as: TileCase.self) where vector.size <= Self.tree.size {
            let tile = try #require(Tile(path: vector.path), "\(vector.path)")
            #expect(tile.path == vector.path)
            #expect(tile.width == vector.width)
            #expect(tile.exists(size: vector.size))
            let bytes = tile.hashBytes(node: Self.tree.node)
            #expect(Hash(bytes: bytes[..<32])?.hex == vector.first_hash)
            #expect(sha256(bytes).hex == vector.sha256_of_tile_bytes, "\(vector.path)")
        }
    }

    struct Band: Decodable { let size: UInt64, index: UInt64, sizes_that_also_verify: [UInt64], count: Int }

    @Test func `one inclusion proof fits exactly a band of sizes`() throws {
        for vector in try VectorFiles.cases("inclusion_size_band", as: Band.self) {
            let proof = Self.tree.inclusionProof(of: vector.index, size: vector.size)
            let root = Self.tree.root(size: vector.size)
            let leaf = Self.tree.node(level: 0, index: vector.index)
            let fitting = (1...(2 * vector.size + 2)).filter {
                MerkleTree.isIncluded(leaf, at: vector.index, size: $0, proof: proof, root: root)
            }
            #expect(fitting.first == vector.sizes_that_also_verify.first)
            #expect(fitting.last == vector.sizes_that_also_verify.last)
            #expect(fitting.count == vector.count)
        }
    }
}
