import CanonicalCBOR
package import Hashing
package import MerkleLog

/// A leaf's proof as a COSE Receipt (RFC 9942): COSE_Sign1 by the log key over the Merkle root, which is detached, with one
/// inclusion proof of RFC9162_SHA256 in the unprotected header. formats.md section 3.1 has the bytes.
///
/// Origin and tree size are signed too: a path alone fits every size of a band.
package struct InclusionReceipt: Hashable, Sendable {
    /// RFC 9052 section 11.3.2.
    package static let mediaType = "application/cose; cose-type=\"cose-sign1\""
    /// Bytes of a receipt from outside, at most: 63 hashes and a long origin take less.
    package static let sizeBytesMax = 8_192
    package static let hashCountMax = 63

    package let leafIndex: UInt64
    /// Number of leaves of the tree, from 2: a lone leaf has no path, and a receipt needs one.
    package let size: UInt64
    /// From the leaf to the root.
    package let path: [Hash]
    /// The CBOR of the protected header, as it was signed.
    private let protected: [UInt8]
    /// 64 bytes.
    private let signature: [UInt8]

    /// - Parameter signature: `sign`'s, of the tree with this size.
    package init(leafIndex: UInt64, size: UInt64, path: [Hash], signature: [UInt8], key: VerifierKey) {
        self.leafIndex = leafIndex
        self.size = size
        self.path = path
        self.signature = signature
        protected = Self.protected(key, size: size)
    }

    /// The log key's signature that every receipt of this tree carries, 64 bytes.
    package static func sign(root: Hash, size: UInt64, by key: LogSigningKey) throws -> [UInt8] {
        try key.sign(signed(protected(key.verifierKey, size: size), root))
    }

    /// Reads a receipt; `nil` for any spelling other than the one we would write. Nothing is checked against a key yet.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.sizeBytesMax else { return nil }
        var rest = bytes[...]
        guard Self.take(Self.opening, from: &rest), let protected = Self.takeBytes(from: &rest),
            Self.take(Self.proofs, from: &rest), let proof = Self.takeBytes(from: &rest),
            Self.take([Self.null], from: &rest), let signature = Self.takeBytes(from: &rest), rest.isEmpty,
            // Another encoding of the proof is no receipt of ours.
            let parts = (try? CBOR.decode(proof))?.asArray, parts.count == 3,
            let size = parts[0].asUnsigned, let leafIndex = parts[1].asUnsigned,
            let hashes = parts[2].asArray, (1...Self.hashCountMax).contains(hashes.count)
        else { return nil }
        path = hashes.compactMap { $0.asBytes.flatMap { Hash(bytes: $0) } }
        guard path.count == hashes.count, signature.count == 64 else { return nil }
        self.size = size
        self.leafIndex = leafIndex
        self.protected = protected
        self.signature = signature
        guard self.bytes == bytes else { return nil }
    }

    /// The receipt as it is sent, tag 18 first.
    package var bytes: [UInt8] {
        var proof: [UInt8] = []
        CBOR.append(arrayOf: 3, to: &proof)
        CBOR.append(unsigned: size, to: &proof)
        CBOR.append(unsigned: leafIndex, to: &proof)
        CBOR.append(arrayOf: path.count, to: &proof)
        for hash in path { CBOR.append(bytes: hash.bytes, to: &proof) }
        var bytes = Self.opening
        CBOR.append(bytes: protected, to: &bytes)
        bytes += Self.proofs
        CBOR.append(bytes: proof, to: &bytes)
        bytes.append(Self.null)
        CBOR.append(bytes: signature, to: &bytes)
        return bytes
    }

    /// Whether this leaf is at `leafIndex` of the tree that the key signed, and the header names that key, its origin and the size.
    package func holds(leaf: Hash, key: VerifierKey) -> Bool {
        guard key.algorithm == .ed25519, size > 1, protected == Self.protected(key, size: size),
            let root = MerkleTree.inclusionRoot(leaf, at: leafIndex, size: size, proof: path)
        else { return false }
        return key.isSignature(signature, over: Self.signed(protected, root))
    }

    // MARK: - Bytes

    /// Tag 18, an array of four.
    private static let opening: [UInt8] = [0xd2, 0x84]
    /// `{396: {-1: [` of one proof: the unprotected header up to it.
    private static let proofs: [UInt8] = [0xa1, 0x19, 0x01, 0x8c, 0xa1, 0x20, 0x81]
    private static let null: UInt8 = 0xf6

    /// `{1: -8, 4: key id, 15: {1: origin, 2: "tree/SIZE"}, 395: 1}`.
    private static func protected(_ key: VerifierKey, size: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [0xa4, 0x01, 0x27, 0x04]
        CBOR.append(bytes: key.keyID, to: &bytes)
        bytes += [0x0f, 0xa2, 0x01]
        CBOR.append(text: key.name, to: &bytes)
        bytes.append(0x02)
        CBOR.append(text: "tree/\(size)", to: &bytes)
        return bytes + [0x19, 0x01, 0x8b, 0x01]
    }

    /// RFC 9052 section 4.4: `["Signature1", protected header, h'', root]`. It begins with 84, which begins no UTF-8 text, so it is
    /// no note and no statement of this key.
    private static func signed(_ protected: [UInt8], _ root: Hash) -> [UInt8] {
        var bytes: [UInt8] = []
        CBOR.append(arrayOf: 4, to: &bytes)
        CBOR.append(text: "Signature1", to: &bytes)
        CBOR.append(bytes: protected, to: &bytes)
        CBOR.append(bytes: [], to: &bytes)
        CBOR.append(bytes: root.bytes, to: &bytes)
        return bytes
    }

    private static func take(_ expected: [UInt8], from rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.starts(with: expected) else { return false }
        rest = rest.dropFirst(expected.count)
        return true
    }

    /// A byte string of less than 65 536 bytes; whether its head is the shortest is told by writing it again.
    private static func takeBytes(from rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard let head = rest.popFirst(), head >> 5 == 2 else { return nil }
        var count = Int(head & 31)
        if count >= 24 {
            guard count <= 25 else { return nil }
            let width = count - 23
            guard rest.count >= width else { return nil }
            count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(width)
        }
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
