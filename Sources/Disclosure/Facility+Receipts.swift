import LedgerStore
import LogEntries

extension Facility {
    /// A COSE Receipt of a leaf, without a token: under the last signed tree, or under the one of `size` leaves.
    ///
    /// - Throws: `Refusal.noSuchResource` for a size that the key in force has not signed, and for a leaf that is not below it.
    package func receipt(leaf: String, size: UInt64?) async throws -> [UInt8] {
        let unknown = Refusal.noSuchResource(kind: "log", id: "receipt/\(leaf)")
        guard let desk = receipts, let index = UInt64(leaf), String(index) == leaf,
            let checkpoint = try await checkpoint(of: size), index < checkpoint.size,
            let signature = try await desk.signature(for: checkpoint, nowMs: nowMs)
        else { throw unknown }
        let path = try await reader.inclusionProof(of: index, size: checkpoint.size)
        return InclusionReceipt(
            leafIndex: index, size: checkpoint.size, path: path, signature: signature, key: desk.key
        ).bytes
    }

    private func checkpoint(of size: UInt64?) async throws -> StoredCheckpoint? {
        guard let size else { return try await reader.lastCheckpoint() }
        return try await reader.checkpoint(size: size)
    }
}
