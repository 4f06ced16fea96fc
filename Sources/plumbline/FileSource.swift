import Evidence
import Glibc
import Hashing
import Synchronization

/// A file that is read where it lies, from several threads. A pipe is first kept in a file of its own, which has no name.
final class FileSource: ByteSource {
    /// Largest file, bytes.
    static let sizeBytesMax = 1 << 40
    private static let chunkBytes = 1 << 20

    let sizeBytes: Int
    /// As messages show it.
    let name: String
    private let descriptor: Int32
    private let changedNs: Int64
    private let problem = Mutex<SourceFailure?>(nil)

    /// `path` may be `-` for standard input.
    init(_ path: String) throws(Failure) {
        let opened = try FileInput.open(path)
        name = opened.name
        if opened.isPipe {
            defer { close(opened.descriptor) }
            descriptor = try Self.kept(opened.descriptor, opened.name)
        } else {
            descriptor = opened.descriptor
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            throw FileInput.unreadable(opened.name, errno)
        }
        sizeBytes = Int(status.st_size)
        changedNs = Self.changedNs(status)
        guard sizeBytes <= Self.sizeBytesMax else {
            close(descriptor)
            throw FileInput.tooLarge(opened.name, Self.sizeBytesMax)
        }
    }

    deinit { close(descriptor) }

    /// What went wrong, and whether the file is still the one that was opened.
    var failure: SourceFailure? {
        if let known = problem.withLock({ $0 }) { return known }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == sizeBytes, Self.changedNs(status) == changedNs
        else {
            return SourceFailure("\(name) changed while it was read")
        }
        return nil
    }

    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress.map { $0 + done }, target.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                let message =
                    count == 0
                    ? "\(name) became shorter while it was read"
                    : "\(name) cannot be read: \(Terminal.plain(String(cString: strerror(code))))"
                problem.withLock { $0 = $0 ?? SourceFailure(message) }
                UnsafeMutableRawBufferPointer(rebasing: target[done...]).initializeMemory(as: UInt8.self, repeating: 0)
                return
            }
            done += count
        }
    }

    /// All of it, at most `limit` bytes.
    func bytes(sizeBytesMax limit: Int) throws(Failure) -> [UInt8] {
        guard sizeBytes <= limit else { throw FileInput.tooLarge(name, limit) }
        let bytes = [UInt8](unsafeUninitializedCapacity: sizeBytes) { target, count in
            read(at: 0, into: UnsafeMutableRawBufferPointer(target))
            count = sizeBytes
        }
        if let failure { throw Failure(failure.message) }
        return bytes
    }

    /// SHA-256 of the whole file.
    func sha256() throws(Failure) -> Hash {
        var stream = SHA256Stream()
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(Self.chunkBytes, max(sizeBytes, 1)), alignment: 16)
        defer { chunk.deallocate() }
        for start in stride(from: 0, to: sizeBytes, by: chunk.count) {
            let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<min(chunk.count, sizeBytes - start)])
            read(at: start, into: part)
            stream.add(UnsafeRawBufferPointer(part))
        }
        if let failure { throw Failure(failure.message) }
        return stream.finish()
    }

    private static func changedNs(_ status: stat) -> Int64 {
        Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }

    /// A copy of a pipe's bytes in the folder for such files.
    private static func kept(_ pipe: Int32, _ name: String) throws(Failure) -> Int32 {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/plumbline.XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else {
            throw Failure(
                "\(name) cannot be kept in \(Terminal.safe(folder)): \(Terminal.plain(String(cString: strerror(errno))))",
                hint: "set TMPDIR to a folder that can be written")
        }
        unlink(template)
        do throws(Failure) {
            try copy(pipe, to: file, name, folder)
        } catch {
            close(file)
            throw error
        }
        return file
    }

    private static func copy(_ pipe: Int32, to file: Int32, _ name: String, _ folder: String) throws(Failure) {
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        var total = 0
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileInput.unreadable(name, errno) }
            if count == 0 { return }
            total += count
            guard total <= sizeBytesMax else { throw FileInput.tooLarge(name, sizeBytesMax) }
            if let code = Terminal.put(Array(chunk[..<count]), to: file) {
                throw Failure(
                    "\(name) cannot be kept in \(Terminal.safe(folder)): \(Terminal.plain(String(cString: strerror(code))))",
                    hint: "give the file's path, or set TMPDIR to a folder with more space")
            }
        }
    }
}
