internal import Crypto
internal import Readings

/// Bytes of a private stream as they lie in the file: ChaCha20-Poly1305 (RFC 8439) under the key of their stream and day.
///
/// `E1 ‖ key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The nonce is random; stream and interval are bound as associated data, so
/// bytes that somebody has moved to another place do not open. Plain bytes begin otherwise: an item with `85`.
struct SealedBytes {
    static let mark: UInt8 = 0xE1
    private static let nonceBytes = 12
    private static let tagBytes = 16
    /// By how much sealed bytes are longer.
    static let overheadBytes = 1 + ItemKeys.ID.sizeBytes + nonceBytes + tagBytes

    /// Where the bytes belong.
    struct Place {
        let stream: StreamNumber
        let k: UInt64

        fileprivate var bound: [UInt8] {
            Array("plumbline-item/v1\n".utf8)
                + (0..<4).map { UInt8(truncatingIfNeeded: stream.rawValue >> UInt32(24 - 8 * $0)) }
                + (0..<8).map { UInt8(truncatingIfNeeded: k >> UInt64(56 - 8 * $0)) }
        }
    }

    let keyID: ItemKeys.ID
    private let nonce: ArraySlice<UInt8>
    private let ciphertext: ArraySlice<UInt8>
    private let tag: ArraySlice<UInt8>

    /// `nil` for bytes that are not sealed.
    init?(_ bytes: [UInt8]) {
        guard bytes.first == Self.mark, bytes.count >= Self.overheadBytes else { return nil }
        let id = 1 + ItemKeys.ID.sizeBytes
        keyID = ItemKeys.ID(bytes: Array(bytes[1..<id]))
        nonce = bytes[id..<(id + Self.nonceBytes)]
        ciphertext = bytes[(id + Self.nonceBytes)..<(bytes.count - Self.tagBytes)]
        tag = bytes[(bytes.count - Self.tagBytes)...]
    }

    /// What was sealed; `nil` when a byte of it, or the place, is another.
    func opened(_ key: SymmetricKey, at place: Place) -> [UInt8]? {
        // Only a wrong tag can fail here, and that is the answer.
        guard let nonce = try? ChaChaPoly.Nonce(data: nonce),
            let box = try? ChaChaPoly.SealedBox(nonce: nonce, ciphertext: ciphertext, tag: tag),
            let plain = try? ChaChaPoly.open(box, using: key, authenticating: place.bound)
        else { return nil }
        return Array(plain)
    }

    static func seal(_ plain: [UInt8], _ key: ItemKeys.Key, nonce: [UInt8], at place: Place) throws -> [UInt8] {
        let box = try ChaChaPoly.seal(
            plain, using: key.secret, nonce: ChaChaPoly.Nonce(data: nonce), authenticating: place.bound)
        var bytes = [mark]
        bytes.reserveCapacity(plain.count + overheadBytes)
        bytes += key.id.bytes
        bytes += nonce
        bytes += box.ciphertext
        bytes += box.tag
        return bytes
    }
}
