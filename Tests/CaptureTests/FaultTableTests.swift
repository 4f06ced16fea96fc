import Capture
import LedgerStore
import LogEntries
import Readings
import Testing

/// Goal: whatever step of the disk fails, and whether it was done or not, the log stays whole and nothing that was
/// acknowledged is lost.
///
/// Method: the same little story, once for every step that it takes: the nth write or commit fails, both ways. The
/// story
/// then goes on (the flow tries again), or the process dies there and starts again; then the whole log is checked.
struct FaultTableTests {
    enum Ending: CaseIterable { case goesOn, dies }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed], Ending.allCases)
    func `a failing step leaves the old log or the new one, and no reading twice`(
        fault: DiskFaults.Fault, ending: Ending
    ) async throws {
        var nth = 1
        var struck = true
        while struck {
            struck = try await story(fault, nth: nth, ending)
            nth += nth < 12 ? 1 : 5
        }
        #expect(nth > 60, "the story has more steps than \(nth)")
    }

    private func story(_ fault: DiskFaults.Fault, nth: Int, _ ending: Ending) async throws -> Bool {
        let house = try await House()
        var daemon = try await house.start()
        house.faults.arm(fault, nth: nth)
        for minute in 0..<4 {
            daemon.intake.offer([
                house.reading(1, Int64(minute)), house.reading(2, 400), house.reading(3, 500),
            ])
            do {
                if minute == 2 { try await daemon.writer.recordUse(use(minute)) }
            } catch LedgerError.injected {
                // The use is not recorded, and whoever asked is told so.
            }
            let failuresBefore = await daemon.flow.counts.failures
            try await daemon.flow.step()
            if ending == .dies, await daemon.flow.counts.failures > failuresBefore {
                await daemon.kill()
                daemon = try await house.start()
                daemon.intake.offer([house.reading(1, Int64(minute))])
                try await daemon.flow.step()
            }
            house.time.advance(ms: 61_000)
        }
        let struck = house.faults.hasFired
        house.faults.disarm()
        for _ in 0..<3 {
            try await daemon.flow.step()
            house.time.advance(ms: 61_000)
        }
        let proof = try await LogProof(try house.reader())
        let values = proof.readings.filter { $0.point == PointNumber(1) }.compactMap { reading -> Int64? in
            guard case .integer(let value) = reading.value else { return nil }
            return value
        }
        let expected: [Int64] = [0, 1, 2, 3]
        if ending == .goesOn {
            #expect(values == expected, "\(fault), step \(nth)")
        } else {
            #expect(Set(values).isSuperset(of: expected), "\(fault), step \(nth): \(values)")
        }
        await daemon.kill()
        let again = try await house.start()
        #expect(again.start.signingRefusal == nil)
        await again.kill()
        return struck
    }

    private func use(_ minute: Int) -> AccessUse {
        AccessUse(grant: 1, actor: Array(repeating: 1, count: 16), scope: "stream:2", what: "readings", count: 1)
    }
}
