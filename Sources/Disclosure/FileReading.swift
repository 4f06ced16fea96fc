import Hashing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads pieces of files that this room or its makers wrote.
package enum FileReading {
    package enum Failure: Error, Equatable {
        case unreadable(path: String, errno: Int32)
        case cutShort(path: String)
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    package static func bytes(of path: String, offset: Int, count: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        guard failure == 0 else { throw .unreadable(path: path, errno: failure) }
        return bytes
    }

    /// SHA-256 of a file of exactly this size, read piece by piece; `nil` when it is not there, not readable or of another size.
    static func sha256(of path: String, sizeBytes: Int) -> Hash? {
        var stream = SHA256Stream()
        var offset = 0
        while offset <= sizeBytes {
            // Not readable is the same as not there: the caller makes the file again.
            guard let piece = try? bytes(of: path, offset: offset, count: 1 << 20) else { return nil }
            if piece.isEmpty { break }
            stream.add(piece)
            offset += piece.count
        }
        return offset == sizeBytes ? stream.finish() : nil
    }
}
