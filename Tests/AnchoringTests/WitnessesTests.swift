import Anchoring
import Capture
import Foundation
import Hashing
import LedgerStore
import MerkleLog
import Testing
import Witness
import WitnessClient

/// Goal: nothing is signed that a memory off the box contradicts, or while nobody remembers; a witness's word alone, and a
/// witness that fails, stop nothing for ever.
/// Method: the real flow on a real ledger, real witnesses without HTTP between, and a copy of the data folder put back.
@Suite(.serialized)
struct WitnessesTests {
    private func withHouse(
        _ names: [String], _ body: (AnchoringHouse, [WitnessAtHand]) async throws -> Void
    ) async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 1_000)
            let witnesses = try names.map { try WitnessAtHand($0, key: house.key.verifierKey) }
            house.witnesses = .at(witnesses)
            try await house.restart()
            try await body(house, witnesses)
        }
    }

    @Test func `every checkpoint is asked for before and cosigned after, and the cosignatures are kept`() async throws {
        try await withHouse(["w1", "w22"]) { house, witnesses in
            try await house.turnUntilAnchored(2)
            let anchors = try await house.ledger.anchors()
            for anchor in anchors {
                let kept = try await house.ledger.cosignatures(size: anchor.size)
                #expect(kept.count == 2, "anchor \(anchor.seq)")
                for (cosignature, witness) in zip(kept, witnesses) {
                    #expect(cosignature.witness == witness.desk.key.description)
                    let line = try #require(SignedNote.Signature(line: cosignature.line))
                    let note = SignedNote(text: try #require(SignedNote(anchor.note)).text, signatures: [line])
                    #expect(note.isSigned(by: witness.desk.key))
                }
            }
            // Before each signature the last checkpoint is shown, the empty tree before the first; after it the new one.
            let sizes = witnesses[0].sizes
            #expect(sizes.first == 0 && sizes == sizes.sorted(), "\(sizes)")
            #expect(sizes.count { $0 == anchors[0].size } >= 2, "\(sizes)")
            #expect(await house.flow.status.witnessTroubles.isEmpty)
        }
    }

    @Test func `while no witness answers nothing is signed, and sealing goes on`() async throws {
        try await withHouse(["w1"]) { house, witnesses in
            witnesses[0].mood = .unreachable
            for _ in 0..<3 { try await house.turn() }
            #expect(try await house.ledger.anchors().isEmpty)
            #expect(await house.flow.status.trouble?.contains("no witness can be relied on") == true)
            let size = try await house.ledger.size()
            try await house.run(minutes: 2)
            #expect(try await house.ledger.size() > size)
            witnesses[0].mood = .honest
            try await house.turnUntilAnchored()
            #expect(await house.flow.status.trouble == nil)
        }
    }

    @Test func `one witness that answers is enough, and the other is told of and led up when it is back`() async throws
    {
        try await withHouse(["w1", "w22"]) { house, witnesses in
            witnesses[1].mood = .unreachable
            try await house.turnUntilAnchored()
            #expect(await house.flow.status.witnessTroubles == ["witness test witness: no whole answer (on purpose)"])
            witnesses[1].mood = .honest
            try await house.run(minutes: 1)
            try await house.turnUntilAnchored(3)
            let last = try #require(try await house.ledger.anchors().last)
            #expect(try await house.ledger.cosignatures(size: last.size).count == 2)
            #expect(await house.flow.status.witnessTroubles.isEmpty)
        }
    }

    @Test func `a witness that never answers costs the round its limit and no more`() async throws {
        try await withHouse(["w1"]) { house, witnesses in
            witnesses[0].mood = .stuck
            // The wait for all together is over at once here.
            house.witnesses = .at(witnesses, waits: false)
            try await house.restart()
            try await house.turn()
            #expect(try await house.ledger.anchors().isEmpty)
            #expect(await house.flow.status.witnessTroubles.first?.contains("no answer within 10 s") == true)
        }
    }

    @Test func `a data folder that was put back is caught before it signs, for ever`() async throws {
        try await withHouse(["w1"]) { house, witnesses in
            try await house.turnUntilAnchored()
            let copy = house.directory + ".copy"
            try await house.stop()
            try FileManager.default.copyItem(atPath: house.directory, toPath: copy)
            try await house.restart()
            try await house.run(minutes: 2)
            try await house.turnUntilAnchored(2)
            let known = try #require(try await house.ledger.lastCheckpoint())
            try await house.stop()
            try FileManager.default.removeItem(atPath: house.directory)
            try FileManager.default.moveItem(atPath: copy, toPath: house.directory)
            try await house.restart()
            let before = try await house.ledger.anchors().count
            for _ in 0..<3 { try await house.turn() }
            #expect(try await house.ledger.anchors().count == before)
            #expect(await house.writer.signingRefusal?.description.contains("witness w1 knows a checkpoint") == true)
            let note = try String(contentsOfFile: house.directory + "/contradiction", encoding: .utf8)
            #expect(SignedNote(note)?.checkpoint?.size == known.size)
            // Not even when nobody is there to say so again.
            witnesses[0].mood = .unreachable
            house.witnesses = nil
            try await house.restart()
            for _ in 0..<3 { try await house.turn() }
            #expect(try await house.ledger.anchors().count == before)
            #expect(await house.writer.signingRefusal != nil)
            // Sealing goes on.
            let size = try await house.ledger.size()
            try await house.run(minutes: 1)
            #expect(try await house.ledger.size() > size)
        }
    }

    @Test func `a witness that was shown another history of the same size stops the log`() async throws {
        try await withHouse(["w1"]) { house, witnesses in
            try await house.turnUntilAnchored()
            let last = try #require(try await house.ledger.lastCheckpoint())
            let other = try WitnessAtHand("w22", key: house.key.verifierKey)
            let forged = try house.key.sign(
                Checkpoint(origin: AnchoringHouse.origin, size: last.size, root: sha256([1])))
            _ = try await other.desk.add(AddCheckpointRequest(oldSize: 0, proof: [], note: forged))
            house.witnesses = .at([witnesses[0], other])
            try await house.restart()
            let before = try await house.ledger.anchors().count
            for _ in 0..<3 { try await house.turn() }
            #expect(try await house.ledger.anchors().count == before)
            #expect(await house.writer.signingRefusal?.description.contains("witness w22") == true)
        }
    }

    @Test func `a claim without this log's signature stops nothing for ever`() async throws {
        try await withHouse(["w1"]) { house, witnesses in
            try await house.turnUntilAnchored()
            let lies: [WitnessAtHand.Mood] = [
                .boasting(1 << 40), .boasting(.max), .answering(.inconsistent), .answering(.cosigned([])),
                .answering(.unknownLog), .answering(.notSigned), .answering(.malformed), .answering(.otherSize(0)),
            ]
            for lie in lies {
                let before = try await house.ledger.anchors().count
                witnesses[0].mood = lie
                for _ in 0..<2 { try await house.turn() }
                #expect(try await house.ledger.anchors().count == before, "\(lie)")
                #expect(await house.writer.signingRefusal == nil, "\(lie)")
                #expect(await house.flow.status.witnessTroubles.count == 1, "\(lie)")
            }
            witnesses[0].mood = .honest
            let before = try await house.ledger.anchors().count
            try await house.turnUntilAnchored(before + 1)
        }
    }
}
