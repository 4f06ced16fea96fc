import LedgerStore
import MerkleLog

/// Who may sign this log, for those who follow it from outside; without a token.
extension Facility {
    /// The first leaf and every key leaf of the tree of `size` leaves, each with its inclusion proof (`KeyList`).
    ///
    /// - Parameter size: from 1 to that of the last signed checkpoint, which is taken when it is `nil`. Only what a checkpoint covers is
    ///   given out.
    package func keyList(size: UInt64?) async throws -> String {
        let unknown = Refusal.noSuchResource(kind: "log", id: "keys")
        guard let signed = try await reader.lastCheckpoint()?.size else { throw unknown }
        let size = size ?? signed
        guard (1...signed).contains(size), let first = try await reader.leaf(at: 0) else { throw unknown }
        let keys = try await reader.keyLeaves().filter { $0.index < size }
        var entries: [KeyList.Entry] = []
        for leaf in ([first] + keys).prefix(KeyList.entriesMax) {
            let proof = try await reader.inclusionProof(of: leaf.index, size: size)
            entries.append(KeyList.Entry(index: leaf.index, leaf: leaf.bytes, proof: proof))
        }
        return KeyList(size: size, entries: entries).text
    }
}
