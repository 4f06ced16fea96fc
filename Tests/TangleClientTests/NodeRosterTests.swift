import Hashing
import TangleClient
import Testing

/// Goal: a call is answered as long as one node of the network can answer it, and no node is used that must not be.
/// Method: nodes that answer what the test says, a clock that is moved, chance that is no chance.
struct NodeRosterTests {
    private let clock = TestClock()
    private let a = ScriptedNode("a")
    private let b = ScriptedNode("b")
    private let c = ScriptedNode("c")
    private static let id = sha256([1])

    private func roster(_ nodes: [ScriptedNode], chance: Double = 1) -> NodeRoster {
        let clock = clock
        return NodeRoster(
            nodes, demands: NodeDemands(networkName: "net", minPoWScoreMax: 100), nowMs: { clock.nowMs },
            chance: { chance })
    }

    /// Each call that is not `info`, by its name.
    private static func make(_ call: ScriptedNode.Call, of node: NodeRoster) async throws(NodeError) {
        switch call {
        case .info: _ = try await node.info()
        case .tips: _ = try await node.tips()
        case .submit: try await node.submit([1], id: id)
        case .status: _ = try await node.status(of: id)
        case .milestone: _ = try await node.milestone(index: 1)
        case .proof: _ = try await node.proofOfInclusion(of: id)
        }
    }

    private static func failure(_ body: () async throws(NodeError) -> Void) async -> NodeError? {
        do throws(NodeError) {
            try await body()
            return nil
        } catch { return error }
    }

    /// Ms until the only node is asked again.
    private static func waitMs(_ roster: NodeRoster, _ clock: TestClock) async throws -> Int64 {
        var next: Int64?
        if case .failing(_, _, let nextTryMs)? = await roster.views.first?.state { next = nextTryMs }
        return try #require(next, "the node is not failing") - clock.nowMs
    }

    /// What a node does wrong that another node may do right.
    static let ofTheNode: [NodeError] = [
        .unreachable("x"), .notAllowed(status: 403), .notReady, .failed(status: 500, message: ""),
        .malformed(what: "x"), .otherBlock(expected: "x", answered: "y"), .unsuitable("x"),
    ]

    @Test(arguments: [
        (ScriptedNode.info(isHealthy: false), "not healthy"), (ScriptedNode.info(network: "other"), "network other"),
        (ScriptedNode.info(version: 3), "version 3"), (ScriptedNode.info(score: 101), "score 101"),
        (ScriptedNode.info(timeS: 1_789_999_699), "301 s behind"),
        (ScriptedNode.info(timeS: 1_790_000_301), "301 s ahead"),
    ])
    func `a node that must not be used is passed over, and why is told`(info: NodeInfo, word: String) async throws {
        a.says(info)
        let roster = roster([a, b])
        #expect(try await roster.info() == ScriptedNode.info())
        #expect(try await roster.tips() == [sha256(Array("b".utf8))])
        #expect(a.taken() == [.info], "nothing but its facts was asked of it")
        let views = await roster.views
        guard case .failing(let why, clock.nowMs, _) = views[0].state else {
            Issue.record("\(views[0].state)")
            return
        }
        #expect(why.contains(word))
        #expect(views[1].state == .suitable && views[1].isInUse && !views[0].isInUse)
        let alone = self.roster([a])
        guard case .unsuitable = await Self.failure({ () throws(NodeError) in _ = try await alone.info() }) else {
            Issue.record("used")
            return
        }
    }

    @Test(arguments: ofTheNode) func `whichever call a node fails, another answers it, and stays in use`(
        error: NodeError
    )
        async throws
    {
        for call in ScriptedNode.Call.allCases {
            let (a, b) = (ScriptedNode("a"), ScriptedNode("b"))
            let roster = roster([a, b])
            _ = try await roster.info()
            a.fail(call, with: error)
            try await Self.make(call, of: roster)
            a.recover()
            _ = (a.taken(), b.taken())
            try await Self.make(.milestone, of: roster)
            #expect(a.taken().isEmpty && b.taken() == [.milestone], "\(call)")
            #expect(await roster.views.map(\.isInUse) == [false, true], "\(call)")
            b.fail(call, with: error)
            a.fail(call, with: error)
            clock.advance(ms: 60_000)
            #expect(await Self.failure { () throws(NodeError) in try await Self.make(call, of: roster) } == error)
        }
    }

    @Test func `a call that finds a node unsuitable counts as one failure`() async throws {
        let roster = roster([a])
        a.fail(.info, with: .notReady)
        #expect(await Self.failure { () throws(NodeError) in _ = try await roster.tips() } == .notReady)
        let view = try #require(await roster.views.first)
        #expect(view.failures == 1 && view.calls == 1)
        #expect(try await Self.waitMs(roster, clock) == 2_000)
    }

    @Test func `no stand-by is asked anything before it was found suitable`() async throws {
        let roster = roster([a, b])
        a.fail(.tips, with: .notReady)
        b.says(ScriptedNode.info(network: "other"))
        #expect(await Self.failure { () throws(NodeError) in _ = try await roster.tips() } == .notReady)
        #expect(b.taken() == [.info])
        clock.advance(ms: 2_000)
        b.says(ScriptedNode.info())
        #expect(try await roster.tips() == [sha256(Array("b".utf8))])
        #expect(b.taken() == [.info, .tips])
        clock.advance(ms: NodeRoster.checkedMs)
        _ = try await roster.tips()
        #expect(b.taken() == [.info, .tips], "a look is believed for a minute")
        _ = try await roster.tips()
        #expect(b.taken() == [.tips])
    }

    @Test(arguments: [NodeError.notFound, .refused(message: "not solid"), .belowMaxDepth])
    func `one node's refusal is believed when no other knows better, and moves nothing`(error: NodeError) async throws {
        for call in [ScriptedNode.Call.submit, .status, .milestone, .proof] {
            let (a, b, c) = (ScriptedNode("a"), ScriptedNode("b"), ScriptedNode("c"))
            let roster = roster([a, b, c])
            _ = try await roster.info()
            for node in [a, b] { node.fail(call, with: error) }
            try await Self.make(call, of: roster)
            #expect(await roster.views.map(\.isInUse) == [true, false, false])
            #expect(await roster.views.allSatisfy { $0.failures == 0 })
            c.fail(call, with: .notFound)
            #expect(await Self.failure { () throws(NodeError) in try await Self.make(call, of: roster) } == error)
        }
    }

    @Test func `a node that failed is asked again after 2, 4, 8 … 30 s, and at once when the clock was set back`()
        async throws
    {
        let roster = roster([a])
        a.fail(.info, with: .unreachable("gone"))
        var waits: [Int64] = []
        for _ in 0..<8 {
            #expect(await Self.failure { () throws(NodeError) in _ = try await roster.info() } == .unreachable("gone"))
            #expect(a.taken() == [.info])
            let waitMs = try await Self.waitMs(roster, clock)
            waits.append(waitMs)
            clock.advance(ms: waitMs - 1)
            #expect(await Self.failure { () throws(NodeError) in _ = try await roster.info() } == .unreachable("gone"))
            #expect(a.taken().isEmpty, "not before its time")
            clock.advance(ms: 1)
        }
        #expect(waits == [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
        _ = await Self.failure { () throws(NodeError) in _ = try await roster.info() }
        a.recover()
        clock.advance(ms: -3_600_000)
        _ = try await roster.info()
        let view = try #require(await roster.views.first)
        #expect(view.state == .suitable && view.failures == 9 && view.calls == 10 && view.milestoneIndex == 7)
    }

    @Test func `the back-off starts anew only when the node was of use`() async throws {
        let roster = roster([a])
        a.fail(.tips, with: .failed(status: 500, message: ""))
        var waits: [Int64] = []
        for _ in 0..<3 {
            _ = try await roster.info()
            _ = await Self.failure { () throws(NodeError) in _ = try await roster.tips() }
            waits.append(try await Self.waitMs(roster, clock))
            clock.advance(ms: 60_000)
        }
        #expect(waits == [2_000, 4_000, 8_000])
        a.recover()
        _ = try await roster.tips()
        a.fail(.tips, with: .notReady)
        _ = await Self.failure { () throws(NodeError) in _ = try await roster.tips() }
        #expect(try await Self.waitMs(roster, clock) == 2_000)
    }

    @Test func `chance takes off up to half of a wait`() {
        let backOff = BackOff(firstMs: 1_000, longestMs: 60_000)
        for (failures, whole) in [(1, 1_000), (2, 2_000), (6, 32_000), (7, 60_000), (33, 60_000), (Int.max, 60_000)] {
            #expect(backOff.waitMs(failures: failures, chance: 1) == Int64(whole))
            #expect(backOff.waitMs(failures: failures, chance: 0) == Int64(whole / 2))
            #expect(backOff.waitMs(failures: failures, chance: 0.5) == Int64(whole * 3 / 4))
        }
        #expect(backOff.waitMs(failures: 0, chance: 1) == 1_000 && backOff.waitMs(failures: 1, chance: 7) == 1_000)
    }

    @Test func `one stand-by is looked at in a round, and again five minutes later`() async throws {
        let roster = roster([a, b, c])
        c.fail(.info, with: .unreachable("gone"))
        for expected in [([ScriptedNode.Call.info], []), ([], [.info]), ([], [])]
            as [([ScriptedNode.Call], [ScriptedNode.Call])]
        {
            _ = try await roster.info()
            #expect(b.taken() == expected.0 && c.taken() == expected.1)
        }
        guard case .failing = await roster.views[2].state else {
            Issue.record("a dead stand-by goes unnoticed")
            return
        }
        clock.advance(ms: NodeRoster.standByMs)
        _ = try await roster.info()
        #expect(b.taken() == [.info])
        _ = try await roster.info()
        #expect(c.taken() == [.info])
    }

    @Test func `one node that fails at one call answers the others`() async throws {
        let roster = roster([a])
        _ = try await roster.info()
        a.fail(.status, with: .failed(status: 500, message: "one block"))
        for _ in 0..<3 {
            _ = await Self.failure { () throws(NodeError) in _ = try await roster.status(of: Self.id) }
            #expect(try await roster.milestone(index: 1) == Array("a".utf8))
        }
    }
}
