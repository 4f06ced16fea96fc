import Glibc

/// Small files that must be whole and on disk before anybody is told of them.
package enum StoreFiles {
    /// Where a test lets a write fail.
    package enum Step: Sendable, CaseIterable { case written, renamed, synced }

    /// Called when a step is done; what it throws is the write's failure.
    package typealias Fault = @Sendable (Step) throws -> Void

    /// Puts `bytes` in the place of whatever is at `path`: whole or not at all; file and folder are on disk when this returns.
    package static func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32 = 0o644, fault: Fault = { _ in }
    ) throws {
        let draft = path + ".new"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure(draft, "be made") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(draft, "be written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw failure(draft, "be written") }
        try fault(.written)
        guard rename(draft, path) == 0 else { throw failure(path, "be replaced") }
        try fault(.renamed)
        try sync(folder: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        try fault(.synced)
    }

    /// The file's bytes, `nil` when there is none.
    ///
    /// - Parameter sizeBytesMax: a longer file is an error (`EFBIG`).
    package static func read(_ path: String, sizeBytesMax: Int) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path, "be opened")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, "be read") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= sizeBytesMax else {
                throw WitnessError.file(path: path, doing: "be read: it is too long", errno: EFBIG)
            }
        }
    }

    /// Makes a folder and those above it; one that exists is left as it is. Synced with the one above it.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o755) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            let above = made.isEmpty ? "/" : made
            made += "/" + part
            if mkdir(made, mode) == 0 {
                try sync(folder: above)
            } else if errno != EEXIST {
                throw failure(made, "be made")
            }
        }
    }

    /// Names of a folder's entries, in no order; empty when there is no such folder.
    package static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw failure(folder, "be listed")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func sync(folder: String) throws {
        let path = folder.isEmpty ? "." : folder
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path, "be synced") }
    }

    static func failure(_ path: String, _ doing: String) -> WitnessError {
        .file(path: path, doing: doing, errno: errno)
    }
}

/// Holds a store for the life of the process: an exclusive `flock` on its `lock` file, which the system gives back however
/// the process ends.
package final class StoreLock: Sendable {
    private let descriptor: Int32

    package init(store: String) throws {
        let path = store + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFiles.failure(path, "be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK
                ? WitnessError.held(path: store) : WitnessError.file(path: path, doing: "be locked", errno: code)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
