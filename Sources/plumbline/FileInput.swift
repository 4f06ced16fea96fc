import Glibc

/// Reads a whole file, bounded.
enum FileInput {
    /// Largest file that is read, bytes.
    static let sizeBytesMax = 4 << 30
    private static let chunkBytes = 8 << 20
    /// From here on a terminal shows how far the reading is.
    static let progressBytesMin = 256 << 20

    /// The word for standard input in place of a path.
    static let standardInput = "-"

    /// The path as messages and results show it, without what would steer a terminal.
    static func name(of path: String) -> String {
        if path == standardInput { return "standard input" }
        return path.isEmpty ? "''" : Terminal.safe(path)
    }

    /// Opens a file or a pipe.
    static func open(_ path: String) throws(Failure) -> (descriptor: Int32, name: String, isPipe: Bool, sizeBytes: Int)
    {
        let descriptor = path == standardInput ? dup(STDIN_FILENO) : Glibc.open(path, O_RDONLY | O_CLOEXEC)
        let name = name(of: path)
        guard descriptor >= 0 else { throw unreadable(name, errno) }
        var status = stat()
        let failure: Failure
        if fstat(descriptor, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFREG: return (descriptor, name, false, Int(status.st_size))
            case S_IFIFO: return (descriptor, name, true, 0)
            case S_IFDIR: failure = Failure("\(name) is a directory", hint: "give the file inside it")
            default:
                failure = Failure(
                    "\(name) is not a file", hint: "give a file, or - and the file's bytes through a pipe")
            }
        } else {
            failure = unreadable(name, errno)
        }
        close(descriptor)
        throw failure
    }

    static func read(_ path: String, sizeBytesMax limit: Int = FileInput.sizeBytesMax) throws(Failure) -> [UInt8] {
        let (descriptor, name, _, size) = try open(path)
        defer { close(descriptor) }
        guard size <= limit else { throw tooLarge(name, limit) }
        return try readAll(descriptor, name, expecting: size, limit)
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String, expecting size: Int, _ limit: Int
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 1)
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(chunkBytes, max(size + 1, 65_536)), alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { break }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            guard bytes.count <= limit else { throw tooLarge(path, limit) }
            if size >= progressBytesMin { Terminal.progress("reading \(path): \(bytes.count * 100 / size) %") }
        }
        if size >= progressBytesMin { Terminal.progress("") }
        return bytes
    }

    static func unreadable(_ path: String, _ code: Int32) -> Failure {
        Failure("\(path) cannot be read: \(Terminal.plain(String(cString: strerror(code))))")
    }

    static func tooLarge(_ path: String, _ limit: Int) -> Failure {
        Failure("\(path) is larger than \(limit) bytes", hint: "ask for the evidence in shorter periods")
    }
}
