internal import Hashing

extension Database {
    /// What a write-ahead log may grow to before it is folded back, in pages.
    static let checkpointPages = 1_000
    /// Pages of the file that a connection keeps in memory, KiB. The log is appended to, so few pages are wanted twice.
    static let cacheKiB = 512

    /// Settings of the writing connection. WAL with `synchronous = FULL`: a commit that returned survives power loss.
    func prepareWriter() throws {
        // Only a file without tables takes it; there it lets free pages be given back a few at a time.
        try script("PRAGMA auto_vacuum = INCREMENTAL")
        guard try pragmaText("journal_mode = WAL") == "wal" else {
            throw LedgerError.damaged(what: "the file cannot be kept with a write-ahead log", file: path)
        }
        try script(
            """
            PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
            PRAGMA wal_autocheckpoint = \(Self.checkpointPages); PRAGMA trusted_schema = OFF;
            PRAGMA cell_size_check = ON; PRAGMA cache_size = -\(Self.cacheKiB);
            """)
        guard try pragma("synchronous") == 2 else {
            throw LedgerError.damaged(what: "the file cannot be kept with synchronous = FULL", file: path)
        }
    }

    func prepareReader() throws {
        try script(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -\(Self.cacheKiB)"
        )
    }

    /// Refuses what is no ledger before anything is written to it.
    func checkKind() throws {
        let id: Int64?
        do {
            id = try pragma("application_id")
        } catch LedgerError.sqlite(let code, _, _, _) where code & 0xFF == 26 {
            throw LedgerError.notALedger(file: path)
        }
        guard id == Schema.applicationID else { throw LedgerError.notALedger(file: path) }
    }

    /// Runs the numbered steps that the file does not have yet, each in its own transaction.
    func migrate() throws {
        let found = try pragma("user_version") ?? 0
        guard found <= Schema.version else {
            throw LedgerError.newerSchema(found: found, known: Schema.version, file: path)
        }
        for (offset, step) in Schema.steps.enumerated() where Int64(offset) >= found {
            try transaction {
                try script(step)
                if step == Schema.openBatches { try moveOpenRows() }
                if step == Schema.pointBlocks { try moveIntoBlocks() }
                try script("PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(offset + 1)")
            }
        }
    }

    /// Brings what was captured and not sealed from the table of schema 2, a row for each reading, into batches. Their stream is
    /// told apart at the seal.
    private func moveOpenRows() throws {
        let old = try rows("SELECT k, reading FROM open_reading ORDER BY k, at_ms, point") {
            PlacedReading(k: try $0.natural(0), reading: try $0.reading(1))
        }
        try addOpen(old, streamOf: [:])
        try script("DROP TABLE open_reading")
    }

    func writeIdentity(_ identity: LedgerIdentity) throws {
        _ = try transaction {
            try run(
                "INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?, ?, ?)", .text(identity.origin),
                .text(identity.building),
                .natural(identity.periodMs), .text(identity.logKey), .hash(identity.recoveryKeyHash),
                .text(identity.network), .natural(identity.createdMs))
        }
    }

    func identity() throws -> LedgerIdentity {
        let stored = try first(
            "SELECT origin, building, period_ms, log_key, recovery_hash, network, created_ms FROM identity"
        ) { row in
            LedgerIdentity(
                origin: try row.text(0), building: try row.text(1), periodMs: try row.natural(2),
                logKey: try row.text(3),
                recoveryKeyHash: try row.hash(4), network: try row.text(5), createdMs: try row.natural(6))
        }
        guard let stored else { throw LedgerError.notALedger(file: path) }
        return stored
    }
}

extension Value {
    static func hash(_ hash: Hash) -> Value { .blob(hash.bytes) }

    /// Values above `Int64.max` do not occur in a ledger: instants, counts and indexes stay far below.
    static func natural(_ value: UInt64) -> Value { .int(Int64(clamping: value)) }
    static func natural(_ value: UInt64?) -> Value { value.map { .natural($0) } ?? .null }
}

extension Row {
    func hash(_ column: Int32) throws(LedgerError) -> Hash {
        guard let hash = Hash(bytes: try blob(column)) else {
            throw .damaged(what: "column \(column) of a stored row is not 32 bytes", file: file)
        }
        return hash
    }

    func hashOrNil(_ column: Int32) throws(LedgerError) -> Hash? { isNull(column) ? nil : try hash(column) }
}
