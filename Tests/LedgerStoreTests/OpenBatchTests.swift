import CSQLite
import Foundation
import LedgerStore
import LogEntries
import Readings
import Testing

/// Goal: what waits for its seal comes back whole, from batches as from the rows of the older schema.
struct OpenBatchTests {
    @Test func `readings of several streams come back by instant and point, and by stream`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let streams = [
            PointNumber(1): StreamNumber(1), PointNumber(2): StreamNumber(2), PointNumber(3): StreamNumber(1),
        ]
        let rows = [3, 1, 2, 1, 3, 2].enumerated().map {
            PlacedReading(k: 10, reading: Shelf.reading(UInt32($0.element), atMs: 600_050 - Int64($0.offset) * 7))
        }
        try await ledger.appendOpen(rows, streamOf: streams, bootNumber: 1, wallMs: 1, monoMs: 1)
        // Reported as failed and repeated: nothing stands there twice.
        try await ledger.appendOpen(rows, streamOf: streams, bootNumber: 1, wallMs: 1, monoMs: 1)
        let sorted = rows.map(\.reading).sorted { ($0.capturedAtMs, $0.point) < ($1.capturedAtMs, $1.point) }
        #expect(try await ledger.openReadings(k: 10) == sorted)
        #expect(try await ledger.openStreams(k: 10) == [StreamNumber(1), StreamNumber(2)])
        #expect(
            try await ledger.openReadings(k: 10, stream: StreamNumber(2))
                == sorted.filter { $0.point == PointNumber(2) })
        #expect(try await shelf.reader().openReadings().map(\.reading) == sorted)
        await ledger.close()
    }

    @Test func `latest values survive a seal and a restart after it`() async throws {
        let shelf = try Shelf()
        var ledger = try shelf.create()
        let first = PlacedReading(k: 10, reading: Shelf.reading(1, atMs: 600_000))
        let second = PlacedReading(k: 11, reading: Shelf.reading(2, atMs: 660_000))
        let third = PlacedReading(k: 12, reading: Shelf.reading(1, atMs: 720_000))
        try await ledger.appendOpen([first, second], bootNumber: 1, wallMs: 1, monoMs: 1)
        try await ledger.seal([Shelf.interval(10)])
        try await ledger.appendOpen([third], bootNumber: 1, wallMs: 1, monoMs: 1)
        let live = try await ledger.latestValues()
        #expect(live[PointNumber(1)]?.newest == third.reading)
        #expect(live[PointNumber(2)]?.newest == second.reading)
        #expect(try await shelf.reader().latestValues() == live)
        await ledger.close()
        ledger = try shelf.open()
        #expect(try await ledger.latestValues() == live)
        try await ledger.seal([Shelf.interval(11), Shelf.interval(12)])
        await ledger.close()
        ledger = try shelf.open()
        #expect(try await ledger.latestValues() == live)
        await ledger.close()
    }

    @Test func `a damaged batch is told as damage, wherever a byte is changed or lost`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let row = PlacedReading(
            k: 10,
            reading: Reading(
                point: PointNumber(1), capturedAtMs: 600_000, sourceAtMs: 5, quality: .good, value: .text("åpen")))
        try await ledger.appendOpen([row], bootNumber: 1, wallMs: 1, monoMs: 1)
        await ledger.close()
        let bytes = try batch(shelf.file)
        for length in 0..<bytes.count {
            try setBatch(Array(bytes.prefix(length)), shelf.file)
            // A cut between two readings is shorter, not damaged; there is one only.
            if length == 9 { continue }
            await expectDamage(shelf)
        }
        for (index, value) in [(0, 2), (13, 0xE0), (13, 0x0F), (bytes.count - 7, 9), (bytes.count - 1, 0xFF)] {
            var changed = bytes
            changed[index] = UInt8(value)
            try setBatch(changed, shelf.file)
            await expectDamage(shelf)
        }
    }

    private func expectDamage(_ shelf: Shelf) async {
        do {
            let ledger = try shelf.open()
            await #expect(throws: LedgerError.self) { try await ledger.openReadings(k: 10) }
            await ledger.close()
        } catch {
            Issue.record("\(error)")
        }
    }

    private func batch(_ file: String) throws -> [UInt8] {
        var found: [UInt8] = []
        try query(file, "SELECT rows FROM open_batch", []) { statement in
            let count = Int(sqlite3_column_bytes(statement, 0))
            found = [UInt8](UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, 0), count: count))
        }
        return found
    }

    private func setBatch(_ bytes: [UInt8], _ file: String) throws {
        try query(file, "UPDATE open_batch SET rows = ?", bytes) { _ in }
    }

    private func query(_ file: String, _ sql: String, _ bytes: [UInt8], row: (OpaquePointer?) -> Void) throws {
        var handle: OpaquePointer?
        try #require(sqlite3_open(file, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        var statement: OpaquePointer?
        try #require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        if sqlite3_bind_parameter_count(statement) == 1 {
            let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            let code = bytes.withUnsafeBytes {
                $0.isEmpty
                    ? sqlite3_bind_zeroblob(statement, 1, 0)
                    : sqlite3_bind_blob(statement, 1, $0.baseAddress, Int32($0.count), copied)
            }
            try #require(code == SQLITE_OK)
        }
        while sqlite3_step(statement) == SQLITE_ROW { row(statement) }
    }
}
