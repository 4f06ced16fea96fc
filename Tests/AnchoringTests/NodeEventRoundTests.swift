import Anchoring
import BrokerClient
import Hashing
import LedgerStore
import LocalTangle
import Synchronization
import Tangle
import TangleClient
import Testing
import TestTools

/// Goal: an event brings the proof at once, and only that. Method: the real flow whose pauses never end by themselves, so that every
/// round but the first is an event's doing.
@Suite(.serialized) struct NodeEventRoundTests {
    private func stream(_ time: HandClock) throws -> NodeEventStream {
        let broker = try #require(BrokerAddress("mqtt://127.0.0.1:1"))
        return NodeEventStream(
            [NodeEventStream.Source(node: "node", broker: broker)], clientID: "test", nowMs: { time.nowMs },
            chance: { 0 })
    }

    @Test(.timeLimit(.minutes(1))) func `the proof is fetched on the event, without a poll`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.events = try stream(time)
            let events = try #require(house.events)
            let pauses = Collector<Int64>()
            house.pause = { ms in
                pauses.add(ms)
                for await _ in AsyncStream(Never.self, { _ in }) {}
            }
            try await house.restart()
            let flow = house.flow
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await flow.run() }
                defer { group.cancelAll() }
                #expect(await pauses.wait { $0.events.count == 1 })
                let sent = try #require(try await house.ledger.anchor(1)?.attempts.first)
                time.advance(ms: 2_000)
                let milestone = try await network.issueMilestone()
                // A lie first: another block, then a milestone that the node does not have yet of this one.
                let id = BlockID(sent.blockID)
                events.hear(metadata(BlockID(sha256([1])), milestone.index), from: 0)
                events.hear(metadata(id, milestone.index), from: 0)
                #expect(await pauses.wait { $0.events.count == 2 })
                let anchor = try #require(try await house.ledger.anchor(1))
                #expect(anchor.state == .anchored && anchor.attempts.count == 1)
                try await house.expectProven(anchor)
                // Nothing is open: nothing that is told brings a round.
                events.hear(metadata(id, milestone.index), from: 0)
                events.hear(MQTTMessage(topic: EventTopic.confirmedMilestone, text: #"{"index":99}"#), from: 0)
                #expect(events.views[0].wakes == 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `an event that lies brings a look and changes nothing`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.events = try stream(time)
            let events = try #require(house.events)
            let pauses = Collector<Int64>()
            house.pause = { ms in
                pauses.add(ms)
                for await _ in AsyncStream(Never.self, { _ in }) {}
            }
            try await house.restart()
            let flow = house.flow
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await flow.run() }
                defer { group.cancelAll() }
                #expect(await pauses.wait { $0.events.count == 1 })
                let sent = try #require(try await house.ledger.anchor(1)?.attempts.first)
                events.hear(metadata(BlockID(sent.blockID), 4_000_000), from: 0)
                #expect(await pauses.wait { $0.events.count == 2 })
                #expect(try await house.ledger.anchor(1)?.state == .submitted)
                #expect(try await house.ledger.anchor(1)?.attempts.count == 1)
                #expect(await flow.status.trouble == nil)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a pause after a failure is not cut short`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.events = try stream(time)
            let events = try #require(house.events)
            let (gate, opened) = AsyncStream<Void>.makeStream()
            let pauses = Collector<Int64>()
            let gates = Gates(gate)
            house.pause = { ms in
                pauses.add(ms)
                await gates.next()
            }
            try await house.restart()
            let flow = house.flow
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await flow.run() }
                defer { group.cancelAll() }
                #expect(await pauses.wait { $0.events.count == 1 })
                node.fail(node.count + 1, .unreachable)
                opened.yield()
                #expect(await pauses.wait { $0.events.count == 2 })
                let sent = try #require(try await house.ledger.anchor(1)?.attempts.first)
                events.hear(metadata(BlockID(sent.blockID), 4), from: 0)
                #expect(await flow.status.trouble != nil && pauses.told.events.count == 2)
                opened.yield()
                // The flow is well again, and the event that waited brings one look more.
                #expect(await pauses.wait { $0.events.count == 4 })
                #expect(await flow.status.trouble == nil)
            }
        }
    }

    private func metadata(_ id: BlockID, _ index: UInt32) -> MQTTMessage {
        MQTTMessage(
            topic: EventTopic.metadata(id),
            text: #"{"blockId":"\#(id.text)","isSolid":true,"referencedByMilestoneIndex":\#(index)}"#)
    }
}

/// Lets one waiter through for each opening.
private actor Gates {
    private var iterator: AsyncStream<Void>.AsyncIterator
    init(_ stream: AsyncStream<Void>) { iterator = stream.makeAsyncIterator() }

    func next() async {
        var own = iterator
        _ = await own.next(isolation: #isolation)
        iterator = own
    }
}
