import BrokerClient
import Hashing
import LocalTangle
import Synchronization
import Tangle
import TangleClient
import Testing
import TestTools

/// Goal: what the node tells is what it has. Method: messages taken in place of a broker, then a real one.
@Suite struct NodeEventsTests {
    /// Messages in the order in which they were told.
    private final class Told: Sendable {
        private let list = Mutex<[MQTTMessage]>([])
        func add(_ message: MQTTMessage) { list.withLock { $0.append(message) } }
        func take() -> [MQTTMessage] {
            list.withLock { list in
                defer { list = [] }
                return list
            }
        }
    }

    /// Waits so long, or until cancelled: nobody tells anything here.
    private let shortly: @Sendable (Int64) async throws -> Void = { ms in
        _ = await Collector<Never>().wait(seconds: Double(ms) / 1_000) { _ in false }
    }

    private func network(_ told: Told) throws -> LocalTangleNode {
        try LocalTangleNode(configuration: handMade(), clock: TestClock().now, publish: { told.add($0) })
    }

    @Test func `a block is told once, by every topic it belongs to`() async throws {
        let told = Told()
        let node = try network(told)
        let block = try taggedBlock("x", on: try await node.tips())
        let bytes = block.serialized()
        let id = try await node.submit(bytes)
        let messages = told.take()
        let tag = EventTopic.taggedData(Array("test".utf8))
        #expect(
            messages.map(\.topic) == [EventTopic.blocks, EventTopic.taggedData, tag, EventTopic.metadata(id)]
                && messages.allSatisfy { !$0.isRetained })
        #expect(messages.prefix(3).allSatisfy { $0.payload == bytes })
        #expect(
            NodeEvent(topic: tag, payload: bytes)
                == .tagged(block: id, TaggedData(tag: Array("test".utf8), data: Array("x".utf8))))
        #expect(
            NodeEvent(topic: messages[3].topic, payload: messages[3].payload)
                == .metadata(block: id, referencedBy: nil))
        #expect(try await node.submit(bytes) == id)
        #expect(told.take().isEmpty, "the same bytes again are no news")
        await #expect(throws: (any Error).self) { try await node.submit(Array(bytes.dropLast())) }
        #expect(told.take().isEmpty)
    }

    @Test func `a milestone is told with its index, its bytes and what it references`() async throws {
        let told = Told()
        let node = try network(told)
        let id = try await node.submit(taggedBlock("x", on: try await node.tips()).serialized())
        _ = told.take()
        let milestone = try await node.issueMilestone()
        let messages = told.take()
        let infos = messages.filter { $0.topic.hasPrefix("milestone-info/") }
        #expect(infos.map(\.topic) == [EventTopic.latestMilestone, EventTopic.confirmedMilestone])
        #expect(infos.allSatisfy { $0.isRetained })
        for info in infos {
            #expect(NodeEvent(topic: info.topic, payload: info.payload) == .milestone(index: milestone.index))
        }
        #expect(messages.first { $0.topic == EventTopic.milestones }?.payload == milestone.serialized())
        let metadata = try #require(messages.first { $0.topic == EventTopic.metadata(id) })
        let event = NodeEvent.metadata(block: id, referencedBy: milestone.index)
        #expect(NodeEvent(topic: metadata.topic, payload: metadata.payload) == event)
        let referenced = messages.filter { $0.topic == EventTopic.referenced }
        #expect(referenced.contains { NodeEvent(topic: $0.topic, payload: $0.payload) == event })
        // The milestone before is in the cone too, and the new milestone's block is told as a block.
        #expect(referenced.count == 2)
        #expect(messages.count { $0.topic == EventTopic.blocks } == 1)
    }

    @Test(.timeLimit(.minutes(1))) func `a client at the broker hears of a block and of its milestone`() async throws {
        let broker = try await Broker()
        var configuration = handMade()
        let address = try #require(BrokerAddress("mqtt://127.0.0.1:\(broker.port)"))
        configuration.events = address
        let node = try LocalTangleNode(configuration: configuration, clock: TestClock().now)
        #expect(node.gatewaySection(url: "http://h").contains("  events: \(address)\n"))
        let news = Collector<String>()
        let stream = NodeEventStream(
            [NodeEventStream.Source(node: "n", broker: address)], tag: Array("test".utf8), clientID: "test",
            nowMs: { 0 }, chance: { 0 }, report: { sentence, _ in news.add(sentence) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try? await node.run(port: 0) }
            group.addTask { try? await stream.run() }
            #expect(await news.wait { !$0.events.isEmpty })
            // The node's own connection may come a little later: what it says before is lost, as it may be.
            var id: BlockID?
            for number in 0..<200 where id == nil {
                let sent = try await node.submit(taggedBlock("\(number)", on: try await node.tips()).serialized())
                try await stream.pause(100, by: shortly)
                if stream.takeTagged().contains(where: { $0.id == sent.hash }) { id = sent }
            }
            let block = try #require(id)
            stream.follow([block.hash], milestones: false)
            let before = stream.views[0].wakes
            for _ in 0..<200 where stream.views[0].wakes == before {
                let sent = try await node.submit(taggedBlock("again", on: [block]).serialized())
                stream.follow([sent.hash], milestones: false)
                try await node.issueMilestone()
                try await stream.pause(100, by: shortly)
            }
            #expect(stream.views[0].wakes > before && stream.views[0].isListening)
        }
    }
}
