import Glibc

/// Writes a file that people asked for.
enum FileOutput {
    /// Whole or not at all: the bytes go to a file beside it, which then takes its name.
    static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let name = FileInput.name(of: path)
        let part = "\(path).part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(name, errno) }
        let code = Terminal.put(bytes, to: descriptor)
        guard close(descriptor) == 0, code == nil, rename(part, path) == 0 else {
            let code = code ?? errno
            unlink(part)
            throw failure(name, code)
        }
    }

    private static func failure(_ name: String, _ code: Int32) -> Failure {
        Failure("\(name) cannot be written: \(Terminal.plain(String(cString: strerror(code))))")
    }
}
