import BrokerClient
import Hashing
import Synchronization
import Tangle
import TangleClient
import Testing

/// Goal: an event cuts a wait short when it may be worth a look, and nothing that is told can do more. Method: messages handed in
/// where the broker's thread does, a clock moved by hand, waits that never end by themselves.
@Suite struct NodeEventStreamTests {
    private static let tag = Array("twa1".utf8)

    private final class Hands: Sendable {
        private let ms = Mutex<Int64>(1_000)
        var now: Int64 { ms.withLock { $0 } }
        func advance(_ by: Int64) { ms.withLock { $0 += by } }
    }

    private let hands = Hands()

    private func stream() throws -> NodeEventStream {
        let broker = try #require(BrokerAddress("mqtt://127.0.0.1:1"))
        let hands = hands
        return NodeEventStream(
            [
                NodeEventStream.Source(node: "http://a", broker: broker),
                NodeEventStream.Source(node: "http://b", broker: broker),
            ], tag: Self.tag, clientID: "test", nowMs: { hands.now }, chance: { 0 })
    }

    private func milestone(_ index: UInt32, isRetained: Bool = false) -> MQTTMessage {
        MQTTMessage(topic: EventTopic.confirmedMilestone, text: #"{"index":\#(index)}"#, isRetained: isRetained)
    }

    private func metadata(_ block: Hash, by index: UInt32?) -> MQTTMessage {
        let part = index.map { #","referencedByMilestoneIndex":\#($0)"# } ?? ""
        let id = BlockID(block)
        return MQTTMessage(topic: EventTopic.metadata(id), text: #"{"blockId":"\#(id.text)"\#(part)}"#)
    }

    private func tagged(_ number: Int, tag: [UInt8] = Self.tag) throws -> MQTTMessage {
        let block = try Block(
            parents: [.genesis], payload: .taggedData(TaggedData(tag: tag, data: Array("\(number)".utf8))))
        return MQTTMessage(topic: EventTopic.taggedData(tag), payload: block.serialized())
    }

    /// Waits as a loop does whose polls never come.
    private func waitForEvent(_ stream: NodeEventStream) async throws {
        try await stream.pause(Int64.max) { _ in
            for await _ in AsyncStream(Never.self, { _ in }) {}
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a followed block's milestone ends a wait, before it and in it`() async throws {
        let stream = try stream()
        let block = sha256([1])
        stream.follow([block], milestones: false)
        stream.hear(metadata(block, by: 7), from: 0)
        try await waitForEvent(stream)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await waitForEvent(stream) }
            group.addTask { stream.hear(metadata(block, by: 7), from: 1) }
            try await group.waitForAll()
        }
        #expect(stream.views.map(\.wakes) == [1, 1])
    }

    @Test func `what is not followed, not new or kept by the broker brings no look`() throws {
        let stream = try stream()
        let block = sha256([1])
        stream.hear(milestone(1), from: 0)
        stream.hear(metadata(block, by: 7), from: 0)
        stream.follow([block], milestones: true)
        stream.hear(milestone(1), from: 0)
        stream.hear(milestone(2, isRetained: true), from: 0)
        stream.hear(metadata(block, by: nil), from: 0)
        stream.hear(metadata(sha256([2]), by: 7), from: 0)
        stream.hear(try tagged(1, tag: [9]), from: 0)
        stream.hear(MQTTMessage(topic: "noise", payload: [UInt8](repeating: 91, count: 10 << 20)), from: 0)
        #expect(stream.views[0].wakes == 0 && stream.views[0].ignored == 2 && stream.views[0].heard == 6)
        #expect(stream.takeTagged().isEmpty)
        // Each node has milestones of its own.
        stream.hear(milestone(1), from: 1)
        #expect(stream.views[1].wakes == 1)
    }

    @Test(.timeLimit(.minutes(1))) func `a flood wakes no more often than its budget`() async throws {
        let stream = try stream()
        stream.follow([], milestones: true)
        func flood(_ count: Int, from first: UInt32) async throws {
            for number in 0..<count {
                let before = stream.views[0].wakes
                stream.hear(milestone(first + UInt32(number)), from: 0)
                if stream.views[0].wakes > before { try await waitForEvent(stream) }
            }
        }
        try await flood(500, from: 1)
        #expect(stream.views[0].wakes == WakeBudget.burstMax && stream.views[0].refused == 490)
        hands.advance(3 * WakeBudget.refillMs)
        try await flood(500, from: 1_000)
        #expect(stream.views[0].wakes == WakeBudget.burstMax + 3)
        hands.advance(1_000 * WakeBudget.refillMs)
        try await flood(500, from: 2_000)
        #expect(stream.views[0].wakes == 2 * WakeBudget.burstMax + 3)
        // Beyond the budget an end of the wait is still the clock's.
        try await stream.pause(5) { _ in }
    }

    @Test func `blocks under the tag are kept once each, and the oldest go first`() throws {
        let stream = try stream()
        for number in 0..<(NodeEventStream.taggedMax + 10) {
            stream.hear(try tagged(number), from: 0)
            stream.hear(try tagged(number), from: 1)
        }
        let taken = stream.takeTagged()
        #expect(taken.count == NodeEventStream.taggedMax && taken.first?.data == Array("10".utf8))
        #expect(stream.takeTagged().isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func `a cancelled wait ends, and the next one works`() async throws {
        let stream = try stream()
        stream.follow([], milestones: true)
        for index in 1...50 {
            let task = Task { try await waitForEvent(stream) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            hands.advance(WakeBudget.refillMs)
            stream.hear(milestone(UInt32(index)), from: 0)
            try await waitForEvent(stream)
        }
    }

    @Test func `a clock that goes back gives no budget and takes none`() {
        var budget = WakeBudget()
        let first = (0..<WakeBudget.burstMax).map { _ in budget.take(10_000) }
        #expect(first.allSatisfy { $0 })
        let later = [9_000, 0, 1_000_000].map { budget.take($0) }
        #expect(later == [false, false, true])
    }
}
