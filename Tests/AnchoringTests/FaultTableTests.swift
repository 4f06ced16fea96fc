import Anchoring
import LedgerStore
import LocalTangle
import Tangle
import TangleClient
import Testing

/// Goal: whatever happens to a call to the node, at whichever step, in the end one proven anchor stands for the checkpoint, and nothing
/// was mined that need not be.
/// Method: the real ledger, client and development network with a line of plain sockets between them that breaks as told; the flow's
/// clock is moved by hand, and a search costs a few tries.
@Suite(.serialized) struct FaultTableTests {
    /// More rounds than any fault here needs.
    private static let turnsMax = 60
    private static let numbersMax = 40

    /// Runs `body` with a house whose node is reached over so many lines.
    private func withLines(
        _ count: Int, _ time: HandClock, _ body: (AnchoringHouse, LocalTangleNode, [SteeredNode]) async throws -> Void
    ) async throws {
        try await withNetwork(time) { network, direct in
            let port = try #require(direct.name.split(separator: ":").last.flatMap { Int($0) })
            var lines: [SteeredNode] = []
            for _ in 0..<count { lines.append(try SteeredNode(nodePort: port)) }
            var node: any TangleNode = lines[0]
            if count > 1 {
                node = NodeRoster(
                    lines, demands: NodeDemands(networkName: "dev", minPoWScoreMax: 100), nowMs: { time.nowMs },
                    chance: { 0.5 })
            }
            do {
                try await body(try await AnchoringHouse(network, WatchedNode(node), time: time), network, lines)
            } catch {
                for line in lines { try await line.end() }
                throw error
            }
            for line in lines { try await line.end() }
        }
    }

    /// One proven anchor, told once, of at most `attemptsMax` blocks; nothing else was ever sent.
    private func expectOneAnchor(
        _ house: AnchoringHouse, _ network: LocalTangleNode, attemptsMax: Int, _ what: Comment
    ) async throws {
        let anchors = try await house.ledger.anchors()
        try #require(anchors.count == 1, what)
        try await house.expectProven(anchors[0], what)
        let attempts = anchors[0].attempts
        #expect((1...attemptsMax).contains(attempts.count), "\(attempts.count) blocks, \(what.rawValue)")
        #expect(Set(house.node.submitted) == Set(attempts.map(\.block)), what)
        #expect(house.told.lines.filter { $0.hasSuffix(" anchored") }.count == 1, what)
        #expect(try await house.ledger.lastBeacon()?.seq == 1, what)
        let confirmed = BlockID(try #require(anchors[0].confirmation?.blockID, what))
        #expect(try await network.referencedBy(confirmed) == anchors[0].confirmation?.milestoneIndex, what)
    }

    private func turn(_ house: AnchoringHouse, restarting: Bool) async throws {
        for _ in 0..<Self.turnsMax where try await house.ledger.anchors(AnchorQuery(states: [.anchored])).isEmpty {
            try await house.turn()
            if restarting { try await house.restart() }
        }
    }

    @Test(arguments: LineFault.allCases)
    func `any one call broken, with and without a power cut after it`(fault: LineFault) async throws {
        for restarts in [false, true] {
            for number in 1...Self.numbersMax {
                let time = HandClock()
                var isReached = false
                try await withLines(1, time) { house, network, lines in
                    lines[0].fail(fault) { _, count, _ in count == number }
                    try await turn(house, restarting: restarts)
                    isReached = !lines[0].broken.isEmpty
                    let mayMineAgain = fault.isFinal && lines[0].broken == [.submit]
                    try await expectOneAnchor(
                        house, network, attemptsMax: mayMineAgain ? 2 : 1,
                        "\(fault), call \(number) \(lines[0].broken), restarts \(restarts)")
                }
                if !isReached {
                    #expect(number > 8, "the way has more calls than \(number)")
                    break
                }
            }
        }
    }

    @Test(arguments: LineFault.allCases) func `each kind of call broken four times in a row`(fault: LineFault)
        async throws
    {
        for call in SteeredNode.Call.allCases {
            let time = HandClock()
            try await withLines(1, time) { house, network, lines in
                lines[0].fail(fault) { kind, _, number in kind == call && number <= 4 }
                try await turn(house, restarting: false)
                #expect(lines[0].broken == Array(repeating: call, count: 4))
                let mayMineAgain = fault.isFinal && call == .submit
                try await expectOneAnchor(
                    house, network, attemptsMax: mayMineAgain ? 5 : 1, "\(fault) at \(call.rawValue)")
            }
        }
    }

    @Test(arguments: LineFault.allCases)
    func `a node that breaks for ever at any step is replaced by the next, which mines nothing again`(fault: LineFault)
        async throws
    {
        for number in 1...Self.numbersMax {
            let time = HandClock()
            var isReached = false
            try await withLines(2, time) { house, network, lines in
                lines[0].fail(fault) { _, count, _ in count >= number }
                try await turn(house, restarting: false)
                isReached = !lines[0].broken.isEmpty
                try await expectOneAnchor(house, network, attemptsMax: 1, "\(fault) from call \(number)")
                if isReached { #expect(lines[1].count > 0) }
            }
            if !isReached {
                #expect(number > 8, "the way has more calls than \(number)")
                break
            }
        }
    }
}
