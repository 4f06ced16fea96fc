import CSQLite
import Foundation
import LedgerStore
import Testing

/// Goal: a ledger is opened once, as what it is, or not at all; each refusal says what to do.
struct OpeningTests {
    @Test func `a created ledger opens again with its identity`() async throws {
        let shelf = try Shelf()
        await (try shelf.create()).close()
        let ledger = try shelf.open()
        #expect(ledger.identity == Shelf.identity)
        #expect(try await ledger.head().size == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: shelf.file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `two processes cannot hold one directory`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let lock = shelf.directory + "/lock"
        #expect(throws: LedgerError.held(lockFile: lock)) { try shelf.open() }
        await ledger.close()
        await (try shelf.open()).close()
    }

    @Test func `a missing ledger is refused, not made`() throws {
        let shelf = try Shelf()
        let error = #expect(throws: LedgerError.self) { try shelf.open() }
        #expect(error == .missing(file: shelf.file))
        #expect(error?.description.contains("restore it from the backup") == true)
        #expect(!FileManager.default.fileExists(atPath: shelf.file))
    }

    @Test func `a ledger that is there is not overwritten`() async throws {
        let shelf = try Shelf()
        await (try shelf.create()).close()
        #expect(throws: LedgerError.exists(file: shelf.file)) { try shelf.create() }
    }

    @Test func `a newer schema is refused, and its file is not touched`() async throws {
        let shelf = try Shelf()
        await (try shelf.create()).close()
        try sql(shelf, "PRAGMA user_version = 99")
        let error = #expect(throws: LedgerError.self) { try shelf.open() }
        guard case .newerSchema(found: 99, known: _, file: shelf.file) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("install that version again") == true)
        #expect(throws: LedgerError.self) { try shelf.reader() }
    }

    @Test func `another program's file, or no database at all, is no ledger`() async throws {
        let shelf = try Shelf()
        try sql(shelf, "CREATE TABLE t (a)")
        #expect(throws: LedgerError.notALedger(file: shelf.file)) { try shelf.open() }
        try Data("this is a letter, not a database, and long enough to be one".utf8).write(
            to: URL(fileURLWithPath: shelf.file))
        #expect(throws: LedgerError.notALedger(file: shelf.file)) { try shelf.open() }
    }

    @Test func `a ledger without identity is refused`() async throws {
        let shelf = try Shelf()
        await (try shelf.create()).close()
        try sql(shelf, "DELETE FROM identity")
        #expect(throws: LedgerError.notALedger(file: shelf.file)) { try shelf.open() }
    }

    @Test func `a closed ledger writes nothing more`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        await ledger.close()
        await #expect(throws: LedgerError.self) { try await ledger.append(Shelf.leaf(1)) }
    }

    @Test func `an error of SQLite keeps its code and names the file`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        try sql(shelf, "DROP TABLE leaf")
        do {
            _ = try await ledger.head()
            Issue.record("there is no table to read")
        } catch LedgerError.sqlite(let code, let message, _, let file) {
            #expect(code == 1)
            #expect(message.contains("leaf"))
            #expect(file == shelf.file)
        }
    }

    private func sql(_ shelf: Shelf, _ text: String) throws {
        var handle: OpaquePointer?
        #expect(sqlite3_open(shelf.file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        #expect(sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK)
    }
}
