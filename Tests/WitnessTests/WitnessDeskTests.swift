import Hashing
import MerkleLog
import Testing
import Witness

/// Goal: of two checkpoints that a witness cosigned one is a prefix of the other, whatever is asked and whatever fails.
/// Method: a log and its fork, requests with every byte damaged, writes that fail at every step.
@Suite struct WitnessDeskTests {
    private let folder = StoreFolder()

    private func isCosigned(_ answer: AddCheckpointAnswer) -> Bool {
        if case .cosigned = answer { true } else { false }
    }

    @Test func `a consistent checkpoint is cosigned, and the log hears how far the witness is`() async throws {
        let log = try SignedLog(size: 20)
        let (desk, store) = try folder.desk(log)
        #expect(try await desk.latest(of: SignedLog.origin) == nil)
        guard case .cosigned(let lines) = try await desk.add(log.request(from: 0, to: 5)) else {
            Issue.record("not cosigned")
            return
        }
        let note = SignedNote(text: try log.note(5).text, signatures: lines)
        #expect(note.isSigned(by: store.cosigner.verifierKey))
        #expect(lines.first.flatMap(Cosignature.init)?.timestamp == 1_700_000_000)
        #expect(try await desk.add(log.request(from: 0, to: 9)) == .otherSize(5))
        #expect(try await desk.add(log.request(from: 4, to: 9)) == .otherSize(5))
        #expect(try await isCosigned(desk.add(log.request(from: 5, to: 20))))
        // Asked again for what it knows, it says so again; asked for less, it names what it knows.
        #expect(try await isCosigned(desk.add(log.request(from: 20, to: 20))))
        #expect(try await desk.add(log.request(from: 5, to: 5)) == .otherSize(20))
        let latest = try #require(try await desk.latest(named: WitnessMemory.name(origin: SignedLog.origin)))
        #expect(latest.checkpoint?.size == 20)
        #expect(latest.isSigned(by: log.key.verifierKey) && latest.isSigned(by: desk.key))
    }

    @Test func `every refusal of the specification has its own answer`() async throws {
        let log = try SignedLog(size: 20)
        let fork = try SignedLog(size: 20, forkedAt: 6)
        let (desk, store) = try folder.desk(log)
        #expect(try await isCosigned(desk.add(log.request(from: 0, to: 8))))
        let other = try SignedLog(size: 20, origin: "gw1/b/other/1")
        #expect(try await desk.add(other.request(from: 0, to: 8)) == .unknownLog)
        #expect(try await desk.add(SignedLog(size: 20, seed: 2).request(from: 8, to: 9)) == .notSigned)
        let broken = try log.note(9)
        let forged = SignedNote.Signature(
            name: broken.signatures[0].name, keyID: broken.signatures[0].keyID, bytes: Array(repeating: 1, count: 64))
        let twice = SignedNote(text: broken.text, signatures: broken.signatures + [forged])
        #expect(try await desk.add(AddCheckpointRequest(oldSize: 8, proof: [], note: twice)) == .notSigned)
        #expect(try await desk.add(AddCheckpointRequest(oldSize: 9, proof: [], note: log.note(8))) == .malformed)
        let extended = SignedNote(text: broken.text + "extension\n", signatures: broken.signatures)
        #expect(try await desk.add(AddCheckpointRequest(oldSize: 8, proof: [], note: extended)) == .malformed)
        let proof = log.tree.consistencyProof(from: 8, to: 9)
        for wrong in [[], proof + proof, proof.map { _ in Hash.zero }] {
            let request = AddCheckpointRequest(oldSize: 8, proof: wrong, note: try log.note(9))
            #expect(try await desk.add(request) == .inconsistent)
        }
        #expect(try store.forks.all().isEmpty)
        // A fork at a larger size is one more wrong proof; at the same size the two notes are evidence.
        #expect(try await desk.add(fork.request(from: 8, to: 12)) == .inconsistent)
        #expect(try store.forks.all().isEmpty)
        #expect(try await desk.add(fork.request(from: 8, to: 8)) == .inconsistent)
        #expect(try await desk.add(fork.request(from: 8, to: 8)) == .inconsistent)
        let evidence = try store.forks.all()
        #expect(evidence.count == 1 && evidence.first?.isEquivocation == true)
        #expect(try evidence.first?.shown == fork.note(8))
        #expect(try await desk.latest(of: SignedLog.origin)?.checkpoint?.root == log.tree.root(size: 8))
    }

    @Test func `an empty tree has one root`() async throws {
        let log = try SignedLog(size: 3)
        let (desk, _) = try folder.desk(log)
        let wrong = try log.key.sign(Checkpoint(origin: SignedLog.origin, size: 0, root: .zero))
        #expect(try await desk.add(AddCheckpointRequest(oldSize: 0, proof: [], note: wrong)) == .inconsistent)
        let right = try log.key.sign(Checkpoint(origin: SignedLog.origin, size: 0, root: MerkleTree.emptyRoot))
        #expect(try await isCosigned(desk.add(AddCheckpointRequest(oldSize: 0, proof: [], note: right))))
        #expect(try await isCosigned(desk.add(log.request(from: 0, to: 3))))
        #expect(try await desk.add(AddCheckpointRequest(oldSize: 0, proof: [], note: right)) == .otherSize(3))
    }

    @Test func `no damaged request is cosigned or stops the witness`() async throws {
        let log = try SignedLog(size: 20)
        let (desk, _) = try folder.desk(log)
        #expect(try await isCosigned(desk.add(log.request(from: 0, to: 8))))
        let body = try log.request(from: 8, to: 13).body
        for place in body.indices {
            for change in [UInt8(1), 0x20, 0x80, 0xff] {
                var damaged = body
                damaged[place] ^= change
                #expect(try await !isCosigned(desk.add(body: damaged)), "byte \(place) changed by \(change)")
            }
            #expect(try await !isCosigned(desk.add(body: Array(body[..<place]))), "cut at \(place)")
        }
        #expect(try await isCosigned(desk.add(body: body)))
    }

    @Test func `a write that fails at any step gives out no signature and leaves one history`() async throws {
        let log = try SignedLog(size: 30)
        let fork = try SignedLog(size: 30, forkedAt: 10)
        for step in StoreFiles.Step.allCases {
            let folder = StoreFolder()
            let fault = OneFault()
            let before = try folder.desk(log, fault: { try fault.strike($0) })
            #expect(try await isCosigned(before.desk.add(log.request(from: 0, to: 10))))
            fault.arm(step)
            await #expect(throws: WitnessError.injected) { try await before.desk.add(log.request(from: 10, to: 20)) }
            // The desk goes on by what is on the disk: the new checkpoint once it was renamed, the old one before.
            let known = try #require(try await before.desk.latest(of: SignedLog.origin)?.checkpoint)
            #expect(known.size == (step == .written ? 10 : 20), "\(step)")
            #expect(known.root == log.tree.root(size: known.size))
            // Nothing was given out for size 20, so from size 10 either history may go on; but only one of them.
            let (first, second) = step == .written ? (fork, log) : (log, fork)
            let other = try await before.desk.add(second.request(from: known.size, to: 25))
            #expect(isCosigned(other) == (step == .written), "\(step)")
            let size = try #require(try await before.desk.latest(of: SignedLog.origin)?.checkpoint?.size)
            let one = try await before.desk.add(first.request(from: size, to: 30))
            #expect(isCosigned(one) == (step != .written), "\(step)")
        }
    }

    @Test func `after a restart the witness remembers, and without its memory it does not start`() async throws {
        let log = try SignedLog(size: 20)
        var vkey = ""
        do {
            let (desk, store) = try folder.desk(log)
            vkey = store.cosigner.verifierKey.description
            #expect(store.isNew)
            #expect(try await isCosigned(desk.add(log.request(from: 0, to: 8))))
            #expect(throws: WitnessError.held(path: folder.path)) { try folder.desk(log) }
            #expect(store.path == folder.path, "the store was held until here")
        }
        do {
            let (desk, store) = try folder.desk(log)
            #expect(!store.isNew && store.cosigner.verifierKey.description == vkey)
            #expect(try await desk.add(log.request(from: 0, to: 20)) == .otherSize(8))
        }
        let file = folder.path + "/latest/" + WitnessMemory.name(origin: SignedLog.origin)
        for damage in ["", "nonsense\n", try log.note(8).note, try SignedLog(size: 9, origin: "other").note(9).note] {
            try StoreFiles.replace(file, with: Array(damage.utf8))
            let desk = try folder.desk(log).desk
            await #expect(throws: WitnessError.memoryDamaged(path: file)) {
                try await desk.add(log.request(from: 0, to: 20))
            }
        }
    }
}
