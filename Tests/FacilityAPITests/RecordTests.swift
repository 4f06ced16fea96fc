import Capture
import Disclosure
import FacilityAPI
import Foundation
import HTTPTypes
import Hashing
import LedgerStore
import Readings
import Testing
import TwinModel

/// Goal: what the record says of itself — days of 23 and 25 hours, snapshots, revisions, tiles — holds at its edges.
@Suite(.serialized) struct RecordTests {
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

    private func json(_ door: Door, _ path: String) async throws -> JSONValue {
        let answer = try await door.get(path)
        try #require(answer.status == 200, "\(path): \(answer.text)")
        return try JSONValue(parsing: answer.bytes)
    }

    /// 2026-10-26T00:00:00Z; the token of the house is over by then.
    private static let afterAutumnMs: Int64 = 1_792_972_800_000
    private static let lateToken = "token-of-the-following-winter-0123"

    @Test(arguments: [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-28", 24)])
    func `a local day has the hours the zone gives it, in series and completeness`(day: String, hours: Int)
        async throws
    {
        try await house { house, door in
            _ = try await house.ledger.addToken(
                hash: Facility.tokenHash(Self.lateToken), name: "eva", role: "auditor", scope: "",
                nowMs: UInt64(Self.afterAutumnMs), untilMs: nil)
            house.clock.set(Self.afterAutumnMs)
            let stream = try await house.stream("m1.energy-import")
            let series = try await door.get(
                "/v1/points/m1.energy-import/series?day=\(day)&seconds=3600", token: Self.lateToken)
            #expect(try JSONValue(parsing: series.bytes)["buckets"]?.asArray?.count == hours)
            let rows = try await door.get("/v1/completeness?day=\(day)&stream=\(stream)", token: Self.lateToken)
            let row = try JSONValue(parsing: rows.bytes)["items"]?.asArray?.first
            #expect(row?["hours"]?.asInt == hours)
            #expect(row?["day"]?.asText == day)
            // The meter is due each minute, the filter each ten seconds.
            #expect(row?["expected"]?.asInt == hours * 420)
        }
    }

    @Test func `a range before time began is refused, not a fault`() async throws {
        try await house { _, door in
            for path in [
                "/v1/points/m1.energy-import/series?from=1960-01-01T00:00:00Z&to=1960-01-02T00:00:00Z",
                "/v1/points/m1.energy-import/series?day=1960-01-01",
                "/v1/points/m1.energy-import/readings?day=1960-01-01",
                "/v1/points/m1.energy-import/series?from=1969-12-31T23:59:59Z&to=1970-01-01T00:00:00Z",
                "/v1/completeness?month=1960-01",
            ] {
                let answer = try await door.get(path)
                #expect(answer.status == 400, "\(path): \(answer.text)")
            }
            for path in [
                "/v1/points/m1.energy-import/series?from=1969-12-31T23:00:00Z&to=1970-01-01T00:00:00.001Z",
                "/v1/points/m1.energy-import/series?from=9999-12-31T00:00:00Z&to=9999-12-31T23:59:59Z",
                "/v1/points/m1.energy-import/readings?from=9999-12-31T00:00:00Z&to=9999-12-31T23:59:59Z",
                "/v1/completeness?day=9999-12-31", "/v1/points/m1.energy-import/series?day=9999-12-31",
                "/v1/changes?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
            ] {
                let answer = try await door.get(path)
                #expect([200, 400].contains(answer.status), "\(path): \(answer.text)")
            }
            for day in ["2026-02-29", "2026-13-01", "0000-00-00", "10000-01-01", "2026-3-1", "today", "2026-03-01T00"] {
                #expect(try await door.get("/v1/completeness?day=\(day)").status == 400, "\(day)")
            }
        }
    }

    /// The house with the scale of its meter changed.
    private func rescaled() -> Building {
        let old = House.building
        let points = old.points.map { point in
            guard point.id == "m1.energy-import" else { return point }
            return Point(
                id: point.id, entity: point.entity, type: point.type, unit: point.unit, nature: point.nature,
                flow: point.flow, binding: point.binding, expectedSeconds: 30, kind: point.kind, scale: .identity)
        }
        return Building(
            id: old.id, label: "House 16 B", timeZone: old.timeZone, entities: old.entities, devices: old.devices,
            points: points.filter { $0.id != "ahu1.co2" })
    }

    @Test func `a snapshot is shown as it was, also when the model has moved on, and is never asked for twice`()
        async throws
    {
        try await house { house, door in
            _ = try await house.writer.appendSnapshot(of: House.building, numbering: await house.keeper.numbering)
            let number = try await house.ledger.newestSnapshotNumber()
            let before = try await door.get("/v1/snapshots/\(number)")
            #expect(before.header("Cache-Control") == "private, max-age=31536000, immutable")
            let shape = try JSONValue(parsing: before.bytes)
            #expect(shape["number"]?.asInt == Int(number))
            let entities = shape["entities"]?.asArray ?? []
            #expect(entities.compactMap { $0["id"]?.asText } == ["ahu1", "house", "m1"])
            let meter = entities.last?["values"]?.asArray?.first
            #expect(meter?["point"]?.asText == "m1.energy-import")
            #expect(meter?["value"] == .number("184220.1"))
            #expect(meter?["raw"]?.asText == "1842201")
            // Points that have spoken in an open interval keep their meaning until it is sealed.
            try await house.writer.sealHeld(below: .max)
            let next = rescaled()
            #expect(try await house.writer.changeConfiguration(to: next).isLogged)
            await house.keeper.replace(
                building: next, numbering: try await house.ledger.numbering(), nowMs: house.clock.nowMs)
            let after = try await door.get("/v1/snapshots/\(number)")
            #expect(after.text == before.text)
            #expect(after.header("ETag") == before.header("ETag"))
            #expect(
                try await house.ledger.waitingUses().uses.contains { $0.scope == "ahu1.co2" && $0.what == "snapshot" })
        }
    }

    @Test func `changes name what a revision added, removed and changed, and page`() async throws {
        try await house { house, door in
            house.clock.advance(60_000)
            // Points that have spoken in an open interval keep their meaning until it is sealed.
            try await house.writer.sealHeld(below: .max)
            let next = rescaled()
            #expect(try await house.writer.changeConfiguration(to: next).isLogged)
            await house.keeper.replace(
                building: next, numbering: try await house.ledger.numbering(), nowMs: house.clock.nowMs)
            house.clock.advance(60_000)
            #expect(try await house.writer.changeConfiguration(to: House.building).isLogged)
            await house.keeper.replace(
                building: House.building, numbering: try await house.ledger.numbering(), nowMs: house.clock.nowMs)
            let all = try await json(door, "/v1/changes")["items"]?.asArray ?? []
            #expect(all.compactMap { $0["revision"]?.asInt } == [1, 2, 3])
            let second = (all[1]["changes"]?.asArray ?? []).map {
                [$0["change"]?.asText, $0["subject"]?.asText, $0["id"]?.asText].compactMap(\.self).joined(
                    separator: " ")
            }
            #expect(second == ["changed building bk16", "removed point ahu1.co2", "changed point m1.energy-import"])
            #expect(
                (all[2]["changes"]?.asArray ?? []).contains {
                    $0["change"]?.asText == "added" && $0["id"]?.asText == "ahu1.co2"
                })
            let first = try await json(door, "/v1/changes?limit=2")
            #expect(first["items"]?.asArray == Array(all.prefix(2)))
            let path = try #require(first["next"]?.asText)
            #expect(try await json(door, path)["items"]?.asArray == Array(all.suffix(1)))
            let from = try #require(all[1]["at"]?.asText)
            let part = try await json(door, "/v1/changes?from=\(from)&to=\(try #require(all[2]["at"]?.asText))")
            #expect(part["items"]?.asArray == [all[1]])
        }
    }

    @Test func `a full tile is for ever and public, its partial kin stays, and beyond the checkpoint is nothing`()
        async throws
    {
        try await house { house, door in
            let meter = try await house.number("m1.energy-import")
            for step in 0..<300 {
                house.clock.advance(60_000)
                try await house.take([
                    Reading(
                        point: meter, capturedAtMs: house.clock.nowMs - 1_000, quality: .good,
                        value: .integer(Int64(step)))
                ])
                _ = try await house.writer.sealDue()
            }
            #expect(try await door.get("/log/tile/0/000", token: nil).status == 404, "no checkpoint covers it yet")
            let anchor = try await house.writer.checkpoint(with: nil)
            let rest = Int(anchor.size) - 256
            try #require(rest > 0 && rest < 256)
            let full = try await door.get("/log/tile/0/000", token: nil)
            #expect(full.bytes.count == 256 * 32)
            #expect(full.header("Cache-Control") == "public, max-age=31536000, immutable")
            let part = try await door.get("/log/tile/0/000.p/5", token: nil)
            #expect(part.bytes == Array(full.bytes.prefix(160)))
            let tail = try await door.get("/log/tile/0/001.p/\(rest)", token: nil)
            #expect(tail.bytes.count == rest * 32)
            #expect(tail.header("Cache-Control") == "public, no-cache")
            #expect(try await door.get("/log/tile/1/000.p/1", token: nil).bytes.count == 32)
            #expect(try await door.get("/log/tile/entries/000", token: nil).bytes.count > 256 * 2)
            for path in [
                "0/001.p/\(rest + 1)", "0/001", "0/002.p/1", "1/000", "1/000.p/2", "entries/001", "2/000.p/1",
                "0/000.p/256",
            ] {
                #expect(try await door.get("/log/tile/\(path)", token: nil).status == 404, "\(path)")
            }
        }
    }
}
