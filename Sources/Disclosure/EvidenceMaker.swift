import Evidence
import Glibc
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
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], path: String, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> MadeFile {
        let collector = PeriodCollector(reader: reader, card: card, expectedAnchorMs: expectedAnchorMs)
        let parts = try await collector.collect(fromMs: fromMs, toMs: toMs, streams: streams, progress: progress)
        let bytes = try PeriodFileWriter.write(parts, periodMs: reader.identity.periodMs)
        try Self.put(bytes, at: path)
        progress(1)
        return MadeFile(
            path: path, sizeBytes: bytes.count, sha256: sha256(bytes), firstAnchor: Int(clamping: parts.fromSeq),
            lastAnchor: Int(clamping: parts.toSeq))
    }

    package func reading(point: PointNumber, atMs: Int64) async throws -> [UInt8] {
        let periodMs = Int64(clamping: reader.identity.periodMs)
        guard atMs >= 0 else { throw EvidenceMakingError.noSuchReading }
        let k = UInt64(atMs / periodMs)
        guard let leaf = try await reader.intervalLeaf(k: k) else {
            if let covered = try await reader.head().lastCoveredK, k <= covered { throw EvidenceMakingError.noSuchReading }
            throw EvidenceMakingError.notYetSealed
        }
        guard case .interval(let interval) = try Leaf.decode(leaf.bytes).body,
            let config = try await reader.config(interval.configHash)
        else { throw LedgerError.damaged(what: "interval \(k) has no configuration", file: Ledger.fileName) }
        let streams = config.items.dropFirst().map { StreamNumber($0.stream) }
        let rows = try await reader.items(k: k, streams: streams)
        guard let place = try place(of: point, atMs: atMs, in: rows, k: k, periodMs: periodMs), let item = rows[place].item.bytes
        else { throw EvidenceMakingError.noSuchReading }
        guard let anchor = try await reader.anchorCovering(leaf: leaf.index), let proven = PeriodAnchor(anchor) else {
            throw EvidenceMakingError.notYetAnchored(expectedAtMs: await expectedAnchorMs())
        }
        let configTree = MerkleTree(config.items.map(\.item.hash))
        var rowProofs: [ReadingFile.ConfigItem] = []
        for index in [0, place + 1] {
            guard let bytes = config.items[index].item.bytes else { continue }
            rowProofs.append(
                ReadingFile.ConfigItem(
                    index: UInt64(index), item: bytes, proof: configTree.inclusionProof(of: UInt64(index))))
        }
        return ReadingFile(
            origin: reader.identity.origin, item: item, innerIndex: UInt64(place),
            innerProof: MerkleTree(rows.map(\.item.hash)).inclusionProof(of: UInt64(place)), leaf: leaf.bytes,
            leafIndex: leaf.index,
            inclusionProof: try await reader.inclusionProof(of: leaf.index, size: anchor.size),
            checkpoint: anchor.payload, block: Array(proven.block), milestone: Array(proven.milestone),
            path: Array(proven.path), config: rowProofs, card: String(decoding: card, as: UTF8.self)
        ).encoded()
    }

    /// Which of the interval's items holds a quadruple of this point at this instant.
    private func place(
        of point: PointNumber, atMs: Int64, in rows: [IntervalItemRow], k: UInt64, periodMs: Int64
    ) throws -> Int? {
        let dtMs = UInt64(atMs % periodMs)
        for (place, row) in rows.enumerated() {
            guard let bytes = row.item.bytes else { continue }
            let quadruples = try Payload.decode(try IntervalItem.decode(bytes).payload)
            if quadruples.contains(where: { $0.point == point && $0.dtMs == dtMs }) { return place }
        }
        if rows.contains(where: { $0.item.bytes == nil }) { throw EvidenceMakingError.erased }
        return nil
    }

    /// Whole or not at all: written beside its place, synced, renamed.
    private static func put(_ bytes: [UInt8], at path: String) throws {
        let part = path + ".part"
        let file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw LedgerError.file(path: part, doing: "open it", errno: errno) }
        var isDone = false
        defer {
            close(file)
            if !isDone { unlink(part) }
        }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + written }, bytes.count - written) }
            guard count > 0 else { throw LedgerError.file(path: part, doing: "write it", errno: errno) }
            written += count
        }
        guard fsync(file) == 0, rename(part, path) == 0 else {
            throw LedgerError.file(path: path, doing: "keep it", errno: errno)
        }
        isDone = true
    }
}
