import Crypto
import Hashing

/// Who signs: a name and a public key, as C2SP signed-note writes it, `name+id+base64(algorithm ‖ key)`.
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: UInt8, Sendable {
        /// Ed25519 over the note's text.
        case ed25519 = 1
        /// C2SP tlog-cosignature: Ed25519 over a time stamp and the note's text.
        case cosignature = 4
    }

    package let name: String
    package let algorithm: Algorithm
    /// 32 bytes, Ed25519.
    package let publicKey: [UInt8]
    /// The first four bytes of SHA-256(name ‖ 0A ‖ algorithm ‖ key).
    package let keyID: [UInt8]

    /// `nil` for a name with spaces, control characters or `+`, a key that is not 32 bytes, or one that is of small
    /// order or not
    /// the shortest form of a point (its signatures would bind nothing).
    package init?(name: String, algorithm: Algorithm = .ed25519, publicKey: [UInt8]) {
        guard VerifierKey.isName(name), publicKey.count == 32, !Ed25519Rules.isUnsafeKey(publicKey) else { return nil }
        self.name = name
        self.algorithm = algorithm
        self.publicKey = publicKey
        keyID = Array(sha256(Array(name.utf8) + [0x0a, algorithm.rawValue] + publicKey).bytes[..<4])
    }

    /// Reads a vkey; `nil` unless the key id in it is the recomputed one and every part is in its strict form.
    package init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let keyed = Base64.decodeStrict(String(parts[2])),
            let algorithm = keyed.first.flatMap(Algorithm.init(rawValue:))
        else { return nil }
        self.init(name: String(parts[0]), algorithm: algorithm, publicKey: Array(keyed.dropFirst()))
        guard hexText(keyID) == parts[1] else { return nil }
    }

    package var description: String {
        "\(name)+\(hexText(keyID))+\(Base64.encode([algorithm.rawValue] + publicKey))"
    }

    /// Whether 64 bytes of Ed25519 signature hold over a message, S below the group order.
    package func isSignature(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        Ed25519Rules.isSignature(signature, over: message, publicKey: publicKey)
    }

    /// Key names of C2SP signed-note: not empty, no space of Unicode, no plus; and here no control character.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0 != "+" && !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7f
            }
    }
}

/// What we ask of Ed25519 beyond RFC 8032, so that every verifier answers alike.
enum Ed25519Rules {
    static func isSignature(_ signature: [UInt8], over message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == 64, isBelow(signature[32...], groupOrder), !isUnsafeKey(publicKey),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)  // no key: the answer is no
        else { return false }
        return key.isValidSignature(signature, for: message)
    }

    /// Whether a key's y is not reduced modulo p, or the point has order 1, 2, 4 or 8.
    static func isUnsafeKey(_ key: [UInt8]) -> Bool {
        guard key.count == 32 else { return true }
        var y = key
        y[31] &= 0x7f
        return !isBelow(y[...], fieldPrime) || smallOrder.contains(y)
    }

    /// RFC 8032 section 5.1: L = 2²⁵² + 27742317777372353535851937790883648493, little-endian.
    private static let groupOrder: [UInt8] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]

    /// 2²⁵⁵ − 19, little-endian.
    private static let fieldPrime: [UInt8] = [0xed] + Array(repeating: 0xff, count: 30) + [0x7f]

    /// The y of the eight points whose order divides 8; x and −x share it.
    private static let smallOrder: Set<[UInt8]> = [
        [1] + Array(repeating: 0, count: 31),
        Array(repeating: 0, count: 32),
        [0xec] + Array(repeating: 0xff, count: 30) + [0x7f],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ]

    private static func isBelow(_ number: ArraySlice<UInt8>, _ bound: [UInt8]) -> Bool {
        number.reversed().lexicographicallyPrecedes(bound.reversed())
    }
}
