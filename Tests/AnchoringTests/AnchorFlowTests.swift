import Anchoring
import Capture
import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import ProofOfWork
import Tangle
import TangleClient
import Testing
import TwinModel

/// Goal: every checkpoint reaches the network once, whatever happens on the way, and its proof needs nobody.
/// Method: the real ledger, the real client, a development network on loopback whose milestones are made by hand.
@Suite(.serialized)
struct AnchorFlowTests {
    @Test func `an anchor is told waiting, worked, submitted, anchored, and what is stored proves itself`() async throws
    {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.turnUntilAnchored()
            #expect(house.told.lines == ["1 waiting", "1 worked", "1 submitted", "1 anchored"])
            let anchor = try #require(try await house.ledger.anchor(1))
            #expect(anchor.attempts.count == 1)
            try await house.expectProven(anchor)
            #expect(await house.flow.status.trouble == nil)
        }
    }

    @Test func `killed in any state it goes on where it stopped and mines nothing twice`() async throws {
        for killedAfter in 1...8 {
            let time = HandClock()
            try await withNetwork(time) { network, node in
                let house = try await AnchoringHouse(network, node, time: time)
                for _ in 0..<30 where try await house.ledger.anchors(AnchorQuery(states: [.anchored])).isEmpty {
                    node.fail(node.count + killedAfter, .unreachable)
                    _ = await house.flow.round()
                    try await house.restart()
                    node.fail(0, .unreachable)
                    try await house.turn()
                    try await house.restart()
                }
                let anchors = try await house.ledger.anchors()
                #expect(anchors.count == 1 && anchors[0].attempts.count == 1, "after call \(killedAfter)")
                try await house.expectProven(anchors[0], "after call \(killedAfter)")
            }
        }
    }

    @Test(arguments: NodeFault.allCases)
    func `whichever call fails once, in the end one proven anchor stands`(fault: NodeFault) async throws {
        for restarts in [false, true] {
            for number in 1...40 {
                let time = HandClock()
                var isReached = false
                try await withNetwork(time) { network, node in
                    let house = try await AnchoringHouse(network, node, time: time)
                    node.fail(number, fault)
                    for _ in 0..<30 where try await house.ledger.anchors(AnchorQuery(states: [.anchored])).isEmpty {
                        try await house.turn()
                        if restarts { try await house.restart() }
                    }
                    isReached = node.count >= number
                    let what: Comment = "call \(number), restarts \(restarts)"
                    let anchors = try await house.ledger.anchors()
                    try #require(anchors.count == 1, what)
                    try await house.expectProven(anchors[0], what)
                    let mayMineAgain = node.isFaultOnSubmit && (fault == .refused || fault == .belowMaxDepth)
                    let hasUnknownParents = fault == .somethingElse
                    #expect(anchors[0].attempts.count == 1 || mayMineAgain || hasUnknownParents, what)
                    #expect(anchors[0].attempts.count <= 2, what)
                    #expect(try await house.ledger.lastBeacon()?.seq == 1, what)
                }
                if !isReached { break }
            }
        }
    }

    @Test
    func `a block that no milestone sees is promoted, then attached again, and the first to be referenced counts`()
        async throws
    {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            var faults = LocalTangleFaults()
            faults.ignoresUserBlocks = true
            await network.setFaults(faults)
            for _ in 0..<12 { try await house.turn(ms: 10_000) }
            var anchor = try #require(try await house.ledger.anchor(1))
            let first = BlockID(try #require(anchor.attempts.first).blockID)
            let promotions = try node.submitted.map { try Block.parse($0) }.filter { $0.payload == nil }
            #expect(!promotions.isEmpty && promotions.allSatisfy { $0.parents.contains(first) && $0.parents.count > 1 })
            #expect(anchor.attempts.count == 1, "promoted before anything is mined again")
            for _ in 0..<10 { try await house.turn(ms: 10_000) }
            anchor = try #require(try await house.ledger.anchor(1))
            #expect(anchor.attempts.count >= 2 && anchor.attempts.count <= 4, "\(anchor.attempts.count) blocks")
            await network.setFaults(LocalTangleFaults())
            try await house.turnUntilAnchored()
            try await house.expectProven(try #require(try await house.ledger.anchor(1)))
        }
    }

    @Test func `of two referenced blocks the earlier counts`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            node.answerStatus { _, status in
                BlockStatus(
                    isSolid: true, referencedBy: nil, shouldPromote: false, shouldReattach: status.referencedBy != nil)
            }
            for _ in 0..<12 { try await house.turn() }
            let open = try #require(try await house.ledger.anchor(1))
            #expect(open.attempts.count >= 2 && open.state == .submitted)
            node.answerStatus(nil)
            try await house.turnUntilAnchored()
            let anchor = try #require(try await house.ledger.anchor(1))
            #expect(anchor.confirmation?.blockID == anchor.attempts.first?.blockID)
            try await house.expectProven(anchor)
        }
    }

    @Test func `one anchor that never comes further holds no other up`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 60_000)
            try await house.turn()
            let stuck = try #require(try await house.ledger.anchor(1)?.attempts.first?.blockID)
            node.answerStatus { block, status in block == stuck ? nil : status }
            try await house.turnUntilAnchored(3, turnsMax: 200, ms: 3_000)
            #expect(try await house.ledger.anchor(1)?.state == .submitted)
            #expect(await house.flow.status.trouble?.contains("500") == true)
        }
    }

    @Test func `the card's score is met when the node asks for less`() async throws {
        let time = HandClock()
        try await withNetwork(time, minPoWScore: 0) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.settings.minPoWScore = 20
            try await house.restart()
            try await house.turnUntilAnchored()
            let block = try #require(try await house.ledger.anchor(1)?.attempts.first?.block)
            #expect(score(ofBlockBytes: block)?.meets(minScore: 20) == true)
        }
    }

    @Test func `a clock that was set back does not put the next checkpoint off`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 600_000)
            time.advance(ms: 120_000)
            _ = await house.flow.round()
            time.advance(ms: -3_600_000)
            _ = await house.flow.round()
            #expect(await house.flow.status.nextMs <= time.nowMs + 600_000)
        }
    }

    @Test func `nothing is mined before the network's time has passed the checkpoint's`() async throws {
        let time = HandClock()
        try await withNetwork(time, behindMs: 30_000) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            for _ in 0..<10 { try await house.turn() }
            #expect(try await house.ledger.anchor(1)?.state == .waiting)
            #expect(await house.flow.status.trouble == nil)
            try await house.turnUntilAnchored()
            try await house.expectProven(try #require(try await house.ledger.anchor(1)))
        }
    }

    @Test func `a gateway that restarts often still anchors on time`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 600_000)
            for _ in 0..<12 {
                for _ in 0..<10 { try await house.turn(ms: 15_000) }
                try await house.restart()
            }
            let count = try await house.ledger.anchors(AnchorQuery(states: [.anchored])).count
            #expect((3...4).contains(count), "\(count) anchors in half an hour")
        }
    }

    @Test func `what is anchored this way is evidence`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 300_000)
            try await house.turnUntilAnchored()
            let fromMs = time.nowMs
            for _ in 0..<3 {
                try await house.run(minutes: 5)
                for _ in 0..<4 { try await house.turn() }
            }
            await house.flow.anchorNow()
            try await house.turnUntilAnchored(5)
            let card = try await house.card()
            let reader = try LedgerReader.open(directory: house.directory)
            let maker = EvidenceMaker(reader: reader, card: Array(card.encoded().utf8))
            let path = house.directory + "/p.evidence"
            let streams = Array(try await reader.numbering().streams.values)
            let made = try await maker.period(
                fromMs: fromMs, toMs: fromMs + 720_000, streams: streams, path: path, progress: { _ in })
            let verdict = verify(file: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), card: card)
            #expect(verdict.exitCode == 0, "\(verdict.findings)")
            #expect(
                verdict.codes.sorted() == [
                    "W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY", "W_SELF_NETWORK", "W_SINGLE_SIGNER",
                ])
            #expect(made.lastAnchor - made.firstAnchor >= 3)
        }
    }
}
