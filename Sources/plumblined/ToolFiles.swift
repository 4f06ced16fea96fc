import FoundationEssentials
import Gateway
import Glibc
import SourceYAML

/// Files that people name on the command line.
enum ToolFiles {
    /// Bytes of one file, at most.
    static let sizeBytesMax = 8 << 20

    static func read(_ path: String) throws(SourceError) -> [UInt8] {
        try GatewayPlan.read(path, bytesMax: sizeBytesMax)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Files as they are named, folders as the `*.yaml` in them.
    static func profiles(_ paths: [String]) throws(SourceError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard isFolder(path) else {
                files.append(path)
                continue
            }
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
                throw SourceError(file: path, message: "the folder cannot be read")
            }
            let own = names.filter { $0.hasSuffix(".yaml") }.sorted()
            guard !own.isEmpty else { throw SourceError(file: path, message: "no device profile (*.yaml) lies here") }
            files += own.map { path + (path.hasSuffix("/") ? "" : "/") + $0 }
        }
        return files
    }

    /// A new file, whole; an existing one is not overwritten.
    static func write(_ text: String, to path: String) throws(SourceError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw SourceError(
                file: path, message: "cannot be written: \(Terminal.reason(errno))",
                hint: errno == EEXIST ? "choose another name or remove it" : nil)
        }
        defer { close(file) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                throw SourceError(file: path, message: "cannot be written: \(Terminal.reason(errno))")
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
