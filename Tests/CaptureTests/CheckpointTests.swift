import Capture
import CanonicalCBOR
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Testing

/// Goal: what is signed is what is on disk, and what was signed is never taken back. Method: a real log, then the file
/// is
/// changed behind its back, or a step fails.
struct CheckpointTests {
    @Test func `a checkpoint ends with a beacon and its signature holds over the root on disk`() async throws {
        let house = try await House()
        let daemon = try await capture(house, minutes: 3)
        let anchor = try await daemon.writer.checkpoint(with: beacon(house, index: 7))
        let note = try #require(SignedNote(anchor.note))
        #expect(note.isSigned(by: house.key.verifierKey))
        #expect(note.checkpoint?.size == anchor.size)
        let reader = try house.reader()
        #expect(try await reader.root(size: anchor.size) == anchor.root)
        let last = try #require(try await reader.leaf(at: anchor.size - 1))
        guard case .beacon(let leaf) = try Leaf.decode(last.bytes).body else {
            Issue.record("the last leaf is no beacon")
            return
        }
        #expect(leaf.anchorSeq == 1)
        #expect(leaf.previous == nil)
        #expect(anchor.state == .waiting)
        #expect(AnchorPayload(bytes: anchor.payload)?.note(origin: House.origin) == note)
        #expect(try String(contentsOfFile: house.directory + "/checkpoint", encoding: .utf8) == anchor.note)
        _ = try await LogProof(reader)
        await daemon.kill()
    }

    @Test func `the next beacon names the last anchor that was referenced`() async throws {
        let house = try await House()
        let daemon = try await capture(house, minutes: 2)
        let first = try await daemon.writer.checkpoint(with: beacon(house, index: 7))
        let block = sha256([1])
        _ = try await daemon.ledger.addAttempt(seq: 1, blockID: block, block: [1], minedMs: house.time.wallMs)
        try await daemon.ledger.markSubmitted(seq: 1, blockID: block, atMs: house.time.wallMs)
        try await daemon.ledger.confirm(
            seq: 1,
            AnchorConfirmation(
                blockID: block, milestoneIndex: 8, milestoneID: sha256([2]),
                milestoneTimeS: UInt32(house.time.wallMs / 1_000), milestone: [3], path: [4]))
        house.time.advance(ms: 600_000)
        let second = try await daemon.writer.checkpoint(with: beacon(house, index: 9))
        let reader = try house.reader()
        let leaf = try #require(try await reader.leaf(at: second.size - 1))
        guard case .beacon(let body) = try Leaf.decode(leaf.bytes).body else { return }
        #expect(body.previous == Leaf.PreviousAnchor(size: first.size, root: first.root, blockID: block))
        #expect(
            MerkleTree.isConsistent(
                oldSize: first.size, oldRoot: first.root, size: second.size, root: second.root,
                proof: try await reader.consistencyProof(from: first.size, to: second.size)))
        await daemon.kill()
    }

    @Test func `a changed item is found before the next signature, and nothing is signed after that`() async throws {
        let house = try await House()
        let daemon = try await capture(house, minutes: 3)
        try damage(house, "UPDATE item SET bytes = zeroblob(40) WHERE k = (SELECT min(k) FROM item)")
        await #expect(throws: CaptureError.self) { try await daemon.writer.checkpoint(with: beacon(house, index: 7)) }
        guard case .unlikeCheckpoint = await daemon.writer.signingRefusal else {
            Issue.record("signing was not refused")
            return
        }
        await #expect(throws: CaptureError.self) { try await daemon.writer.checkpoint(with: beacon(house, index: 8)) }
        // Sealing goes on.
        house.time.advance(ms: 120_000)
        try await daemon.flow.step()
        #expect(await daemon.flow.counts.sealed >= 4)
        await daemon.kill()
    }

    @Test(arguments: [
        "UPDATE leaf SET bytes = zeroblob(40) WHERE idx = 4",
        "DELETE FROM leaf WHERE idx = 5",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 1",
    ])
    func `a log that does not reproduce its checkpoint is not signed by the next start`(_ sql: String) async throws {
        let house = try await House()
        let daemon = try await capture(house, minutes: 6)
        _ = try await daemon.writer.checkpoint(with: beacon(house, index: 7))
        await daemon.kill()
        try damage(house, sql)
        let again = try await house.start()
        let refusal = try #require(again.start.signingRefusal)
        #expect(refusal.description.contains("nothing is signed any more"))
        #expect(refusal.description.contains("restore the newest copy"))
        await #expect(throws: CaptureError.self) { try await again.writer.checkpoint(with: beacon(house, index: 9)) }
        await again.kill()
    }

    @Test func `a database that was put back does not take the checkpoint back`() async throws {
        let house = try await House()
        let first = try await capture(house, minutes: 2)
        await first.kill()
        let copy = house.directory + "/copy.db"
        try FileManager.default.copyItem(atPath: house.directory + "/ledger.db", toPath: copy)
        let second = try await house.start()
        house.time.advance(ms: 180_000)
        try await second.flow.step()
        _ = try await second.writer.checkpoint(with: beacon(house, index: 7))
        await second.kill()
        for suffix in ["", "-wal", "-shm"] {
            let path = house.directory + "/ledger.db" + suffix
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        }
        try FileManager.default.moveItem(atPath: copy, toPath: house.directory + "/ledger.db")
        let third = try await house.start()
        #expect(third.start.signingRefusal != nil)
        await third.kill()
    }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed])
    func `a checkpoint that fails at any step is finished by the next try, with one anchor for one beacon`(
        _ fault: DiskFaults.Fault
    ) async throws {
        var nth = 1
        var struck = true
        while struck {
            let house = try await House()
            var daemon = try await capture(house, minutes: 3)
            house.faults.arm(fault, nth: nth)
            let facts = beacon(house, index: 7)
            do { _ = try await daemon.writer.checkpoint(with: facts) } catch LedgerError.injected {}
            struck = house.faults.hasFired
            house.faults.disarm()
            if nth % 2 == 0 {
                await daemon.kill()
                house.time.advance(ms: 60_000)
                daemon = try await house.start()
                #expect(daemon.start.signingRefusal == nil, "step \(nth)")
                house.time.advance(ms: 120_000)
            }
            _ = try await daemon.writer.checkpoint(with: beacon(house, index: 8))
            let reader = try house.reader()
            let beacons = try await reader.beacons(from: 0, to: 100)
            let anchors = try await reader.anchors()
            #expect(anchors.map(\.seq) == Array(1...UInt64(anchors.count)))
            #expect(beacons.map(\.seq) == anchors.map(\.seq), "step \(nth)")
            #expect(beacons.map { $0.leafIndex + 1 } == anchors.map(\.size), "step \(nth)")
            _ = try await LogProof(reader)
            await daemon.kill()
            nth += 1
        }
        #expect(nth > 5)
    }

    @Test func `an interval that was sealed early is not signed before it ends`() async throws {
        let house = try await House()
        let first = try await house.start()
        first.intake.offer([house.reading(1, 1)])
        try await first.flow.step()
        await first.kill()
        let second = try await house.start()
        let end = (house.time.wallMs / 60_000 + 1) * 60_000
        await #expect(throws: CaptureError.tooEarly(untilMs: end)) {
            try await second.writer.checkpoint(with: beacon(house, index: 7))
        }
        house.time.advance(ms: 60_000)
        _ = try await second.writer.checkpoint(with: beacon(house, index: 7))
        await second.kill()
    }

    @Test func `a clock before the last milestone stops the start, before anything is written`() async throws {
        let house = try await House()
        let first = try await capture(house, minutes: 2)
        _ = try await first.writer.checkpoint(with: beacon(house, index: 7))
        await first.kill()
        let size = try await house.reader().size()
        house.time.step(ms: -3_600_000)
        await #expect(throws: CaptureError.self) { try await house.start() }
        #expect(try await house.reader().size() == size)
        house.time.step(ms: 3_600_000)
        await (try await house.start()).kill()
    }

    @Test func `a milestone from the future gets no beacon`() async throws {
        let house = try await House()
        let daemon = try await capture(house, minutes: 2)
        let size = try await daemon.ledger.size()
        let facts = BeaconFacts(
            milestoneIndex: 7, milestoneID: sha256([7]), milestoneTimeS: UInt32(house.time.wallMs / 1_000) + 5,
            milestone: [])
        await #expect(throws: CaptureError.self) { try await daemon.writer.checkpoint(with: facts) }
        #expect(try await daemon.ledger.size() == size)
        await daemon.kill()
    }

    @Test func `another key does not open the log`() async throws {
        let house = try await House()
        let other = try #require(LogSigningKey(name: "gw.example/b/other/1", seed: Array(repeating: 9, count: 32)))
        await #expect(throws: CaptureError.wrongKey(origin: House.origin, key: "gw.example/b/other/1")) {
            try await house.start(key: other)
        }
    }

    private func capture(_ house: House, minutes: Int) async throws -> House.Daemon {
        let daemon = try await house.start()
        for minute in 0..<minutes {
            daemon.intake.offer([house.reading(1, Int64(minute)), house.reading(2, 400)])
            try await daemon.flow.step()
            house.time.advance(ms: 62_000)
        }
        try await daemon.flow.step()
        return daemon
    }

    private func beacon(_ house: House, index: UInt32) -> BeaconFacts {
        BeaconFacts(
            milestoneIndex: index, milestoneID: sha256([UInt8(index)]),
            milestoneTimeS: UInt32(house.time.wallMs / 1_000) - 2, milestone: [7, 0, 0, 0])
    }

    /// Changes the file as somebody with root's hands would.
    private func damage(_ house: House, _ sql: String) throws {
        try DiskFaults.tamper(directory: house.directory, sql: sql)
    }
}
