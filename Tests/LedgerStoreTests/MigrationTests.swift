import CSQLite
import Foundation
import Hashing
import LedgerStore
import MerkleLog
import Readings
import Testing
import TwinModel

/// Goal: a file of every released schema opens with this program and keeps all it held. Method: the stored text of an
/// old
/// file is run into a new one, opened, and compared with a file made today.
struct MigrationVectorTests {
    /// Schemas before this one, of which a file is kept.
    static let old = [1, 2, 7]

    @Test(arguments: old) func `a ledger of an older schema is brought up to date and keeps its log`(
        _ version: Int
    ) async throws {
        let shelf = try Shelf()
        try Self.restore(version, into: shelf)
        let ledger = try shelf.open()
        #expect(ledger.identity == Shelf.identity)
        let leaves = try await ledger.leaves(0..<10)
        #expect(leaves.map(\.type) == [0, 8, 4, 1, 1])
        let head = try await ledger.head()
        #expect(head.root == MerkleTree.root(of: leaves.map { leafHash($0.bytes) }))
        #expect(try await ledger.rehashedRoot(from: 0, size: 5) == head.root)
        #expect(head.lastSealedK == 101)
        #expect(try await ledger.seal([Shelf.interval(102)]).first?.leafIndex == 5)
        let reader = try shelf.reader()
        #expect(try await reader.numbering().points == ["m1.energy-import": PointNumber(1)])
        #expect(try await reader.token(hash: sha256([7]))?.name == "anna")
        #expect(try await reader.item(stream: StreamNumber(1), k: 100)?.bytes == Array("item 100".utf8))
        #expect(try await ledger.addEvents([NewEvent(kind: "seal", json: "{}")], nowMs: 5) == [1_772_370_001_005])
        await ledger.close()
    }

    @Test(arguments: old) func `a migrated file has the schema of a new one`(_ version: Int) async throws {
        let old = try Shelf()
        try Self.restore(version, into: old)
        await (try old.open()).close()
        let new = try Shelf()
        await (try new.create()).close()
        #expect(try schema(old.file) == schema(new.file))
    }

    @Test func `what an older program had captured and not sealed is still there`() async throws {
        let shelf = try Shelf()
        try Self.restore(1, into: shelf)
        var handle: OpaquePointer?
        try #require(sqlite3_open(shelf.file, &handle) == SQLITE_OK)
        // [1, 6120000, null, 0, 1, 7]: point 1, its instant, no source stamp, good, an integer, 7.
        let row = "INSERT INTO open_reading VALUES (102, 6120000, 1, x'86011a005d6240f6000107')"
        try #require(sqlite3_exec(handle, row, nil, nil, nil) == SQLITE_OK)
        sqlite3_close(handle)
        let ledger = try shelf.open()
        let expected = Reading(point: PointNumber(1), capturedAtMs: 6_120_000, quality: .good, value: .integer(7))
        #expect(try await ledger.openReadings(k: 102) == [expected])
        #expect(try await ledger.openIntervals() == [102])
        #expect(try await ledger.latestValues()[PointNumber(1)]?.newest == expected)
        await ledger.close()
    }

    @Test(arguments: old) func `a migrated file remembers the field from now on`(_ version: Int) async throws {
        let shelf = try Shelf()
        try Self.restore(version, into: shelf)
        let ledger = try shelf.open()
        #expect(try await ledger.fieldMemories().isEmpty)
        let memory = FieldMemory(
            device: "mb1", profileHash: sha256([3]), address: "tcp://10.0.0.20:502 unit 1", layout: "1;4:7-7",
            learnedMs: 5)
        try await ledger.remember([memory])
        await ledger.close()
        #expect(try await shelf.open().fieldMemories() == [memory])
    }

    @Test(arguments: old) func `a reader asks for the writer before it reads an older schema`(
        _ version: Int
    ) async throws {
        let shelf = try Shelf()
        try Self.restore(version, into: shelf)
        #expect(throws: LedgerError.self) { try shelf.reader() }
    }

    static func restore(_ version: Int, into shelf: Shelf) throws {
        let vectors =
            ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors")
        let text = try String(contentsOf: vectors.appending(path: "ledger/schema-\(version).sql"), encoding: .utf8)
        var handle: OpaquePointer?
        try #require(sqlite3_open(shelf.file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        try #require(sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK)
    }

    private func schema(_ file: String) throws -> [String] {
        var handle: OpaquePointer?
        try #require(sqlite3_open(file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        var statement: OpaquePointer?
        try #require(
            sqlite3_prepare_v2(
                handle, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", -1, &statement, nil)
                == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        var found: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            let text = try #require(sqlite3_column_text(statement, 0))
            found.append(String(cString: text).split(whereSeparator: \.isWhitespace).joined(separator: " "))
        }
        return found
    }
}
