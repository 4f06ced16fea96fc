import Anchoring
import Capture
import Evidence
import LedgerStore
import LogEntries
import Readings
import Testing
import TwinModel

/// Goal: a wrong clock delays evidence and never makes an honest gateway a liar.
struct HonestHistoryClockTests {
    /// A gateway that has anchored and goes on.
    private func gateway() async throws -> HistoryGateway {
        let gateway = try await HistoryGateway(seed: 1)
        try await gateway.run(rounds: 15)
        await (try gateway.running).anchoring.anchorNow()
        for _ in 0..<3 {
            try await gateway.anchorRound()
            gateway.time.advance(ms: 2_000)
        }
        return gateway
    }

    private func checkEnd(of gateway: HistoryGateway) async throws {
        try await gateway.settle()
        var check = HistoryCheck(gateway, seed: 1)
        try await check.log()
        try await check.completeness()
        let (bytes, card) = try await check.whole()
        let verdict = verify(file: bytes, card: card)
        #expect(verdict.exitCode == 0, "\(verdict.findings)")
        try await gateway.kill()
    }

    @Test func `a clock behind the last milestone writes no leaf and loses no reading`() async throws {
        let gateway = try await gateway()
        try await gateway.step()
        gateway.time.aheadMs = -120_000
        let writer = try gateway.running.writer
        let stream = try #require(gateway.numbering.streams["mb1/none"])
        let sizeBefore = try await writer.head().size
        for _ in 0..<5 {
            gateway.time.advance(ms: 10_000)
            try await gateway.offer(upTo: 4)
            try await gateway.step()
        }
        #expect(try await writer.head().size == sizeBefore)
        #expect(gateway.pending.isEmpty, "every reading is on disk")
        await #expect(throws: CaptureError.self) {
            try await writer.appendEvent(EventPayload(kind: "alarm", point: nil, details: []), stream: stream)
        }
        gateway.time.advance(ms: 120_000)
        try await gateway.step()
        #expect(try await writer.head().size > sizeBefore)
        try await checkEnd(of: gateway)
    }

    @Test(arguments: [false, true])
    func `nothing is signed before the latest date in it has passed`(restarts: Bool) async throws {
        let gateway = try await gateway()
        gateway.time.aheadMs = 240_000
        try await gateway.step()
        _ = try await gateway.running.writer.appendEvent(
            EventPayload(kind: "alarm", point: nil, details: []),
            stream: try #require(gateway.numbering.streams["mb1/none"]))
        gateway.time.aheadMs = 0
        try await gateway.step()
        if restarts {
            try await gateway.kill()
            try await gateway.start()
        }
        await (try gateway.running).anchoring.anchorNow()
        let signed = try await gateway.running.ledger.lastAnchorSeq()
        for _ in 0..<10 {
            try await gateway.anchorRound()
            gateway.time.advance(ms: 20_000)
            try await gateway.step()
        }
        #expect(try await gateway.running.ledger.lastAnchorSeq() == signed)
        // An interval that the restart sealed early must have ended too.
        gateway.time.advance(ms: 120_000)
        try await gateway.step()
        try await gateway.anchorRound()
        #expect(try await gateway.running.ledger.lastAnchorSeq() > signed)
        try await checkEnd(of: gateway)
    }
}
