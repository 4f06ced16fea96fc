/// The tables of the ledger, as numbered steps. A released step is never edited; a new one is added behind it.
enum Schema {
    /// `PLMB`, in the file's header.
    static let applicationID: Int64 = 0x504C_4D42

    static var version: Int64 { Int64(steps.count) }

    static let steps: [String] = [
        first, leavesByTime, openBatches, fieldMemory, commands, cosignatures, timeStamps, erasures,
        compromises, pointBlocks,
    ]

    private static let first = """
        CREATE TABLE identity (
            id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, building TEXT NOT NULL,
            period_ms INTEGER NOT NULL, log_key TEXT NOT NULL, recovery_hash BLOB NOT NULL, network TEXT NOT NULL,
            created_ms INTEGER NOT NULL);
        CREATE TABLE leaf (
            idx INTEGER PRIMARY KEY, type INTEGER NOT NULL, k INTEGER, wall_ms INTEGER NOT NULL,
            hash BLOB NOT NULL, bytes BLOB NOT NULL);
        CREATE INDEX leaf_type ON leaf (type, idx);
        CREATE UNIQUE INDEX leaf_interval ON leaf (k) WHERE type = 1;
        CREATE TABLE node (
            level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID;
        CREATE TABLE item (
            stream INTEGER NOT NULL, k INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB,
            PRIMARY KEY (stream, k)) WITHOUT ROWID;
        CREATE TABLE opening (
            leaf INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB,
            PRIMARY KEY (leaf, position)) WITHOUT ROWID;
        CREATE TABLE open_reading (
            k INTEGER NOT NULL, at_ms INTEGER NOT NULL, point INTEGER NOT NULL, reading BLOB NOT NULL,
            PRIMARY KEY (k, at_ms, point)) WITHOUT ROWID;
        CREATE TABLE latest (
            point INTEGER PRIMARY KEY, newest BLOB NOT NULL, valued BLOB, heard BLOB, since BLOB NOT NULL);
        CREATE TABLE citation (
            point INTEGER PRIMARY KEY, stream INTEGER NOT NULL, k INTEGER NOT NULL, position INTEGER NOT NULL);
        CREATE TABLE boot (
            number INTEGER PRIMARY KEY, started_ms INTEGER NOT NULL, last_wall_ms INTEGER NOT NULL,
            last_mono_ms INTEGER NOT NULL);
        CREATE TABLE access_use (
            id INTEGER PRIMARY KEY AUTOINCREMENT, grant_number INTEGER NOT NULL, actor BLOB NOT NULL,
            scope TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL);
        CREATE TABLE point_number (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
        CREATE TABLE point_stream (
            point INTEGER NOT NULL, stream INTEGER NOT NULL, PRIMARY KEY (point, stream)) WITHOUT ROWID;
        CREATE TABLE stream_number (name TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
        CREATE TABLE model (
            revision INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL);
        CREATE TABLE config (hash BLOB PRIMARY KEY, leaf INTEGER NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE config_now (id INTEGER PRIMARY KEY CHECK (id = 1), hash BLOB NOT NULL, leaf INTEGER NOT NULL);
        CREATE TABLE config_item (
            config BLOB NOT NULL, position INTEGER NOT NULL, stream INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB,
            PRIMARY KEY (config, position)) WITHOUT ROWID;
        CREATE TABLE snapshot (
            number INTEGER PRIMARY KEY, leaf INTEGER NOT NULL, revision INTEGER NOT NULL, wall_ms INTEGER NOT NULL);
        CREATE TABLE snapshot_item (
            number INTEGER NOT NULL, position INTEGER NOT NULL, entity TEXT NOT NULL, hash BLOB NOT NULL, bytes BLOB,
            PRIMARY KEY (number, position)) WITHOUT ROWID;
        CREATE TABLE checkpoint (
            size INTEGER PRIMARY KEY, root BLOB NOT NULL, note TEXT NOT NULL, signed_ms INTEGER NOT NULL);
        CREATE TABLE beacon (
            seq INTEGER PRIMARY KEY, leaf INTEGER NOT NULL UNIQUE, milestone_index INTEGER NOT NULL,
            milestone_id BLOB NOT NULL, milestone_time_s INTEGER NOT NULL, milestone BLOB NOT NULL);
        CREATE TABLE anchor (
            seq INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
            payload BLOB NOT NULL, beacon_leaf INTEGER, signed_ms INTEGER NOT NULL, state TEXT NOT NULL,
            block_id BLOB, milestone_index INTEGER, milestone_id BLOB, milestone_time_s INTEGER, milestone BLOB,
            path BLOB);
        CREATE INDEX anchor_state ON anchor (state, seq);
        CREATE INDEX anchor_size ON anchor (size);
        CREATE TABLE attempt (
            number INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, block_id BLOB NOT NULL UNIQUE,
            block BLOB NOT NULL, mined_ms INTEGER NOT NULL, submitted_ms INTEGER);
        CREATE INDEX attempt_seq ON attempt (seq, number);
        CREATE TABLE event (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, points TEXT NOT NULL,
            json TEXT NOT NULL);
        CREATE TABLE event_last (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
        CREATE TABLE token (
            hash BLOB PRIMARY KEY, grant_number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
            scope TEXT NOT NULL, created_ms INTEGER NOT NULL, until_ms INTEGER, ended_ms INTEGER) WITHOUT ROWID;
        CREATE TABLE job (
            id TEXT PRIMARY KEY, question TEXT NOT NULL, state TEXT NOT NULL, created_ms INTEGER NOT NULL,
            anchor_from INTEGER, anchor_to INTEGER, file TEXT, size_bytes INTEGER, sha256 BLOB, expires_ms INTEGER,
            done_mille INTEGER NOT NULL, problem TEXT) WITHOUT ROWID;
        """

    /// Lists of boots, gaps and changes are asked by time.
    private static let leavesByTime = "CREATE INDEX leaf_wall ON leaf (type, wall_ms)"

    /// Readings that wait for their seal stand in batches of interval and stream; `migrate` moves those of the older table.
    static let openBatches = """
        CREATE TABLE open_batch (
            id INTEGER PRIMARY KEY, k INTEGER NOT NULL, stream INTEGER NOT NULL, rows BLOB NOT NULL);
        CREATE INDEX open_batch_place ON open_batch (k, stream);
        """

    /// What devices taught about how they want to be read, over restarts.
    private static let fieldMemory = """
        CREATE TABLE field_memory (
            device TEXT PRIMARY KEY, profile_hash BLOB NOT NULL, address TEXT NOT NULL, layout TEXT NOT NULL,
            learned_ms INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// Commands: what finds their leaves, and the keys that keep a repeated request from writing twice.
    private static let commands = """
        CREATE TABLE command (
            intent INTEGER PRIMARY KEY, point INTEGER NOT NULL, stream INTEGER NOT NULL, actor BLOB NOT NULL,
            requested_ms INTEGER NOT NULL, value BLOB NOT NULL, reason TEXT NOT NULL, outcome INTEGER UNIQUE,
            ended_ms INTEGER, result INTEGER, read_back BLOB, read_ms INTEGER, detail TEXT);
        CREATE INDEX command_point ON command (point, requested_ms);
        CREATE INDEX command_open ON command (intent) WHERE outcome IS NULL;
        CREATE TABLE command_key (
            grant_number INTEGER NOT NULL, key TEXT NOT NULL, question BLOB NOT NULL, intent INTEGER NOT NULL,
            at_ms INTEGER NOT NULL, PRIMARY KEY (grant_number, key)) WITHOUT ROWID;
        CREATE INDEX command_key_age ON command_key (at_ms);
        """

    /// What witnesses signed over checkpoints, one line for each witness.
    private static let cosignatures = """
        CREATE TABLE cosignature (
            size INTEGER NOT NULL, witness TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (size, witness)) WITHOUT ROWID;
        """

    /// Statements of the recovery key that the log key was stolen.
    private static let compromises = """
        CREATE TABLE compromise (
            size INTEGER PRIMARY KEY, statement BLOB NOT NULL, recovery_key TEXT NOT NULL, made_ms INTEGER NOT NULL);
        """

    /// Latest values and citations stand in blocks of points; `migrate` moves those of the older tables, and drops these.
    static let pointBlocks = """
        CREATE TABLE latest_block (block INTEGER PRIMARY KEY, roles BLOB NOT NULL, rows BLOB NOT NULL);
        CREATE TABLE citation_block (block INTEGER PRIMARY KEY, rows BLOB NOT NULL);
        """

    /// Responses of time-stamping authorities, by anchor.
    private static let timeStamps = """
        CREATE TABLE time_stamp (
            seq INTEGER PRIMARY KEY, token BLOB NOT NULL, time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL);
        """

    /// Erasures that are declared and not carried out to their end; and up to where older items of private streams are encrypted,
    /// while that goes on. A file without items has none in the open.
    private static let erasures = """
        CREATE TABLE erasure (
            leaf INTEGER PRIMARY KEY, stream INTEGER NOT NULL, k_from INTEGER NOT NULL, k_to INTEGER NOT NULL,
            step INTEGER NOT NULL, next_k INTEGER NOT NULL);
        CREATE TABLE item_sealing (
            id INTEGER PRIMARY KEY CHECK (id = 1), stream INTEGER NOT NULL, k INTEGER NOT NULL);
        INSERT INTO item_sealing SELECT 1, 0, 0 WHERE EXISTS (SELECT 1 FROM item);
        """
}
