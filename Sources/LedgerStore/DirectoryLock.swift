internal import Glibc

/// Holds a data directory, or a part of it, for the life of this object: an exclusive `flock` on a file in it.
///
/// The system gives the lock back when the process ends, however it ends.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `held` when another process has it.
    package init(directory: String, file: String = "lock") throws(LedgerError) {
        let path = directory + "/" + file
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, doing: "open it", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .held(lockFile: path) : .file(path: path, doing: "lock it", errno: code)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
