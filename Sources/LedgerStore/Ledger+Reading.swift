package import Hashing
internal import MerkleLog
package import Readings

/// What the writer reads of its own log before it signs. Everybody else asks `LedgerReader`.
extension Ledger {
    package func size() throws -> UInt64 { try database().size() }
    package func root(size: UInt64) throws -> Hash { try database().root(size: size) }
    package func leaf(at index: UInt64) throws -> StoredLeaf? { try database().leaf(at: index) }
    package func leaves(_ range: Range<UInt64>) throws -> [StoredLeaf] { try database().leaves(range) }

    /// Root of the first `size` leaves, with those from `start` on hashed again from the bytes on disk.
    package func rehashedRoot(from start: UInt64, size: UInt64) throws -> Hash {
        try database().rehashedRoot(from: start, size: size)
    }

    package func item(stream: StreamNumber, k: UInt64) throws -> StoredItem? {
        try database().item(stream: stream, k: k)
    }
}

extension Ledger {
    /// Root of the tree that `leaf` behind the first `size` leaves would give.
    package func root(appending leaf: [UInt8], at size: UInt64) throws -> Hash {
        let database = try database()
        var tree = try Frontier(size: size, node: database.node)
        tree.append(leafHash(leaf)) { _, _, _ in }
        return tree.root
    }
}
