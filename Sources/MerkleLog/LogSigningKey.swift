import Crypto
import Hashing

/// The log's or the recovery key's private half. Never printed, never encoded here.
package struct LogSigningKey: Sendable {
    package let verifierKey: VerifierKey
    private let key: Curve25519.Signing.PrivateKey

    /// `nil` for a seed that is not 32 bytes or a name that no note can carry.
    package init?(name: String, seed: [UInt8]) {
        // A wrong length is the only failure.
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let verifierKey = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        self.verifierKey = verifierKey
    }

    /// The same pair of keys under another name, as a later epoch needs it; `nil` for a name that no note can carry.
    package func named(_ name: String) -> LogSigningKey? {
        LogSigningKey(name: name, seed: Array(key.rawRepresentation))
    }

    /// 64 bytes of Ed25519 signature.
    package func sign(_ message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: message)) }

    /// The checkpoint's note with this key's signature as the only one. The key's name must be the origin.
    package func sign(_ checkpoint: Checkpoint) throws -> SignedNote {
        precondition(checkpoint.origin == verifierKey.name)
        let signature = try sign(Array(checkpoint.text.utf8))
        return SignedNote(
            text: checkpoint.text,
            signatures: [.init(name: verifierKey.name, keyID: verifierKey.keyID, bytes: signature)])
    }
}
