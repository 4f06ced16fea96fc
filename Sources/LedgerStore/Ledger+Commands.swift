internal import Hashing
package import Readings

/// Commands: two leaves each, a row that finds them, and the keys that keep a repeated request from writing twice.
extension Ledger {
    /// How long a key is kept, ms.
    package static let commandKeyLifeMs: UInt64 = 86_400_000
    /// Keys kept at once: two clients that use up all they may, for a day.
    package static let commandKeysMax = 100_000

    /// The intent of a command: leaf, opening, row and key in one transaction. When this returns, all of it is on disk.
    ///
    /// Keys older than a day go. Under a key that is kept already nothing is written.
    package func appendIntent(
        _ leaf: NewLeaf, opening: StoredItem, _ command: NewCommand, key: CommandKey
    ) throws -> IntentFate {
        try append { database, tree in
            let nowMs = leaf.wallMs
            try database.run("DELETE FROM command_key WHERE at_ms < ?", .natural(Self.oldestKeyMs(nowMs)))
            if let kept = try database.commandKey(grant: key.grant, key: key.key) { return .keptKey(kept) }
            let count = try database.first("SELECT count(*) FROM command_key") { try $0.natural(0) } ?? 0
            guard count < UInt64(Self.commandKeysMax) else { return .keysFull }
            let index = try database.append(leaf, to: &tree)
            try database.addOpenings([opening], leaf: index)
            try database.run(
                """
                INSERT INTO command (intent, point, stream, actor, requested_ms, value, reason)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, .natural(index), .int(command.point.rawValue), .int(command.stream.rawValue),
                .blob(command.actor), .natural(nowMs), .blob(command.value), .text(command.reason))
            try database.run(
                "INSERT INTO command_key VALUES (?, ?, ?, ?, ?)", .natural(key.grant), .text(key.key),
                .hash(key.question), .natural(index), .natural(nowMs))
            return .added(leaf: index)
        }
    }

    /// The outcome of a command: leaf, opening and the row's end in one transaction.
    ///
    /// - Parameter end: its `outcome` is not read, the leaf's index stands in its place.
    /// - Throws: `outOfOrder` when there is no such command or it has an outcome: there is never a second one.
    package func appendOutcome(
        _ leaf: NewLeaf, opening: StoredItem, intent: UInt64, end: CommandEnd
    ) throws -> UInt64 {
        try append { database, tree in
            let index = try database.append(leaf, to: &tree)
            try database.addOpenings([opening], leaf: index)
            let changed = try database.run(
                """
                UPDATE command SET outcome = ?, ended_ms = ?, result = ?, read_back = ?, read_ms = ?, detail = ?
                WHERE intent = ? AND outcome IS NULL
                """, .natural(index), .natural(end.endedMs), .natural(end.result), .optional(end.readBack),
                .natural(end.readMs), .text(end.detail), .natural(intent))
            guard changed == 1 else {
                throw LedgerError.outOfOrder(what: "the command of leaf \(intent) has an outcome already")
            }
            return index
        }
    }

    /// Commands without an outcome, by intent.
    package func openCommands() throws -> [StoredCommand] { try database().openCommands() }

    package func command(intent: UInt64) throws -> StoredCommand? { try database().command(intent: intent) }

    /// `nil` when the key was never used, or longer ago than a day.
    package func commandKey(grant: UInt64, key: String, nowMs: UInt64) throws -> KeptKey? {
        try database().commandKey(grant: grant, key: key, sinceMs: Self.oldestKeyMs(nowMs))
    }

    /// When a command of this point was asked for last, UTC ms.
    package func lastCommandMs(of point: PointNumber) throws -> UInt64? {
        try database().first("SELECT max(requested_ms) FROM command WHERE point = ?", .int(point.rawValue)) {
            try $0.naturalOrNil(0)
        } ?? nil
    }

    private static func oldestKeyMs(_ nowMs: UInt64) -> UInt64 {
        nowMs > commandKeyLifeMs ? nowMs - commandKeyLifeMs : 0
    }
}

extension LedgerReader {
    package func command(intent: UInt64) throws -> StoredCommand? { try database().command(intent: intent) }
    package func commands(_ query: CommandQuery) throws -> [StoredCommand] { try database().commands(query) }
}

extension Database {
    func commandKey(grant: UInt64, key: String, sinceMs: UInt64 = 0) throws -> KeptKey? {
        try first(
            "SELECT question, intent FROM command_key WHERE grant_number = ? AND key = ? AND at_ms >= ?",
            .natural(grant), .text(key), .natural(sinceMs)
        ) { KeptKey(question: try $0.hash(0), intent: try $0.natural(1)) }
    }

    func command(intent: UInt64) throws -> StoredCommand? {
        try first(Self.commandColumns + " WHERE intent = ?", .natural(intent), read: StoredCommand.init)
    }

    func openCommands() throws -> [StoredCommand] {
        try rows(Self.commandColumns + " WHERE outcome IS NULL ORDER BY intent", read: StoredCommand.init)
    }

    func commands(_ query: CommandQuery) throws -> [StoredCommand] {
        // Four texts in all, so that the kept statements stay few.
        let comparison = query.after == nil ? (query.isDescending ? "<=" : ">=") : (query.isDescending ? "<" : ">")
        let points = "[" + query.points.map { String($0.rawValue) }.joined(separator: ",") + "]"
        return try rows(
            Self.commandColumns + """
                 WHERE intent \(comparison) ?1 AND requested_ms >= ?2 AND requested_ms < ?3
                AND (?4 = '[]' OR point IN (SELECT value FROM json_each(?4)))
                ORDER BY intent \(query.isDescending ? "DESC" : "ASC") LIMIT ?5
                """,
            .natural(query.after ?? (query.isDescending ? UInt64(Int64.max) : 0)), .natural(query.fromMs),
            .natural(query.toMs), .text(points), .int(query.limit), read: StoredCommand.init)
    }

    private static let commandColumns = """
        SELECT intent, point, stream, actor, requested_ms, value, reason, outcome, ended_ms, result, read_back, read_ms,
        detail FROM command
        """
}

extension StoredCommand {
    init(_ row: Row) throws {
        var end: CommandEnd?
        if let outcome = try row.naturalOrNil(7) {
            end = CommandEnd(
                outcome: outcome, endedMs: try row.natural(8), result: try row.natural(9),
                readBack: try row.blobOrNil(10), readMs: try row.naturalOrNil(11), detail: try row.text(12))
        }
        self.init(
            intent: try row.natural(0), point: PointNumber(try row.number32(1)),
            stream: StreamNumber(try row.number32(2)), actor: try row.blob(3), requestedMs: try row.natural(4),
            value: try row.blob(5), reason: try row.text(6), end: end)
    }
}
