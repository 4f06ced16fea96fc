import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Testing

/// Goal: what was erased is nowhere any more, neither in the file nor in a copy of it, whatever step fails in between; and what was not
/// erased is still there.
///
/// Method: a public and a private stream over the end of a UTC day, on the real disk; copies of the file are kept and opened with the
/// key folder as it is later; the raw bytes of file and write-ahead log are searched.
struct ErasureTests {
    static let open = StreamNumber(1)
    static let secret = StreamNumber(2)
    /// Five intervals of one day and five of the next.
    static let ks: ClosedRange<UInt64> = 1_435...1_444

    static func filled(_ shelf: Shelf, faults: DiskFaults? = nil) async throws -> Ledger {
        let ledger = try shelf.create(faults: faults)
        try await ledger.begin(
            genesis: Shelf.leaf(0, type: 0), boot: Shelf.leaf(1, type: 8), config: Shelf.leaf(2, type: 4),
            change: ConfigChange(hash: sha256([9]), modelRevision: 1, items: [], places: []))
        for k in ks { try await ledger.seal([Shelf.interval(k, private: [2])]) }
        return ledger
    }

    /// What the two streams give to a reader of the directory: k of the items with bytes, and k of those without a key.
    static func seen(_ stream: StreamNumber, _ directory: String) async throws -> (read: [UInt64], keyGone: [UInt64]) {
        let rows = try await LedgerReader.open(directory: directory).items(stream: stream, k: 0...9_999)
        for row in rows {
            if let bytes = row.item.bytes { #expect(bytes == Array("item \(stream) \(row.k)".utf8)) }
        }
        return (
            rows.filter { $0.item.bytes != nil }.map(\.k), rows.filter(\.item.isKeyGone).map(\.k)
        )
    }

    static func range(_ kFrom: UInt64, _ kTo: UInt64, of stream: StreamNumber = secret) -> ErasureRange {
        ErasureRange(stream: stream, kFrom: kFrom, kTo: kTo)
    }

    static func erase(_ ledger: Ledger, _ range: ErasureRange) async throws {
        _ = try await ledger.declareErasure(Shelf.leaf(50, type: 10), range)
        try await ledger.carryOnErasing()
    }

    /// A copy as a backup makes it: the database alone, with the key folder as it is when it is read.
    private func copy(_ shelf: Shelf) throws -> Shelf {
        let copy = try Shelf()
        for name in ["ledger.db", "ledger.db-wal"] {
            let from = shelf.directory + "/" + name
            if FileManager.default.fileExists(atPath: from) {
                try FileManager.default.copyItem(atPath: from, toPath: copy.directory + "/" + name)
            }
        }
        return copy
    }

    private func raw(_ shelf: Shelf) throws -> Data {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shelf.file))
        // There is none when it was folded back and removed.
        if let wal = try? Data(contentsOf: URL(fileURLWithPath: shelf.file + "-wal")) { bytes += wal }
        return bytes
    }

    @Test func `a whole day goes with its key, also out of a copy, and the next day stays`() async throws {
        let shelf = try Shelf()
        let ledger = try await Self.filled(shelf)
        let backup = try copy(shelf)
        try await Self.erase(ledger, Self.range(1_435, 1_439))
        #expect(try await ledger.pendingErasures().isEmpty)
        #expect(try await Self.seen(Self.secret, shelf.directory).read == Array(1_440...1_444))
        #expect(try await Self.seen(Self.open, shelf.directory).read == Array(Self.ks))
        let keys = ItemKeys(folder: ledger.keys.folder)
        let copied = try LedgerReader.open(directory: backup.directory, keys: keys)
        let rows = try await copied.items(stream: Self.secret, k: Self.ks)
        #expect(rows.filter { $0.item.bytes != nil }.map(\.k) == Array(1_440...1_444))
        #expect(rows.filter(\.item.isKeyGone).map(\.k) == Array(1_435...1_439))
        await ledger.close()
    }

    @Test func `of a part of a day the rest is sealed anew, and a copy loses the stream's whole day`() async throws {
        let shelf = try Shelf()
        let ledger = try await Self.filled(shelf)
        let backup = try copy(shelf)
        try await Self.erase(ledger, Self.range(1_442, 1_443))
        #expect(try await Self.seen(Self.secret, shelf.directory).read == Array(1_435...1_441) + [1_444])
        let keys = ItemKeys(folder: ledger.keys.folder)
        let rows = try await LedgerReader.open(directory: backup.directory, keys: keys)
            .items(stream: Self.secret, k: Self.ks)
        #expect(rows.filter(\.item.isKeyGone).map(\.k) == Array(1_440...1_444))
        try await ledger.seal([Shelf.interval(1_445, private: [2])])
        #expect(try await Self.seen(Self.secret, shelf.directory).read.last == 1_445)
        await ledger.close()
    }

    @Test func `neither file nor write-ahead log holds a byte string of an erased item`() async throws {
        let shelf = try Shelf()
        let ledger = try await Self.filled(shelf)
        // Streams of both kinds, so that plain text and ciphertext are looked for.
        let backup = try copy(shelf)
        let before = try raw(shelf)
        let sealed = try Tampering.column(backup.file, "SELECT bytes FROM item WHERE stream = 2 AND k = 1437")
        let plain = Data("item 1 1437".utf8)
        #expect(before.range(of: plain) != nil && before.range(of: Data(sealed)) != nil)
        #expect(before.range(of: Data("item 2 1437".utf8)) == nil, "a private item lies in the open")
        let hash = leafHash(Array("item 2 1437".utf8))
        try await Self.erase(ledger, Self.range(1_437, 1_437))
        try await Self.erase(ledger, Self.range(1_437, 1_437, of: Self.open))
        let after = try raw(shelf)
        #expect(after.range(of: plain) == nil)
        #expect(after.range(of: Data(sealed)) == nil)
        // Not even a piece of it: the nonce, or the end of the ciphertext.
        #expect(after.range(of: Data(sealed[9..<21])) == nil)
        #expect(after.range(of: Data(sealed.suffix(16))) == nil)
        #expect(after.range(of: Data(hash.bytes)) != nil, "the hash stays")
        await ledger.close()
    }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed])
    func `a death between any two steps leaves a declared erasure that the next start carries out, or none`(
        fault: DiskFaults.Fault
    ) async throws {
        var nth = 1
        var hasStruck = true
        while hasStruck {
            let shelf = try Shelf()
            let faults = DiskFaults()
            let ledger = try await Self.filled(shelf, faults: faults)
            faults.arm(fault, nth: nth)
            // A part of the first day and the whole second one.
            do { try await Self.erase(ledger, Self.range(1_437, 1_444)) } catch is LedgerError {}
            hasStruck = faults.hasFired
            await ledger.close()
            let again = try shelf.open()
            let isDeclared = try await again.leaves(0..<99).contains { $0.type == 10 }
            #expect(try await again.pendingErasures().isEmpty, "\(fault), step \(nth)")
            let left = isDeclared ? [1_435, 1_436] : Array(Self.ks)
            #expect(try await Self.seen(Self.secret, shelf.directory) == (left, []), "\(fault), step \(nth)")
            #expect(try await Self.seen(Self.open, shelf.directory).read == Array(Self.ks))
            let head = try await again.head()
            #expect(try await again.rehashedRoot(from: 0, size: head.size) == head.root)
            #expect(isDeclared || nth < 8, "\(fault), step \(nth)")
            try await again.seal([Shelf.interval(1_445, private: [2])])
            await again.close()
            nth += 1
        }
        #expect(nth > 15, "erasing has more steps than \(nth)")
    }

    @Test func `what is not sealed, not known or not in order is refused, and nothing is declared`() async throws {
        let shelf = try Shelf()
        let ledger = try await Self.filled(shelf)
        let size = try await ledger.size()
        for range in [
            Self.range(1_440, 1_445), Self.range(1_441, 1_440), Self.range(1_440, 1_441, of: StreamNumber(9)),
        ] {
            await #expect(throws: LedgerError.self) { try await Self.erase(ledger, range) }
            await #expect(throws: LedgerError.self) { _ = try await ledger.erasureScope(range) }
        }
        try await ledger.append(Shelf.leaf(60, type: 12))
        await #expect(throws: LedgerError.outOfOrder(what: "this log has ended: nothing is declared in it any more")) {
            try await Self.erase(ledger, Self.range(1_440, 1_440))
        }
        #expect(try await ledger.size() == size + 1)
        await ledger.close()
    }

    @Test func `what an erasure would take is told, and nothing is taken`() async throws {
        let shelf = try Shelf()
        let ledger = try await Self.filled(shelf)
        let scope = try await ledger.erasureScope(Self.range(1_438, 1_444))
        #expect(scope.items == 7 && scope.sealedItems == 7 && scope.wholeDays == 1 && scope.partDays == 1)
        #expect(try await ledger.erasureScope(Self.range(1_438, 1_444, of: Self.open)).sealedItems == 0)
        #expect(try await Self.seen(Self.secret, shelf.directory).read == Array(Self.ks))
        await ledger.close()
    }

    @Test func `the latest value goes with the interval it was captured in, an older or newer one stays`() async throws
    {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let places = (1...3).map { PointPlace(point: PointNumber($0), stream: Self.secret) }
        try await ledger.begin(
            genesis: Shelf.leaf(0, type: 0), boot: Shelf.leaf(1, type: 8), config: Shelf.leaf(2, type: 4),
            change: ConfigChange(hash: sha256([9]), modelRevision: 1, items: [], places: places))
        // Point 1 speaks before, point 2 in, point 3 before and after the interval that is erased.
        for (point, k) in [(1, 100), (3, 100), (2, 101), (3, 102)] as [(UInt32, Int64)] {
            try await ledger.appendOpen(
                [PlacedReading(k: UInt64(k), reading: Shelf.reading(point, atMs: k * 60_000 + 5))], bootNumber: 1,
                wallMs: 1, monoMs: 1)
            try await ledger.seal([Shelf.interval(UInt64(k), private: [2])].filter { _ in k != 100 || point == 3 })
        }
        try await Self.erase(ledger, Self.range(101, 101))
        let values = try await ledger.latestValues()
        #expect(values[PointNumber(1)]?.newest.capturedAtMs == 6_000_005)
        #expect(values[PointNumber(2)] == nil)
        #expect(values[PointNumber(3)]?.newest.capturedAtMs == 6_120_005)
        await ledger.close()
        let reader = try shelf.reader()
        #expect(try await reader.latestValues()[PointNumber(2)] == nil)
    }
}
