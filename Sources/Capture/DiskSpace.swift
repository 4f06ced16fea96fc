internal import Glibc
internal import LedgerStore

/// What is free where the ledger lives, and a file that keeps some of it back for the day the disk is full.
package struct DiskSpace: Sendable {
    /// Bytes kept back: enough for a gap leaf, a boot leaf and the write-ahead log's pages.
    package static let reserveBytes: Int = 4 << 20

    package let directory: String
    /// Free bytes for a process without privileges; `nil` when the system does not say.
    package let freeBytes: @Sendable () -> UInt64?

    package init(directory: String, freeBytes: (@Sendable () -> UInt64?)? = nil) {
        self.directory = directory
        self.freeBytes =
            freeBytes
            ?? {
                var facts = statvfs()
                guard statvfs(directory, &facts) == 0 else { return nil }
                let (bytes, isOver) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
                return isOver ? UInt64.max : bytes
            }
    }

    private var reservePath: String { directory + "/reserve" }

    /// Takes the reserve, if it is not taken yet.
    package func reserve() throws {
        let descriptor = open(reservePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LedgerError.file(path: reservePath, doing: "open it", errno: errno) }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(Self.reserveBytes))
        guard code == 0 else {
            // Half a reserve helps nobody and takes the last of the space.
            unlink(reservePath)
            throw LedgerError.file(path: reservePath, doing: "keep \(Self.reserveBytes) bytes back", errno: code)
        }
    }

    /// Gives the reserve free. Nothing to give is not an error.
    package func release() { unlink(reservePath) }
}
