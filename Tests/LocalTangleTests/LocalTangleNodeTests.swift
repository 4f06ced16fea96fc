import Hashing
import LocalTangle
import ProofOfWork
import Tangle
import Testing

/// Goal: the development network keeps a Tangle's promises. Method: milestones made by hand, a clock that is moved.
struct LocalTangleNodeTests {
    let clock = TestClock()

    func node(_ configuration: LocalTangleConfiguration = handMade()) throws -> LocalTangleNode {
        try LocalTangleNode(configuration: configuration, clock: clock.now)
    }

    @Test func `the first milestone rests on nothing`() async throws {
        let node = try node()
        let first = try #require(await node.milestone(1))
        #expect(first.parents == [.genesis])
        #expect(first.previousMilestoneID == .none)
        #expect(first.inclusionRoot.hex == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
        #expect(first.timestamp == 1_790_000_000)
    }

    @Test func `milestones link back, rise in time though the clock stands, and are signed by all keys`() async throws {
        let node = try node(handMade(keyCount: 3))
        let keys = node.milestoneKeys()
        var previous = try #require(await node.milestone(1))
        for _ in 0..<10 {
            let next = try await node.issueMilestone()
            #expect(next.index == previous.index + 1)
            #expect(next.timestamp > previous.timestamp)
            #expect(next.previousMilestoneID == previous.id)
            #expect(next.signatureFindings(keys: keys) == Array(repeating: .valid(holder: "operator"), count: 3))
            #expect(await node.milestone(next.id) == next)
            previous = next
        }
        clock.advance(ms: 60_000)
        #expect(try await node.issueMilestone().timestamp == 1_790_000_060)
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 2), (7, 5), (10, 7)])
    func `so many of the keys as must sign do, in turns, and the verifier agrees`(count: Int, threshold: Int)
        async throws
    {
        let node = try node(handMade(keyCount: count, threshold: threshold))
        let keys = node.heldKeys
        #expect(keys.count == count && Set(keys.map(\.holder)).count == count)
        let id = try await node.submitMined("words")
        var seen: [[UInt8]: Int] = [:]
        for _ in 0..<count {
            let milestone = try await node.issueMilestone()
            #expect(try Milestone.parse(milestone.serialized()) == milestone, "signatures ascend by key")
            #expect(milestone.signatures.count == threshold)
            guard case .holds(let holders) = milestone.verdict(keys: keys, threshold: threshold) else {
                Issue.record("\(milestone.verdict(keys: keys, threshold: threshold))")
                return
            }
            #expect(holders.count == threshold)
            #expect(
                milestone.verdict(keys: keys, threshold: threshold + 1)
                    == .tooFewHolders(have: threshold, need: threshold + 1))
            for signature in milestone.signatures { seen[signature.publicKey, default: 0] += 1 }
        }
        #expect(seen.count == count && seen.values.allSatisfy { $0 == threshold }, "every key has its turn")
        #expect(node.isValid(try await node.proof(of: id)))
    }

    @Test func `a block is referenced by the next milestone and proven under its keys`() async throws {
        let node = try node(handMade(minPoWScore: 10))
        let id = try await node.submitMined("words")
        #expect(try await node.referencedBy(id) == nil)
        let milestone = try await node.issueMilestone()
        #expect(try await node.referencedBy(id) == milestone.index)
        let proof = try await node.proof(of: id)
        #expect(proof.isIncluded && proof.block.id == id && proof.milestone == milestone)
        #expect(proof.milestone.verdict(keys: node.milestoneKeys(), threshold: 1) == .holds(holders: ["operator"]))
        #expect(node.isValid(proof))
        var damaged = proof
        damaged.block.nonce &+= 1
        #expect(!node.isValid(damaged))
    }

    @Test func `more blocks than a milestone has parents are referenced one milestone after the other`() async throws {
        let node = try node()
        let base = try await node.tips()
        var ids: [BlockID] = []
        for number in 0..<40 { ids.append(try await node.submit(try taggedBlock("\(number)", on: base).serialized())) }
        #expect(try await node.tips().count == 8)
        for _ in 0..<6 { #expect(try await node.issueMilestone().parents.count <= 8) }
        for id in ids { #expect(try await node.referencedBy(id) != nil) }
    }

    @Test func `the same bytes again give the same id and change nothing`() async throws {
        let node = try node()
        let bytes = try taggedBlock("once", on: try await node.tips()).serialized()
        let id = try await node.submit(bytes)
        #expect(try await node.submit(bytes) == id)
        _ = try await node.issueMilestone()
        #expect(try await node.submit(bytes) == id)
        #expect(try await node.referencedBy(id) == 2)
        #expect(try await node.block(id) == bytes)
    }

    @Test func `what a node refuses is refused with its reason`() async throws {
        let node = try node(handMade(minPoWScore: 4_000))
        let tips = try await node.tips()
        func refusal(_ bytes: [UInt8]) async -> NodeRefusal? {
            do {
                _ = try await node.submit(bytes)
                return nil
            } catch { return error as? NodeRefusal }
        }
        let lazy = try taggedBlock("no work", on: tips)
        try #require(!lazy.score.meets(minScore: 4_000))
        #expect(await refusal(lazy.serialized())?.message == "invalid block: insufficient PoW score")
        #expect(await refusal([2, 1])?.status == 400)
        let old = try Block(protocolVersion: 1, parents: tips, payload: nil)
        #expect(await refusal(old.serialized())?.message.contains("protocolVersion(1)") == true)
        let milestone = try #require(await node.milestone(1))
        let forged = try Block(parents: tips, payload: .milestone(milestone))
        #expect(await refusal(forged.serialized())?.message.contains("tagged data") == true)
        let transaction = try Block(parents: tips, payload: .transaction([6, 0, 0, 0, 1]))
        #expect(await refusal(transaction.serialized())?.status == 400)
        var orphan = try taggedBlock("orphan", on: [BlockID(sha256([9]))])
        orphan.nonce = try await Miner().mine(orphan.work, minScore: 4_000).nonce
        #expect(await refusal(orphan.serialized())?.message.contains("not solid") == true)
    }

    @Test func `parents older than fifteen milestones are below max depth`() async throws {
        let node = try node()
        let old = try await node.tips()
        for _ in 0..<16 { _ = try await node.issueMilestone() }
        #expect(await node.latestMilestone?.index == 17)
        _ = try await node.submit(try taggedBlock("just in time", on: old).serialized())  // Oldest root 2: 15 behind.
        _ = try await node.issueMilestone()
        await #expect(throws: NodeRefusal.self) {
            _ = try await node.submit(try taggedBlock("too late", on: old).serialized())
        }
    }

    @Test func `promotion is asked for from the ninth milestone on and reattachment from the sixteenth`() async throws {
        // Measured on a real node: attached while 6 was confirmed, promotion from 16, reattachment from 23.
        try await withServer(handMade(), clock: clock) { url, node in
            for _ in 0..<5 { _ = try await node.issueMilestone() }
            var faults = LocalTangleFaults()
            faults.ignoresUserBlocks = true
            await node.setFaults(faults)
            let id = try await node.submitMined("ignored")
            for index in UInt32(7)...25 {
                _ = try await node.issueMilestone()
                let metadata = try await ask("\(url)/api/core/v2/blocks/\(id.text)/metadata").json()
                #expect(metadata["referencedByMilestoneIndex"] == nil)
                #expect(metadata["shouldPromote"]?.asBool == (16...22).contains(index), "milestone \(index)")
                #expect(metadata["shouldReattach"]?.asBool == (index >= 23), "milestone \(index)")
            }
            #expect(try await node.tips().count == 1)
        }
    }

    @Test func `what is old is forgotten and the memory stays bounded`() async throws {
        let node = try node(handMade(pruneAfter: 20))
        let id = try await node.submitMined("old")
        for _ in 0..<20 { _ = try await node.issueMilestone() }
        #expect(try await node.referencedBy(id) == 2)
        _ = try await node.issueMilestone()
        await #expect(throws: NodeRefusal.self) { _ = try await node.block(id) }
        #expect(await node.milestone(2) == nil)
        #expect(await node.milestone(3) != nil)
        _ = try await node.submitMined("new")
        _ = try await node.issueMilestone()
    }

    @Test func `settings that cannot work are refused`() {
        var bad = [
            handMade(), handMade(keyCount: 0), handMade(pruneAfter: 19), handMade(), handMade(keyCount: 256),
            handMade(keyCount: 3, threshold: 4), handMade(keyCount: 3, threshold: 0),
        ]
        bad[0].intervalMs = 999
        bad[3].networkName = ""
        for configuration in bad {
            #expect(throws: LocalTangleError.self) {
                _ = try LocalTangleNode(configuration: configuration, clock: clock.now)
            }
        }
    }
}
