import Capture
import Disclosure
import FacilityAPI
import Foundation
import HTTPTypes
import LedgerStore
import Readings
import Testing
import TwinModel

/// Goal: a list that is read page by page while the house goes on writing holds each row once; a cursor is good for its own
/// list only, and every GET can be asked with conditions and as HEAD.
@Suite(.serialized) struct PagingTests {
    private func house(_ body: @escaping @Sendable (House, Door) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await Door.open(house) { door in try await body(house, door) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    private static let base = "/v1/points/m1.energy-import/readings"

    /// Writes `count` readings of the meter, a second apart, and seals what is due after each thirty.
    private func write(_ house: House, count: Int) async throws {
        let meter = try await house.number("m1.energy-import")
        for step in 0..<count {
            house.clock.advance(1_000)
            try await house.take([
                Reading(
                    point: meter, capturedAtMs: house.clock.nowMs, quality: .good,
                    value: .integer(1_900_000 + Int64(step)))
            ])
            if step % 30 == 29 { _ = try await house.writer.sealDue() }
        }
    }

    /// The instants of every row, in the order of the pages; `between` runs after each page.
    private func walk(_ door: Door, _ path: String, between: () async throws -> Void = {}) async throws -> [String] {
        var seen: [String] = []
        var next: String? = path
        while let path = next, seen.count < 10_000 {
            let answer = try await door.get(path)
            try #require(answer.status == 200, "\(answer.text)")
            let page = try JSONValue(parsing: answer.bytes)
            seen += (page["items"]?.asArray ?? []).compactMap { $0["at"]?.asText }
            next = page["next"]?.asText
            #expect(next == nil || answer.header("Link") == "<\(next ?? "")>; rel=\"next\"")
            try await between()
        }
        return seen
    }

    @Test func `five hundred readings are paged through while more are written and sealed`() async throws {
        try await house { house, door in
            try await write(house, count: 500)
            for order in ["asc", "desc"] {
                let question = "\(Self.base)?day=2026-03-01&order=\(order)&limit=1000"
                let before = try await walk(door, question)
                #expect(before.count >= 500)
                let startedMs = house.clock.nowMs
                let paged = try await walk(
                    door, "\(Self.base)?day=2026-03-01&order=\(order)&limit=37",
                    between: { try await write(house, count: 17) })
                #expect(Set(paged).count == paged.count)
                #expect(paged == (order == "asc" ? paged.sorted() : paged.sorted().reversed()))
                #expect(paged.filter { $0 <= UTCTime.text(startedMs) } == before)
                // What came after the minute of the first page is not part of the list.
                #expect(paged.allSatisfy { $0 <= UTCTime.text(startedMs + 60_000) })
            }
        }
    }

    @Test func `readings that are sealed while they are asked for are never missing`() async throws {
        try await house { house, door in
            try await write(house, count: 20)
            let path = "\(Self.base)?day=2026-03-01&limit=1000"
            let known = try await walk(door, path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(house, count: 300) }
                group.addTask {
                    for _ in 0..<40 {
                        let seen = try await walk(door, path)
                        #expect(Array(seen.prefix(known.count)) == known)
                        #expect(Set(seen).count == seen.count)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a cursor of another list, of nobody, or with company is refused, an old one has expired`() async throws
    {
        try await house { house, door in
            let first = try JSONValue(parsing: try await door.get("\(Self.base)?day=2026-03-01&limit=1").bytes)
            let next = try #require(first["next"]?.asText)
            let cursor = String(next.drop { $0 != "=" }.dropFirst())
            #expect(try await door.get(next).status == 200)
            for path in [
                "/v1/points/ahu1.co2/readings", "/v1/anchors", "/v1/points", "/v1/completeness", "/v1/changes",
            ] {
                let answer = try await door.get(path + "?cursor=" + cursor)
                #expect(answer.status == 400, "\(path): \(answer.text)")
                #expect(answer.text.contains("\"parameter\":\"cursor\""), "\(path)")
            }
            for forged in ["", "e30", "%00", String(repeating: "A", count: 4_000), cursor + "A", "eyJwIjo3fQ", "💥"] {
                let text = forged.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? forged
                #expect(try await door.get("\(Self.base)?cursor=\(text)").status == 400, "\(forged)")
            }
            #expect(try await door.get(next + "&limit=5").status == 400)
            #expect(try await door.get(next + "&cursor=" + cursor).status == 400)
            house.clock.advance(-7_200_000)
            #expect(try await door.get(next).status == 410)
            house.clock.advance(7_200_000 + 3_700_000)
            let late = try await door.get(next)
            #expect(late.status == 410)
            #expect(late.text.contains("\"code\":\"cursor-expired\""))
        }
    }

    private static let gets = [
        "/v1", "/v1/card", "/v1/health", "/v1/entities", "/v1/entities/m1", "/v1/points", "/v1/points/m1.energy-import",
        "/v1/points/m1.energy-import/series?day=2026-03-01", "\(base)?day=2026-03-01",
        "/v1/completeness?day=2026-03-01",
        "/v1/anchors", "/v1/anchors/1", "/v1/changes", "/v1/problems/internal", "/log/checkpoint", "/log/anchors",
        "/log/receipt/3", "/log/receipt/0?size=5",
        "/log/keys",
        "/v1/points/m1.energy-import/readings/2026-03-01T13:00:05.118Z/evidence",
    ]

    @Test(arguments: gets) func `a GET has a strong ETag, 304 for who has it, and a HEAD without body`(path: String)
        async throws
    {
        try await house { _, door in
            let answer = try await door.get(path)
            try #require(answer.status == 200, "\(answer.text)")
            let tag = try #require(answer.header("ETag"))
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count > 2)
            let control = try #require(answer.header("Cache-Control"))
            for condition in [tag, "\"other\", \(tag)", "W/\(tag)", "*"] {
                let same = try await door.get(path, ("If-None-Match", condition))
                #expect(same.status == 304, "\(condition)")
                #expect(same.bytes.isEmpty)
                #expect(same.header("ETag") == tag)
                #expect(same.header("Cache-Control") == control)
            }
            #expect(try await door.get(path, ("If-None-Match", "\"other\"")).status == 200)
            let head = try await door.ask("HEAD", path)
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
            #expect(head.header("ETag") == tag)
            #expect(head.header("Content-Type") == answer.header("Content-Type"))
            #expect(head.header("Content-Length") == String(answer.bytes.count))
        }
    }

    @Test func `a question about another time is refused with the nearest name, never answered with today`()
        async throws
    {
        try await house { _, door in
            for (path, nearest) in [
                ("/v1/points?asOf=2026-03-01T00:00:00Z", String?.none), ("/v1/entities/m1?revision=1", nil),
                ("\(Self.base)?form=2026-03-01T00:00:00Z", "from"), ("\(Self.base)?untill=x", nil),
                ("/v1/completeness?streams=1", "stream"), ("/v1/anchors?states=anchored", "state"),
                ("/v1/anchors?LIMIT=1", "limit"), ("/v1?asof=1", nil), ("/v1/events?point=m1.energy-import", "points"),
            ] {
                let answer = try await door.get(path)
                #expect(answer.status == 400, "\(path)")
                #expect(answer.text.contains("\"code\":\"unknown-parameter\""), "\(path) \(answer.text)")
                if let nearest { #expect(answer.text.contains("Did you mean \(nearest)?"), "\(answer.text)") }
            }
        }
    }
}
