import Capture
import LedgerStore
import Readings
import Testing

struct CrowdTests {
    @Test func `a point that floods is cut off a second ahead, and what is cut off is counted`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let begin = Int64(house.time.wallMs)
        // The clock stands still: all of these claim the same millisecond.
        daemon.intake.offer((0..<1_500).map { house.reading(1, $0) })
        try await daemon.flow.step()
        let reader = try house.reader()
        let kept = try await reader.readings(
            of: PointNumber(1), kind: .integer, fromMs: begin - 60_000, toMs: begin + 60_000, limit: 2_000)
        #expect(kept.count == 1_001)
        #expect(kept.map(\.reading.value) == (0..<1_001).map { .integer($0) })
        #expect(Set(kept.map(\.reading.capturedAtMs)).count == kept.count)
        #expect(await daemon.flow.counts.crowded == 499)
        await daemon.kill()
    }
}
