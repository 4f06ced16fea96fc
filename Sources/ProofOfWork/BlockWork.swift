package import Hashing

/// The part of a block that the work covers (TIP-12): the digest of all its bytes but the last eight, the nonce.
package struct BlockWork: Equatable, Sendable {
    /// BLAKE2b-256 of the block without its nonce.
    package let digest: Hash
    /// Bytes of the whole block, nonce included.
    package let sizeBytes: Int

    package init(digest: Hash, sizeBytes: Int) {
        self.digest = digest
        self.sizeBytes = sizeBytes
    }

    /// `head`: all bytes of the block but the nonce.
    package init(head: [UInt8]) {
        digest = blake2b256(head)
        sizeBytes = head.count + 8
    }

    /// The 243 trits that are hashed: digest, nonce as eight little-endian bytes, three zeros.
    package func inputTrits(nonce: UInt64) -> [Int8] {
        let nonceBytes = (0..<8).map { UInt8(truncatingIfNeeded: nonce >> (8 * UInt64($0))) }
        return B1T6.encode(digest.bytes) + B1T6.encode(nonceBytes) + [0, 0, 0]
    }

    /// Trailing zero trits that `nonce` reaches, 0…243, by the scalar Curl.
    package func zeros(nonce: UInt64) -> Int {
        guard let hash = Curl.hash(inputTrits(nonce: nonce)) else {
            preconditionFailure("the input of a block is 243 trits")
        }
        return hash.reversed().prefix { $0 == 0 }.count
    }
}

/// The score of whole block bytes as they stand; nil when there are fewer than 8 bytes (no nonce).
package func score(ofBlockBytes bytes: [UInt8]) -> PoWScore? {
    guard bytes.count >= 8 else { return nil }
    var nonce: UInt64 = 0
    for byte in bytes.suffix(8).reversed() { nonce = nonce << 8 | UInt64(byte) }
    let work = BlockWork(head: Array(bytes.dropLast(8)))
    return PoWScore(zeros: work.zeros(nonce: nonce), sizeBytes: bytes.count)
}

/// Trailing zero trits of whole block bytes, 0…243; nil when there are fewer than 8 bytes.
package func zeros(ofBlockBytes bytes: [UInt8]) -> Int? {
    score(ofBlockBytes: bytes)?.zeros
}
