import Glibc
import Hashing
package import MerkleLog

/// A private key in a file: who may read it is decided by the file's mode, 0600, from its first byte on.
package enum KeyFile {
    static let header = "plumbline-key/v1"

    /// Makes a file that must not exist yet; file and folder are on disk when this returns.
    package static func write(seed: [UInt8], key: VerifierKey, to path: String) throws {
        try Files.writeNew("\(header)\nvkey \(key.description)\nseed \(hexText(seed))\n", to: path, mode: 0o600)
    }

    package static func read(_ path: String) throws -> LogSigningKey {
        guard Files.exists(path) else { throw GatewayError.keyMissing(path: path) }
        let lines = String(decoding: try GatewayPlan.read(path), as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == header, lines[1].hasPrefix("vkey "), lines[2].hasPrefix("seed "),
            let seed = bytes(hex: String(lines[2].dropFirst(5))),
            let known = VerifierKey(String(lines[1].dropFirst(5))),
            let key = LogSigningKey(name: known.name, seed: seed), key.verifierKey == known
        else { throw GatewayError.keyFile(path: path) }
        return key
    }
}

/// Small files that must be whole.
enum Files {
    /// Writes a file that must not exist yet; it appears whole or not at all, and file and folder are on disk when this
    /// returns. What an interrupted try left behind is `path` with `.new` at its end.
    static func writeNew(_ text: String, to path: String, mode: mode_t) throws {
        guard !exists(path) else { throw GatewayError.file(path: path, doing: "be made", errno: EEXIST) }
        let draft = path + ".new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw GatewayError.file(path: path, doing: "be made", errno: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw GatewayError.file(path: path, doing: "be written", errno: errno)
        }
        // A link never replaces anything; a stick's file system may have none, and there nobody else writes.
        if link(draft, path) == 0 {
            unlink(draft)
        } else if errno == EEXIST || rename(draft, path) != 0 {
            throw GatewayError.file(path: path, doing: "be made", errno: errno)
        }
        try sync(folder(of: path))
    }

    /// When it returns, the names in the folder are on disk.
    static func sync(_ folder: String) throws {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw GatewayError.file(path: folder, doing: "be opened", errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw GatewayError.file(path: folder, doing: "be synced", errno: errno) }
    }

    /// The folder that holds `path`.
    static func folder(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        guard !parts.isEmpty else { return "." }
        let folder = parts.joined(separator: "/")
        return folder.isEmpty ? "/" : folder
    }

    /// Where `path` really lies, links and dots resolved; `nil` when it does not exist.
    static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// Makes a folder and those above it; one that exists is left as it is.
    static func makeFolder(_ path: String, mode: mode_t = 0o750) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, mode) != 0, errno != EEXIST {
                throw GatewayError.file(path: made, doing: "be made", errno: errno)
            }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
