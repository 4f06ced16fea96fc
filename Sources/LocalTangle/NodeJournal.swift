import Glibc
import Hashing

/// One append-only file of checked records. What is appended is on disk when `append` returns.
///
/// Record: u8 kind, u32 little-endian length, bytes, first four bytes of BLAKE2b-256 over all before. A record that is
/// cut off at the end of the file was never confirmed to anybody: it is dropped. Any other mismatch is damage.
struct NodeJournal: ~Copyable {
    struct Record: Equatable {
        var kind: UInt8
        var bytes: [UInt8]
    }

    static let recordBytesMax = 1 << 20
    private static let headBytes = 5
    private static let checkBytes = 4

    private let path: String
    private var descriptor: Int32
    private(set) var sizeBytes: Int

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
        sizeBytes = 0
    }

    /// Opens or makes the file and gives its records; cuts a torn tail off.
    static func opened(path: String, records: inout [Record]) throws(LocalTangleError) -> NodeJournal {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .disk(doing: "open", path: path, errno: errno) }
        var journal = NodeJournal(path: path, descriptor: descriptor)
        let bytes = try readAll(descriptor, path: path)
        let whole = try parse(bytes, path: path, into: &records)
        guard ftruncate(descriptor, off_t(whole)) == 0, lseek(descriptor, 0, SEEK_END) >= 0, fsync(descriptor) == 0
        else { throw .disk(doing: "cut", path: path, errno: errno) }
        journal.sizeBytes = whole
        return journal
    }

    deinit { close(descriptor) }

    mutating func append(_ records: [Record]) throws(LocalTangleError) {
        let bytes = records.flatMap(Self.encode)
        do throws(LocalTangleError) {
            try Self.writeAll(bytes, to: descriptor, path: path)
            guard fsync(descriptor) == 0 else { throw .disk(doing: "sync", path: path, errno: errno) }
            sizeBytes += bytes.count
        } catch {
            // Take half a record back, so that the next one does not stand behind it. If that fails too, the next
            // start finds a torn tail or damage and says so.
            _ = ftruncate(descriptor, off_t(sizeBytes))
            _ = lseek(descriptor, 0, SEEK_END)
            throw error
        }
    }

    /// Puts a new file with these records in the place of the old one: the old or the new, never a mixture.
    mutating func replace(with records: [Record]) throws(LocalTangleError) {
        let bytes = records.flatMap(Self.encode)
        let next = path + ".next"
        let file = open(next, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .disk(doing: "open", path: next, errno: errno) }
        do throws(LocalTangleError) {
            try Self.writeAll(bytes, to: file, path: next)
            guard fsync(file) == 0 else { throw .disk(doing: "sync", path: next, errno: errno) }
            guard rename(next, path) == 0 else { throw .disk(doing: "rename", path: next, errno: errno) }
            try syncFolder(of: path)
        } catch {
            close(file)
            throw error
        }
        close(descriptor)
        descriptor = file
        sizeBytes = bytes.count
    }

    private static func encode(_ record: Record) -> [UInt8] {
        var bytes: [UInt8] = [record.kind]
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: record.bytes.count >> shift)) }
        bytes += record.bytes
        return bytes + blake2b256(bytes).bytes.prefix(checkBytes)
    }

    /// Reads records and gives the number of bytes they fill.
    static func parse(_ bytes: [UInt8], path: String, into records: inout [Record]) throws(LocalTangleError) -> Int {
        var place = 0
        while bytes.count - place >= headBytes {
            let length = bytes[(place + 1)..<(place + 5)].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= recordBytesMax else { throw .damaged(path: path, offset: place) }
            let end = place + headBytes + length
            guard bytes.count - end >= checkBytes else { return place }
            guard blake2b256(bytes[place..<end]).bytes.prefix(checkBytes).elementsEqual(bytes[end..<(end + checkBytes)])
            else { throw .damaged(path: path, offset: place) }
            records.append(Record(kind: bytes[place], bytes: Array(bytes[(place + headBytes)..<end])))
            place = end + checkBytes
        }
        return place
    }

    static func readAll(_ descriptor: Int32, path: String) throws(LocalTangleError) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return all }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .disk(doing: "read", path: path, errno: errno) }
            all += buffer[0..<count]
        }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(LocalTangleError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                write(descriptor, raw.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .disk(doing: "write", path: path, errno: errno) }
            written += count
        }
    }
}

/// Makes a name in a folder durable.
func syncFolder(of path: String) throws(LocalTangleError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk(doing: "open", path: folder, errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .disk(doing: "sync", path: folder, errno: errno) }
}
