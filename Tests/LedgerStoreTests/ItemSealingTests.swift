import CSQLite
import Foundation
import Hashing
import LedgerStore
import MerkleLog
import Readings
import Testing

/// Goal: items of private streams are read as they were logged, and by nobody without the key of their stream and day; and what cannot
/// be read is told apart: rot, or a key that is gone.
struct ItemSealingTests {
    @Test func `a private item is encrypted in the file, a public one is not, and both are read as logged`()
        async throws
    {
        let shelf = try Shelf()
        let ledger = try await ErasureTests.filled(shelf)
        #expect(try await ErasureTests.seen(ErasureTests.secret, shelf.directory).read == Array(ErasureTests.ks))
        let stored = try Tampering.column(shelf.file, "SELECT bytes FROM item WHERE stream = 2 AND k = 1440")
        #expect(stored.first == 0xE1 && stored.count == "item 2 1440".utf8.count + 37)
        let other = try Tampering.column(shelf.file, "SELECT bytes FROM item WHERE stream = 1 AND k = 1440")
        #expect(other == Array("item 1 1440".utf8))
        let days = try FileManager.default.contentsOfDirectory(atPath: ledger.keys.folder).sorted()
        #expect(days == ["1970-01-01", "1970-01-02"])
        for (path, mode) in [(ledger.keys.folder, 0o700), (ledger.keys.folder + "/1970-01-01", 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
        }
        await ledger.close()
    }

    @Test(arguments: [
        "UPDATE item SET bytes = (SELECT bytes FROM item WHERE stream = 2 AND k = 1441) WHERE stream = 2 AND k = 1440",
        "UPDATE item SET bytes = substr(bytes, 1, 30) || x'00' || substr(bytes, 32) WHERE stream = 2 AND k = 1440",
        "UPDATE item SET bytes = substr(bytes, 1, 20) WHERE stream = 2 AND k = 1440",
    ]) func `an item that was moved, changed or cut is damage`(sql: String) async throws {
        let shelf = try Shelf()
        await (try await ErasureTests.filled(shelf)).close()
        try DiskFaults.tamper(directory: shelf.directory, sql: sql)
        let reader = try shelf.reader()
        do {
            _ = try await reader.item(stream: ErasureTests.secret, k: 1_440)
            Issue.record("it was read")
        } catch let error as LedgerError {
            #expect(error.isDamage, "\(error)")
        }
        #expect(try await reader.item(stream: ErasureTests.secret, k: 1_442)?.bytes != nil)
    }

    @Test func `without the key folder items have no bytes, which is no damage, and the log goes on with new keys`()
        async throws
    {
        let shelf = try Shelf()
        let ledger = try await ErasureTests.filled(shelf)
        await ledger.close()
        try FileManager.default.removeItem(atPath: ledger.keys.folder)
        let seen = try await ErasureTests.seen(ErasureTests.secret, shelf.directory)
        #expect(seen.read.isEmpty && seen.keyGone == Array(ErasureTests.ks))
        let again = try shelf.open()
        try await again.seal([Shelf.interval(1_445, private: [2])])
        #expect(try await ErasureTests.seen(ErasureTests.secret, shelf.directory).read == [1_445])
        await again.close()
    }

    @Test func `a key whose bytes have changed is damage of the key file, and a torn last record is none`() async throws
    {
        let shelf = try Shelf()
        let ledger = try await ErasureTests.filled(shelf)
        await ledger.close()
        let file = URL(fileURLWithPath: ledger.keys.folder + "/1970-01-02")
        let whole = try Data(contentsOf: file)
        try (whole + whole.prefix(40)).write(to: file)
        #expect(try await ErasureTests.seen(ErasureTests.secret, shelf.directory).read == Array(ErasureTests.ks))
        var changed = whole
        changed[20] ^= 1
        try changed.write(to: file)
        do {
            _ = try await shelf.reader().item(stream: ErasureTests.secret, k: 1_440)
            Issue.record("it was read")
        } catch let error as LedgerError {
            #expect(error.isDamage && error.description.contains("1970-01-02"), "\(error)")
        }
    }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed])
    func `items of an older schema are encrypted piece by piece, also over deaths`(fault: DiskFaults.Fault) async throws
    {
        var nth = 1
        var hasStruck = true
        while hasStruck {
            let shelf = try Shelf()
            try MigrationVectorTests.restore(7, into: shelf)
            let faults = DiskFaults()
            do {
                let ledger = try Ledger.open(directory: shelf.directory, faults: faults)
                faults.arm(fault, nth: nth)
                do { try await ledger.carryOnSealing() } catch is LedgerError {}
                await ledger.close()
            }
            hasStruck = faults.hasFired
            let again = try shelf.open()
            try await again.carryOnSealing()
            #expect(try await ErasureTests.seen(StreamNumber(2), shelf.directory).read == [100, 101])
            #expect(try await ErasureTests.seen(StreamNumber(3), shelf.directory).read == [100])
            let first = try Tampering.column(shelf.file, "SELECT bytes FROM item WHERE stream = 1 AND k = 100")
            #expect(first == Array("item 100".utf8))
            await again.close()
            let raw = try Data(contentsOf: URL(fileURLWithPath: shelf.file))
            #expect(raw.range(of: Data("item 2".utf8)) == nil && raw.range(of: Data("item 3".utf8)) == nil)
            nth += 1
        }
        #expect(nth > 5)
    }
}

/// Looks into the file behind the ledger's back.
enum Tampering {
    static func column(_ file: String, _ sql: String) throws -> [UInt8] {
        var handle: OpaquePointer?
        try #require(sqlite3_open(file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        var statement: OpaquePointer?
        try #require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        try #require(sqlite3_step(statement) == SQLITE_ROW)
        let count = Int(sqlite3_column_bytes(statement, 0))
        guard let base = sqlite3_column_blob(statement, 0) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }
}
