import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: sessions, answers and changes hold at a real broker, in both versions. Method: mosquitto on loopback.
@Suite(.serialized) struct SessionTests {
    static let point = #"a: {topic: "{root}/v", path: $.v, nature: gauge, brick: Sensor}"#

    private func connection(
        _ broker: Broker, _ devices: [MQTTDevice], _ collector: Collector, version: MQTTVersion? = nil,
        isClean: Bool = true, qos: Int = 1
    ) -> MQTTConnection {
        var settings = settings(broker.port, "field")
        settings.version = version
        settings.isCleanSession = isClean
        settings.qos = qos
        return MQTTConnection(
            settings, devices: devices, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
    }

    private func isConnected(_ collector: Collector, times: Int = 1) async -> Bool {
        await collector.wait { $0.events.count { if case .connected = $0 { true } else { false } } >= times }
    }

    @Test(arguments: [MQTTVersion.v311, .v5]) func `what is published while a client is away arrives once`(
        version: MQTTVersion
    ) async throws {
        let broker = try await Broker()
        let bench = try profile(Self.point)
        let first = Collector()
        await withTaskGroup(of: Void.self) { group in
            let field = connection(broker, [device(bench, root: "r")], first, version: version, isClean: false, qos: 2)
            group.addTask { try? await field.run() }
            #expect(await isConnected(first))
            #expect(field.statistics.version == version && field.statistics.resumed == 0)
            group.cancelAll()
        }
        let second = Collector()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (ready, told) = AsyncStream<Void>.makeStream()
            let sender = MQTTPublisher(settings(broker.port, "sender"), chance: { 0 }, onConnect: { told.yield() })
            group.addTask { try? await sender.run() }
            for await _ in ready { break }
            for number in 1...20 {
                try await sender.send(
                    MQTTMessage(topic: "r/v", text: #"{"v":\#(number)}"#, qos: 1 + number % 2), withinMs: 10_000)
            }
            let field = connection(broker, [device(bench, root: "r")], second, version: version, isClean: false, qos: 2)
            group.addTask { try? await field.run() }
            #expect(await second.wait { $0.readings.count >= 20 })
            // What the broker kept may come before its answer to the subscription, with which a connection begins to count.
            #expect(await isConnected(second))
            #expect(field.statistics.resumed == 1)
            try await sender.send(MQTTMessage(topic: "r/v", text: #"{"v":99}"#, qos: 2), withinMs: 10_000)
            #expect(await second.wait { $0.last(1)?.value == .number("99") })
            group.cancelAll()
        }
        let values = second.told.readings(1).map(\.value)
        #expect(Set(values.dropLast()) == Set((1...20).map { .number("\($0)") }) && values.count == 21)
        #expect(second.told.readings(1).prefix(20).allSatisfy { $0.quality == .stale })
    }

    @Test func `a message that somebody waits for is answered by the broker, or not in time`() async throws {
        let broker = try await Broker()
        let bench = try profile(Self.point)
        let collector = Collector()
        try await withBroker(broker, [device(bench, root: "r")], collector) { connection, publisher in
            try await connection.send(MQTTMessage(topic: "r/v", text: #"{"v":5}"#, qos: 1), withinMs: 5_000)
            #expect(await collector.wait { $0.last(1)?.value == .number("5") })
            await #expect(throws: MQTTError.nobodyListens) {
                try await connection.send(MQTTMessage(topic: "nobody", text: "1", qos: 1), withinMs: 5_000)
            }
            await #expect(throws: MQTTError.unusable(code: 3)) {
                try await connection.send(MQTTMessage(topic: "r/#", text: "1", qos: 1), withinMs: 5_000)
            }
            broker.end()
            #expect(await collector.wait { $0.events.contains { if case .lost = $0 { true } else { false } } })
            await #expect(throws: MQTTError.self) {
                try await connection.send(MQTTMessage(topic: "r/v", text: "1", qos: 1), withinMs: 500)
            }
        }
    }

    @Test func `devices change on a running connection, and what stays is kept`() async throws {
        let broker = try await Broker()
        let bench = try profile(Self.point)
        let collector = Collector()
        try await withBroker(broker, [device(bench, root: "r"), device(bench, root: "s", firstNumber: 2)], collector) {
            connection, publisher in
            publisher.publish(MQTTMessage(topic: "s/v", text: #"{"v":1}"#))
            #expect(await collector.wait { $0.last(2)?.value == .number("1") })
            connection.change([device(bench, root: "s", firstNumber: 2), device(bench, root: "t", firstNumber: 3)])
            // The broker says that nobody listens until the change has reached it.
            var answer: MQTTError? = .nobodyListens
            for _ in 0..<10_000 where answer == .nobodyListens {
                do throws(MQTTError) {
                    try await connection.send(MQTTMessage(topic: "t/v", text: #"{"v":3}"#, qos: 1), withinMs: 5_000)
                    answer = nil
                } catch { answer = error }
            }
            #expect(answer == nil)
            #expect(await collector.wait { $0.last(3)?.value == .number("3") })
            publisher.publish(MQTTMessage(topic: "r/v", text: #"{"v":7}"#))
            publisher.publish(MQTTMessage(topic: "s/v", text: #"{"v":2}"#))
            #expect(await collector.wait { $0.last(2)?.value == .number("2") })
            #expect(connection.statistics.connects == 1 && connection.statistics.unknownTopics == 0)
        }
        #expect(collector.told.last(1) == nil, "\(collector.told.events)")
    }

    @Test func `credentials that the broker does not take are named`() async throws {
        let broker = try await Broker("allow_anonymous false")
        for version in [MQTTVersion.v311, .v5] {
            let collector = Collector()
            await withTaskGroup(of: Void.self) { group in
                let field = connection(broker, [], collector, version: version)
                group.addTask { try? await field.run() }
                #expect(await collector.wait { !$0.events.isEmpty })
                guard case .lost(let error, _)? = collector.told.events.first else {
                    Issue.record("\(collector.told.events)")
                    return
                }
                #expect(error == .refused(code: version == .v5 ? 135 : 5))
                #expect("\(error)".contains("this client may not do that"))
                #expect(field.statistics.lastError == error && !field.statistics.isConnected)
                group.cancelAll()
            }
        }
    }

    @Test func `losses are told when they begin and when they are over`() {
        // The rule itself needs no broker.
        #expect(MQTTEvent.overload(dropped: 3, isOver: false).isTrouble)
        #expect(!MQTTEvent.overload(dropped: 3, isOver: true).isTrouble)
        #expect(MQTTEvent.overload(dropped: 3, isOver: true).facts == ["dropped": "3"])
    }
}
