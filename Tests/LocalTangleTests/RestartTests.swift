import Foundation
import Hashing
import LocalTangle
import Tangle
import Testing

/// Goal: a restart continues the same network. Method: the directory opened again, cut and damaged.
struct RestartTests {
    let clock = TestClock()
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    func opened(
        pruneAfter: UInt32 = 100, rewriteBytesMin: Int = 16 << 20, keyCount: Int? = 2, threshold: Int? = nil
    ) throws -> LocalTangleNode {
        var configuration = handMade(
            keyCount: keyCount, threshold: threshold, pruneAfter: pruneAfter, directory: folder.path)
        configuration.rewriteBytesMin = rewriteBytesMin
        return try LocalTangleNode(configuration: configuration, clock: clock.now)
    }

    @Test func `keys, milestones, proofs and waiting blocks outlive a restart`() async throws {
        var node: LocalTangleNode? = try opened()
        let keys = try #require(node?.publicKeys)
        let early = try #require(try await node?.submitMined("early"))
        _ = try await node?.issueMilestone()
        let proof = try #require(try await node?.proof(of: early))
        let waiting = try #require(try await node?.submitMined("waiting"))
        let latest = try #require(await node?.latestMilestone)
        node = nil

        let again = try opened(keyCount: nil)
        #expect(again.publicKeys == keys && again.threshold == 2)
        #expect(await again.latestMilestone == latest)
        #expect(try await again.proof(of: early) == proof)
        #expect(try await again.referencedBy(waiting) == nil)
        let next = try await again.issueMilestone()
        #expect(next.previousMilestoneID == latest.id && next.index == latest.index + 1)
        #expect(next.timestamp > latest.timestamp)
        #expect(try await again.referencedBy(waiting) == next.index)
    }

    @Test func `a file written anew holds the same network, and stays small`() async throws {
        var node: LocalTangleNode? = try opened(pruneAfter: 20, rewriteBytesMin: 4_096)
        var last: BlockID?
        for number in 0..<150 {
            last = try await node?.submitMined("block \(number)")
            _ = try await node?.issueMilestone()
        }
        let id = try #require(last)
        let proof = try #require(try await node?.proof(of: id))
        let oldest = await node?.milestone(131)
        let waiting = try #require(try await node?.submitMined("waiting"))
        let latest = try #require(await node?.latestMilestone)
        node = nil
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: folder.path + "/tangle")[.size] as? Int)
        #expect(size < 100_000, "151 milestones and blocks, 21 kept: \(size) bytes")

        let again = try opened(pruneAfter: 20, rewriteBytesMin: 4_096)
        #expect(await again.latestMilestone == latest)
        #expect(await again.milestone(131) == oldest)
        #expect(await again.milestone(130) == nil)
        #expect(try await again.proof(of: id) == proof)
        let next = try await again.issueMilestone()
        #expect(try await again.referencedBy(waiting) == next.index)
        for _ in 0..<60 { _ = try await again.issueMilestone() }
    }

    @Test func `a threshold outlives a restart, and other numbers than the stored ones are refused`() async throws {
        var node: LocalTangleNode? = try opened(keyCount: 4, threshold: 3)
        let keys = try #require(node?.heldKeys)
        for _ in 0..<5 { _ = try await node?.issueMilestone() }
        node = nil
        let again = try opened(keyCount: nil)
        #expect(again.heldKeys == keys && again.threshold == 3)
        let next = try await again.issueMilestone()
        #expect(next.index == 7 && next.signatures.count == 3)
        guard case .holds = next.verdict(keys: keys, threshold: 3) else {
            Issue.record("\(next.verdict(keys: keys, threshold: 3))")
            return
        }
        let path = folder.path + "/keys"
        for (count, threshold) in [(5, nil), (3, nil), (4, 2), (4, 4), (nil, 1)] as [(Int?, Int?)] {
            #expect(throws: LocalTangleError.otherKeys(path: path, count: 4, threshold: 3)) {
                _ = try opened(keyCount: count, threshold: threshold)
            }
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for bad in ["threshold 0\n", "threshold 5\n", "threshold x\n", "threshold -1\n"] {
            try text.replacing("threshold 3\n", with: bad).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: LocalTangleError.damaged(path: path, offset: 0)) { _ = try opened(keyCount: nil) }
        }
    }

    @Test func `a whole file beside keys that did not make it is refused`() async throws {
        var node: LocalTangleNode? = try opened(rewriteBytesMin: 512)
        for number in 0..<30 {
            _ = try await node?.submitMined("block \(number)")
            _ = try await node?.issueMilestone()
        }
        node = nil
        let keys = folder.path + "/keys"
        let own = try Data(contentsOf: URL(fileURLWithPath: keys))
        try FileManager.default.removeItem(atPath: keys)
        let why = LocalTangleError.milestone(
            path: folder.path + "/tangle", index: 1, why: "is not signed by the keys beside it")
        for _ in 0..<2 { #expect(throws: why) { _ = try opened() } }
        try own.write(to: URL(fileURLWithPath: keys))
        #expect(await (try opened()).latestMilestone?.index == 31)
    }

    @Test func `milestones of two networks in one file are refused`() async throws {
        let other = try TestFolder()
        for path in [folder.path, other.path] {
            let node = try LocalTangleNode(configuration: handMade(directory: path), clock: clock.now)
            for _ in 0..<3 { _ = try await node.issueMilestone() }
            clock.advance(ms: 10_000)
        }
        let file = URL(fileURLWithPath: folder.path + "/tangle")
        let (ours, theirs) = (
            try Data(contentsOf: file), try Data(contentsOf: URL(fileURLWithPath: other.path + "/tangle"))
        )
        // The first record, the network's name, is the same in both; it stands once.
        let name = 5 + "test-net".utf8.count + 4
        try (ours + theirs.dropFirst(name)).write(to: file)
        #expect(throws: LocalTangleError.self) { _ = try opened(keyCount: nil) }
        try ours.write(to: file)
        #expect(await (try opened(keyCount: nil)).latestMilestone?.index == 4)
    }

    @Test func `a record cut off at the end is dropped and the rest is there`() async throws {
        var node: LocalTangleNode? = try opened()
        for _ in 0..<3 { _ = try await node?.issueMilestone() }
        let whole = try #require(await node?.milestone(3))
        node = nil
        let file = URL(fileURLWithPath: folder.path + "/tangle")
        let bytes = try Data(contentsOf: file)
        for cut in [1, 3, 4, 100] {
            try bytes.dropLast(cut).write(to: file)
            let again = try opened()
            #expect(await again.latestMilestone == whole, "cut by \(cut)")
            let next = try await again.issueMilestone()
            #expect(next.index == 4 && next.previousMilestoneID == whole.id)
        }
    }

    @Test func `a damaged file, damaged keys and another network's directory are refused`() async throws {
        var node: LocalTangleNode? = try opened()
        for _ in 0..<3 { _ = try await node?.issueMilestone() }
        node = nil
        let file = URL(fileURLWithPath: folder.path + "/tangle")
        let bytes = try Data(contentsOf: file)
        for place in stride(from: 20, to: bytes.count - 200, by: 37) {
            var bad = bytes
            bad[place] ^= 0x10
            try bad.write(to: file)
            // A length that points past the end looks like a torn tail: less is there, never something else.
            if let opened = try? opened() {
                let latest = try #require(await opened.latestMilestone)
                #expect(latest.index <= 4)
            }
        }
        try bytes.write(to: file)
        var other = handMade(directory: folder.path)
        other.networkName = "elsewhere"
        #expect(throws: LocalTangleError.otherNetwork(stored: "test-net", wanted: "elsewhere")) {
            _ = try LocalTangleNode(configuration: other, clock: clock.now)
        }
        try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/keys"))
        #expect(throws: LocalTangleError.damaged(path: folder.path + "/keys", offset: 0)) { _ = try opened() }
    }
}
