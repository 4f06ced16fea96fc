import Foundation
import LedgerStore
import Logging
import Scrubbing
import SiteTesting
import Synchronization
import Testing

/// Goal: a share every day, everything within the days that are stated, over restarts. Method: a clock that is moved by hand.
@Suite(.serialized) struct ScrubberTests {
    private static let dayMs: UInt64 = 86_400_000

    /// Notes in memory, a clock, and a scrubber as one process has it.
    private final class Desk: Sendable {
        let notes = Mutex<[UInt8]?>(nil)
        let nowMs = Mutex<UInt64>(1_772_400_000_000)

        func scrubber(_ site: Site, perStepMax: UInt64 = 256) throws -> Scrubber {
            var settings = Scrubber.Settings(withinMs: 10 * ScrubberTests.dayMs)
            settings.stepMs = ScrubberTests.dayMs / 24
            settings.leavesPerStepMax = perStepMax
            return Scrubber(
                try site.reader(), measures: { LogWalk.Measures(card: nil, checkpointFile: nil) },
                memory: ScrubMemory(
                    read: { self.notes.withLock { $0 } }, keep: { bytes in self.notes.withLock { $0 = bytes } },
                    alone: { 0 }),
                settings: settings, nowMs: { self.nowMs.withLock { $0 } }, pause: { _ in },
                journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        var read: ScrubNotes? { notes.withLock { $0 }.flatMap { ScrubNotes($0) } }
        func advance(ms: UInt64) { nowMs.withLock { $0 += ms } }
    }

    private func site() async throws -> Site {
        let site = try await Site()
        for _ in 0..<5 {
            try await site.run(intervals: 20)
            try await site.anchor()
        }
        return site
    }

    @Test func `a day reads its share, ten days read everything, and a restart in between reads nothing twice`()
        async throws
    {
        let site = try await site()
        let desk = Desk()
        let size = try await site.ledger.size()
        var scrubber = try desk.scrubber(site)
        var count: UInt64 = 0
        for hour in 0..<240 {
            if hour % 50 == 49 { scrubber = try desk.scrubber(site) }
            count += try await scrubber.step()
            if hour == 23 { #expect(count >= size / 10 && count <= size / 10 + 2, "\(count) of \(size)") }
            desk.advance(ms: Self.dayMs / 24)
        }
        #expect(count == size)
        let notes = try required(desk.read)
        #expect(notes.round == 2 && notes.lastRound?.leaves == size && notes.damage == [])
        #expect(notes.place == LogWalk.Place())
    }

    @Test func `what was missed while the gateway stood still is caught up with in bounded steps`() async throws {
        let site = try await site()
        let desk = Desk()
        _ = try await desk.scrubber(site).step()
        desk.advance(ms: 9 * Self.dayMs)
        let scrubber = try desk.scrubber(site, perStepMax: 16)
        #expect(try await scrubber.step() == 16)
        #expect(try await scrubber.step() == 16)
    }

    @Test func `damage is kept over restarts until its place is read again and sound`() async throws {
        let ledger = try await RottenLedger()
        #expect(ledger.sql("UPDATE leaf SET bytes = zeroblob(40) WHERE idx = 5") == 0)
        let desk = Desk()
        #expect(try await desk.scrubber(ledger.site).day() > 0)
        desk.advance(ms: 10 * Self.dayMs)
        for _ in 0..<20 { _ = try await desk.scrubber(ledger.site).step() }
        let notes = try required(desk.read)
        #expect(notes.round >= 2 && notes.damage.map(\.name) == ["leaf 5"], "\(notes)")
        try ledger.restore()
        desk.advance(ms: 10 * Self.dayMs)
        for _ in 0..<4 {
            _ = try await desk.scrubber(ledger.site).step()
            desk.advance(ms: 10 * Self.dayMs)
        }
        #expect(try required(desk.read).damage == [])
    }

    @Test func `notes come back as they were, and rotten ones begin a new round`() throws {
        var notes = ScrubNotes()
        notes.begunMs = 5
        notes.place.next = 77
        notes.place.coveredK = 9
        notes.found = [Damage(.item, "item 3/9", "its bytes do not match its hash")]
        let bytes = Array(notes.encoded().utf8)
        #expect(ScrubNotes(bytes) == notes)
        for place in bytes.indices {
            var rotten = bytes
            rotten[place] ^= 0x40
            _ = ScrubNotes(rotten)
        }
        #expect(ScrubNotes(Array(bytes.dropLast())) == nil)
        #expect(ScrubNotes([0xff]) == nil)
    }
}
