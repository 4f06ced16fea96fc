import MerkleLog

/// The member `.cosig` of an anchor: what witnesses signed over its checkpoint, as the lines that a note has for it
/// (C2SP `signed-note`, `tlog-cosignature`): `.note` and these lines together are the cosigned checkpoint.
struct Cosignatures {
    static let sizeBytesMax = 16 << 10

    let signatures: [SignedNote.Signature]

    /// `nil` for bytes that are not one to `SignedNote.signatureCountMax` signature lines, each ended by LF.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.sizeBytesMax, bytes.last == 0x0a else { return nil }
        let lines = bytes.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false)
        guard lines.count <= SignedNote.signatureCountMax else { return nil }
        signatures = lines.compactMap { line in
            String(validating: line, as: UTF8.self).flatMap { SignedNote.Signature(line: $0) }
        }
        guard signatures.count == lines.count else { return nil }
    }

    /// What these say of a checkpoint: `true` for a witness that signed it, `false` for one whose signature does not hold,
    /// `nil` when there is no line of this witness. Lines of other keys say nothing.
    func hold(of checkpoint: Checkpoint, by witness: VerifierKey) -> Bool? {
        let note = SignedNote(text: checkpoint.text, signatures: signatures)
        return note.signatures(by: witness).isEmpty ? nil : note.isSigned(by: witness)
    }
}
