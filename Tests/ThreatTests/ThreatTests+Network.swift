import Anchoring
import Evidence
import Foundation
import Hashing
import LedgerStore
import LogEntries
import LogTesting
import MerkleLog
import Readings
import SiteTesting
import Tangle
import Testing
import Witness
import WitnessClient

/// A witness's desk without HTTP between.
private struct DeskAtHand: WitnessCalls {
    let desk: WitnessDesk
    let name = "test witness"

    init(_ site: Site) throws {
        let store = try WitnessStore(path: site.directory + "/witness", name: "w1") { Array(repeating: 6, count: $0) }
        desk = WitnessDesk(
            cosigner: store.cosigner, logs: [Site.origin: [site.key.verifierKey]], memory: store.memory,
            forks: store.forks, nowS: { 1_772_370_000 })
    }

    func add(_ request: AddCheckpointRequest) async throws(CallError) -> AddCheckpointAnswer {
        do { return try await desk.add(request) } catch { throw .refused(status: 500) }
    }

    func latest(origin: String) async throws(CallError) -> SignedNote? {
        do { return try await desk.latest(of: origin) } catch { throw .refused(status: 500) }
    }

    /// What the witness says of a ledger's last checkpoint.
    func word(of ledger: Ledger, key: VerifierKey) async throws -> Witnesses.Word {
        let last = try required(try await ledger.lastCheckpoint())
        let log = WitnessedLog(
            keys: LogKeys(key), consistencyProof: { try await ledger.consistencyProof(from: $0, to: $1) },
            root: { try await ledger.root(size: $0) })
        let witnesses = Witnesses([ConfiguredWitness(key: desk.key, calls: self)]) { _ in
            await Task.never()
        }
        let note = try required(SignedNote(last.note))
        return try required(await witnesses.show(note, knownSize: last.size, of: log).first).1
    }
}

extension Task where Success == Never, Failure == Never {
    /// Returns when the task is cancelled.
    fileprivate static func never() async {
        let (stream, end) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        end.finish()
    }
}

/// Threats by whoever holds the log key, the node or the network.
extension ThreatTests {
    private func expectHonest(_ log: RealLog) {
        let verdict = verify(file: log.file, card: log.card)
        #expect(verdict.codes == RealLog.standing, "\(verdict.findings)")
        #expect(verdict.exitCode == 0)
    }

    private func expect(_ verdict: Verdict, _ codes: [String], _ what: Comment, exit: Int32 = 1) {
        #expect(verdict.codes == (RealLog.standing + codes).sorted(), "\(what): \(verdict.findings)")
        #expect(verdict.exitCode == exit, what)
    }

    @Test func `split view, cloned box`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        // The same size with another root, signed with the log's own key.
        let end = try log.checkpoint(log.parts.toSeq)
        let clone = try log.site.key.sign(
            Checkpoint(origin: Site.origin, size: end.size, root: sha256([1])))
        let same = try log.anchor(clone, by: log.site.key.verifierKey)
        expect(try log.verdict { $0.anchors.append(same) }, ["E_EQUIVOCATION"], "the auditor, with all anchors")
        let between = try log.site.key.sign(
            Checkpoint(origin: Site.origin, size: end.size - 1, root: sha256([1])))
        let fork = try log.anchor(between, by: log.site.key.verifierKey)
        expect(try log.verdict { $0.anchors.append(fork) }, ["E_FORK", "E_ROLLBACK"], "a size between")
        // The witness at once, when one of the two histories comes second.
        let witness = try DeskAtHand(log.site)
        let key = log.site.key.verifierKey
        guard case .agrees = try await witness.word(of: log.site.ledger, key: key) else {
            Issue.record("the witness does not know the honest log")
            return
        }
        let answer = try await witness.desk.add(AddCheckpointRequest(oldSize: end.size, proof: [], note: clone))
        #expect(answer == .inconsistent)
    }

    @Test func `restored old image`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let witness = try DeskAtHand(log.site)
        let key = log.site.key.verifierKey
        let image = log.site.directory + "-image"
        try FileManager.default.copyItem(atPath: log.site.directory, toPath: image)
        defer { try? FileManager.default.removeItem(atPath: image) }  // a leftover harms nobody
        try await log.site.run(intervals: 1)
        try await log.site.anchor()
        guard case .agrees = try await witness.word(of: log.site.ledger, key: key) else {
            Issue.record("the witness does not know the honest log")
            return
        }
        // Before it signs, the restored box asks; the answer is its own signature over more.
        let restored = try Ledger.open(directory: image)
        let word = try await witness.word(of: restored, key: key)
        let known = try #require(try await log.site.ledger.lastCheckpoint())
        guard case .contradicts(let note) = word else {
            Issue.record("nobody noticed: \(word)")
            return
        }
        #expect(note.checkpoint?.size == known.size)
        await restored.close()
        // Signed all the same, the auditor sees a size that goes back.
        let end = try log.checkpoint(log.parts.toSeq)
        let back = try log.anchor(
            try log.site.key.sign(Checkpoint(origin: Site.origin, size: end.size - 2, root: sha256([2]))), by: key)
        expect(try log.verdict { $0.anchors.append(back) }, ["E_FORK", "E_ROLLBACK"], "the auditor")
    }

    @Test func `anchor withheld`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let middle = try #require(log.parts.anchors.dropFirst().first)
        let withheld = try log.verdict { $0.anchors.removeAll { $0.seq == middle.seq } }
        expect(withheld, ["W_UNANCHORED"], "its beacon stands in the log", exit: 0)
        // A beacon that is numbered as if there had been none in between.
        var lying = SyntheticLog()
        lying.lie = { _, leaf in
            guard case .beacon(let beacon) = leaf.body, beacon.anchorSeq == SyntheticLog.toSeq else { return leaf }
            let other = Leaf.Beacon(
                anchorSeq: beacon.anchorSeq + 1, previous: nil, milestoneIndex: beacon.milestoneIndex,
                milestoneID: beacon.milestoneID, milestoneTime: beacon.milestoneTime)
            return Leaf(wallMs: leaf.wallMs, bootNumber: leaf.bootNumber, monoMs: leaf.monoMs, body: .beacon(other))
        }
        let made = try lying.make()
        let file = try made.file { $0.beacons[1].seq += 1 }
        #expect(verify(file: file, card: made.card).codes == ["E_ANCHOR_SEQ"] + SyntheticLog.standing)
    }

    @Test func `forged or replayed anchor under the tag`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let stranger = try #require(LogSigningKey(name: Site.origin, seed: Array(repeating: 77, count: 32)))
        let forged = try log.anchor(
            try stranger.sign(Checkpoint(origin: Site.origin, size: 3, root: sha256([1]))), by: stranger.verifierKey)
        expect(try log.verdict { $0.anchors.append(forged) }, ["W_FOREIGN_ANCHOR"], "forged", exit: 0)
        let first = try #require(log.parts.anchors.dropFirst().first)
        let note = try #require(SignedNote(String(decoding: first.note, as: UTF8.self)))
        let replayed = try log.anchor(note, by: log.site.key.verifierKey)
        expect(try log.verdict { $0.anchors.append(replayed) }, [], "replayed", exit: 0)
    }

    @Test func `log key stolen`() async throws {
        let log = SyntheticLog()
        let made = try log.make()
        #expect(verify(file: made.file, card: made.card).codes == SyntheticLog.standing)
        // The thief writes a second history: two roots of one size.
        let other = MerkleTree((0..<made.tree.size).map { leafHash(Array("\($0)".utf8)) })
        let thief = try log.anchor(
            90_000_001, other, made.tree.size, log.logKey, index: 22, ms: SyntheticLog.startMs + 500_000)
        let forked = verify(file: try made.file { $0.anchors.append(thief) }, card: made.card)
        #expect(forked.codes == ["E_EQUIVOCATION"] + SyntheticLog.standing, "\(forked.findings)")
        // The owner of the recovery key says what still counts, and everybody reads it.
        let stated = try made.file { $0.compromises = [try log.compromise(at: 4, of: made.tree, by: log.recovery)] }
        let verdict = verify(file: stated, card: made.card)
        #expect(verdict.codes == (SyntheticLog.standing + ["W_COMPROMISED"]).sorted(), "\(verdict.findings)")
        // The thief cannot say it.
        let forgedStatement = try made.file {
            $0.compromises = [try log.compromise(at: 4, of: made.tree, by: log.logKey)]
        }
        #expect(!verify(file: forgedStatement, card: made.card).codes.contains("W_COMPROMISED"))
    }

    @Test func `node lies about inclusion`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let last = log.parts.anchors.count - 1
        let other = try log.verdict { $0.anchors[last].path = [0] + sha256([1]).bytes[...] }
        expect(other, ["E_INCLUSION"], "a path to another block")
        let forged = try log.verdict { parts in
            let bytes = Array(parts.anchors[last].milestone)
            parts.anchors[last].milestone = bytes.dropLast() + [bytes[bytes.count - 1] ^ 1]
        }
        expect(forged, ["E_MILESTONE_SIG"], "a milestone that the network did not sign")
        let stranger = try #require(LogSigningKey(name: "node", seed: Array(repeating: 41, count: 32)))
        let own = try log.verdict { parts in
            var milestone = try Milestone.parse(Array(parts.anchors[last].milestone))
            milestone.signatures = [
                MilestoneSignature(
                    publicKey: stranger.verifierKey.publicKey, signature: try stranger.sign(milestone.id.bytes))
            ]
            parts.anchors[last].milestone = milestone.serialized()[...]
        }
        expect(own, ["E_UNKNOWN_KEY"], "a milestone of the node's own", exit: 2)
    }

    @Test func `coordinator back-dates, or whole world invented by the operator`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        // The same file by a card whose only holder is the operator: it holds, and nothing is said about time.
        var own = log.card
        own.milestoneKeys[0].holder = PolicyCard.operatorHolder
        let invented = verify(file: log.file, card: own)
        #expect(invented.codes == (RealLog.standing + ["W_SELF_NETWORK"]).sorted())
        #expect(invented.bracket == nil)
        #expect(
            invented.sentence(.english).contains(
                "The operator could have written all of this, including the times, today."))
        // Two holders on the card, and one of them alone is not enough.
        let made = try SyntheticLog().make()
        let alone = try made.file { parts in
            for place in parts.anchors.indices {
                var milestone = try Milestone.parse(Array(parts.anchors[place].milestone))
                milestone.signatures.removeLast()
                parts.anchors[place].milestone = milestone.serialized()[...]
            }
        }
        #expect(verify(file: alone, card: made.card).codes == ["E_MILESTONE_SIG"] + SyntheticLog.standing)
    }
}
