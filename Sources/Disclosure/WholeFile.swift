package import LedgerStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes files that are whole or not there.
package enum WholeFile {
    /// Written beside its place, synced, renamed; when this returns the file is on disk.
    package static func put(_ bytes: [UInt8], at path: String) throws(LedgerError) {
        let part = path + ".part"
        let file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw .file(path: part, doing: "open it", errno: errno) }
        var isDone = false
        defer {
            close(file)
            if !isDone { unlink(part) }
        }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(file, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .file(path: part, doing: "write it", errno: errno) }
            written += count
        }
        guard fsync(file) == 0, rename(part, path) == 0 else { throw .file(path: path, doing: "keep it", errno: errno) }
        isDone = true
    }
}
