internal import CSQLite
internal import Glibc

/// One connection to the ledger's file. Not shareable: it belongs to one actor.
///
/// Statements are prepared once and kept. Every error keeps SQLite's extended code and says which file it was.
final class Database {
    enum Mode { case create, readWrite, readOnly }

    /// A writer waits this long for another connection before it gives up, in milliseconds.
    static let busyMs: Int32 = 5_000

    let path: String
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    private let faults: DiskFaults?
    /// Without it items are read as they lie there.
    var vault: ItemVault?
    private var isInTransaction = false

    init(path: String, mode: Mode, faults: DiskFaults? = nil) throws(LedgerError) {
        var opened: OpaquePointer?
        let flags: Int32 =
            switch mode {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw LedgerError.sqlite(code: code, message: message, doing: "open", file: path)
        }
        handle = opened
        self.path = path
        self.faults = faults
        sqlite3_busy_timeout(handle, Self.busyMs)
    }

    deinit {
        for statement in statements.values { statement.finalize() }
        sqlite3_close_v2(handle)
    }

    /// Runs statements that take no values, such as a schema.
    func script(_ sql: String) throws(LedgerError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Runs one statement that changes rows; returns how many.
    @discardableResult
    func run(_ sql: String, _ values: Value...) throws(LedgerError) -> Int {
        let fault = faults?.next(.write)
        if fault == .full { throw LedgerError.diskFull(file: path) }
        if fault == .lost { throw LedgerError.injected(file: path) }
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        while true {
            let code = statement.step()
            if code == SQLITE_ROW { continue }
            guard code == SQLITE_DONE else { throw failure(code, sql) }
            break
        }
        if fault == .reportedFailed { throw LedgerError.injected(file: path) }
        return Int(sqlite3_changes64(handle))
    }

    func rows<T>(_ sql: String, _ values: Value..., read: (Row) throws -> T) throws -> [T] {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        var result: [T] = []
        while try next(statement, sql) { result.append(try read(Row(statement: statement, file: path))) }
        return result
    }

    /// The first row, if there is one.
    func first<T>(_ sql: String, _ values: Value..., read: (Row) throws -> T) throws -> T? {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        guard try next(statement, sql) else { return nil }
        return try read(Row(statement: statement, file: path))
    }

    /// Rows one by one, until `read` returns false.
    func each(_ sql: String, _ values: Value..., read: (Row) throws -> Bool) throws {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        while try next(statement, sql) {
            if try !read(Row(statement: statement, file: path)) { return }
        }
    }

    /// One transaction: when this returns, all of it is on disk; when it throws, nothing of it is,
    /// unless the disk reported a failure of a commit that it did. Read again after an error, never assume.
    func transaction<T>(_ body: () throws -> T) throws -> T {
        precondition(!isInTransaction, "transactions do not nest")
        try script("BEGIN IMMEDIATE")
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            let result = try body()
            let fault = faults?.next(.commit)
            if fault == .full { throw LedgerError.diskFull(file: path) }
            if fault == .lost { throw LedgerError.injected(file: path) }
            try script("COMMIT")
            if fault == .reportedFailed { throw LedgerError.injected(file: path) }
            return result
        } catch {
            if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    /// A view of one moment for several reads.
    func snapshot<T>(_ body: () throws -> T) throws -> T {
        try script("BEGIN")
        defer { sqlite3_exec(handle, "COMMIT", nil, nil, nil) }
        return try body()
    }

    func pragma(_ name: String) throws -> Int64? { try first("PRAGMA \(name)") { try $0.int(0) } }
    func pragmaText(_ name: String) throws -> String? { try first("PRAGMA \(name)") { try $0.text(0) } }

    private func next(_ statement: Statement, _ sql: String) throws(LedgerError) -> Bool {
        let code = statement.step()
        guard code == SQLITE_ROW || code == SQLITE_DONE else { throw failure(code, sql) }
        return code == SQLITE_ROW
    }

    private func prepared(_ sql: String, _ values: [Value]) throws(LedgerError) -> Statement {
        let statement: Statement
        if let kept = statements[sql] {
            statement = kept
        } else {
            var raw: OpaquePointer?
            let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &raw, nil)
            guard code == SQLITE_OK, let raw else { throw failure(code, sql) }
            statement = Statement(raw)
            statements[sql] = statement
        }
        let code = statement.bind(values)
        guard code == SQLITE_OK else { throw failure(code, sql) }
        return statement
    }

    private func failure(_ code: Int32, _ sql: String) -> LedgerError {
        let doing = String(sql.prefix { $0 != "\n" }.prefix(60))
        if code & 0xFF == SQLITE_FULL { return .diskFull(file: path) }
        return .sqlite(code: code, message: String(cString: sqlite3_errmsg(handle)), doing: doing, file: path)
    }
}
