import Crypto
package import MerkleLog

/// A witness's private half: signs checkpoints that it found consistent, C2SP `tlog-cosignature` with Ed25519
/// (`cosignature/v1`). Never printed, never encoded here.
package struct Cosigner: Sendable {
    /// Algorithm 4; its name is the witness's.
    package let verifierKey: VerifierKey
    private let key: Curve25519.Signing.PrivateKey

    /// `nil` for a seed that is not 32 bytes or a name that no note can carry.
    package init?(name: String, seed: [UInt8]) {
        // A wrong length is the only failure.
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let verifierKey = VerifierKey(
                name: name, algorithm: .cosignature, publicKey: Array(key.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        self.verifierKey = verifierKey
    }

    /// States: at `timeS` (seconds since 1970, not 0) this was the largest consistent tree of its log that the witness knew.
    package func cosign(_ checkpoint: Checkpoint, timeS: UInt64) throws -> SignedNote.Signature {
        let message = Cosignature.message(timestamp: timeS, text: checkpoint.text)
        let cosignature = Cosignature(timestamp: timeS, signature: Array(try key.signature(for: message)))
        return SignedNote.Signature(name: verifierKey.name, keyID: verifierKey.keyID, bytes: cosignature.bytes)
    }
}
