import CanonicalCBOR
import LedgerStore
import LogEntries
import Readings
import Testing
import TestTools

/// Goal: scanning an item finds what decoding it finds, and damaged bytes are thrown at. Method: random items from a
/// seed.
struct ItemScanTests {
    @Test(arguments: [UInt64](1...40))
    func `a scan and a decode tell the same`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rows = (0..<(random.next() % 90)).map { number in
            PayloadRow(
                point: PointNumber(UInt32(truncatingIfNeeded: random.next() % 70_000)), dtMs: number * 300,
                quality: Quality(rawValue: UInt8(random.next() % 9)) ?? .good,
                sourceMs: random.next() % 3 == 0 ? Int64(truncatingIfNeeded: random.next()) : nil, value: value(&random)
            )
        }
        let salt = try #require(Bytes16(Array(repeating: 7, count: 16)))
        let item = IntervalItem(
            stream: StreamNumber(300), k: 29_539_500, salt: salt, payload: Payload.encode(rows)
        ).encoded()
        var found: [PayloadRow] = []
        try ItemScan.each(item) { row in
            let element = try CBOR.decode(Array(row.element))
            found.append(
                PayloadRow(
                    point: PointNumber(UInt32(row.point)), dtMs: row.dtMs,
                    quality: Quality(rawValue: UInt8(row.quality)) ?? .good,
                    sourceMs: row.isPlain ? nil : element.asArray?.first?.asInt,
                    value: (row.isPlain ? element : element.asArray?.last) ?? .null))
        }
        #expect(found == rows, "seed \(seed)")
        for length in 0..<item.count {
            #expect(throws: (any Error).self) { try ItemScan.each(Array(item.prefix(length))) { _ in } }
        }
        for _ in 0..<200 {
            var damaged = item
            damaged[Int(random.next() % UInt64(item.count))] = UInt8(truncatingIfNeeded: random.next())
            do { try ItemScan.each(damaged) { _ in } } catch is ItemScan.ScanError {}
        }
    }

    private func value(_ random: inout SeededGenerator) -> CBOR {
        switch random.next() % 6 {
        case 0: .null
        case 1: .int(Int64(truncatingIfNeeded: random.next()))
        case 2: .unsigned(random.next())
        case 3: .bytes(Array(repeating: 1, count: Int(random.next() % 40)))
        case 4: .text("21.50")
        default: .int(Int64(random.next() % 100))
        }
    }
}
