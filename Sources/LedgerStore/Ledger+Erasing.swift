internal import Readings

/// Declared erasure, and what is left to do for the secrecy of items.
extension Ledger {
    /// How long to wait for a reader that holds an old view of the file, in ms.
    static let busyPauseMs = 200
    /// How often that is tried before it is left for later.
    static let busyTriesMax = 50

    /// Says in the log that a range is erased. When this returns, leaf and intention are on disk, and `carryOnErasing` or the next
    /// start erases; until then the bytes are there.
    ///
    /// - Throws: `outOfOrder` for a range that is not sealed, a stream that is not known, or a log that has ended.
    package func declareErasure(_ leaf: NewLeaf, _ range: ErasureRange) throws -> UInt64 {
        let periodMs = identity.periodMs
        let index = try append { database, tree in
            try database.checkErasable(range)
            let index = try database.append(leaf, to: &tree)
            try database.beginErasure(range, leaf: index, periodMs: periodMs)
            return index
        }
        // Latest values may have gone with it.
        latest = nil
        return index
    }

    /// Carries every declared erasure out, readings in between: items and salts, keys, pages.
    ///
    /// - Returns: false when a reader was in the way until the end, so that old versions of pages may still lie in the write-ahead
    ///   log; the next call, or the next start, does what is left.
    @discardableResult
    package func carryOnErasing() async throws -> Bool { try await carryOn { try $0.stepErasure() } }

    /// Seals what an older program has stored in the open, readings in between.
    @discardableResult
    package func carryOnSealing() async throws -> Bool { try await carryOn { try $0.sealOldItems() } }

    /// What stands in the log as erased and is not carried out to its end.
    package func pendingErasures() throws -> [PendingErasure] { try database().pendingErasures() }

    /// What an erasure of the range would take; throws as `declareErasure` does.
    package func erasureScope(_ range: ErasureRange) throws -> ErasureScope {
        let database = try database()
        try database.checkErasable(range)
        return try database.scope(of: range)
    }

    private func carryOn(_ step: (Database) throws -> Database.Progress) async throws -> Bool {
        var tries = 0
        while true {
            switch try step(try database()) {
            case .nothing: return true
            case .more: await Task.yield()
            case .busy:
                tries += 1
                if tries > Self.busyTriesMax { return false }
                try await Task.sleep(for: .milliseconds(Self.busyPauseMs))
            }
        }
    }
}

extension Database {
    func scope(of range: ErasureRange) throws -> ErasureScope {
        var items: UInt64 = 0
        var sizeBytes: UInt64 = 0
        var sealed: UInt64 = 0
        try each(
            """
            SELECT count(*), coalesce(sum(length(bytes)), 0), coalesce(sum(substr(bytes, 1, 1) = x'E1'), 0)
            FROM item WHERE stream = ? AND k >= ? AND k <= ? AND bytes IS NOT NULL
            """, .int(range.stream.rawValue), .natural(range.kFrom), .natural(range.kTo)
        ) { row in
            items = try row.natural(0)
            sizeBytes = try row.natural(1)
            sealed = try row.natural(2)
            return true
        }
        var whole = 0
        var part = 0
        if let vault, sealed > 0 {
            for day in Set([vault.day(range.kFrom), vault.day(range.kTo)]) {
                let all = vault.intervals(onDay: day)
                let others = try first(
                    """
                    SELECT 1 FROM item WHERE stream = ? AND k >= ? AND k <= ? AND (k < ? OR k > ?) AND bytes IS NOT NULL
                    LIMIT 1
                    """, .int(range.stream.rawValue), .natural(all.lowerBound), .natural(all.upperBound),
                    .natural(range.kFrom), .natural(range.kTo)
                ) { _ in true }
                part += others ?? false ? 1 : 0
            }
            whole = Int(clamping: vault.day(range.kTo) - vault.day(range.kFrom) + 1) - part
        }
        return ErasureScope(items: items, sizeBytes: sizeBytes, sealedItems: sealed, wholeDays: whole, partDays: part)
    }
}
