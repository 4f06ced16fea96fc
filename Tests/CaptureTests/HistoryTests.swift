import Capture
import LedgerStore
import LogEntries
import Readings
import Testing

/// Goal: history is what the log says, page by page, whatever is captured meanwhile.
struct HistoryTests {
    @Test func `pages of a point's readings join without holes or repeats, forwards and backwards`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let begin = Int64(house.time.wallMs)
        for value in 0..<100 {
            daemon.intake.offer([house.reading(1, Int64(value)), house.reading(2, 400)])
            house.time.advance(ms: 7_000)
            try await daemon.flow.step()
        }
        let end = Int64(house.time.wallMs)
        let reader = try house.reader()
        var forwards: [StoredReading] = []
        var from = begin
        while true {
            let page = try await reader.readings(of: PointNumber(1), kind: .integer, fromMs: from, toMs: end, limit: 7)
            guard let last = page.last else { break }
            forwards += page
            from = last.reading.capturedAtMs + 1
        }
        #expect(forwards.map(\.reading.value) == (0..<100).map { .integer($0) })
        var backwards: [StoredReading] = []
        var to = end
        while true {
            let page = try await reader.readings(
                of: PointNumber(1), kind: .integer, fromMs: begin, toMs: to, limit: 9, descending: true)
            guard let last = page.last else { break }
            backwards += page
            to = last.reading.capturedAtMs
        }
        #expect(backwards == forwards.reversed())
        #expect(forwards.first?.place != nil)
        #expect(forwards.last?.place == nil)
        for stored in forwards {
            guard let place = stored.place else { continue }
            let leaf = try #require(try await reader.intervalLeaf(k: stored.k))
            #expect(leaf.index == place.leafIndex)
            let item = try #require(try await reader.item(stream: place.stream, k: stored.k)?.bytes)
            let row = try Payload.decode(try IntervalItem.decode(item).payload)[Int(place.position)]
            #expect(row.reading(k: stored.k, periodMs: 60_000, kind: .integer) == stored.reading)
        }
        await daemon.kill()
    }

    @Test func `a range takes its first instant and not its last`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let begin = house.time.wallMs
        daemon.intake.offer([0, 10, 20].map { house.reading(1, Int64($0), atMs: begin + $0) })
        house.time.advance(ms: 100)
        try await daemon.flow.step()
        let reader = try house.reader()
        func values(_ from: UInt64, _ to: UInt64) async throws -> [RawValue] {
            try await reader.readings(
                of: PointNumber(1), kind: nil, fromMs: Int64(begin + from), toMs: Int64(begin + to), limit: 10
            ).map(\.reading.value)
        }
        #expect(try await values(0, 20) == [.integer(0), .integer(10)])
        #expect(try await values(1, 21) == [.integer(10), .integer(20)])
        #expect(try await values(5, 5) == [])
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        #expect(try await values(0, 20) == [.integer(0), .integer(10)])
        #expect(
            try await reader.readings(of: PointNumber(1), kind: nil, fromMs: Int64.min, toMs: Int64.max, limit: 2).count
                == 2)
        await daemon.kill()
    }

    @Test func `counts tell received, late and silent apart`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let first = house.time.wallMs / 60_000
        daemon.intake.offer([house.reading(1, 1), house.reading(1, 2, atMs: house.time.wallMs - 900_000)])
        house.time.advance(ms: 1_000)
        try await daemon.flow.step()
        for _ in 0..<5 {
            house.time.advance(ms: 60_000)
            try await daemon.flow.step()
        }
        house.time.advance(ms: 2_000)
        try await daemon.flow.step()
        let counts = try await house.reader().counts(stream: StreamNumber(2), k: first...(first + 4))
        #expect(counts.map(\.k) == Array(first...(first + 4)))
        #expect(counts.map(\.received) == [2, 0, 0, 0, 0])
        #expect(counts.first?.late == 1)
        #expect(counts.reduce(0) { $0 + $1.silent } == 1)
        await daemon.kill()
    }

    @Test func `gaps, boots and spans are found by their range`() async throws {
        let house = try await House()
        let first = try await house.start()
        for _ in 0..<3 {
            first.intake.offer([house.reading(1, 1)])
            try await first.flow.step()
            house.time.advance(ms: 62_000)
        }
        try await first.flow.step()
        await first.kill()
        let killedMs = house.time.wallMs
        house.time.advance(ms: 600_000)
        let second = try await house.start()
        let reader = try house.reader()
        let gap = try #require(second.start.gap)
        #expect(try await reader.gaps(k: 0...UInt64(Int64.max)) == [gap])
        #expect(try await reader.gaps(k: gap.kTo...gap.kTo) == [gap])
        #expect(try await reader.gaps(k: (gap.kTo + 1)...(gap.kTo + 9)) == [])
        #expect(try await reader.decodedLeaves(type: 8, fromMs: killedMs).count == 1)
        #expect(try await reader.decodedLeaves(type: 8, descending: true).map(\.leaf.bootNumber) == [3, 2, 1])
        #expect(try await reader.sealedSpan()?.upperBound == gap.kFrom - 1)
        #expect(try await reader.events(after: 0).contains { $0.kind == "gap" && $0.json.contains("not-running") })
        await second.kill()
    }

    @Test func `a reader sees what is on disk while the writer goes on`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let reader = try house.reader()
        let writing = Task {
            for value in 0..<200 {
                daemon.intake.offer([house.reading(1, Int64(value))])
                house.time.advance(ms: 10_000)
                try await daemon.flow.step()
            }
        }
        var last: UInt64 = 0
        for _ in 0..<100 {
            let head = try await reader.head()
            #expect(head.size >= last)
            #expect(try await reader.root(size: head.size) == head.root)
            last = head.size
        }
        try await writing.value
        #expect(try await reader.head() == daemon.ledger.head())
        await daemon.kill()
    }
}
