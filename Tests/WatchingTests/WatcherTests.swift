import Evidence
import Foundation
import Hashing
import LocalTangle
import MerkleLog
import Tangle
import TangleClient
import Testing
import Watching
import Witness
import WitnessClient

/// Goal: what the watcher keeps proves itself, what it cosigns is one history, and a contradiction leaves evidence.
/// Method: a development network in this process, a log in memory, and the ways in which each of them can lie.
@Suite struct WatcherTests {
    @Test func `every anchor is kept with its proof, and the newest checkpoint is cosigned`() async throws {
        let log = try TestLog(size: 700)
        let house = try await WatchedHouse(log)
        for (seq, size) in [UInt64(3), 255, 256, 300, 640].enumerated() {
            try await house.anchor(log.note(size), by: log.key, seq: UInt64(seq) + 1)
        }
        house.shown.show(try log.note(700), of: log)
        do {
            let run = try await house.open()
            let report = try await run.once()
            #expect(report.state == .consistent && report.exitCode == 0, "\(report.text)")
            #expect(report.anchorsKept == 5 && report.size == 700 && report.root == log.tree.root)
        }
        // Everything is on disk: a new run knows it, and every kept anchor holds without a node.
        let run = try await house.open()
        #expect(await run.watcher.report.anchorsKept == 5)
        let shelf = try AnchorShelf(folder: house.path + "/anchors")
        #expect(shelf.kept == [1, 2, 3, 4, 5] && shelf.whole == 5)
        var check = NetworkCheck(card: house.card)
        for seq in shelf.kept {
            let kept = try #require(try shelf.anchor(seq))
            var found = FindingList()
            let answer = check.anchor(
                "anchor", block: kept.proven.block[...], path: kept.proven.path[...],
                milestone: kept.proven.milestone[...], into: &found)
            #expect(answer.isGood && found.sorted.isEmpty)
            #expect(kept.proven.note.isSigned(by: log.key.verifierKey))
        }
        let latest = try #require(try await run.desk.latest(of: TestLog.origin))
        #expect(latest.checkpoint?.size == 700 && latest.isSigned(by: run.desk.key))
    }

    @Test func `a forked anchor is proven by the tiles and kept as evidence`() async throws {
        let log = try TestLog(size: 500)
        let fork = try TestLog(size: 500, forkedAt: 300)
        let house = try await WatchedHouse(log)
        try await house.anchor(log.note(320), by: log.key, seq: 1)
        house.shown.show(try log.note(400), of: log)
        let run = try await house.open()
        #expect(try await run.once().state == .consistent)
        // Smaller than what is known and off its path; the same size with another root; both on the network.
        try await house.anchor(fork.note(350), by: log.key, seq: 2)
        try await house.anchor(fork.note(400), by: log.key, seq: 3)
        let report = try await run.once()
        #expect(report.state == .forked && report.exitCode == 1 && report.forks == 2, "\(report.text)")
        let evidence = try run.store.forks.all()
        #expect(Set(evidence.map(\.isEquivocation)) == [true, false])
        for fork in evidence {
            #expect(fork.known.isSigned(by: log.key.verifierKey) && fork.shown.isSigned(by: log.key.verifierKey))
        }
        #expect(report.size == 400 && report.root == log.tree.root(size: 400))
        // The same again is the same evidence.
        #expect(try await run.once().forks == 2)
    }

    @Test func `a larger checkpoint of another history is evidence and is not cosigned`() async throws {
        let log = try TestLog(size: 400)
        let fork = try TestLog(size: 900, forkedAt: 390)
        let house = try await WatchedHouse(log)
        house.shown.show(try log.note(400), of: log)
        let run = try await house.open()
        #expect(try await run.once().size == 400)
        house.shown.show(try fork.note(900), of: fork)
        let report = try await run.once()
        #expect(report.state == .forked && report.size == 400)
        #expect(try run.store.forks.all().first?.shown == fork.note(900))
        // An honest continuation of a shorter prefix is none of another history.
        let honest = try await WatchedHouse(log)
        honest.shown.show(try log.note(389), of: log)
        let other = try await honest.open()
        #expect(try await other.once().size == 389)
        honest.shown.show(try fork.note(900), of: fork)
        #expect(try await other.once().state == .consistent)
        #expect(await other.watcher.report.size == 900)
    }

    @Test func `a gateway that shows an older log is told, and is remembered as it was`() async throws {
        let log = try TestLog(size: 400)
        let house = try await WatchedHouse(log)
        house.shown.show(try log.note(400), of: log)
        let run = try await house.open()
        #expect(try await run.once().state == .consistent)
        house.shown.show(try log.note(200), of: log)
        let report = try await run.once()
        #expect(report.state == .rolledBack && report.rolledBackTo == 200 && report.size == 400)
        #expect(report.exitCode == 1 && report.forks == 0)
        house.shown.show(try log.note(400), of: log)
        #expect(try await run.once().state == .consistent)
    }

    @Test func `tiles that lead nowhere accuse nobody and get no cosignature`() async throws {
        let log = try TestLog(size: 700)
        let house = try await WatchedHouse(log)
        house.shown.show(try log.note(400), of: log)
        let run = try await house.open()
        #expect(try await run.once().size == 400)
        house.shown.show(try log.note(700), of: log)
        let changes: [@Sendable ([UInt8]) -> [UInt8]] = [
            { $0.map { $0 ^ 1 } }, { Array($0.dropLast()) }, { _ in [] }, { $0 + $0 },
        ]
        for change in changes {
            house.shown.changeTiles(change)
            let report = try await run.once()
            #expect(report.state == .unchecked && report.size == 400 && report.forks == 0, "\(report.text)")
        }
        house.shown.changeTiles(nil)
        #expect(try await run.once().size == 700)
    }

    @Test func `an anchor that does not hold is neither kept nor compared`() async throws {
        let log = try TestLog(size: 400)
        let fork = try TestLog(size: 400, forkedAt: 10)
        let house = try await WatchedHouse(log)
        house.shown.show(try log.note(400), of: log)
        let stranger = try #require(LogSigningKey(name: TestLog.origin, seed: Array(repeating: 2, count: 32)))
        let forged = try stranger.sign(Checkpoint(origin: TestLog.origin, size: 400, root: fork.tree.root))
        try await house.anchor(forged, by: stranger, seq: 1)
        try await house.anchor(log.note(100), by: log.key, seq: 2, tag: Array("another tag".utf8))
        let id = try await house.anchor(log.note(100), by: log.key, seq: 3, isListed: false)
        house.shown.list(ListedAnchor(seq: 4, size: 100, blockID: id.hash))
        let run = try await house.open()
        let report = try await run.once()
        #expect(report.state == .unchecked && report.anchorsKept == 1 && report.forks == 0, "\(report.text)")
        #expect(report.troubles.contains { $0.contains("anchor 1 is not signed") })
        #expect(report.troubles.contains { $0.contains("anchor 2 does not hold: E_ANCHOR_MISMATCH") })
        let foreign = try TestLog(size: 400)
        house.shown.show(
            try stranger.sign(Checkpoint(origin: TestLog.origin, size: 400, root: fork.tree.root)), of: foreign)
        #expect(try await run.once().troubles.contains { $0.contains("its checkpoint is not signed") })
    }

    @Test func `a block that no node shows any more is given up after some rounds, and the rest goes on`() async throws
    {
        let log = try TestLog(size: 400)
        let house = try await WatchedHouse(log)
        house.shown.show(try log.note(400), of: log)
        house.shown.list(ListedAnchor(seq: 1, size: 10, blockID: sha256([1])))
        try await house.anchor(log.note(50), by: log.key, seq: 2)
        let run = try await house.open()
        for _ in 1..<Watcher.triesMax {
            let report = try await run.once()
            #expect(report.state == .unchecked && report.anchorsMissing == 0 && report.anchorsKept == 1)
        }
        let report = try await run.once()
        #expect(report.state == .consistent && report.anchorsMissing == 1, "\(report.text)")
        #expect(try AnchorShelf(folder: house.path + "/anchors").whole == 2)
    }

    @Test func `a gateway that does not answer is no contradiction`() async throws {
        let log = try TestLog(size: 40)
        let house = try await WatchedHouse(log)
        house.shown.fail(.unreachable("on purpose"))
        let run = try await house.open()
        let report = try await run.once()
        #expect(report.state == .unchecked && report.exitCode == 2 && report.size == nil)
        #expect(report.troubles.count == 2 && report.json.contains(#""state":"unchecked""#))
    }

    @Test func `the store keeps to its card`() async throws {
        let log = try TestLog(size: 4)
        let house = try await WatchedHouse(log)
        try StoreFiles.makeFolder(house.path)
        #expect(throws: KeptCard.Failure.missing(store: house.path)) {
            try KeptCard.open(store: house.path, given: nil, origin: nil)
        }
        let file = house.path + "/given"
        try StoreFiles.replace(file, with: Array(house.card.encoded().utf8))
        #expect(throws: KeptCard.Failure.otherOrigin(card: TestLog.origin, asked: "gw2")) {
            try KeptCard.open(store: house.path, given: file, origin: "gw2")
        }
        #expect(try KeptCard.open(store: house.path, given: file, origin: nil) == house.card)
        #expect(try KeptCard.open(store: house.path, given: nil, origin: TestLog.origin) == house.card)
        var other = house.card
        other.genesis = sha256([9])
        try StoreFiles.replace(file, with: Array(other.encoded().utf8))
        #expect(throws: KeptCard.Failure.otherCard(path: file)) {
            try KeptCard.open(store: house.path, given: file, origin: nil)
        }
        // New milestone keys are a new card of the same log.
        var newer = house.card
        newer.minPowScore = 5
        try StoreFiles.replace(file, with: Array(newer.encoded().utf8))
        #expect(try KeptCard.open(store: house.path, given: file, origin: nil) == newer)
        #expect(try KeptCard.open(store: house.path, given: nil, origin: nil) == newer)
    }
}
