import Disclosure
import FacilityAPI
import Foundation
import Hashing
import LedgerStore
import Readings
import Testing

/// Goal: a token that is bound to streams learns of nothing else; what it may not know of is answered as if it were not there.
/// Method: a token for the room sensor's stream asks every kind of call about the meter's.
@Suite(.serialized) struct ScopeTests {
    private static let token = "token-of-a-tenant-0123456789abcdef"

    private func house(_ body: @escaping @Sendable (House, Door, StreamNumber) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            let room = try await house.stream("ahu1.co2")
            _ = try await house.ledger.addToken(
                hash: Facility.tokenHash(Self.token), name: "tenant", role: "auditor",
                scope: Grant.scope(of: [room]), nowMs: UInt64(House.startMs), untilMs: nil)
            try await Door.open(house) { door in try await body(house, door, room) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    private func ids(_ door: Door, _ path: String, _ member: String = "id") async throws -> [String] {
        let answer = try await door.get(path, token: Self.token)
        try #require(answer.status == 200, "\(path): \(answer.text)")
        return try JSONValue(parsing: answer.bytes)["items"]?.asArray?.compactMap { $0[member]?.asText } ?? []
    }

    @Test func `lists show the bound streams only`() async throws {
        try await house { _, door, room in
            #expect(try await ids(door, "/v1/points") == ["ahu1.co2"])
            #expect(try await ids(door, "/v1/entities") == ["ahu1", "house"])
            #expect(try await ids(door, "/v1/commands").isEmpty)
            let days = try await door.get("/v1/completeness?day=2026-03-01", token: Self.token)
            let rows = try JSONValue(parsing: days.bytes)["items"]?.asArray ?? []
            #expect(rows.map { $0["stream"]?.asInt } == [Int(room.rawValue)])
            let about = try await door.get("/v1", token: Self.token)
            #expect(about.text.contains("\"streams\":[\(room)]"))
            let entity = try await door.get("/v1/entities/ahu1", token: Self.token)
            #expect(entity.text.contains("ahu1.co2") && !entity.text.contains("filter-dp"))
        }
    }

    @Test(arguments: [
        "/v1/points/m1.energy-import", "/v1/points/m1.energy-import/readings?day=2026-03-01",
        "/v1/points/m1.energy-import/series?day=2026-03-01&seconds=3600",
        "/v1/points/m1.energy-import/readings/2026-03-01T13:00:05.118Z/evidence", "/v1/points/no.such",
        "/v1/entities/m1", "/v1/events?points=m1.energy-import",
    ])
    func `what is outside is not there`(path: String) async throws {
        try await house { _, door, _ in
            let answer = try await door.get(path, token: Self.token, ("Accept", "*/*"))
            #expect(answer.status == 404, "\(answer.text)")
            #expect(answer.text.contains("no-such-resource"))
        }
    }

    @Test(arguments: ["/v1/links", "/v1/changes", "/v1/snapshots/1", "/v1/erasures", "/metrics"])
    func `what is about the whole house is refused`(path: String) async throws {
        try await house { _, door, _ in
            let bound = try await door.get(path, token: Self.token)
            let whole = try await door.get(path)
            // This house has no snapshot yet: who may ask is told that.
            let found = path == "/v1/snapshots/1" ? 404 : 200
            #expect(bound.status == 403 && whole.status == found, "\(bound.text) \(whole.status)")
        }
    }

    @Test func `evidence discloses the bound streams, and other files are not there`() async throws {
        try await house { house, door, room in
            let json = [("Content-Type", "application/json")]
            func question(_ more: String) -> [UInt8] {
                Array(
                    #"{"kind":"period","from":"2026-03-01T14:00:00+01:00","to":"2026-03-01T14:01:00+01:00"\#(more)}"#
                        .utf8)
            }
            let own = try await door.ask(
                "POST", "/v1/evidence", token: Self.token, headers: json, body: question(""))
            let id = try #require(own.header("Location")?.split(separator: "/").last.map(String.init))
            let grant = Grant(number: 9, name: "all", role: .facility, untilMs: nil)
            #expect(try await house.facility.evidence(id, grant: grant).question.streams == [room])
            let meter = try await house.stream("m1.energy-import")
            let other = try await door.ask(
                "POST", "/v1/evidence", token: Self.token, headers: json, body: question(",\"streams\":[\(meter)]"))
            #expect(other.status == 400 || other.status == 422, "\(other.status) \(other.text)")
            #expect(!other.text.contains("m1"))
            let whole = try await door.ask("POST", "/v1/evidence", headers: json, body: question(""))
            let path = try #require(whole.header("Location"))
            #expect(try await door.get(path, token: Self.token).status == 404)
            #expect(try await door.get("/v1/evidence/\(id)", token: Self.token).status == 200)
        }
    }

    @Test func `a scope that cannot be read opens nothing`() async throws {
        try await house { house, door, _ in
            _ = try await house.ledger.addToken(
                hash: Facility.tokenHash("another-token-0123456789abcdef0123"), name: "odd", role: "auditor",
                scope: "streams x", nowMs: UInt64(House.startMs), untilMs: nil)
            #expect(try await door.get("/v1", token: "another-token-0123456789abcdef0123").status == 401)
        }
        #expect(Grant.scope(of: nil) == "" && Grant.scope(of: [StreamNumber(7), StreamNumber(3)]) == "streams 3 7")
        let read = try Grant.streams(scope: "streams 3 7")
        #expect(read == [StreamNumber(3), StreamNumber(7)])
        for text in ["streams", "stream 3", "streams 3 x", "{}", "streams -1"] {
            #expect(throws: Grant.Unreadable.self) { _ = try Grant.streams(scope: text) }
        }
    }
}
