internal import BlockingThread
internal import Glibc
internal import Hashing
internal import MerkleLog
internal import Readings

/// The one writer of the ledger's file, on a thread of its own. Whoever only reads uses `LedgerReader`.
///
/// When a function here returns, what it did is on disk; when it throws, nothing of it is, unless the disk lied about a
/// failure: after an error read the head again and go on from there. All functions that write are safe to repeat.
package actor Ledger {
    package static let fileName = "ledger.db"

    package nonisolated let directory: String
    package nonisolated let identity: LedgerIdentity
    /// What the items of private streams are encrypted under; a reader beside this writer shares it.
    package nonisolated let keys: ItemKeys
    /// Ended by the last reference, or by `close`.
    private nonisolated let executor: ThreadExecutor
    private var connection: Database?
    private var lock: DirectoryLock?
    /// What the next leaf is appended to; read again from disk after every error.
    var frontier: Frontier?
    /// Latest values as what is on disk gives them; read again after every error.
    var latest: PointTable<LatestValue>?
    /// Points whose latest value has changed since the last seal: it follows from the open readings, and the seal that takes
    /// those away writes it down.
    var touched = PointTable<Void>()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Makes a new ledger in `directory`, which must exist. It has no leaves yet.
    ///
    /// - Parameter keyFolder: of `ItemKeys`; in the directory unless said otherwise.
    package static func create(
        directory: String, identity: LedgerIdentity, keyFolder: String? = nil, faults: DiskFaults? = nil
    ) throws -> Ledger {
        guard LedgerIdentity.periodMsRange.contains(identity.periodMs) else {
            throw LedgerError.outOfOrder(what: "a period of \(identity.periodMs) ms is not between 1 s and 1 day")
        }
        let lock = try DirectoryLock(directory: directory)
        let path = directory + "/" + fileName
        guard access(path, F_OK) != 0 else { throw LedgerError.exists(file: path) }
        let database = try Database(path: path, mode: .create, faults: faults)
        guard chmod(path, 0o600) == 0 else { throw LedgerError.file(path: path, doing: "set its mode", errno: errno) }
        try database.prepareWriter()
        try database.migrate()
        try database.writeIdentity(identity)
        let keys = ItemKeys(folder: keyFolder ?? ItemKeys.folder(in: directory), faults: faults)
        database.vault = ItemVault(keys: keys, periodMs: identity.periodMs)
        return Ledger(directory: directory, identity: identity, database: database, keys: keys, lock: lock)
    }

    /// Opens the ledger of `directory`, brings an older schema up to date, carries out what was declared as erased and is not yet,
    /// and holds the directory until `close`.
    package static func open(directory: String, keyFolder: String? = nil, faults: DiskFaults? = nil) throws -> Ledger {
        let lock = try DirectoryLock(directory: directory)
        let path = directory + "/" + fileName
        guard access(path, F_OK) == 0 else { throw LedgerError.missing(file: path) }
        let database = try Database(path: path, mode: .readWrite, faults: faults)
        try database.checkKind()
        try database.prepareWriter()
        try database.migrate()
        let identity = try database.identity()
        let keys = ItemKeys(folder: keyFolder ?? ItemKeys.folder(in: directory), faults: faults)
        database.vault = ItemVault(keys: keys, periodMs: identity.periodMs)
        // What a reader is in the way of, waits.
        while try database.stepErasure() == .more {}
        return Ledger(directory: directory, identity: identity, database: database, keys: keys, lock: lock)
    }

    /// Whether the file is what an interrupted `create` leaves behind: an empty database, or the tables without a row in
    /// them. A file of anybody else is not.
    package static func isUnfinished(directory: String) throws -> Bool {
        let lock = try DirectoryLock(directory: directory)
        defer { withExtendedLifetime(lock) {} }
        let database = try Database(path: directory + "/" + fileName, mode: .readWrite)
        func isEmpty(_ table: String) throws -> Bool {
            try database.first("SELECT count(*) FROM \(table)") { try $0.int(0) } == 0
        }
        switch try database.pragma("application_id") {
        case 0: return try isEmpty("sqlite_master")
        case Schema.applicationID: return try isEmpty("identity") && isEmpty("leaf")
        default: return false
        }
    }

    private init(
        directory: String, identity: LedgerIdentity, database: sending Database, keys: ItemKeys, lock: DirectoryLock
    ) {
        self.directory = directory
        self.identity = identity
        self.keys = keys
        self.executor = ThreadExecutor(name: "ledger")
        connection = database
        self.lock = lock
    }

    /// Lets go of the file and the directory. Every later call throws.
    package func close() {
        connection = nil
        lock = nil
        frontier = nil
        latest = nil
        touched = PointTable()
    }

    func database() throws -> Database {
        guard let connection else { throw LedgerError.outOfOrder(what: "the ledger is closed") }
        return connection
    }

    /// One transaction; after an error nothing in memory is trusted any more.
    @discardableResult
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        let database = try database()
        do {
            return try database.transaction { try body(database) }
        } catch {
            frontier = nil
            latest = nil
            touched = PointTable()
            throw error
        }
    }

    package func head() throws -> LogHead { try database().head() }
}
