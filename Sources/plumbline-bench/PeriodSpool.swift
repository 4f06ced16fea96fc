import Evidence
import Glibc
import Hashing

/// A file that only grows, through a buffer.
final class GrowingFile {
    enum Problem: Error, CustomStringConvertible {
        case disk(doing: String, path: String, errno: Int32)

        var description: String {
            switch self {
            case .disk(let doing, let path, let code): "cannot \(doing) \(path): \(String(cString: strerror(code)))"
            }
        }
    }

    static let bufferBytes = 1 << 20

    let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var sizeBytes = 0

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Problem.disk(doing: "create", path: path, errno: errno) }
        buffer.reserveCapacity(Self.bufferBytes + 4_096)
    }

    deinit { close(descriptor) }

    func append(_ bytes: some Collection<UInt8>) throws {
        buffer += bytes
        sizeBytes += bytes.count
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func flush() throws {
        var at = 0
        while at < buffer.count {
            let count = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: at), $0.count - at) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem.disk(doing: "write", path: path, errno: errno) }
            at += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Appends a part of another file, which is flushed.
    func append(_ range: Range<Int>, of other: GrowingFile) throws {
        try flush()
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 16)
        defer { room.deallocate() }
        var at = range.lowerBound
        while at < range.upperBound {
            let count = pread(
                other.descriptor, room.baseAddress, min(room.count, range.upperBound - at), off_t(at))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem.disk(doing: "read", path: other.path, errno: errno) }
            try append(UnsafeRawBufferPointer(rebasing: room[..<count]))
            at += count
        }
    }
}

/// Members of a period file on their way into it. The manifest, which stands first, names the digest of each: so they wait on the
/// disk with their running digests, and are copied behind it in the end. In memory there is one line a member.
final class PeriodSpool {
    /// Members that grow at the same time lie in files of their own.
    enum Lane: Int, CaseIterable { case leaves, items, others }

    private struct Member {
        let line: PeriodManifest.Line
        let lane: Lane
        let place: Range<Int>
    }

    private struct Open {
        let name: String
        let start: Int
        var digest = SHA256Stream()
    }

    private let files: [GrowingFile]
    private var open: [Lane: Open] = [:]
    private var members: [Member] = []

    init(folder: String) throws {
        files = try Lane.allCases.map { try GrowingFile("\(folder)/spool-\($0)") }
    }

    func begin(_ name: String, in lane: Lane) { open[lane] = Open(name: name, start: files[lane.rawValue].sizeBytes) }

    func append(_ bytes: some Collection<UInt8>, to lane: Lane) throws {
        open[lane]?.digest.add(bytes)
        try files[lane.rawValue].append(bytes)
    }

    /// Closes the member of a lane, if there is one.
    func end(_ lane: Lane) {
        guard let member = open.removeValue(forKey: lane) else { return }
        let place = member.start..<files[lane.rawValue].sizeBytes
        members.append(
            Member(
                line: .init(name: member.name, sizeBytes: UInt64(place.count), digest: member.digest.finish()),
                lane: lane, place: place))
    }

    func add(_ name: String, _ content: [UInt8]) throws {
        begin(name, in: .others)
        try append(content, to: .others)
        end(.others)
    }

    /// Writes the period file of these parts, whose members were spooled, and removes the spool.
    func write(_ parts: PeriodParts, to path: String) throws {
        for file in files { try file.flush() }
        members.sort { $0.line.name.utf8.lexicographicallyPrecedes($1.line.name.utf8) }
        let target = try GrowingFile(path)
        let manifest = PeriodManifest(parts, lines: members.map(\.line)).encoded()
        try header(PeriodManifest.memberName, manifest.count, target)
        try target.append(manifest)
        try pad(target)
        for member in members {
            try header(member.line.name, member.place.count, target)
            try target.append(member.place, of: files[member.lane.rawValue])
            try pad(target)
        }
        try target.append([UInt8](repeating: 0, count: 2 * Ustar.blockSizeBytes))
        try target.flush()
        for file in files { unlink(file.path) }
    }

    private func header(_ name: String, _ sizeBytes: Int, _ target: GrowingFile) throws {
        guard let header = Ustar.header(name: name, sizeBytes: sizeBytes) else {
            throw PeriodFileWriter.WriteError.containerTooLarge
        }
        try target.append(header)
    }

    private func pad(_ target: GrowingFile) throws {
        let over = target.sizeBytes % Ustar.blockSizeBytes
        if over > 0 { try target.append([UInt8](repeating: 0, count: Ustar.blockSizeBytes - over)) }
    }
}
