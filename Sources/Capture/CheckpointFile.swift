internal import Glibc
internal import LedgerStore

/// The last signed note, in a file of its own beside the database: a database that was put back does not put it back
/// too.
package struct CheckpointFile: Sendable {
    /// A note of one signature is far below this, in bytes.
    static let sizeBytesMax = 4_096

    package let directory: String

    package init(directory: String) { self.directory = directory }

    private var path: String { directory + "/checkpoint" }

    /// The note; `nil` when there is none yet.
    package func read() throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open it")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.sizeBytesMax)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw failure("read it") }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Puts `new` in the place of `old`; when it returns, file and directory are on disk.
    ///
    /// Throws `outOfOrder` when the file holds anything else than `old`: somebody signed without us.
    package func swap(_ old: String?, for new: String) throws {
        guard try read() == old else {
            throw LedgerError.outOfOrder(what: "\(path) is not the last checkpoint of this ledger")
        }
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write it") }
        defer { close(descriptor) }
        let bytes = Array(new.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw failure("write it")
        }
        guard rename(draft, path) == 0 else { throw failure("replace it") }
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("sync its directory") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure("sync its directory") }
    }

    private func failure(_ doing: String) -> LedgerError { .file(path: path, doing: doing, errno: errno) }
}
