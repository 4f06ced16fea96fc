import Hashing
import LedgerStore
import MerkleLog
import Readings
import Testing

/// Goal: the stored tree is the RFC 6962 tree of the stored bytes, at every size.
struct LogStorageTests {
    @Test func `root and proofs from stored nodes equal those of the whole tree, at every size up to 70`() async throws
    {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let reader = try shelf.reader()
        let hashes = (0..<70).map { leafHash(Shelf.leaf(UInt64($0)).bytes) }
        let tree = MerkleTree(hashes)
        for size in 1...UInt64(70) {
            #expect(try await ledger.append(Shelf.leaf(size - 1)) == size - 1)
            #expect(try await reader.root(size: size) == tree.root(size: size))
            #expect(try await ledger.head().root == tree.root(size: size))
            for index in [0, size / 3, size - 1] {
                let proof = try await reader.inclusionProof(of: index, size: size)
                #expect(proof == tree.inclusionProof(of: index, size: size))
                #expect(
                    try await reader.rangeProof(index..<size, size: size) == tree.rangeProof(index..<size, size: size))
            }
            let old = size / 2
            #expect(
                try await reader.consistencyProof(from: old, to: size) == tree.consistencyProof(from: old, to: size))
        }
        #expect(try await reader.leaves(10..<20).map(\.hash) == Array(hashes[10..<20]))
        #expect(try await reader.leaf(at: 70) == nil)
    }

    @Test func `a proof that cannot be is refused, not guessed`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        for number in 0..<5 { try await ledger.append(Shelf.leaf(UInt64(number))) }
        let reader = try shelf.reader()
        await #expect(throws: LedgerError.self) { try await reader.inclusionProof(of: 0, size: 6) }
        await #expect(throws: LedgerError.self) { try await reader.inclusionProof(of: 5, size: 5) }
        await #expect(throws: LedgerError.self) { try await reader.consistencyProof(from: 4, to: 3) }
        await #expect(throws: LedgerError.self) { try await reader.rangeProof(2..<2, size: 5) }
        await #expect(throws: LedgerError.self) { try await reader.root(size: 6) }
    }

    @Test func `intervals follow each other without holes, or nothing of them is stored`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        #expect(try await ledger.seal([Shelf.interval(100)]).map(\.leafIndex) == [0])
        await #expect(throws: LedgerError.self) { try await ledger.seal([Shelf.interval(101), Shelf.interval(103)]) }
        await #expect(throws: LedgerError.self) { try await ledger.seal([Shelf.interval(100)]) }
        let head = try await ledger.head()
        #expect(head.size == 1)
        #expect(head.lastSealedK == 100)
        try await ledger.append(Shelf.leaf(7, type: 11, k: 109))
        #expect(try await ledger.seal([Shelf.interval(110), Shelf.interval(111)]).map(\.k) == [110, 111])
        let reader = try shelf.reader()
        #expect(try await reader.intervalLeaf(k: 110)?.index == 2)
        #expect(try await reader.intervalLeaf(k: 105) == nil)
        #expect(try await reader.intervals(0...200).map(\.k) == [100, 110, 111])
        let items = try await reader.items(k: 111, streams: [StreamNumber(1), StreamNumber(2)])
        #expect(items.map { String(decoding: $0.item.bytes ?? [], as: UTF8.self) } == ["item 1 111", "item 2 111"])
    }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed])
    func `a seal that fails at any step leaves the old ledger or the new one`(_ fault: DiskFaults.Fault) async throws {
        var nth = 1
        var struck = true
        while struck {
            let shelf = try Shelf()
            let faults = DiskFaults()
            let ledger = try shelf.create(faults: faults)
            try await ledger.seal([Shelf.interval(10)])
            let before = try await ledger.head()
            faults.arm(fault, nth: nth)
            do { try await ledger.seal([Shelf.interval(11), Shelf.interval(12)]) } catch LedgerError.injected {}
            struck = faults.hasFired
            faults.disarm()
            let after = try await ledger.head()
            #expect(after == before || after.lastSealedK == 12, "step \(nth)")
            if after == before { try await ledger.seal([Shelf.interval(11), Shelf.interval(12)]) }
            await ledger.close()
            let again = try shelf.open()
            let leaves = try await again.leaves(0..<10)
            #expect(leaves.count == 3)
            #expect(try await again.head().root == MerkleTree.root(of: leaves.map { leafHash($0.bytes) }))
            nth += 1
        }
        #expect(nth > 10)
    }

    @Test func `sealing packs and removes the open rows of its interval, and no others`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let rows = [
            PlacedReading(k: 10, reading: Shelf.reading(1, atMs: 600_000)),
            PlacedReading(k: 10, reading: Shelf.reading(2, atMs: 600_000)),
            PlacedReading(k: 11, reading: Shelf.reading(1, atMs: 660_000)),
        ]
        try await ledger.appendOpen(rows, bootNumber: 1, wallMs: 5, monoMs: 6)
        try await ledger.appendOpen(rows, bootNumber: 1, wallMs: 7, monoMs: 8)
        #expect(try await ledger.openReadings(k: 10).count == 2)
        #expect(try await ledger.boots(last: 1).first?.lastMonoMs == 8)
        try await ledger.seal([Shelf.interval(10)])
        #expect(try await ledger.openIntervals() == [11])
        await #expect(throws: LedgerError.self) {
            try await ledger.appendOpen(Array(rows.prefix(1)), bootNumber: 1, wallMs: 9, monoMs: 9)
        }
    }

    @Test(arguments: [
        RawValue.none, .integer(-5), .integer(Int64.max), .large(UInt64.max), .float32(bits: 0x7FC0_0001),
        .float64(bits: 1), .number("21.50"), .text("åpen"), .event([0x80]),
    ])
    func `an open row gives its reading back exactly`(_ value: RawValue) async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let reading = Reading(
            point: PointNumber(9), capturedAtMs: 600_001, sourceAtMs: -7, quality: .suspect, value: value)
        try await ledger.appendOpen([PlacedReading(k: 10, reading: reading)], bootNumber: 1, wallMs: 1, monoMs: 1)
        #expect(try await ledger.openReadings(k: 10) == [reading])
        #expect(try await shelf.reader().latestValues()[PointNumber(9)]?.newest == reading)
    }

    @Test func `latest values keep the newest value, the newest sign of life and the beginning of the present quality`()
        async throws
    {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        func at(_ ms: Int64, _ quality: Quality, _ value: RawValue) -> PlacedReading {
            PlacedReading(
                k: 10, reading: Reading(point: PointNumber(1), capturedAtMs: ms, quality: quality, value: value))
        }
        let rows = [
            at(600_000, .good, .integer(1)), at(600_010, .noValue, .none), at(600_020, .stale, .none),
            at(600_030, .offline, .none), at(600_005, .good, .integer(9)),
        ]
        try await ledger.appendOpen(rows, bootNumber: 1, wallMs: 1, monoMs: 1)
        let latest = try #require(try await ledger.latestValues()[PointNumber(1)])
        #expect(latest.newest == rows[3].reading)
        #expect(latest.valued == rows[0].reading)
        #expect(latest.heard == rows[1].reading)
        #expect(latest.since == rows[2].reading)
    }
}
