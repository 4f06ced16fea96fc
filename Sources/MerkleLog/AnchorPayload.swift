package import Hashing

/// What a block on the Tangle carries: a signed checkpoint, compressed to 109 bytes (formats.md section 5).
///
/// `kind u8 ‖ size u64 big-endian ‖ root 32 ‖ key id 4 ‖ signature 64`; the origin is known from the block's tag.
package struct AnchorPayload: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// The log key signed the checkpoint's three lines.
        case checkpoint = 1
        /// The recovery key declares the log key stolen after this size.
        case compromised = 2
    }

    package static let sizeBytes = 109

    package let kind: Kind
    package let size: UInt64
    package let root: Hash
    /// Four bytes.
    package let keyID: [UInt8]
    /// 64 bytes.
    package let signature: [UInt8]

    /// `nil` unless there are 109 bytes of a known kind.
    package init?(bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == AnchorPayload.sizeBytes, let kind = Kind(rawValue: bytes[0]),
            let root = Hash(bytes: bytes[9..<41])
        else { return nil }
        self.kind = kind
        size = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
        self.root = root
        keyID = Array(bytes[41..<45])
        signature = Array(bytes[45...])
    }

    /// Compresses a note; `nil` unless its text is a checkpoint of the key's origin that carries a 64-byte signature
    /// by this key.
    package init?(_ note: SignedNote, by key: VerifierKey) {
        guard let checkpoint = note.checkpoint, checkpoint.origin == key.name,
            let signature = note.signatures(by: key).first, signature.bytes.count == 64
        else { return nil }
        kind = .checkpoint
        size = checkpoint.size
        root = checkpoint.root
        keyID = signature.keyID
        self.signature = signature.bytes
    }

    /// A compromise statement by the recovery key, whose name is the origin.
    package init(compromisedAt checkpoint: Checkpoint, by recoveryKey: LogSigningKey) throws {
        kind = .compromised
        size = checkpoint.size
        root = checkpoint.root
        keyID = recoveryKey.verifierKey.keyID
        signature = try recoveryKey.sign(AnchorPayload.message(.compromised, checkpoint))
    }

    package var bytes: [UInt8] {
        [kind.rawValue] + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: size >> UInt64($0)) }
            + root.bytes + keyID + signature
    }

    package func checkpoint(origin: String) -> Checkpoint { Checkpoint(origin: origin, size: size, root: root) }

    /// The signed note that was compressed.
    package func note(origin: String) -> SignedNote {
        SignedNote(
            text: checkpoint(origin: origin).text, signatures: [.init(name: origin, keyID: keyID, bytes: signature)])
    }

    /// Whether the key signed this; the text is rebuilt from origin, size and root.
    package func isSigned(by key: VerifierKey) -> Bool {
        key.algorithm == .ed25519 && keyID == key.keyID
            && key.isSignature(signature, over: AnchorPayload.message(kind, checkpoint(origin: key.name)))
    }

    private static func message(_ kind: Kind, _ checkpoint: Checkpoint) -> [UInt8] {
        switch kind {
        case .checkpoint:
            Array(checkpoint.text.utf8)
        case .compromised:
            Array("plumbline-compromised/v1\n\(checkpoint.origin)\n\(checkpoint.size)\n\(checkpoint.root.hex)\n".utf8)
        }
    }
}

/// The tag under which a log's anchors are found: `"twa1" ‖ SHA-256(origin)[0..<16]`, 20 bytes.
package func anchorTag(origin: String) -> [UInt8] {
    Array("twa1".utf8) + sha256(Array(origin.utf8)).bytes[..<16]
}
