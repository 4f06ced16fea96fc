import Evidence
import Hashing
import LocalTangle
import LogEntries
import MerkleLog
import Testing
import Watching
import Witness
import WitnessClient

/// A log whose first leaf names its keys, in which key leaves stand; each tree is signed by whom the test says.
struct KeyedLog {
    static let origin = TestLog.origin

    let first: LogSigningKey
    let recovery: LogSigningKey
    private(set) var leaves: [[UInt8]] = []

    init() throws {
        first = try Self.key(1)
        recovery = try Self.key(9)
        let genesis = Leaf.Genesis(
            origin: Self.origin, logKey: first.verifierKey.description, recoveryHash: recoveryHash, previous: nil,
            networkName: "dev", tag: anchorTag(origin: Self.origin))
        leaves.append(Leaf(wallMs: 1, bootNumber: 1, monoMs: 0, body: .genesis(genesis)).encoded())
    }

    static func key(_ seed: UInt8) throws -> LogSigningKey {
        try #require(LogSigningKey(name: origin, seed: Array(repeating: seed, count: 32)))
    }

    var recoveryHash: Hash { sha256(Array(recovery.verifierKey.description.utf8)) }
    var size: UInt64 { UInt64(leaves.count) }
    var tree: MerkleTree { MerkleTree(leaves.map { leafHash($0) }) }

    /// Leaves that say nothing here.
    mutating func grow(to size: Int, as word: String = "leaf") {
        while leaves.count < size { leaves.append(Array("\(word) \(leaves.count)".utf8)) }
    }

    /// A key leaf at the end of the log; `place` is what is signed, its own if not said otherwise.
    mutating func change(to key: LogSigningKey, by signer: LogSigningKey, at place: UInt64? = nil) throws {
        let index = place ?? size
        let message = Leaf.Key.message(
            origin: Self.origin, leafIndex: index, newKey: key.verifierKey.description)
        let statement = Leaf.Key(
            newKey: key.verifierKey.description, recoveryKey: signer.verifierKey.description,
            signature: try signer.sign(message))
        leaves.append(Leaf(wallMs: 2, bootNumber: 1, monoMs: 0, body: .key(statement)).encoded())
    }

    func note(_ size: UInt64, by key: LogSigningKey) throws -> SignedNote {
        try key.sign(Checkpoint(origin: Self.origin, size: size, root: tree.root(size: size)))
    }

    /// What the log shows of its keys: the first leaf and those at `places`.
    func list(_ places: [UInt64], size: UInt64) -> KeyList {
        let tree = tree
        return KeyList(
            size: size,
            entries: ([0] + places).map {
                KeyList.Entry(
                    index: $0, leaf: leaves[Int($0)], proof: tree.inclusionProof(of: $0, size: size))
            })
    }
}

/// Goal: after a change of key by the recovery key the watcher goes on, and by nobody else's word.
/// Method: a log with key leaves, shown as it is and in each way in which it can lie; every watch is opened twice.
@Suite struct KeyChangeTests {
    private func house(_ log: KeyedLog) async throws -> WatchedHouse {
        try await WatchedHouse(
            log: log.tree, logKey: log.first, recoveryHash: log.recoveryHash, genesis: leafHash(log.leaves[0]))
    }

    /// 40 leaves, a change of key at 20, the rest behind it.
    private func changed(by signer: UInt8 = 9, at place: UInt64? = nil) throws -> KeyedLog {
        var log = try KeyedLog()
        log.grow(to: 20)
        try log.change(to: KeyedLog.key(2), by: KeyedLog.key(signer), at: place)
        log.grow(to: 40)
        return log
    }

    @Test func `the new key is learned from the log, counts over restarts, and the old one ends`() async throws {
        let log = try changed()
        let new = try KeyedLog.key(2)
        let house = try await house(log)
        house.shown.show(try log.note(22, by: log.first), tree: log.tree)
        do {
            let run = try await house.open()
            #expect(try await run.once().size == 22)
            house.shown.show(try log.note(30, by: new), tree: log.tree)
            house.shown.showKeys(log.list([20], size: 30))
            try await house.anchor(log.note(30, by: new), by: new, seq: 1)
            let report = try await run.once()
            #expect(report.state == .consistent && report.size == 30 && report.anchorsKept == 1, "\(report.text)")
            #expect(report.keyChanges == [.init(leafIndex: 20, key: new.verifierKey.description)])
            #expect(report.json.contains(#""keyChanges":[{"#) && report.text.contains("entry 20 changed the log key"))
            let latest = try #require(try await run.desk.latest(of: KeyedLog.origin))
            #expect(latest.isSigned(by: new.verifierKey) && latest.isSigned(by: run.desk.key))
        }
        // The log is not asked again: what was learned lies in the store.
        house.shown.showKeys(nil)
        let run = try await house.open()
        #expect(await run.watcher.report.keyChanges.count == 1)
        let proof = log.tree.consistencyProof(from: 30, to: 35)
        let late = AddCheckpointRequest(oldSize: 30, proof: proof, note: try log.note(35, by: log.first))
        #expect(try await run.desk.add(late) == .notSigned, "the old key signs no tree of more than 22 leaves")
        let next = AddCheckpointRequest(oldSize: 30, proof: proof, note: try log.note(35, by: new))
        guard case .cosigned = try await run.desk.add(next) else {
            Issue.record("the new key is not known at the desk")
            return
        }
    }

    @Test func `nothing but the recovery key over its place, in the tree that was signed, changes the key`()
        async throws
    {
        let new = try KeyedLog.key(2)
        let honest = try changed()
        let list = honest.list([20], size: 30)
        let keyLeaf = list.entries[1]
        let cases: [(String, KeyedLog, KeyList, KeyProblem)] = [
            (
                "signed by the log key", try changed(by: 1), try changed(by: 1).list([20], size: 30),
                .notByRecoveryKey(index: 20)
            ),
            (
                "signed for another place", try changed(at: 19), try changed(at: 19).list([20], size: 30),
                .notByRecoveryKey(index: 20)
            ),
            ("no key leaf", honest, honest.list([21], size: 30), .notAKeyLeaf(index: 21)),
            ("no list", honest, honest.list([], size: 30), .notInForce(size: 30)),
            (
                "without its first leaf", honest, KeyList(size: 30, entries: [keyLeaf]), .otherFirstLeaf
            ),
            (
                "not in the tree", honest,
                KeyList(
                    size: 30,
                    entries: [
                        list.entries[0], .init(index: 20, leaf: keyLeaf.leaf, proof: keyLeaf.proof.map { _ in .zero }),
                    ]),
                .notIncluded(index: 20)
            ),
        ]
        for (name, log, list, problem) in cases {
            let house = try await house(log)
            house.shown.show(try log.note(15, by: log.first), tree: log.tree)
            let run = try await house.open()
            #expect(try await run.once().size == 15)
            house.shown.show(try log.note(30, by: new), tree: log.tree)
            house.shown.showKeys(list)
            let report = try await run.once()
            #expect(
                report.state == .unchecked && report.size == 15 && report.keyChanges.isEmpty, "\(name): \(report.text)")
            #expect(report.troubles.contains { $0.contains("\(problem)") }, "\(name): \(report.troubles)")
            #expect(!StoreFiles.exists(house.path + "/keys"), "\(name)")
        }
    }

    @Test func `a log that shows no keys is told, and asked a few times a round only`() async throws {
        let log = try changed()
        let new = try KeyedLog.key(2)
        let house = try await house(log)
        for seq in 1...UInt64(Watcher.keyLooksPerRoundMax + 3) {
            try await house.anchor(log.note(22 + seq, by: new), by: new, seq: seq)
        }
        house.shown.show(try log.note(40, by: new), tree: log.tree)
        let report = try await house.open().once()
        #expect(report.state == .unchecked && report.anchorsKept == 0)
        #expect(report.troubles.contains { $0.contains("does not show who changed the log key (HTTP 404)") })
        #expect(house.shown.keyCalls == Watcher.keyLooksPerRoundMax)
    }

    @Test func `a change of key in another history is evidence of a fork, and no change`() async throws {
        let log = try changed()
        var fork = try KeyedLog()
        fork.grow(to: 10)
        fork.grow(to: 20, as: "other")
        let new = try KeyedLog.key(2)
        try fork.change(to: new, by: fork.recovery)
        fork.grow(to: 40)
        let house = try await house(log)
        house.shown.show(try log.note(15, by: log.first), tree: log.tree)
        let run = try await house.open()
        #expect(try await run.once().size == 15)
        house.shown.show(try fork.note(30, by: new), tree: fork.tree)
        house.shown.showKeys(fork.list([20], size: 30))
        let report = try await run.once()
        #expect(report.state == .forked && report.size == 15 && report.keyChanges.isEmpty, "\(report.text)")
        #expect(try run.store.forks.all().first?.shown == fork.note(30, by: new))
    }

    @Test func `a list that leaves out a change that is known is refused`() async throws {
        var log = try changed()
        let (second, third) = (try KeyedLog.key(2), try KeyedLog.key(3))
        try log.change(to: third, by: log.recovery)
        log.grow(to: 60)
        let house = try await house(log)
        house.shown.show(try log.note(30, by: second), tree: log.tree)
        house.shown.showKeys(log.list([20], size: 30))
        let run = try await house.open()
        #expect(try await run.once().size == 30)
        house.shown.show(try log.note(50, by: third), tree: log.tree)
        house.shown.showKeys(log.list([40], size: 50))
        let refused = try await run.once()
        #expect(refused.size == 30 && refused.troubles.contains { $0.contains("\(KeyProblem.leftOut(index: 20))") })
        house.shown.showKeys(log.list([20, 40], size: 50))
        let report = try await run.once()
        #expect(report.state == .consistent && report.size == 50 && report.keyChanges.map(\.leafIndex) == [20, 40])
    }

    @Test func `a file of keys that does not hold stops the watch`() async throws {
        let log = try changed()
        let new = try KeyedLog.key(2)
        let house = try await house(log)
        house.shown.show(try log.note(30, by: new), tree: log.tree)
        house.shown.showKeys(log.list([20], size: 30))
        #expect(try await house.open().once().size == 30)
        let path = house.path + "/keys"
        let bytes = try #require(try StoreFiles.read(path, sizeBytesMax: 1 << 20))
        for damaged in [[], Array(bytes.dropLast(9)), bytes.map { $0 == 0x20 ? 0x0a : $0 }, Array("nonsense\n\n".utf8)]
        {
            try StoreFiles.replace(path, with: damaged)
            await #expect(throws: WitnessError.memoryDamaged(path: path)) { try await house.open() }
        }
        try StoreFiles.replace(path, with: bytes)
        #expect(await (try house.open()).watcher.report.keyChanges.count == 1)
    }

    @Test func `a list of keys has one spelling`() throws {
        let list = try changed().list([20], size: 30)
        let text = Array(list.text.utf8)
        #expect(KeyList(text) == list)
        for damaged in [
            "", "plumbline-keys/v1 30", "plumbline-keys/v1 030\n", "plumbline-keys/v2 30\n", list.text + "\n",
            list.text + list.entries[0].line + "\n", "plumbline-keys/v1 20\n" + list.entries[1].line + "\n",
            list.text.replacing("\n", with: " \n"), list.text + "21 x\n",
        ] {
            #expect(KeyList(Array(damaged.utf8)) == nil, "\(damaged.prefix(60))")
        }
        for place in text.indices {
            var bytes = text
            bytes[place] ^= 0x80
            #expect(KeyList(bytes) == nil)
        }
    }
}
