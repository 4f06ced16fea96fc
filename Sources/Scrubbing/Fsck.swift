package import LedgerStore

/// A whole rereading by hand: the file, every leaf with all that hangs on it, and the tables beside the log.
package struct Fsck: Sendable {
    package struct Report: Sendable {
        package let origin: String
        /// Leaves of the log when the rereading began.
        package let size: UInt64
        package let counts: LogWalk.Counts
        package let damage: DamageList
        /// Where the walk gave up; `nil` when it read everything.
        package let stoppedAt: UInt64?

        package var isSound: Bool { damage.count == 0 }
    }

    /// Leaves that are read at once.
    static let sliceLeaves: UInt64 = 256
    /// Faults of the file that SQLite is asked for.
    static let pageFaultsMax = 100
    /// Leaves that may be missing one after the other; behind more of them nothing is looked for.
    static let missingMax: UInt64 = 4_096

    /// - Parameters:
    ///   - progress: is told how many leaves of how many are read.
    /// - Throws: what is no damage, such as a file that may not be read.
    package static func run(
        _ reader: LedgerReader, measures: LogWalk.Measures, progress: (_ leaves: UInt64, _ of: UInt64) -> Void
    ) async throws -> Report {
        var walk = LogWalk(reader, measures: measures)
        try await walk.checkFile()
        let size = try await walk.size()
        var stoppedAt: UInt64?
        while walk.place.next < size {
            progress(walk.place.next, size)
            try await walk.step(to: min(size, walk.place.next + sliceLeaves))
            if walk.missingInARow > missingMax {
                stoppedAt = walk.place.next
                break
            }
        }
        progress(size, size)
        try await walk.finish(size: size)
        return Report(
            origin: reader.identity.origin, size: size, counts: walk.counts, damage: walk.found, stoppedAt: stoppedAt)
    }
}

extension LogWalk {
    mutating func checkFile() async throws {
        let faults = try await read(.file, "ledger.db") { try $0.pageFaults(limit: Fsck.pageFaultsMax) }
        for fault in faults ?? [] { found.add(.file, "ledger.db: \(fault)", "SQLite's own check names it") }
    }

    /// Leaves as the table has them; where it cannot say, as was signed.
    mutating func size() async throws -> UInt64 {
        if let size = try await read(.leaf, "the last leaf", { try $0.size() }) { return size }
        return signedSize ?? 0
    }
}
