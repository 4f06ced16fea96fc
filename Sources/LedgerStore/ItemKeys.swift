internal import Crypto
internal import Glibc
internal import Hashing
internal import Readings
internal import Synchronization

/// Keys that stored items of private streams are encrypted under: one for each stream and UTC day, in a folder of their own.
///
/// The folder is no part of a backup of the ledger, so that destroying a key reaches every copy of the database. It is made, with
/// mode 0700, when the first key is. A file for each day, `YYYY-MM-DD`, mode 0600, holds records of 64 bytes: `stream u32 ‖ id (8) ‖
/// key (32) ‖ zeros (8) ‖ first 12 bytes of SHA-256 over what is before`, big-endian. In a destroyed record all behind the id is zero.
///
/// Writing is for the holder of the data directory alone.
package final class ItemKeys: Sendable {
    package static let folderName = "item-keys"
    package static func folder(in directory: String) -> String { directory + "/" + folderName }
    /// Records of one day, at most.
    static let recordsMax = 65_536
    /// Days whose keys are kept in memory; history is read day by day.
    static let daysInMemoryMax = 800

    package let folder: String
    private let random: @Sendable (Int) -> [UInt8]
    private let faults: DiskFaults?
    private let days = Mutex<[UInt64: [Record]]>([:])

    /// - Parameter random: bytes that cannot be guessed; the system's generator unless a test wants others.
    package init(
        folder: String, faults: DiskFaults? = nil, random: @escaping @Sendable (Int) -> [UInt8] = ItemKeys.systemRandom
    ) {
        self.folder = folder
        self.faults = faults
        self.random = random
    }

    package static let systemRandom: @Sendable (Int) -> [UInt8] = { count in
        // Eight bytes at a time: every question is a call of the kernel.
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            Swift.withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// One key and its name.
    struct Key: Sendable {
        let id: ID
        let secret: SymmetricKey
    }

    /// Eight random bytes that a sealed item names its key by; never used again.
    struct ID: Hashable, Sendable {
        static let sizeBytes = 8
        let bytes: [UInt8]
    }

    func nonce() -> [UInt8] { random(12) }

    /// The key of that name; `nil` when it is destroyed or was never in this folder.
    func key(_ id: ID, stream: StreamNumber, day: UInt64) throws -> SymmetricKey? {
        func find(_ records: [Record]) -> SymmetricKey? {
            records.first { $0.id == id && $0.stream == stream }?.secret
        }
        if let found = find(try records(of: day)) { return found }
        // Somebody else may have made it since.
        return find(try readAgain(day))
    }

    /// The key that new items of the stream and day are sealed under; made, and on disk when this returns, when there is none.
    func newest(stream: StreamNumber, day: UInt64) throws -> Key {
        let live = try records(of: day).last { $0.stream == stream && $0.secret != nil }
        if let live, let secret = live.secret { return Key(id: live.id, secret: secret) }
        return try make(stream: stream, day: day)
    }

    /// A new key, on disk when this returns.
    func make(stream: StreamNumber, day: UInt64) throws -> Key {
        let fault = faults?.next(.keys)
        if fault == .full { throw LedgerError.diskFull(file: path(day)) }
        if fault == .lost { throw LedgerError.injected(file: path(day)) }
        let id = ID(bytes: random(ID.sizeBytes))
        let bytes = random(32)
        let record = Record(stream: stream, id: id, secret: SymmetricKey(data: bytes))
        let known = try readAgain(day)
        guard known.count < Self.recordsMax else {
            throw LedgerError.outOfOrder(what: "\(path(day)) holds \(Self.recordsMax) keys already")
        }
        try makeFolder()
        let isNew = access(path(day), F_OK) != 0
        try write(record.encoded(key: bytes), at: known.count * Record.sizeBytes, day: day)
        if isNew { try sync(folder) }
        days.withLock { $0[day] = known + [record] }
        if fault == .reportedFailed { throw LedgerError.injected(file: path(day)) }
        return Key(id: id, secret: record.secret ?? SymmetricKey(data: bytes))
    }

    /// Overwrites the keys of a stream and day with zeros, but for `kept`; on disk when this returns.
    ///
    /// - Returns: how many were destroyed.
    @discardableResult
    func destroy(stream: StreamNumber, day: UInt64, except kept: ID? = nil) throws -> Int {
        let known = try readAgain(day)
        let doomed = known.indices.filter {
            known[$0].stream == stream && known[$0].secret != nil && known[$0].id != kept
        }
        guard !doomed.isEmpty else { return 0 }
        let fault = faults?.next(.keys)
        if fault == .full || fault == .lost { throw LedgerError.injected(file: path(day)) }
        for place in doomed {
            try write(
                Array(repeating: 0, count: Record.sizeBytes - Record.headBytes),
                at: place * Record.sizeBytes + Record.headBytes, day: day)
        }
        days.withLock { $0[day] = nil }
        if fault == .reportedFailed { throw LedgerError.injected(file: path(day)) }
        return doomed.count
    }

    /// Whether the stream has a key for that day.
    func hasKey(stream: StreamNumber, day: UInt64) throws -> Bool {
        try records(of: day).contains { $0.stream == stream && $0.secret != nil }
    }

    /// The UTC day an interval begins on, from 1970.
    static func day(k: UInt64, periodMs: UInt64) -> UInt64 {
        k.multipliedReportingOverflow(by: periodMs).partialValue / 86_400_000
    }

    // MARK: - Files

    private struct Record {
        static let sizeBytes = 64
        static let headBytes = 12
        static let checkedBytes = 52

        let stream: StreamNumber
        let id: ID
        /// `nil` when destroyed.
        let secret: SymmetricKey?

        func encoded(key: [UInt8]) -> [UInt8] {
            var bytes = (0..<4).map { UInt8(truncatingIfNeeded: stream.rawValue >> UInt32(24 - 8 * $0)) }
            bytes += id.bytes + key + [UInt8](repeating: 0, count: 8)
            return bytes + sha256(bytes).bytes.prefix(Self.sizeBytes - Self.checkedBytes)
        }

        /// `nil` for bytes that `encoded` does not make.
        init?(_ bytes: ArraySlice<UInt8>) {
            let bytes = Array(bytes)
            stream = StreamNumber(bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) })
            id = ID(bytes: Array(bytes[4..<Self.headBytes]))
            if bytes[Self.headBytes...].allSatisfy({ $0 == 0 }) {
                secret = nil
                return
            }
            let check = sha256(Array(bytes[..<Self.checkedBytes])).bytes.prefix(Self.sizeBytes - Self.checkedBytes)
            guard bytes[Self.checkedBytes...].elementsEqual(check) else { return nil }
            secret = SymmetricKey(data: bytes[Self.headBytes..<(Self.headBytes + 32)])
        }

        init(stream: StreamNumber, id: ID, secret: SymmetricKey) {
            self.stream = stream
            self.id = id
            self.secret = secret
        }
    }

    private func path(_ day: UInt64) -> String {
        folder + "/" + UTCTime.text(Int64(clamping: day) * 86_400_000).prefix(10)
    }

    private func records(of day: UInt64) throws -> [Record] {
        if let known = days.withLock({ $0[day] }) { return known }
        return try readAgain(day)
    }

    private func readAgain(_ day: UInt64) throws -> [Record] {
        let bytes = try read(day)
        var found: [Record] = []
        // A record that a power cut has torn at the end is not there: nothing was sealed under it.
        for start in stride(from: 0, to: bytes.count - bytes.count % Record.sizeBytes, by: Record.sizeBytes) {
            guard let record = Record(bytes[start..<(start + Record.sizeBytes)]) else {
                throw LedgerError.damaged(what: "the key at byte \(start) does not match its check", file: path(day))
            }
            found.append(record)
        }
        let records = found
        days.withLock { days in
            if days.count >= Self.daysInMemoryMax { days.removeAll() }
            days[day] = records
        }
        return records
    }

    private func read(_ day: UInt64) throws -> [UInt8] {
        let path = path(day)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw LedgerError.file(path: path, doing: "read it", errno: errno)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= Self.recordsMax * Record.sizeBytes {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw LedgerError.file(path: path, doing: "read it", errno: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    private func write(_ bytes: [UInt8], at offset: Int, day: UInt64) throws {
        let path = path(day)
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LedgerError.file(path: path, doing: "write it", errno: errno) }
        defer { close(file) }
        guard pwrite(file, bytes, bytes.count, off_t(offset)) == bytes.count, fsync(file) == 0 else {
            throw LedgerError.file(path: path, doing: "write it", errno: errno)
        }
    }

    private func makeFolder() throws {
        if mkdir(folder, 0o700) == 0 {
            let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
                separator: "/")
            return try sync(parent.isEmpty ? "/" : parent)
        }
        guard errno == EEXIST else { throw LedgerError.file(path: folder, doing: "make it", errno: errno) }
    }

    private func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LedgerError.file(path: folder, doing: "sync it", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw LedgerError.file(path: folder, doing: "sync it", errno: errno) }
    }
}
