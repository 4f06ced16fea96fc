import Anchoring
import Hashing
import LedgerStore
import LocalTangle
import MerkleLog
import ProofOfWork
import Synchronization
import Tangle
import TangleClient
import Testing

/// Goal: a node's word alone moves nothing.
/// Method: a development network whose answers are replaced on the way.
@Suite(.serialized)
struct HostileNodeTests {
    @Test func `a milestone of a foreign key is never accepted, for a beacon or for a proof`() async throws {
        let time = HandClock()
        let foreign = try #require(LogSigningKey(name: "foreign", seed: Array(repeating: 77, count: 32)))
        let resigned: @Sendable (UInt32, [UInt8]) -> [UInt8] = { _, bytes in
            guard var milestone = try? Milestone.parse(bytes), let signature = try? foreign.sign(milestone.id.bytes)
            else { return [] }
            milestone.signatures = [
                MilestoneSignature(publicKey: foreign.verifierKey.publicKey, signature: signature)
            ]
            return milestone.serialized()
        }
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            let size = try await house.ledger.size()
            node.answerMilestones(resigned)
            for _ in 0..<5 { try await house.turn() }
            #expect(try await house.ledger.size() == size, "no beacon was written")
            #expect(await house.flow.status.trouble?.contains("not on the policy card") == true)
            node.answerMilestones(nil)
            try await house.turn()
            #expect(try await house.ledger.anchor(1)?.state == .submitted)
            node.answerMilestones(resigned)
            for _ in 0..<5 { try await house.turn() }
            #expect(try await house.ledger.anchor(1)?.state == .submitted)
            node.answerMilestones { _, bytes in
                var bytes = bytes
                bytes[bytes.count - 1] ^= 1
                return bytes
            }
            for _ in 0..<5 { try await house.turn() }
            #expect(try await house.ledger.anchor(1)?.state == .submitted)
            #expect(await house.flow.status.trouble?.contains("signature is wrong") == true)
            node.answerMilestones(nil)
            try await house.turnUntilAnchored()
            try await house.expectProven(try #require(try await house.ledger.anchor(1)))
        }
    }

    @Test func `a false proof is never accepted`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.turn()
            let changes: [@Sendable (Hash, [UInt8]) -> [UInt8]] = [
                { _, _ in Array("{}".utf8) },
                { _, _ in Array(#"{"proof":{}}"#.utf8) },
                { _, bytes in Array(bytes.prefix(bytes.count / 2)) },
                { block, _ in Array(#"{"proof":{"value":"0x\#(block.hex)"}}"#.utf8) },
                { block, bytes in
                    let other = sha256(block.bytes).hex
                    return Array(String(decoding: bytes, as: UTF8.self).replacing(block.hex, with: other).utf8)
                },
                { block, _ in
                    Array(#"{"proof":{"l":{"h":"0x\#(sha256([1]).hex)"},"r":{"value":"0x\#(block.hex)"}}}"#.utf8)
                },
                { _, _ in Array(String(repeating: #"{"proof":"#, count: 4_000).utf8) },
            ]
            for (number, change) in changes.enumerated() {
                node.answerProofs(change)
                for _ in 0..<2 { try await house.turn() }
                #expect(try await house.ledger.anchor(1)?.state == .submitted, "change \(number)")
                #expect(await house.flow.status.trouble?.contains("proof") == true, "change \(number)")
            }
            node.answerProofs(nil)
            try await house.turnUntilAnchored()
            try await house.expectProven(try #require(try await house.ledger.anchor(1)))
        }
    }

    @Test func `a milestone that does not reference the block is never accepted`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.turn()
            node.answerStatus { _, status in
                BlockStatus(isSolid: true, referencedBy: 1, shouldPromote: false, shouldReattach: false)
            }
            for _ in 0..<5 { try await house.turn() }
            #expect(try await house.ledger.anchor(1)?.state == .submitted)
        }
    }

    @Test func `a node that demands too much work is refused before anything is mined`() async throws {
        let time = HandClock()
        try await withNetwork(time, minPoWScore: 4_000) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, minPoWScoreMax: 1_500)
            for _ in 0..<5 { try await house.turn() }
            #expect(try await house.ledger.anchors().isEmpty)
            #expect(await house.flow.status.trouble?.contains("demands score 4000") == true)
            #expect(node.submitted.isEmpty)
        }
    }

    @Test func `work that lasts longer than parents stay young is refused before any search, with its numbers`()
        async throws
    {
        let time = HandClock()
        try await withNetwork(time, minPoWScore: 1_500) { network, node in
            let house = try await AnchoringHouse(
                network, node, time: time, everyMs: 600_000, minPoWScoreMax: 1_500)
            let search = SimulatedSearch(time: time, triesPerSecond: 1_000, seed: 1)
            house.search = search
            try await house.restart()
            // More than a cadence: what is due meanwhile makes no heap of checkpoints.
            for _ in 0..<100 { try await house.turn(ms: 10_000) }
            #expect(search.count == 0 && node.submitted.isEmpty)
            #expect(try await house.ledger.anchors().map(\.state) == [.waiting])
            let trouble = try #require(await house.flow.status.trouble)
            let numbers = [
                "the node demands score 1500", "12 trailing zeros for a block of", "measured 1000 tries a second",
                "takes 532 s on average", "too old after 120 s",
            ]
            #expect(numbers.allSatisfy(trouble.contains), "\(trouble)")
            // With a faster search it goes on, and one checkpoint covers what was due.
            house.search = Miner(threads: 1, niceness: 0)
            try await house.restart()
            try await house.turnUntilAnchored(2)
            #expect(try await house.ledger.anchors().count == 2)
            for anchor in try await house.ledger.anchors() { try await house.expectProven(anchor) }
        }
    }

    @Test func `a node of another network, an unhealthy one and one whose clock is off are refused`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            var unhealthy = LocalTangleFaults()
            unhealthy.isUnhealthy = true
            var stale = LocalTangleFaults()
            stale.reportsStaleMilestone = true
            for (faults, word) in [(unhealthy, "not healthy"), (stale, "behind this host's clock")] {
                await network.setFaults(faults)
                _ = await house.flow.round()
                #expect(await house.flow.status.trouble?.contains(word) == true)
            }
            await network.setFaults(LocalTangleFaults())
            node.fail(node.count + 1, .somethingElse)
            _ = await house.flow.round()
            #expect(await house.flow.status.trouble?.contains("belongs to network another") == true)
            #expect(try await house.ledger.anchors().isEmpty)
            try await house.turnUntilAnchored()
        }
    }

    @Test func `lost replies, other ids and missing tips of a real node pass`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            var lost = LocalTangleFaults()
            lost.losesReplies = true
            var other = LocalTangleFaults()
            other.answersOtherID = true
            var tipless = LocalTangleFaults()
            tipless.hasNoTips = true
            var proofless = LocalTangleFaults()
            proofless.hasNoProofs = true
            for faults in [lost, other, tipless, proofless] {
                let house = try await AnchoringHouse(network, node, time: time)
                await network.setFaults(faults)
                for _ in 0..<4 { try await house.turn() }
                #expect(try await house.ledger.anchor(1)?.state != .anchored)
                #expect(await house.flow.status.trouble != nil)
                await network.setFaults(LocalTangleFaults())
                try await house.turnUntilAnchored()
                let anchor = try #require(try await house.ledger.anchor(1))
                try await house.expectProven(anchor)
                #expect(anchor.attempts.count == 1)
            }
        }
    }

    @Test func `a node that has pruned a block gets another`() async throws {
        let time = HandClock()
        try await withNetwork(time, pruneAfter: 20) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.turn(ms: 2_000, milestones: 60)
            try await house.turnUntilAnchored()
            let anchor = try #require(try await house.ledger.anchor(1))
            #expect(anchor.attempts.count == 2)
            try await house.expectProven(anchor)
        }
    }

    @Test func `a node that has pruned a milestone before its proof gets another block, not many`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            var proofless = LocalTangleFaults()
            proofless.hasNoProofs = true
            await network.setFaults(proofless)
            for _ in 0..<240 { try await house.turn(ms: 10_000) }
            #expect(try await house.ledger.anchor(1)?.attempts.count == 2, "one more in 40 minutes")
            for _ in 0..<720 { try await house.turn(ms: 60_000) }
            #expect(try await house.ledger.anchor(1)?.attempts.count == 2, "and no more when that has no proof either")
            await network.setFaults(LocalTangleFaults())
            try await house.turnUntilAnchored()
            try await house.expectProven(try #require(try await house.ledger.anchor(1)))
        }
    }

    @Test func `of two blocks the one that can be proven counts when the milestone of the other is gone`() async throws
    {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            // Too old for everybody, so that another is mined; then the node says that both were referenced.
            node.answerStatus { _, status in
                BlockStatus(isSolid: true, referencedBy: nil, shouldPromote: false, shouldReattach: true)
            }
            while try await house.ledger.anchor(1)?.attempts.count ?? 0 < 2 { try await house.turn() }
            let first = try #require(try await house.ledger.anchor(1)?.attempts.first?.blockID)
            for _ in 0..<3 { try await house.turn() }
            node.answerStatus { block, status in
                guard block == first else { return status }
                // A milestone that the node does not have.
                return BlockStatus(isSolid: true, referencedBy: 0, shouldPromote: false, shouldReattach: false)
            }
            try await house.turnUntilAnchored()
            let anchor = try #require(try await house.ledger.anchor(1))
            #expect(anchor.confirmation?.blockID != first)
            try await house.expectProven(anchor)
        }
    }

    @Test func `a node that refuses everything does not make the gateway mine for ever`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            node.answerStatus { _, _ in
                BlockStatus(isSolid: true, referencedBy: nil, shouldPromote: false, shouldReattach: true)
            }
            for _ in 0..<200 { try await house.turn(ms: 10_000) }
            let count = try #require(try await house.ledger.anchor(1)).attempts.count
            #expect((5...11).contains(count), "\(count) blocks in 33 minutes")
        }
    }
}
