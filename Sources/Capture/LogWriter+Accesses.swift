internal import Hashing
internal import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings

/// The access leaf of an interval.
extension LogWriter {
    /// The items of an access leaf, as they stand under its inner root.
    ///
    /// One for each stream that was read, so that an evidence file can open one and leave the others closed. What is left
    /// closed shows neither which streams were read, for the items stand in the order of their hashes, nor how many: items
    /// without entries make the number a power of two.
    func accessItems(_ uses: [AccessUse], k: UInt64) throws -> [StoredItem] {
        var streams: [String: StreamNumber] = [:]
        for stream in configuration.configuration.streams { for row in stream.rows { streams[row.id] = stream.stream } }
        var entries: [StreamNumber?: [AccessItem.Entry]] = [:]
        for use in uses {
            guard let actor = Bytes16(use.actor) else { throw CaptureError.unreadable(what: "the actor of a use") }
            // What is read of a point that has gone since stands in an item of its own.
            entries[streams[use.scope], default: []].append(
                AccessItem.Entry(
                    grant: use.grant, actor: actor, scope: use.scope, what: use.what, count: use.count))
        }
        var wanted = 1
        while wanted < entries.count { wanted *= 2 }
        let lists =
            entries.sorted { ($0.key?.rawValue ?? 0) < ($1.key?.rawValue ?? 0) }.map(\.value)
            + Array(repeating: [], count: wanted - entries.count)
        return try lists.map { list in
            let bytes = AccessItem(k: k, salt: try Bytes16.random(random), entries: list).encoded()
            return StoredItem(hash: leafHash(bytes), bytes: bytes)
        }.sorted { $0.hash.bytes.lexicographicallyPrecedes($1.hash.bytes) }
    }
}
