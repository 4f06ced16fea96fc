import Disclosure
import FacilityAPI
import Foundation
import LedgerStore
import Readings
import Testing
import TwinModel

/// Goal: a client that reconnects with any id it was ever sent misses nothing that was stored, and every id rises.
/// Method: feeds are asked directly, on a clock that waiting moves.
@Suite(.serialized) struct EventFeedTests {
    private static let grant = Grant(number: 1, name: "kari", role: .facility, untilMs: nil)

    private struct Frame: Equatable {
        let id: UInt64
        let json: String?
    }

    private func house(_ body: (House) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await body(house)
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    private func feed(_ house: House, since: UInt64? = nil, points: [String] = [], kinds: [String] = []) async throws
        -> EventFeed
    {
        let clock = house.clock
        return try await house.facility.events(
            points: points, kinds: kinds, since: since, grant: Self.grant, pause: { clock.advance($0) })
    }

    /// Everything with an id until the feed beats.
    private func frames(_ feed: EventFeed) async throws -> [Frame] {
        var frames: [Frame] = []
        while let items = try await feed.next() {
            for item in items {
                switch item {
                case .event(let id, _, let json): frames.append(Frame(id: id, json: json))
                case .readings(let id, _): if let id { frames.append(Frame(id: id, json: nil)) }
                case .tick: return frames
                case .hello, .reset: break
                }
            }
        }
        return frames
    }

    private func read(_ house: House, _ value: Int64) async throws {
        let meter = try await house.number("m1.energy-import")
        await house.keeper.apply([
            Reading(point: meter, capturedAtMs: house.clock.nowMs, quality: .good, value: .integer(value))
        ])
    }

    private func tell(_ house: House, _ number: Int) async throws {
        try await house.ledger.addEvents(
            [NewEvent(kind: "seal", json: "{\"k\":\(number)}")], nowMs: UInt64(house.clock.nowMs))
    }

    @Test func `every id rises, and resuming with any of them loses no event`() async throws {
        try await house { house in
            try await tell(house, 0)
            let first = try await feed(house)
            _ = try await first.next()
            var sent: [Frame] = []
            for step in 1...6 {
                house.clock.advance(step == 4 ? -3_600_000 : 1_500)
                try await read(house, 1_842_300 + Int64(step))
                if step % 2 == 0 { try await tell(house, step) }
                if step == 5 { try await tell(house, 50) }
                for item in try await first.next() ?? [] {
                    switch item {
                    case .event(let id, _, let json): sent.append(Frame(id: id, json: json))
                    case .readings(let id, _): sent.append(Frame(id: try #require(id), json: nil))
                    default: break
                    }
                }
            }
            let stored = sent.filter { $0.json != nil }
            #expect(stored.map(\.json) == ["{\"k\":2}", "{\"k\":4}", "{\"k\":50}", "{\"k\":6}"])
            #expect(sent.map(\.id) == Set(sent.map(\.id)).sorted(), "ids do not rise: \(sent)")
            #expect(sent.count > stored.count)
            for frame in sent {
                let again = try await frames(try await feed(house, since: frame.id))
                #expect(again.compactMap(\.json) == stored.filter { $0.id > frame.id }.compactMap(\.json), "\(frame)")
                #expect(again.allSatisfy { $0.id > frame.id })
                #expect(again.map(\.id) == Set(again.map(\.id)).sorted())
            }
        }
    }

    @Test func `an event that is stored after a reading was sent has the greater id, even by a clock that went back`()
        async throws
    {
        try await house { house in
            try await tell(house, 0)
            let feed = try await feed(house)
            _ = try await feed.next()
            try await read(house, 1_842_300)
            let items = try await feed.next() ?? []
            guard case .readings(let found?, _) = items.first else {
                Issue.record("\(items)")
                return
            }
            house.clock.advance(-7_200_000)
            try await tell(house, 1)
            house.clock.advance(7_200_000)
            let again = try await frames(try await self.feed(house, since: found))
            #expect(again.compactMap(\.json) == ["{\"k\":1}"])
        }
    }

    @Test func `what was read before an event is told before it, so that its id stands for both`() async throws {
        try await house { house in
            try await tell(house, 0)
            let feed = try await feed(house)
            _ = try await feed.next()
            try await read(house, 1_842_300)
            house.clock.advance(500)
            try await tell(house, 1)
            let items = try await feed.next() ?? []
            #expect(items.count == 2)
            guard case .readings(let reading?, _) = items.first, case .event(let event, _, _) = items.last else {
                Issue.record("\(items)")
                return
            }
            #expect(reading < event)
        }
    }

    @Test func `ids between two events are used up before any is given twice`() async throws {
        try await house { house in
            try await tell(house, 0)
            let feed = try await feed(house, points: ["m1.energy-import"], kinds: ["reading"])
            _ = try await feed.next()
            var ids: [UInt64?] = []
            for step in 0..<1_010 {
                house.clock.advance(1_000)
                try await read(house, Int64(step))
                for case .readings(let id, _) in try await feed.next() ?? [] { ids.append(id) }
            }
            let given = ids.compactMap(\.self)
            #expect(given.count == Int(Ledger.eventHeadroom) - 1)
            #expect(given == Set(given).sorted())
            #expect(ids.suffix(10).allSatisfy { $0 == nil })
        }
    }

    @Test func `an id nobody was ever sent, or one from a day ago, is answered with a reset`() async throws {
        try await house { house in
            try await tell(house, 0)
            let last = try await house.facility.reader.lastEventID()
            for since in [last + Ledger.eventHeadroom, UInt64.max, 0, last - Ledger.eventLifeMs - 1] {
                let items = try await feed(house, since: since).next() ?? []
                guard case .hello(_, _, nil) = items.first, case .reset("too-old") = items.last else {
                    Issue.record("\(since): \(items)")
                    continue
                }
            }
        }
    }

    @Test func `a slow reader is told to fetch again and then gets only what is new`() async throws {
        try await house { house in
            let feed = try await feed(house)
            _ = try await feed.next()
            try await tell(house, 1)
            house.clock.advance(EventFeed.behindMs + 1)
            let items = try await feed.next() ?? []
            guard case .reset("behind") = items.first, items.count == 1 else {
                Issue.record("\(items)")
                return
            }
            try await tell(house, 2)
            #expect(try await frames(feed).compactMap(\.json) == ["{\"k\":2}"])
        }
    }

    @Test func `filters let through what they name and what concerns no point`() async throws {
        try await house { house in
            try await tell(house, 0)
            let since = try await house.facility.reader.lastEventID()
            try await house.ledger.addEvents(
                [
                    NewEvent(kind: "quality", points: ["m1.energy-import"], json: "1"),
                    NewEvent(kind: "quality", points: ["ahu1.co2", "m1.energy-import"], json: "2"),
                    NewEvent(kind: "quality", points: ["ahu1.co2"], json: "3"),
                    NewEvent(kind: "seal", json: "4"), NewEvent(kind: "gap", json: "5"),
                ], nowMs: UInt64(house.clock.nowMs))
            func told(_ points: [String], _ kinds: [String]) async throws -> [String] {
                try await frames(try await feed(house, since: since, points: points, kinds: kinds)).compactMap(\.json)
            }
            #expect(try await told([], []) == ["1", "2", "3", "4", "5"])
            #expect(try await told(["m1.energy-import"], []) == ["1", "2", "4", "5"])
            #expect(try await told(["ahu1.co2"], ["quality", "gap"]) == ["2", "3", "5"])
            #expect(try await told([], ["nothing-of-the-kind"]) == [])
            await #expect(throws: Refusal.noSuchResource(kind: "points", id: "m9.x")) {
                _ = try await feed(house, points: ["m9.x"])
            }
        }
    }

    @Test func `a stream ends when its token does`() async throws {
        try await house { house in
            let feed = try await feed(house)
            _ = try await feed.next()
            try await house.ledger.endToken(grant: 1, atMs: UInt64(house.clock.nowMs))
            #expect(try await feed.next() == nil)
        }
    }

    @Test func `what a busy stream discloses is counted before it leaves`() async throws {
        try await house { house in
            let feed = try await feed(house)
            _ = try await feed.next()
            let co2 = try await house.number("ahu1.co2")
            for step in 0..<3 {
                house.clock.advance(1_000)
                await house.keeper.apply([
                    Reading(
                        point: co2, capturedAtMs: house.clock.nowMs, quality: .good, value: .integer(Int64(step)))
                ])
                _ = try await feed.next()
                #expect(try await house.ledger.waitingUses().uses.map(\.scope) == ["ahu1.co2"])
            }
        }
    }
}
