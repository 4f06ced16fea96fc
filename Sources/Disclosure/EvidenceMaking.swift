package import Hashing
package import Readings

/// A period file that lies on disk, whole.
package struct MadeFile: Hashable, Sendable {
    /// Where it lies: the path that was asked for.
    package let path: String
    package let sizeBytes: Int
    /// SHA-256 of the whole file.
    package let sha256: Hash
    /// anchor_seq of A and of B (formats.md section 7).
    package let firstAnchor: Int
    package let lastAnchor: Int

    package init(path: String, sizeBytes: Int, sha256: Hash, firstAnchor: Int, lastAnchor: Int) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.firstAnchor = firstAnchor
        self.lastAnchor = lastAnchor
    }
}

/// Why no evidence file could be made. What the ledger itself throws is passed on as it is.
package enum EvidenceMakingError: Error, Equatable {
    /// The last interval asked for is in the running interval, not in the log yet.
    case notYetSealed
    /// In the log, but no anchor that a milestone references covers it yet. `expectedAtMs`: when one is likely, UTC ms.
    case notYetAnchored(expectedAtMs: Int64?)
    /// No anchor was confirmed at or before the beginning: the log is younger than the question, or nothing was ever anchored.
    case noAnchorBefore(firstAnchoredAtMs: Int64?)
    /// There is no reading of this point at exactly this instant.
    case noSuchReading
    /// The item was erased; its hash remains in the log.
    case erased
    /// More than the maker's own limit; `limit` says which, for people.
    case tooLong(limit: String)
}

/// Builds the files of formats.md section 6 from the ledger.
package protocol EvidenceMaking: Sendable {
    /// Makes the period file for `fromMs` ≤ t < `toMs` (UTC ms) at `path`, disclosing `streams` (all others withheld).
    ///
    /// Owes: the bytes go to `path` whole or not at all (write beside it, sync, rename); the same ledger and question give the
    /// same bytes; cancellation leaves nothing behind. `progress` is called with 0…1, rising, from any thread.
    /// - Throws: `EvidenceMakingError`, or what the ledger or the disk throws.
    func period(
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], path: String,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> MadeFile

    /// Makes the reading file (a few kB) for the reading of `point` captured at exactly `atMs`, with the gateway's own card inside.
    /// - Throws: `EvidenceMakingError`, or what the ledger throws.
    func reading(point: PointNumber, atMs: Int64) async throws -> [UInt8]
}
