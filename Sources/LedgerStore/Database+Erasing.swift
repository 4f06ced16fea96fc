internal import LogEntries
internal import Readings

/// Erasing, in steps that each are one transaction or one durable change of the key folder. The type 10 leaf and the row in
/// `erasure` come first, together; whoever finds the row carries on (decision 21).
extension Database {
    /// Items whose bytes go in one transaction.
    static let erasedInOneGo = 2_000
    /// Free pages that are given back in one transaction.
    static let vacuumedInOneGo = 256

    enum Progress {
        case nothing, more
        /// A reader holds an old view of the file, so that the write-ahead log cannot be folded back.
        case busy
    }

    func checkErasable(_ range: ErasureRange) throws {
        guard range.kFrom <= range.kTo else {
            throw LedgerError.outOfOrder(what: "interval \(range.kTo) is before \(range.kFrom)")
        }
        guard let last = try lastSealedK(), range.kTo <= last else {
            throw LedgerError.outOfOrder(what: "only sealed intervals can be erased; wait until \(range.kTo) is sealed")
        }
        let hasEnded = try first("SELECT 1 FROM leaf WHERE type = 12 LIMIT 1") { _ in true } ?? false
        guard !hasEnded else {
            throw LedgerError.outOfOrder(what: "this log has ended: nothing is declared in it any more")
        }
        let isKnown = try first("SELECT 1 FROM config_item WHERE stream = ? LIMIT 1", .int(range.stream.rawValue)) {
            _ in
            true
        }
        let hasItems = try first("SELECT 1 FROM item WHERE stream = ? LIMIT 1", .int(range.stream.rawValue)) { _ in true
        }
        guard isKnown ?? hasItems ?? false else {
            throw LedgerError.outOfOrder(what: "there is no stream \(range.stream)")
        }
    }

    /// Writes down that the range is to be erased, and lets go of what stands outside the items. In the leaf's transaction.
    func beginErasure(_ range: ErasureRange, leaf: UInt64, periodMs: UInt64) throws {
        let stream = Value.int(range.stream.rawValue)
        try run(
            "INSERT INTO erasure VALUES (?, ?, ?, ?, ?, ?)", .natural(leaf), stream, .natural(range.kFrom),
            .natural(range.kTo), .int(PendingErasure.Step.items.rawValue), .natural(range.kFrom))
        try forgetCitations { $0.stream == range.stream && $0.k >= range.kFrom && $0.k <= range.kTo }
        let fromMs = Int64(clamping: range.kFrom.multipliedReportingOverflow(by: periodMs).partialValue)
        let toMs = Int64(clamping: (range.kTo + 1).multipliedReportingOverflow(by: periodMs).partialValue)
        try forgetLatest(of: range.stream, fromMs..<max(fromMs, toMs))
        try forgetEvents(of: range.stream, fromMs..<max(fromMs, toMs))
    }

    /// Latest values that were captured then.
    private func forgetLatest(of stream: StreamNumber, _ instants: Range<Int64>) throws {
        let points = Set(
            try rows("SELECT point FROM point_stream WHERE stream = ?", .int(stream.rawValue)) {
                PointNumber(try $0.number32(0))
            })
        for block in PointBlock.of(points.sorted()) {
            var left: [LatestValue] = []
            var isChanged = false
            try eachLatest(block: block) { value in
                guard points.contains(value.newest.point),
                    value.replay.contains(where: { instants.contains($0.capturedAtMs) })
                else { return left.append(value) }
                isChanged = true
                if let rest = value.without(instants) { left.append(rest) }
            }
            if isChanged { try putLatest(block, left) }
        }
    }

    /// Events of the API's stream about these points.
    private func forgetEvents(of stream: StreamNumber, _ instants: Range<Int64>) throws {
        let ids = Set(
            try rows(
                "SELECT id FROM point_number JOIN point_stream ON point = number WHERE stream = ?",
                .int(stream.rawValue)
            ) { try $0.text(0) })
        let events = try rows(
            "SELECT id, points FROM event WHERE at_ms >= ? AND at_ms < ? AND points != ''",
            .int(instants.lowerBound), .int(instants.upperBound)
        ) { (id: try $0.natural(0), points: try $0.text(1).split(separator: " ").map(String.init)) }
        for event in events where !ids.isDisjoint(with: event.points) {
            try run("DELETE FROM event WHERE id = ?", .natural(event.id))
        }
    }

    func pendingErasures() throws -> [PendingErasure] {
        try rows("SELECT leaf, stream, k_from, k_to, step, next_k FROM erasure ORDER BY leaf") { row in
            guard let step = PendingErasure.Step(rawValue: try row.int(4)) else {
                throw LedgerError.damaged(what: "an erasure has step \(try row.int(4))", file: path)
            }
            return PendingErasure(
                leaf: try row.natural(0),
                range: ErasureRange(
                    stream: StreamNumber(try row.number32(1)), kFrom: try row.natural(2), kTo: try row.natural(3)),
                step: step, nextK: try row.natural(5))
        }
    }

    /// The next step of the oldest erasure that is not done.
    func stepErasure() throws -> Progress {
        guard let pending = try pendingErasures().first else { return .nothing }
        switch pending.step {
        case .items: try eraseItems(pending)
        case .keys: try eraseKeys(pending)
        case .pages:
            guard try fold() else { return .busy }
            if try giveBackPages() { return .more }
            _ = try transaction { try run("DELETE FROM erasure WHERE leaf = ?", .natural(pending.leaf)) }
        }
        return .more
    }

    private func eraseItems(_ pending: PendingErasure) throws {
        let range = pending.range
        try transaction {
            let last = try first(
                """
                SELECT max(k) FROM (SELECT k FROM item WHERE stream = ? AND k >= ? AND k <= ? AND bytes IS NOT NULL
                ORDER BY k LIMIT ?)
                """, .int(range.stream.rawValue), .natural(pending.nextK), .natural(range.kTo), .int(Self.erasedInOneGo)
            ) { try $0.naturalOrNil(0) }
            guard let last = last ?? nil else { return try note(pending, .keys, nextK: range.kFrom) }
            try run(
                "UPDATE item SET bytes = NULL WHERE stream = ? AND k >= ? AND k <= ?", .int(range.stream.rawValue),
                .natural(pending.nextK), .natural(last))
            try note(pending, .items, nextK: last + 1)
        }
    }

    private func note(_ pending: PendingErasure, _ step: PendingErasure.Step, nextK: UInt64) throws {
        try run(
            "UPDATE erasure SET step = ?, next_k = ? WHERE leaf = ?", .int(step.rawValue), .natural(nextK),
            .natural(pending.leaf))
    }

    // MARK: - Keys

    /// One day: all its keys, or all but the one that its other items are sealed under from now on.
    private func eraseKeys(_ pending: PendingErasure) throws {
        let range = pending.range
        guard let vault, pending.nextK <= range.kTo else {
            _ = try transaction { try note(pending, .pages, nextK: range.kTo) }
            return
        }
        let day = vault.day(pending.nextK)
        if try vault.keys.hasKey(stream: range.stream, day: day) {
            let left = vault.intervals(onDay: day)
            let hasOthers = try first(
                "SELECT 1 FROM item WHERE stream = ? AND k >= ? AND k <= ? AND bytes IS NOT NULL LIMIT 1",
                .int(range.stream.rawValue), .natural(left.lowerBound), .natural(left.upperBound)
            ) { _ in true }
            var kept: ItemKeys.ID?
            if hasOthers ?? false {
                let key = try vault.keys.make(stream: range.stream, day: day)
                try transaction { try sealAnew(range.stream, left, under: key, vault) }
                kept = key.id
            }
            try vault.keys.destroy(stream: range.stream, day: day, except: kept)
        }
        _ = try transaction {
            try note(pending, .keys, nextK: max(pending.nextK + 1, vault.intervals(onDay: day + 1).lowerBound))
        }
    }

    private func sealAnew(
        _ stream: StreamNumber, _ range: ClosedRange<UInt64>, under key: ItemKeys.Key, _ vault: ItemVault
    ) throws {
        var next = range.lowerBound
        while next <= range.upperBound {
            let page = try rows(
                """
                SELECT k, bytes FROM item WHERE stream = ? AND k >= ? AND k <= ? AND bytes IS NOT NULL
                ORDER BY k LIMIT ?
                """, .int(stream.rawValue), .natural(next), .natural(range.upperBound), .int(Self.erasedInOneGo)
            ) { (k: try $0.natural(0), bytes: try $0.blob(1)) }
            guard let last = page.last else { return }
            for row in page {
                // What does not open now never will: it is left for whoever reads it to say so.
                guard case .bytes(let plain)? = try? vault.open(row.bytes, stream: stream, k: row.k, file: path) else {
                    continue
                }
                try run(
                    "UPDATE item SET bytes = ? WHERE stream = ? AND k = ?",
                    .blob(try vault.seal(plain, stream: stream, k: row.k, under: key)), .int(stream.rawValue),
                    .natural(row.k))
            }
            next = last.k + 1
        }
    }

    // MARK: - Pages

    /// Folds the write-ahead log back into the file and cuts it off: it held older versions of the pages. False when a reader
    /// is in the way.
    func fold() throws -> Bool {
        try first("PRAGMA wal_checkpoint(TRUNCATE)") { try $0.int(0) } == 0
    }

    /// Gives some free pages back to the file system; they are zeros already. False when there are none, or the file was made before
    /// this was possible: then new rows use them.
    private func giveBackPages() throws -> Bool {
        guard try pragma("auto_vacuum") == 2, try pragma("freelist_count") ?? 0 > 0 else { return false }
        try script("PRAGMA incremental_vacuum(\(Self.vacuumedInOneGo))")
        return true
    }
}

/// Items that an older program has stored in the open.
extension Database {
    /// Items looked at in one transaction.
    static let sealedInOneGo = 500

    static func isPublic(_ item: [UInt8]?) -> Bool {
        // Unreadable is private.
        guard let item, let stream = try? ConfigStream.decode(item) else { return false }
        return stream.privacyClass == PrivacyClass.none
    }

    /// Seals the next items of private streams that lie in the open since before schema 8; `nothing` when all are done.
    func sealOldItems() throws -> Progress {
        let cursor = try first("SELECT stream, k FROM item_sealing") { (try $0.int(0), try $0.natural(1)) }
        guard let (stream, k) = cursor, let vault else { return .nothing }
        let mine = try privateStreams().filter { Int64($0.rawValue) >= stream }.min()
        guard let mine else {
            guard try fold() else { return .busy }
            _ = try transaction { try run("DELETE FROM item_sealing") }
            return .more
        }
        let from = Int64(mine.rawValue) == stream ? k : 0
        try transaction {
            let page = try rows(
                "SELECT k, bytes FROM item WHERE stream = ? AND k >= ? ORDER BY k LIMIT ?", .int(mine.rawValue),
                .natural(from), .int(Self.sealedInOneGo)
            ) { (k: try $0.natural(0), bytes: try $0.blobOrNil(1)) }
            for row in page {
                guard let bytes = row.bytes, bytes.first != SealedBytes.mark else { continue }
                try run(
                    "UPDATE item SET bytes = ? WHERE stream = ? AND k = ?",
                    .blob(try vault.seal(bytes, stream: mine, k: row.k)), .int(mine.rawValue), .natural(row.k))
            }
            let isLast = page.count < Self.sealedInOneGo
            try run(
                "UPDATE item_sealing SET stream = ?, k = ?", .int(Int64(mine.rawValue) + (isLast ? 1 : 0)),
                .natural(isLast ? 0 : (page.last?.k ?? 0) + 1))
        }
        return .more
    }
}
