import Evidence
import Hashing
package import LedgerStore
import LogEntries
import MerkleLog
package import Readings

/// Makes evidence files from the ledger's own bytes; nothing is computed that the log does not hold already.
package struct EvidenceMaker: EvidenceMaking {
    private let reader: LedgerReader
    private let card: [UInt8]
    private let expectedAnchorMs: @Sendable () async -> Int64?

    /// - Parameters:
    ///   - card: text of the gateway's own policy card, put into every file.
    ///   - expectedAnchorMs: when the next anchor is likely to be confirmed, UTC ms.
    package init(
        reader: LedgerReader, card: [UInt8], expectedAnchorMs: @escaping @Sendable () async -> Int64? = { nil }
    ) {
        self.reader = reader
        self.card = card
        self.expectedAnchorMs = expectedAnchorMs
    }

    package func period(
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], path: String,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> MadeFile {
        let collector = PeriodCollector(reader: reader, card: card, expectedAnchorMs: expectedAnchorMs)
        let parts = try await collector.collect(fromMs: fromMs, toMs: toMs, streams: streams, progress: progress)
        let (sizeBytes, hash) = try await write(parts, to: path)
        progress(1)
        return MadeFile(
            path: path, sizeBytes: sizeBytes, sha256: hash, firstAnchor: Int(clamping: parts.fromSeq),
            lastAnchor: Int(clamping: parts.toSeq))
    }

    /// Packs, hashes and writes: seconds of work for a long period, so nobody's actor waits for it.
    @concurrent private func write(_ parts: PeriodParts, to path: String) async throws -> (sizeBytes: Int, hash: Hash) {
        let bytes: [UInt8]
        do { bytes = try PeriodFileWriter.write(parts, periodMs: reader.identity.periodMs) } catch .containerTooLarge {
            throw EvidenceMakingError.tooLong(limit: "the size of one file")
        }
        try Task.checkCancellation()
        try WholeFile.put(bytes, at: path)
        return (bytes.count, sha256(bytes))
    }

    package func reading(point: PointNumber, atMs: Int64) async throws -> [UInt8] {
        guard atMs >= 0 else { throw EvidenceMakingError.noSuchReading }
        let periodMs = reader.identity.periodMs
        let k = UInt64(atMs) / periodMs
        guard let leaf = try await reader.intervalLeaf(k: k) else {
            if let covered = try await reader.head().lastCoveredK, k <= covered {
                throw EvidenceMakingError.noSuchReading
            }
            throw EvidenceMakingError.notYetSealed
        }
        guard case .interval(let interval) = try Leaf.decode(leaf.bytes).body,
            let config = try await reader.config(interval.configHash)
        else { throw LedgerError.damaged(what: "interval \(k) has no configuration", file: Ledger.fileName) }
        let streams = config.items.dropFirst().map { StreamNumber($0.stream) }
        let rows = try await reader.items(k: k, streams: streams)
        guard rows.count == streams.count else {
            throw LedgerError.damaged(what: "items of interval \(k) are missing", file: Ledger.fileName)
        }
        let place = try place(of: point, in: config)
        guard let item = rows[place].item.bytes else { throw EvidenceMakingError.erased }
        let quadruples = try Payload.decode(try IntervalItem.decode(item).payload)
        guard quadruples.contains(where: { $0.point == point && $0.dtMs == UInt64(atMs) % periodMs }) else {
            throw EvidenceMakingError.noSuchReading
        }
        guard let anchor = try await reader.anchorCovering(leaf: leaf.index), let proven = PeriodAnchor(anchor) else {
            throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs())
        }
        return ReadingFile(
            origin: reader.identity.origin, item: item, innerIndex: UInt64(place),
            innerProof: MerkleTree(rows.map(\.item.hash)).inclusionProof(of: UInt64(place)), leaf: leaf.bytes,
            leafIndex: leaf.index, inclusionProof: try await reader.inclusionProof(of: leaf.index, size: anchor.size),
            checkpoint: anchor.payload, block: Array(proven.block), milestone: Array(proven.milestone),
            path: Array(proven.path), config: configItems(of: config, [0, place + 1]),
            card: String(decoding: card, as: UTF8.self),
            keys: try await KeyCollector(reader: reader).keys(under: anchor.size)
        ).encoded()
    }

    /// Place of the point's stream among the interval's items.
    private func place(of point: PointNumber, in config: StoredConfig) throws -> Int {
        for (place, row) in config.items.dropFirst().enumerated() {
            guard let bytes = row.item.bytes else { continue }
            if try ConfigStream.decode(bytes).rows.contains(where: { $0.point == point }) { return place }
        }
        throw EvidenceMakingError.noSuchReading
    }

    private func configItems(of config: StoredConfig, _ indexes: [Int]) -> [ReadingFile.ConfigItem] {
        let tree = MerkleTree(config.items.map(\.item.hash))
        return indexes.compactMap { index in
            config.items[index].item.bytes.map {
                ReadingFile.ConfigItem(
                    index: UInt64(index), item: $0, proof: tree.inclusionProof(of: UInt64(index)))
            }
        }
    }
}
