import BrokerClient
import MQTT
import Testing

struct LossEpisodeTests {
    @Test func `an episode of losses is told at its beginning and, with the count, at its end`() {
        var losses = LossEpisode()
        #expect(losses.note(0, atMs: 0) == nil)
        #expect(losses.note(2, atMs: 1) == .overload(dropped: 2, isOver: false))
        #expect(losses.note(3, atMs: 5_000) == nil)
        #expect(losses.note(0, atMs: 14_999) == nil)
        #expect(losses.note(0, atMs: 15_000) == .overload(dropped: 5, isOver: true))
        #expect(losses.note(0, atMs: 99_000) == nil)
        #expect(losses.note(1, atMs: 99_001) == .overload(dropped: 1, isOver: false))
    }

    @Test func `an outbox has an end, and its tickets are settled once`() async {
        let outbox = Outbox()
        for _ in 0..<Outbox.countMax { #expect(outbox.put(MQTTMessage(topic: "t", text: "1"))) }
        #expect(!outbox.put(MQTTMessage(topic: "t", text: "1")))
        await #expect(throws: MQTTError.queueFull) {
            try await outbox.send(MQTTMessage(topic: "t", text: "1"), withinMs: 1)
        }
        for _ in 0..<Outbox.countMax { #expect(outbox.take() != nil) }
        #expect(outbox.take() == nil && outbox.isEmpty)
        let large = MQTTMessage(topic: "t", payload: [UInt8](repeating: 0, count: Outbox.sizeBytesMax))
        #expect(outbox.put(large) && !outbox.put(MQTTMessage(topic: "t", text: "1")))
        _ = outbox.take()
        await #expect(throws: MQTTError.noAnswer(afterMs: 1)) {
            try await outbox.send(MQTTMessage(topic: "late", text: "1"), withinMs: 1)
        }
        // Nobody waits for it any more, so it is not sent.
        #expect(outbox.take() == nil)
    }
}
