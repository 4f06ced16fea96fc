internal import Glibc

/// Holds a data directory for the life of the process: an exclusive `flock` on its `lock` file.
///
/// The system gives the lock back when the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws(LedgerError) {
        let path = directory + "/lock"
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
