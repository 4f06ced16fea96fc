import Hashing
import LedgerStore
import Readings
import Testing
import TwinModel

/// Goal: what the API keeps survives a restart, and numbers that people see are never given twice.
struct PeopleStorageTests {
    @Test func `event ids rise over restarts and backward clocks, and serve as a time`() async throws {
        let shelf = try Shelf()
        var ledger = try shelf.create()
        func add(_ count: Int, nowMs: UInt64) async throws -> [UInt64] {
            try await ledger.addEvents(
                (0..<count).map { NewEvent(kind: "seal", points: ["a.b", "c.d"], json: "{\"k\":\($0)}") }, nowMs: nowMs)
        }
        #expect(try await add(3, nowMs: 1_000_000) == [1_000_000, 1_001_000, 1_002_000])
        #expect(try await add(1, nowMs: 900_000) == [1_003_000])
        await ledger.close()
        ledger = try shelf.open()
        #expect(try await add(1, nowMs: 1_000_001) == [1_004_000])
        #expect(try await add(1, nowMs: 2_000_000) == [2_000_000])
        let reader = try shelf.reader()
        let after = try await reader.events(after: 1_002_000)
        #expect(after.map(\.id) == [1_003_000, 1_004_000, 2_000_000])
        #expect(after.first?.points == ["a.b", "c.d"])
        #expect(try await add(1, nowMs: 2_000_000 + Ledger.eventLifeMs) == [2_000_000 + Ledger.eventLifeMs])
        #expect(try await reader.events(after: 0).map(\.id) == [2_000_000, 2_000_000 + Ledger.eventLifeMs])
        #expect(try await reader.lastEventID() == 2_000_000 + Ledger.eventLifeMs)
    }

    @Test func `a token is found by its hash until it ends, and its grant number is not given again`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let first = try await ledger.addToken(
            hash: sha256([1]), name: "anna", role: "facility", scope: "{}", nowMs: 10, untilMs: 100)
        #expect(first.grant == 1)
        let reader = try shelf.reader()
        #expect(try await reader.token(hash: sha256([1])) == first)
        #expect(first.isValid(atMs: 99))
        #expect(!first.isValid(atMs: 100))
        try await ledger.endToken(grant: 1, atMs: 50)
        #expect(try await reader.token(hash: sha256([1]))?.isValid(atMs: 60) == false)
        let second = try await ledger.addToken(
            hash: sha256([2]), name: "ben", role: "auditor", scope: "", nowMs: 60, untilMs: nil)
        #expect(second.grant == 2)
        #expect(try await reader.tokens().map(\.name) == ["anna", "ben"])
        #expect(try await reader.token(hash: sha256([3])) == nil)
    }

    @Test func `a job is what was last said of it`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        var job = EvidenceJob(id: "e-7c1d", question: "{}", createdMs: 5)
        try await ledger.putJob(job)
        job.state = .ready
        job.file = "bk16.evidence"
        job.sizeBytes = 4_182_016
        job.sha256 = sha256([4])
        job.anchorFrom = 790
        job.anchorTo = 5_250
        job.doneMille = 1_000
        try await ledger.putJob(job)
        let reader = try shelf.reader()
        #expect(try await reader.job("e-7c1d") == job)
        try await ledger.removeJob("e-7c1d")
        #expect(try await reader.jobs() == [])
    }

    @Test func `points and streams keep their numbers, also when they leave and come back`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let first = try await ledger.assignNumbers(for: building(["a.x", "b.x"]))
        #expect(first.points == ["a.x": PointNumber(1), "b.x": PointNumber(2)])
        let second = try await ledger.assignNumbers(for: building(["b.x", "c.x"]))
        #expect(second.points["c.x"] == PointNumber(3))
        let third = try await ledger.assignNumbers(for: building(["a.x", "d.x"]))
        #expect(third.points["a.x"] == PointNumber(1))
        #expect(third.points["d.x"] == PointNumber(4))
        #expect(third.streams.count == 1)
        #expect(try await shelf.reader().numbering() == third)
    }

    @Test func `a model revision is kept once`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let first = try await ledger.addModelRevision(hash: sha256([1]), bytes: [1], atMs: 100)
        #expect(try await ledger.addModelRevision(hash: sha256([1]), bytes: [1], atMs: 200) == first)
        let second = try await ledger.addModelRevision(hash: sha256([2]), bytes: [2], atMs: 300)
        #expect(second.revision == 2)
        let reader = try shelf.reader()
        #expect(try await reader.modelRevision(atMs: 299) == first)
        #expect(try await reader.modelRevision(atMs: 300) == second)
        #expect(try await reader.modelRevision(1) == first)
        #expect(try await reader.modelRevision() == second)
    }

    private func building(_ ids: [String]) -> Building {
        let points = ids.map { id in
            Point(
                id: id, entity: String(id.prefix(1)), type: "Sensor", unit: nil, nature: .gauge,
                binding: Binding(
                    device: "d", profilePoint: "p", profile: "f", profileHash: Array(repeating: 0, count: 32)),
                expectedSeconds: nil, kind: .integer)
        }
        return Building(id: "b", label: "b", timeZone: "UTC", entities: [], devices: [], points: points)
    }
}
