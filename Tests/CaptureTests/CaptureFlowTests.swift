import Capture
import LedgerStore
import LogEntries
import Readings
import Testing
import TwinModel

/// Goal: the log tells what came, when it came, and when nothing came. Method: the real flow on a real file, the clock
/// moved by hand.
struct CaptureFlowTests {
    @Test func `a new log has genesis, boot and configuration, and a start adds its boot`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let proof = try await LogProof(try house.reader())
        #expect(proof.leaves.map(\.body.type) == [0, 8, 4, 8])
        #expect(proof.leaves.map(\.bootNumber) == [1, 1, 1, 2])
        #expect(daemon.start.signingRefusal == nil)
        await daemon.kill()
    }

    @Test func `every interval has a leaf, also a silent one`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        for minute in 0..<20 {
            if minute % 3 == 0 { daemon.intake.offer([house.reading(1, Int64(minute)), house.reading(2, 400)]) }
            try await daemon.flow.step()
            house.time.advance(ms: 60_000)
        }
        try await daemon.flow.step()
        house.time.advance(ms: 2_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.ks.count == 20)
        #expect(proof.gaps.isEmpty)
        #expect(proof.readings.filter { $0.point == PointNumber(1) && $0.value != .none }.count == 7)
        #expect(proof.readings.contains { $0.quality == .offline })
        await daemon.kill()
    }

    @Test func `a value beyond its limits stands in the log as out of range`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer([house.reading(2, 9_000)])
        try await daemon.flow.step()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.readings.first?.quality == .outOfRange)
        await daemon.kill()
    }

    @Test func `a reading for a sealed interval stands where it arrived, with its own time beside it`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let early = house.time.wallMs
        try await daemon.flow.step()
        house.time.advance(ms: 125_000)
        try await daemon.flow.step()
        daemon.intake.offer([house.reading(1, 5, atMs: early), house.reading(1, 6, atMs: early)])
        try await daemon.flow.step()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let reader = try house.reader()
        let late = try await LogProof(reader).readings.filter { $0.point == PointNumber(1) && $0.value != .none }
        #expect(late.map(\.sourceAtMs) == [Int64(early), Int64(early)])
        #expect(late.map(\.capturedAtMs) == [Int64(early) + 125_000, Int64(early) + 125_001])
        await daemon.kill()
    }

    @Test func `a start after a day off leaves a gap and then its boot`() async throws {
        let house = try await House()
        let first = try await house.start()
        first.intake.offer([house.reading(1, 1)])
        try await first.flow.step()
        house.time.advance(ms: 62_000)
        try await first.flow.step()
        await first.kill()
        house.time.advance(ms: 86_400_000)
        let second = try await house.start()
        let gap = try #require(second.start.gap)
        #expect(second.start.bootNumber == 3)
        let proof = try await LogProof(try house.reader())
        #expect(proof.gaps == [Leaf.Gap(kFrom: gap.kFrom, kTo: gap.kTo, cause: 1)])
        #expect(gap.kTo == house.time.wallMs / 60_000 - 1)
        #expect(proof.leaves.suffix(2).map(\.bootNumber) == [3, 3])
        await second.kill()
    }

    @Test func `what was captured before a kill is sealed by the next start under the old boot's number`() async throws
    {
        let house = try await House()
        let first = try await house.start()
        first.intake.offer([house.reading(1, 41)])
        try await first.flow.step()
        await first.kill()
        house.time.advance(ms: 10_000)
        let second = try await house.start()
        #expect(second.start.sealedIntervals == 1)
        #expect(second.start.gap == nil)
        let proof = try await LogProof(try house.reader())
        #expect(proof.readings.map(\.value) == [.integer(41)])
        let interval = try #require(proof.leaves.first { $0.body.type == 1 })
        #expect(interval.bootNumber == 2)
        // The same minute goes on: what comes now stands in the next interval, at once.
        second.intake.offer([house.reading(1, 42)])
        try await second.flow.step()
        house.time.advance(ms: 122_000)
        try await second.flow.step()
        let after = try await LogProof(try house.reader())
        #expect(
            after.readings.filter { $0.value == .integer(42) }.map(\.sourceAtMs) == [Int64(house.time.wallMs) - 122_000]
        )
        await second.kill()
    }

    @Test func `interval numbers never fall when the clock is set back`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        for _ in 0..<5 {
            daemon.intake.offer([house.reading(1, 1)])
            try await daemon.flow.step()
            house.time.advance(ms: 60_000)
        }
        try await daemon.flow.step()
        house.time.step(ms: -180_000)
        for value in 0..<6 {
            daemon.intake.offer([house.reading(1, Int64(100 + value))])
            try await daemon.flow.step()
            house.time.advance(ms: 60_000)
        }
        house.time.advance(ms: 2_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.ks == proof.ks.sorted())
        #expect(proof.boots.last?.reason == 2)
        #expect(proof.boots.last?.clockStepMs == -180_000)
        #expect(
            proof.readings.map(\.value).filter { $0 != .integer(1) && $0 != .none } == (100...105).map { .integer($0) })
        await daemon.kill()
    }

    @Test func `a jump of the clock forward is a gap with cause clock`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer([house.reading(1, 1)])
        try await daemon.flow.step()
        house.time.step(ms: 3_600_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.ks.count == 1)
        #expect(proof.gaps.map(\.cause) == [3])
        #expect(proof.gaps.map { $0.kTo - $0.kFrom + 1 } == [59])
        #expect(proof.boots.last?.clockStepMs == 3_600_000)
        await daemon.kill()
    }

    @Test func `the twin comes back after a restart, and equals the twin that the log gives`() async throws {
        let house = try await House()
        let first = try await house.start()
        for minute in 0..<30 {
            if minute < 20 {
                first.intake.offer([house.reading(1, Int64(minute)), house.reading(3, 500, quality: .suspect)])
            }
            if minute % 7 == 0 { first.intake.offer([house.reading(2, 9_000)]) }
            try await first.flow.step()
            house.time.advance(ms: 30_000)
        }
        let live = await first.keeper.states()
        await first.kill()
        let second = try await house.start()
        let replay = try await second.ledger.latestValues().values.flatMap(\.replay)
        await second.keeper.restore(replay.sorted { $0.capturedAtMs < $1.capturedAtMs })
        let restored = await second.keeper.states()
        let numbering = try await second.ledger.numbering()
        let proof = try await LogProof(try house.reader())
        var fromLog = Twin(building: house.building, numbering: numbering, listeningSinceMs: 0)
        for reading in proof.readings { _ = fromLog.apply(reading) }
        for (id, state) in live {
            let number = try #require(numbering.points[id])
            if state.touchedAtMs != nil {
                #expect(restored[id]?.latest == state.latest, "\(id)")
                #expect(restored[id]?.quality == state.quality)
                #expect(restored[id]?.sinceMs == state.sinceMs)
                #expect(restored[id]?.heardAtMs == state.heardAtMs)
                #expect(fromLog.states[number] == state, "\(id)")
            }
        }
        await second.kill()
    }

    @Test func `a day of one-second intervals with ten thousand readings proves itself`() async throws {
        let house = try await House(periodMs: 1_000)
        var daemon = try await house.start()
        let begin = house.time.wallMs
        for second in 0..<5_000 {
            let at = begin + UInt64(second) * 1_000
            if house.time.wallMs < at { house.time.advance(ms: at - house.time.wallMs) }
            daemon.intake.offer([house.reading(1, Int64(second)), house.reading(2 + UInt32(second % 3), 400)])
            if second % 10 == 9 { try await daemon.flow.step() }
            if second == 2_504 {
                try await daemon.flow.step()
                await daemon.kill()
                house.time.advance(ms: 7_000)
                daemon = try await house.start()
            }
        }
        try await daemon.flow.step()
        house.time.advance(ms: 5_000)
        try await daemon.flow.step()
        let proof = try await LogProof(try house.reader())
        #expect(proof.readings.filter { $0.value != .none }.count == 10_000)
        #expect(proof.ks.count > 4_900)
        #expect(await daemon.flow.counts.failures == 0)
        await daemon.kill()
    }
}
