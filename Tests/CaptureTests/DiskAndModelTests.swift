import Capture
import Foundation
import Hashing
import LedgerStore
import LogEntries
import Readings
import Synchronization
import Testing
import TwinModel

/// Goal: a full disk and a changed building stand in the log as what they are.
struct DiskAndModelTests {
    @Test func `below the floor no gauges are taken, and it is told once`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        house.space.bytes.withLock { $0 = 1 << 20 }
        for value in 0..<4 {
            daemon.intake.offer([house.reading(1, Int64(value)), house.reading(2, 400)])
            try await daemon.flow.step()
            house.time.advance(ms: 1_000)
        }
        #expect(await daemon.flow.diskState == .short)
        // Those of the first round were offered before the floor was seen; they are kept.
        #expect(daemon.intake.counts.refused == 3)
        let alarms = try await house.reader().events(after: 0).filter { $0.json.contains(#""alarm":"disk""#) }
        #expect(alarms.map(\.kind) == ["alarm"])
        #expect(alarms.map(\.json) == [#"{"alarm":"disk","state":"short"}"#])
        house.space.bytes.withLock { $0 = 1 << 40 }
        try await daemon.flow.step()
        #expect(daemon.intake.takesGauges)
        await daemon.kill()
    }

    @Test func `a full disk is a gap with cause disk, and what was captured before it is sealed`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let disk = DiskSpace(directory: house.directory)
        try disk.reserve()
        #expect(FileManager.default.fileExists(atPath: house.directory + "/reserve"))
        daemon.intake.offer([house.reading(1, 1)])
        try await daemon.flow.step()
        house.space.bytes.withLock { $0 = 0 }
        house.faults.armDiskFull(nth: 1)
        daemon.intake.offer([house.reading(1, 2)])
        try await daemon.flow.step()
        #expect(await daemon.flow.diskState == .full)
        #expect(!FileManager.default.fileExists(atPath: house.directory + "/reserve"))
        house.faults.disarm()
        for _ in 0..<10 {
            house.time.advance(ms: 60_000)
            try await daemon.flow.step()
        }
        house.space.bytes.withLock { $0 = 1 << 40 }
        try await daemon.flow.step()
        #expect(await daemon.flow.diskState == .enough)
        #expect(FileManager.default.fileExists(atPath: house.directory + "/reserve"))
        house.time.advance(ms: 120_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.gaps.map(\.cause) == [2])
        #expect(proof.readings.filter { $0.value != .none }.map(\.value) == [.integer(1), .integer(2)])
        await daemon.kill()
    }

    @Test func `whoever puts a building in force is told when it is, and stands in the leaf`() async throws {
        let house = try await House(gauges: 3)
        let daemon = try await house.start()
        let actor = try #require(Bytes16([UInt8](repeating: 7, count: 16)))
        func putInForce(_ building: Building) async throws -> Bool {
            async let isNew = daemon.flow.putInForce(building, actor: actor)
            while await !daemon.flow.isChanging { await Task.yield() }
            try await daemon.flow.step()
            return try await isNew
        }
        #expect(try await putInForce(House.building(gauges: 2)))
        #expect(try await !putInForce(House.building(gauges: 2)))
        let leaves = try await daemon.ledger.leaves(0..<daemon.ledger.size())
        let configs = try leaves.filter { $0.type == 4 }.map { try Leaf.decode($0.bytes).body }
        guard case .config(let config) = try #require(configs.last) else { throw CancellationError() }
        #expect(configs.count == 2 && config.actor == actor)
        await daemon.kill()
    }

    @Test func `a building that a round cannot put in force is refused, and the old one stays`() async throws {
        let house = try await House(gauges: 3)
        let daemon = try await house.start()
        house.faults.arm(.lost, nth: 1)
        async let isNew = daemon.flow.putInForce(House.building(gauges: 2))
        while await !daemon.flow.isChanging { await Task.yield() }
        try await daemon.flow.step()
        do {
            _ = try await isNew
            Issue.record("a disk that failed put it in force")
        } catch is LedgerError {}
        house.faults.disarm()
        try await daemon.flow.step()
        #expect(await daemon.flow.keeper.building == House.building(gauges: 3))
        await daemon.kill()
    }

    @Test func `a changed building is a configuration leaf and a snapshot, and numbers are never reused`() async throws
    {
        let house = try await House(gauges: 3)
        let first = try await house.start()
        let before = try await first.ledger.numbering()
        first.intake.offer([house.reading(1, 1), house.reading(4, 2)])
        try await first.flow.step()
        await first.flow.change(to: House.building(gauges: 2))
        // Point 4 has spoken: it stays to its interval's end.
        try await first.flow.step()
        #expect(await first.flow.isChanging)
        house.time.advance(ms: 122_000)
        try await first.flow.step()
        #expect(await !first.flow.isChanging)
        house.time.advance(ms: 60_000)
        try await first.flow.step()
        await first.kill()
        let second = try await house.start(House.building(gauges: 4))
        #expect(second.start.configChanged)
        let after = try await second.ledger.numbering()
        for (id, number) in before.points { #expect(after.points[id] == number) }
        #expect(after.points["room3.co2"] == PointNumber(5))
        #expect(Set(after.points.values).count == after.points.count)
        let reader = try house.reader()
        let proof = try await LogProof(reader)
        #expect(proof.leaves.filter { $0.body.type == 4 }.count == 3)
        #expect(proof.leaves.filter { $0.body.type == 6 }.count == 2)
        #expect(proof.readings.contains { $0.point == PointNumber(4) && $0.value == .integer(2) })
        #expect(try await reader.modelRevisions().map(\.revision) == [1, 2, 3])
        let model = try #require(try await reader.modelRevision(2))
        #expect(try Building(canonicalBytes: model.bytes) == House.building(gauges: 2))
        await second.kill()
        let third = try await house.start(House.building(gauges: 4))
        #expect(!third.start.configChanged)
        await third.kill()
    }

    @Test func `a snapshot cites where the newest values stand`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        for minute in 0..<65 {
            daemon.intake.offer([house.reading(1, Int64(minute)), house.reading(2, Int64(400 + minute))])
            try await daemon.flow.step()
            house.time.advance(ms: 60_000)
        }
        try await daemon.flow.step()
        let reader = try house.reader()
        let snapshot = try #require(try await reader.snapshot(1))
        let items = try snapshot.items.compactMap(\.item.bytes).map { try SnapshotItem.decode($0) }
        #expect(items.map(\.entityID) == ["house", "m1", "room0", "room1", "room2"])
        let citation = try #require(items.first { $0.entityID == "m1" }?.citations.first)
        let item = try #require(try await reader.item(stream: citation.stream, k: citation.k)?.bytes)
        let rows = try Payload.decode(try IntervalItem.decode(item).payload)
        let cited = rows[Int(citation.position)]
        #expect(cited.point == PointNumber(1))
        let latest = try #require(try await reader.latestValues()[PointNumber(1)]?.valued)
        #expect(Int64(citation.k) <= latest.capturedAtMs / 60_000)
        #expect(
            items.first { $0.entityID == "room0" }?.relations == [SnapshotItem.Relation(name: "in", target: "house")])
        await daemon.kill()
    }

    @Test func `uses of grants stand in one access leaf behind their interval`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let use = AccessUse(
            grant: 3, actor: Array(repeating: 8, count: 16), scope: "stream:2", what: "readings", count: 12)
        try await daemon.writer.recordUse(use)
        try await daemon.writer.recordUse(use)
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let reader = try house.reader()
        let proof = try await LogProof(reader)
        let accesses = proof.leaves.enumerated().filter { $0.element.body.type == 5 }
        #expect(accesses.count == 1)
        let index = try #require(accesses.first?.offset)
        let bytes = try #require(try await reader.openings(leaf: UInt64(index)).first?.bytes)
        #expect(try AccessItem.decode(bytes).entries.map(\.grant) == [3, 3])
        await daemon.kill()
    }

    @Test func `an erased item leaves its hash, and events of a private stream are not leaves`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer([house.reading(1, 1), house.reading(2, 400)])
        try await daemon.flow.step()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let reader = try house.reader()
        let k = try #require(try await reader.sealedSpan()?.lowerBound)
        let streams = await daemon.writer.configuration.streams
        let secret = try #require(streams.first { !($0 == StreamNumber(2)) })
        _ = try await daemon.writer.erase(stream: secret, kFrom: k, kTo: k, legalBasis: 1, actor: .zero)
        #expect(try await reader.item(stream: secret, k: k)?.bytes == nil)
        _ = try await LogProof(reader)
        await #expect(throws: CaptureError.self) {
            try await daemon.writer.appendEvent(EventPayload(kind: "seen", point: nil, details: []), stream: secret)
        }
        let index = try await daemon.writer.appendEvent(
            EventPayload(kind: "note", point: nil, details: []), stream: StreamNumber(2))
        guard case .event(let event) = try Leaf.decode(try #require(try await reader.leaf(at: index)).bytes).body else {
            Issue.record("no event leaf")
            return
        }
        let opening = try #require(try await reader.openings(leaf: index).first?.bytes)
        #expect(try Commitment.decode(opening).hash == event.commitment)
        await daemon.kill()
    }

    @Test func `the flow runs until it is cancelled, and what it took in is on disk`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer([house.reading(1, 77)])
        let flow = daemon.flow
        let running = Task { try await flow.run() }
        for _ in 0..<1_000_000 where await flow.counts.sealed < 3 { await Task.yield() }
        #expect(await flow.counts.sealed >= 3)
        running.cancel()
        daemon.intake.offer([house.reading(1, 78)])
        try await running.value
        let latest = try await daemon.ledger.latestValues()
        #expect(latest[PointNumber(1)]?.valued?.value == .integer(78))
        await daemon.kill()
    }
}
