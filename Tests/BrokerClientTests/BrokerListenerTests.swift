import BrokerClient
import Foundation
import Synchronization
import Testing
import TestTools

/// Goal: what is asked for is heard, whatever becomes of the broker. Method: a real mosquitto on loopback.
@Suite(.serialized) struct BrokerListenerTests {
    private enum Said: Hashable, Sendable {
        case message(MQTTMessage)
        case news(BrokerListener.News)
    }

    private func settings(_ broker: Broker, _ name: String) -> MQTTSettings {
        var settings = MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: name)
        settings.backOffMsMin = 20
        settings.backOffMsMax = 100
        return settings
    }

    private func count(_ told: Collector<Said>.Told, _ isIt: (BrokerListener.News) -> Bool) -> Int {
        told.events.count { if case .news(let news) = $0 { isIt(news) } else { false } }
    }

    private func texts(_ told: Collector<Said>.Told) -> [String] {
        told.events.compactMap {
            if case .message(let message) = $0 {
                String(decoding: message.payload.prefix(80), as: UTF8.self)
            } else {
                nil
            }
        }
    }

    /// A listener and a publisher at one broker.
    private func withListener(
        _ broker: Broker, _ filters: [String],
        _ body: (BrokerListener, MQTTPublisher, Collector<Said>) async throws -> Void
    ) async throws {
        let said = Collector<Said>()
        let listener = BrokerListener(
            settings(broker, "hears"), filters: filters, chance: { 0 }, hear: { said.add(.message($0)) },
            tell: { said.add(.news($0)) })
        let publisher = MQTTPublisher(settings(broker, "tells"), chance: { 0 })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await listener.run() }
            group.addTask { try? await publisher.run() }
            defer { group.cancelAll() }
            #expect(await said.wait { told in self.count(told) { $0 == .listening } == 1 })
            try await body(listener, publisher, said)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `topics change while the connection stays`() async throws {
        let broker = try await Broker()
        try await withListener(broker, ["a"]) { listener, publisher, said in
            publisher.publish(MQTTMessage(topic: "a", text: "1", qos: 1))
            #expect(await said.wait { self.texts($0) == ["1"] })
            listener.listen(to: ["b"])
            #expect(await said.wait { told in self.count(told) { $0 == .listening } == 2 })
            publisher.publish(MQTTMessage(topic: "a", text: "2", qos: 1))
            publisher.publish(MQTTMessage(topic: "b", text: "3", qos: 1))
            #expect(await said.wait { self.texts($0) == ["1", "3"] })
            #expect(self.count(said.told) { if case .lost = $0 { true } else { false } } == 0)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a broker that was away is heard again`() async throws {
        let broker = try await Broker()
        try await withListener(broker, ["a"]) { _, publisher, said in
            broker.end()
            #expect(await said.wait { told in self.count(told) { if case .lost = $0 { true } else { false } } >= 2 })
            try await broker.start()
            #expect(await said.wait { told in self.count(told) { $0 == .listening } == 2 })
            publisher.publish(MQTTMessage(topic: "a", text: "back", qos: 1))
            #expect(await said.wait { self.texts($0).contains("back") })
        }
    }

    @Test(.timeLimit(.minutes(1))) func `ten megabytes in one message are dropped, and the next is heard`() async throws
    {
        let broker = try await Broker()
        try await withListener(broker, ["a"]) { _, publisher, said in
            publisher.publish(MQTTMessage(topic: "a", payload: [UInt8](repeating: 65, count: 10 << 20), qos: 1))
            publisher.publish(MQTTMessage(topic: "a", text: "after", qos: 1))
            #expect(await said.wait { self.texts($0).last == "after" })
            #expect(self.texts(said.told) == ["after"])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a flood is read at its pace, and the connection holds`() async throws {
        let broker = try await Broker("allow_anonymous true\nmax_queued_messages 0")
        try await withListener(broker, ["a"]) { _, publisher, said in
            let clock = ContinuousClock()
            let began = clock.now
            let count = 2 * BrokerListener.messagesPerSecondMax + 500
            for number in 1...count { publisher.publish(MQTTMessage(topic: "a", text: "\(number)", qos: 1)) }
            #expect(await said.wait { self.texts($0).last == "\(count)" })
            // Two whole seconds were waited for at least, less the one in which the first message came.
            #expect(clock.now - began > .milliseconds(1_000))
            #expect(self.count(said.told) { if case .lost = $0 { true } else { false } } == 0)
        }
    }
}
