package import Hashing

/// Tokens, the event stream and jobs: what the API keeps. None of it is evidence, so none of it is in the log.
extension Ledger {
    /// How long events can be resumed, in milliseconds.
    package static let eventLifeMs: UInt64 = 86_400_000

    /// Ids kept free above each event. A stream numbers what it sends between two stored events with them: such an id
    /// stays below every event that is stored later, whatever the clock does and whoever restarts.
    package static let eventHeadroom: UInt64 = 1_000

    /// Adds events and gives them ids: `eventHeadroom` above the last, and never below `nowMs`. Events older than 24 h go.
    @discardableResult
    package func addEvents(_ events: [NewEvent], nowMs: UInt64) throws -> [UInt64] {
        if events.isEmpty { return [] }
        return try write { database in
            var last = try database.lastEventID()
            var ids: [UInt64] = []
            for event in events {
                last = last == 0 ? max(1, nowMs) : max(last + Self.eventHeadroom, nowMs)
                guard last <= UInt64(Int64.max) - Self.eventHeadroom else {
                    throw LedgerError.outOfOrder(what: "an event at \(nowMs) ms is beyond every calendar")
                }
                ids.append(last)
                try database.run(
                    "INSERT INTO event VALUES (?, ?, ?, ?, ?)", .natural(last), .text(event.kind), .natural(nowMs),
                    .text(event.points.joined(separator: " ")), .text(event.json))
            }
            try database.run(
                "INSERT INTO event_last VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last",
                .natural(last))
            let oldest = nowMs > Self.eventLifeMs ? nowMs - Self.eventLifeMs : 0
            try database.run("DELETE FROM event WHERE id < ?", .natural(oldest))
            return ids
        }
    }

    /// Stores a new token's hash; the grant number is the next free one.
    package func addToken(
        hash: Hash, name: String, role: String, scope: String, nowMs: UInt64, untilMs: UInt64?
    ) throws -> StoredToken {
        try write { try $0.addToken(hash: hash, name: name, role: role, scope: scope, nowMs: nowMs, untilMs: untilMs) }
    }

    /// Takes a token back. Its row stays, so that its grant number still tells who it was.
    package func endToken(grant: UInt64, atMs: UInt64) throws {
        try write { try $0.endToken(grant: grant, atMs: atMs) }
    }

    /// Adds a job, or overwrites what is known of it.
    package func putJob(_ job: EvidenceJob) throws {
        try write { database in
            try database.run(
                "INSERT OR REPLACE INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", .text(job.id),
                .text(job.question),
                .text(job.state.rawValue), .natural(job.createdMs), .natural(job.anchorFrom), .natural(job.anchorTo),
                .optional(job.file), .natural(job.sizeBytes), .optional(job.sha256?.bytes), .natural(job.expiresMs),
                .int(job.doneMille), .optional(job.problem))
        }
    }

    package func removeJob(_ id: String) throws { try write { try $0.run("DELETE FROM job WHERE id = ?", .text(id)) } }
}

extension Database {
    func lastEventID() throws -> UInt64 {
        try first("SELECT last FROM event_last") { try $0.natural(0) } ?? 0
    }

    func event(atOrBefore id: UInt64) throws -> (id: UInt64, atMs: UInt64)? {
        try first("SELECT id, at_ms FROM event WHERE id <= ? ORDER BY id DESC LIMIT 1", .natural(id)) {
            (try $0.natural(0), try $0.natural(1))
        }
    }

    func events(after id: UInt64, limit: Int) throws -> [StoredEvent] {
        try rows(
            "SELECT id, kind, at_ms, points, json FROM event WHERE id > ? ORDER BY id LIMIT ?", .natural(id),
            .int(limit)
        ) {
            StoredEvent(
                id: try $0.natural(0), kind: try $0.text(1), atMs: try $0.natural(2),
                points: try $0.text(3).split(separator: " ").map(String.init), json: try $0.text(4))
        }
    }

    func addToken(
        hash: Hash, name: String, role: String, scope: String, nowMs: UInt64, untilMs: UInt64?
    ) throws -> StoredToken {
        let last = try first("SELECT max(grant_number) FROM token") { try $0.naturalOrNil(0) ?? 0 } ?? 0
        try run(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", .hash(hash), .natural(last + 1), .text(name),
            .text(role),
            .text(scope), .natural(nowMs), .natural(untilMs))
        return StoredToken(
            hash: hash, grant: last + 1, name: name, role: role, scope: scope, createdMs: nowMs, untilMs: untilMs,
            endedMs: nil)
    }

    func endToken(grant: UInt64, atMs: UInt64) throws {
        try run(
            "UPDATE token SET ended_ms = coalesce(ended_ms, ?) WHERE grant_number = ?", .natural(atMs), .natural(grant))
    }

    func tokens() throws -> [StoredToken] {
        try rows(Self.tokenColumns + " ORDER BY grant_number", read: StoredToken.init)
    }

    func token(hash: Hash) throws -> StoredToken? {
        try first(Self.tokenColumns + " WHERE hash = ?", .hash(hash), read: StoredToken.init)
    }

    func jobs() throws -> [EvidenceJob] {
        try rows(Self.jobColumns + " ORDER BY created_ms, id", read: EvidenceJob.init)
    }

    func job(_ id: String) throws -> EvidenceJob? {
        try first(Self.jobColumns + " WHERE id = ?", .text(id), read: EvidenceJob.init)
    }

    private static let tokenColumns =
        "SELECT hash, grant_number, name, role, scope, created_ms, until_ms, ended_ms FROM token"
    private static let jobColumns = """
        SELECT id, question, state, created_ms, anchor_from, anchor_to, file, size_bytes, sha256, expires_ms,
        done_mille, problem FROM job
        """
}

extension StoredToken {
    init(_ row: Row) throws {
        self.init(
            hash: try row.hash(0), grant: try row.natural(1), name: try row.text(2), role: try row.text(3),
            scope: try row.text(4), createdMs: try row.natural(5), untilMs: try row.naturalOrNil(6),
            endedMs: try row.naturalOrNil(7))
    }
}

extension EvidenceJob {
    init(_ row: Row) throws {
        guard let state = State(rawValue: try row.text(2)) else {
            throw LedgerError.damaged(what: "job \(try row.text(0)) has no known state", file: row.file)
        }
        self.init(
            id: try row.text(0), question: try row.text(1), state: state, createdMs: try row.natural(3),
            anchorFrom: try row.naturalOrNil(4), anchorTo: try row.naturalOrNil(5), file: try row.textOrNil(6),
            sizeBytes: try row.naturalOrNil(7), sha256: try row.hashOrNil(8), expiresMs: try row.naturalOrNil(9),
            doneMille: try row.number32(10), problem: try row.textOrNil(11))
    }
}
