import CHash

/// SHA-256 (FIPS 180-4) of bytes that are at hand.
package func sha256(_ bytes: [UInt8]) -> Hash {
    bytes.withUnsafeBufferPointer(digest)
}

/// SHA-256 of a part of an array.
package func sha256(_ bytes: ArraySlice<UInt8>) -> Hash {
    bytes.withUnsafeBufferPointer(digest)
}

/// SHA-256 of any bytes; those that do not lie together in memory are copied first.
package func sha256(_ bytes: some Collection<UInt8>) -> Hash {
    bytes.withContiguousStorageIfAvailable(digest) ?? sha256([UInt8](bytes))
}

/// RFC 6962 section 2.1, a leaf: SHA-256(0x00 ‖ bytes).
package func sha256Leaf(_ bytes: some Collection<UInt8>) -> Hash {
    bytes.withContiguousStorageIfAvailable(leafDigest) ?? [UInt8](bytes).withUnsafeBufferPointer(leafDigest)
}

/// RFC 6962 section 2.1, an inner node: SHA-256(0x01 ‖ left ‖ right), without any allocation.
package func sha256Node(_ left: Hash, _ right: Hash) -> Hash {
    left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            Hash { target in chash_rfc6962_node(octets(left), octets(right), octets(target)) }
        }
    }
}

/// BLAKE2b (RFC 7693) without a key, 32 bytes of digest.
package func blake2b256(_ bytes: some Collection<UInt8>) -> Hash {
    var stream = BLAKE2b256Stream()
    stream.add(bytes)
    return stream.finish()
}

/// SHA-256 of bytes that come in pieces. A value: a copy goes its own way.
package struct SHA256Stream: Sendable {
    private var context = chash_sha256()

    package init() { chash_sha256_start(&context) }

    package mutating func add(_ bytes: some Collection<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable {
            chash_sha256_add(&context, $0.baseAddress, $0.count)
        }
        if isDone == nil { add([UInt8](bytes)) }
    }

    package mutating func add(_ hash: Hash) {
        hash.withUnsafeBytes { chash_sha256_add(&context, octets($0), $0.count) }
    }

    /// The digest of all that was added; more may be added afterwards.
    package func finish() -> Hash {
        var last = context
        return Hash { target in chash_sha256_finish(&last, octets(target)) }
    }
}

/// BLAKE2b-256 of bytes that come in pieces. A value: a copy goes its own way.
package struct BLAKE2b256Stream: Sendable {
    private var context = chash_blake2b256()

    package init() { chash_blake2b256_start(&context) }

    package mutating func add(_ bytes: some Collection<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable {
            chash_blake2b256_add(&context, $0.baseAddress, $0.count)
        }
        if isDone == nil { add([UInt8](bytes)) }
    }

    package mutating func add(_ hash: Hash) {
        hash.withUnsafeBytes { chash_blake2b256_add(&context, octets($0), $0.count) }
    }

    /// The digest of all that was added; more may be added afterwards.
    package func finish() -> Hash {
        var last = context
        return Hash { target in chash_blake2b256_finish(&last, octets(target)) }
    }
}

/// The same digest by the portable code and by the processor's own instructions, for comparing the two.
package func sha256Portable(_ bytes: [UInt8]) -> Hash {
    bytes.withUnsafeBufferPointer { source in
        Hash { target in chash_sha256_once_portable(source.baseAddress, source.count, octets(target)) }
    }
}

private func digest(_ source: UnsafeBufferPointer<UInt8>) -> Hash {
    Hash { target in chash_sha256_once(source.baseAddress, source.count, octets(target)) }
}

private func leafDigest(_ source: UnsafeBufferPointer<UInt8>) -> Hash {
    Hash { target in chash_rfc6962_leaf(source.baseAddress, source.count, octets(target)) }
}

private func octets(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
    buffer.bindMemory(to: UInt8.self).baseAddress
}

private func octets(_ buffer: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
    buffer.bindMemory(to: UInt8.self).baseAddress
}
