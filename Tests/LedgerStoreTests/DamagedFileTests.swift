import CSQLite
import Foundation
import Hashing
import LedgerStore
import MerkleLog
import Readings
import Testing
import TwinModel

/// Goal: a file that is damaged, foreign or not ours to write is an error that names it, never a trap and never a new ledger;
/// a reader beside the writer sees whole commits only.
@Suite(.serialized) struct DamagedFileTests {
    /// A ledger with a few hundred leaves, folded into its one file.
    private func filled(_ shelf: Shelf, intervals: UInt64 = 200) async throws {
        let ledger = try shelf.create()
        try await ledger.begin(
            genesis: Shelf.leaf(0, type: 0), boot: Shelf.leaf(1, type: 8), config: Shelf.leaf(2, type: 4),
            change: ConfigChange(hash: sha256([9]), modelRevision: 1, items: [], places: []))
        for k in 0..<intervals { try await ledger.seal([Shelf.interval(k)]) }
        await ledger.close()
    }

    /// Opens and reads everything that a start reads.
    private func use(_ shelf: Shelf) async throws {
        let ledger = try shelf.open()
        do {
            let head = try await ledger.head()
            _ = try await ledger.leaves(0..<head.size)
            _ = try await ledger.latestValues()
            _ = try await ledger.numbering()
            _ = try await ledger.seal([Shelf.interval((head.lastSealedK ?? 0) + 1)])
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
    }

    @Test(arguments: [0.0, 0.01, 0.3, 0.5, 0.9])
    func `a file cut short is told as an error that names it`(part: Double) async throws {
        let shelf = try Shelf()
        try await filled(shelf)
        let whole = try Data(contentsOf: URL(fileURLWithPath: shelf.file))
        try whole.prefix(Int(Double(whole.count) * part)).write(to: URL(fileURLWithPath: shelf.file))
        do {
            try await use(shelf)
            Issue.record("a file cut to \(part) was used as if it were whole")
        } catch let error as LedgerError {
            #expect(error.description.contains(shelf.file), "\(error)")
        }
    }

    @Test(arguments: UInt64(1)...12) func `noise in the middle of the file never stops the program`(seed: UInt64)
        async throws
    {
        let shelf = try Shelf()
        try await filled(shelf, intervals: 60)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shelf.file))
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        for _ in 0..<400 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[100 + Int(state >> 33) % (bytes.count - 100)] = UInt8(truncatingIfNeeded: state >> 20)
        }
        try bytes.write(to: URL(fileURLWithPath: shelf.file))
        do {
            try await use(shelf)
        } catch is LedgerError {
            // Said, not trapped: what else is wrong is found by rehashing against the checkpoint.
        }
    }

    @Test func `another program's database is neither opened nor changed, by writer or reader`() async throws {
        let shelf = try Shelf()
        try sql(
            shelf, "CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA application_id = 42; PRAGMA user_version = 3")
        let before = try Data(contentsOf: URL(fileURLWithPath: shelf.file))
        #expect(throws: LedgerError.notALedger(file: shelf.file)) { try shelf.open() }
        #expect(throws: LedgerError.notALedger(file: shelf.file)) { try shelf.reader() }
        #expect(throws: LedgerError.exists(file: shelf.file)) { try shelf.create() }
        #expect(try Ledger.isUnfinished(directory: shelf.directory) == false)
        #expect(try Data(contentsOf: URL(fileURLWithPath: shelf.file)) == before)
    }

    @Test func `a directory in the ledger's place, or none at all, is an error with its path`() throws {
        let shelf = try Shelf()
        try FileManager.default.createDirectory(atPath: shelf.file, withIntermediateDirectories: true)
        let error = #expect(throws: LedgerError.self) { try shelf.open() }
        #expect(error?.description.contains(shelf.file) == true)
        #expect(throws: LedgerError.self) { try shelf.reader() }
        #expect(throws: LedgerError.self) { try Ledger.open(directory: shelf.directory + "/nowhere") }
        #expect(throws: LedgerError.self) { try LedgerReader.open(directory: shelf.directory + "/nowhere") }
        #expect(!FileManager.default.fileExists(atPath: shelf.directory + "/nowhere"))
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a folder that may not be written is told before anything is made`() throws {
        let shelf = try Shelf()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: shelf.directory)
        let error = #expect(throws: LedgerError.self) { try shelf.create() }
        #expect(error?.description.contains("check owner, mode and disk") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: shelf.directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.directory) == [])
    }

    @Test func `a reader beside the writer sees whole commits only, and never waits for the writer`() async throws {
        let shelf = try Shelf()
        try await filled(shelf, intervals: 3)
        let ledger = try shelf.open()
        let reader = try shelf.reader()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for k in UInt64(3)..<80 {
                    try await ledger.seal([Shelf.interval(k)])
                    try await ledger.addEvents([NewEvent(kind: "seal", json: "{\"k\":\(k)}")], nowMs: 1_000_000 + k)
                }
            }
            group.addTask {
                var last: UInt64 = 0
                for _ in 0..<150 {
                    let head = try await reader.head()
                    #expect(head.size >= last)
                    last = head.size
                    let leaves = try await reader.leaves(0..<head.size)
                    #expect(MerkleTree.root(of: leaves.map { leafHash($0.bytes) }) == head.root)
                    let sealed = try #require(head.lastSealedK)
                    #expect(try await reader.item(stream: StreamNumber(1), k: sealed)?.bytes != nil)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await reader.head() == (try await ledger.head()))
        await ledger.close()
    }

    @Test(arguments: [
        RawValue.integer(.max), .integer(.min), .large(.max), .float64(bits: .max), .number("-1e-400"), .text(""),
        .text(String(repeating: "ä", count: 32_000)), .none,
    ])
    func `the greatest and the longest values come back as they were, over a restart`(value: RawValue) async throws {
        let shelf = try Shelf()
        var ledger = try shelf.create()
        let placed = [Int64(0), 1, 4_102_444_800_000].map { atMs in
            PlacedReading(
                k: UInt64(atMs) / 60_000,
                reading: Reading(
                    point: PointNumber(.max), capturedAtMs: atMs, sourceAtMs: .min, quality: .good, value: value))
        }
        try await ledger.appendOpen(placed, bootNumber: 1, wallMs: .max, monoMs: .max)
        await ledger.close()
        ledger = try shelf.open()
        #expect(try await shelf.reader().openReadings(point: PointNumber(.max)) == placed)
        #expect(try await ledger.openIntervals() == [0, 68_374_080])
        await ledger.close()
    }

    @Test func `an event, a token and a job of the greatest numbers are kept or refused, never a trap`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        _ = try? await ledger.addEvents([NewEvent(kind: "seal", json: "{}")], nowMs: UInt64(Int64.max) - 10)
        // There is no id above: refused or clamped, but said.
        _ = try? await ledger.addEvents(
            [NewEvent(kind: "seal", json: "{}"), NewEvent(kind: "seal", json: "{}")], nowMs: .max)
        _ = try await ledger.addToken(
            hash: sha256([1]), name: String(repeating: "n", count: 100_000), role: "facility", scope: "{}", nowMs: .max,
            untilMs: .max)
        let reader = try shelf.reader()
        #expect(try await reader.events(after: .max) == [])
        #expect(try await reader.tokens().count == 1)
        #expect(try await reader.leaf(at: .max) == nil)
        #expect(try await reader.item(stream: StreamNumber(.max), k: .max) == nil)
        await ledger.close()
    }

    private func sql(_ shelf: Shelf, _ text: String) throws {
        var handle: OpaquePointer?
        #expect(sqlite3_open(shelf.file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        #expect(sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK)
    }
}
