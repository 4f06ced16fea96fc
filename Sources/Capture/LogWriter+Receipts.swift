package import LedgerStore
internal import LogEntries
internal import MerkleLog

/// Signatures of COSE Receipts (decision 22).
extension LogWriter {
    /// Signs a tree once more that this key has signed already, in a receipt's form.
    ///
    /// What the stored checkpoint says is believed only under the key's own signature, so that a changed ledger gets none.
    /// - Returns: 64 bytes; `nil` for a tree that the key in force did not sign, such as one before a change of keys.
    package func receiptSignature(for checkpoint: StoredCheckpoint) throws -> [UInt8]? {
        if let signingRefusal { throw CaptureError.signingRefused(signingRefusal) }
        guard let signed = SignedNote(checkpoint.note), let content = signed.checkpoint,
            content == Checkpoint(origin: identity.origin, size: checkpoint.size, root: checkpoint.root),
            content.size > 1, history.inForce(at: content.size).contains(key.verifierKey),
            signed.isSigned(by: key.verifierKey)
        else { return nil }
        return try InclusionReceipt.sign(root: content.root, size: content.size, by: key)
    }
}
