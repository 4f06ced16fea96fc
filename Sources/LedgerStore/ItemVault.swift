internal import Readings

/// How the items of private streams are put into the file and taken out of it.
struct ItemVault {
    let keys: ItemKeys
    let periodMs: UInt64

    /// What stands in the column `bytes` of an item.
    enum Content {
        case bytes([UInt8])
        case erased
        /// Sealed under a key that is not in the folder any more.
        case keyGone
    }

    func day(_ k: UInt64) -> UInt64 { ItemKeys.day(k: k, periodMs: periodMs) }

    /// The first interval that begins on a day, and the last.
    func intervals(onDay day: UInt64) -> ClosedRange<UInt64> {
        let first = (day * 86_400_000 + periodMs - 1) / periodMs
        return first...max(first, ((day + 1) * 86_400_000 - 1) / periodMs)
    }

    func seal(_ bytes: [UInt8], stream: StreamNumber, k: UInt64, under key: ItemKeys.Key? = nil) throws -> [UInt8] {
        let key = try key ?? keys.newest(stream: stream, day: day(k))
        return try SealedBytes.seal(bytes, key, nonce: keys.nonce(), at: SealedBytes.Place(stream: stream, k: k))
    }

    /// - Throws: `damaged` for sealed bytes of which one is another than when they were sealed.
    func open(_ stored: [UInt8]?, stream: StreamNumber, k: UInt64, file: String) throws -> Content {
        guard let stored else { return .erased }
        guard stored.first == SealedBytes.mark else { return .bytes(stored) }
        guard let sealed = SealedBytes(stored) else { throw Self.damaged(stream, k, file) }
        guard let key = try keys.key(sealed.keyID, stream: stream, day: day(k)) else { return .keyGone }
        guard let plain = sealed.opened(key, at: SealedBytes.Place(stream: stream, k: k)) else {
            throw Self.damaged(stream, k, file)
        }
        return .bytes(plain)
    }

    private static func damaged(_ stream: StreamNumber, _ k: UInt64, _ file: String) -> LedgerError {
        .damaged(what: "item \(stream)/\(k) does not open with its key", file: file)
    }
}

extension Database {
    /// An item's bytes as they were logged.
    func content(_ row: Row, _ column: Int32, stream: StreamNumber, k: UInt64) throws -> ItemVault.Content {
        let stored = try row.blobOrNil(column)
        guard let vault else { return stored.map { .bytes($0) } ?? .erased }
        return try vault.open(stored, stream: stream, k: k, file: path)
    }

    /// Columns hash, bytes.
    func storedItem(_ row: Row, _ column: Int32, stream: StreamNumber, k: UInt64) throws -> StoredItem {
        let hash = try row.hash(column)
        return switch try content(row, column + 1, stream: stream, k: k) {
        case .bytes(let bytes): StoredItem(hash: hash, bytes: bytes)
        case .erased: StoredItem(hash: hash, bytes: nil)
        case .keyGone: StoredItem(hash: hash, bytes: nil, isKeyGone: true)
        }
    }

    /// Streams that were ever of a class other than `none`; what cannot be read counts as private.
    func privateStreams() throws -> Set<StreamNumber> {
        var found: Set<StreamNumber> = []
        try each("SELECT stream, bytes FROM config_item WHERE stream > 0") { row in
            let stream = StreamNumber(try row.number32(0))
            if try !Self.isPublic(row.blobOrNil(1)) { found.insert(stream) }
            return true
        }
        return found
    }
}
