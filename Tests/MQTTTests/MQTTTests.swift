import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: what a device publishes arrives as it said it. Method: a real mosquitto broker on loopback.
@Suite(.serialized) struct MQTTBrokerTests {
    @Test func `one message gives several points with the literal numbers and the source's time`() async throws {
        let broker = try await Broker()
        let profile = try shippedProfile("chirpstack-milesight-am308")
        let collector = Collector()
        let root = "application/a1/device/24e124710c000001/event/up"
        try await withBroker(broker, [device(profile, root: root)], collector) { _, publisher in
            publisher.publish(
                MQTTMessage(
                    topic: root,
                    text:
                        #"{"time":"2026-03-01T11:00:00.5+01:00","object":{"co2":612,"temperature":21.50,"pir":"trigger"}}"#
                ))
            #expect(await collector.wait { $0.readings.count >= 3 })
        }
        let told = collector.told
        let temperature = try #require(told.last(number("temperature", in: profile)))
        #expect(temperature.value == .number("21.50") && temperature.quality == .good)
        #expect(try temperature.sourceAtMs == UTCTime.parse("2026-03-01T10:00:00.5Z"))
        #expect(abs(temperature.capturedAtMs - wallMs()) < 60_000)
        #expect(told.last(number("co2", in: profile))?.value == .number("612"))
        #expect(told.last(number("presence.pir", in: profile))?.value == .integer(1))
        #expect(told.last(number("humidity", in: profile)) == nil)
    }

    @Test func `a topic level, a plain payload and a JSON path are all sources`() async throws {
        let broker = try await Broker()
        let bench = try profile(
            """
            a: {topic: "{root}/{room}/{kind}", capture: kind, type: text, nature: state, brick: Sensor}
            b: {topic: "{root}/plain", plain: true, scale: 0.1, nature: gauge, brick: Sensor}
            c: {topic: "{root}/on", plain: true, type: bool, nature: state, brick: Sensor}
            d: {topic: "{root}/list", path: '$.a[1]["x y"]', nature: gauge, brick: Sensor}
            """)
        let collector = Collector()
        try await withBroker(broker, [device(bench, root: "house/7")], collector) { _, publisher in
            publisher.publish(MQTTMessage(topic: "house/7/attic/window", text: "{}"))
            publisher.publish(MQTTMessage(topic: "house/7/plain", text: "-3.5e2"))
            publisher.publish(MQTTMessage(topic: "house/7/on", text: "ON"))
            publisher.publish(MQTTMessage(topic: "house/7/list", text: #"{"a":[0,{"x y":"7.0"}]}"#))
            #expect(await collector.wait { told in (1...4).allSatisfy { told.last($0) != nil } })
        }
        #expect(collector.told.last(1)?.value == .text("window"))
        #expect(collector.told.last(2)?.value == .number("-3.5e2"))
        #expect(collector.told.last(3)?.value == .integer(1))
        #expect(collector.told.last(4)?.value == .number("7.0"))
    }

    @Test func `a last will makes a device offline once and its next message brings it back`() async throws {
        let broker = try await Broker()
        let profile = try shippedProfile("tasmota-energy")
        let collector = Collector()
        let power = number("power.active", in: profile)
        try await withBroker(broker, [device(profile, root: "tele/plug1")], collector) { connection, publisher in
            let plug = MQTTPublisher(
                settings(broker.port, "plug"),
                will: MQTTMessage(topic: "tele/plug1/LWT", text: "Offline", isRetained: true),
                birth: [MQTTMessage(topic: "tele/plug1/LWT", text: "Online", isRetained: true)], chance: { 0 })
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await plug.run() }
                plug.publish(MQTTMessage(topic: "tele/plug1/SENSOR", text: #"{"ENERGY":{"Power":84}}"#))
                #expect(await collector.wait { $0.last(power)?.quality == .good })
                group.cancelAll()
            }
            // An orderly good-bye publishes no will, so the test says what the broker would have said.
            for _ in 0..<3 {
                publisher.publish(MQTTMessage(topic: "tele/plug1/LWT", text: "Offline", isRetained: true))
            }
            #expect(await collector.wait { $0.last(power)?.quality == .offline })
            publisher.publish(MQTTMessage(topic: "tele/plug1/LWT", text: "Online", isRetained: true))
            publisher.publish(MQTTMessage(topic: "tele/plug1/SENSOR", text: #"{"ENERGY":{"Power":85}}"#))
            #expect(await collector.wait { $0.last(power)?.value == .number("85") })
            #expect(connection.statistics.isConnected)
        }
        #expect(collector.told.readings(power).count { $0.quality == .offline } == 1)
        #expect(collector.told.events.contains(.deviceOffline(device: "tele/plug1")))
        #expect(collector.told.events.contains(.deviceOnline(device: "tele/plug1")))
    }

    @Test func `a broker that dies and comes back is subscribed to again`() async throws {
        let broker = try await Broker()
        let bench = try profile(#"a: {topic: "{root}/v", plain: true, nature: gauge, brick: Sensor}"#)
        let collector = Collector()
        try await withBroker(broker, [device(bench, root: "r")], collector) { connection, publisher in
            publisher.publish(MQTTMessage(topic: "r/v", text: "1"))
            #expect(await collector.wait { $0.last(1)?.value == .number("1") })
            broker.end()
            #expect(await collector.wait { $0.last(1)?.quality == .offline })
            try await broker.start()
            #expect(await collector.wait { $0.events.count { if case .connected = $0 { true } else { false } } == 2 })
            publisher.publish(MQTTMessage(topic: "r/v", text: "2"))
            #expect(await collector.wait { $0.last(1)?.value == .number("2") })
            #expect(connection.statistics.connects == 2)
        }
        #expect(collector.told.readings(1).map(\.quality) == [.good, .offline, .good])
        #expect(collector.told.events.count { if case .lost = $0 { true } else { false } } == 1)
    }

    @Test func `a retained message counts only where the profile takes it, and then as stale`() async throws {
        let broker = try await Broker()
        let bench = try profile(
            """
            a: {topic: "{root}/a", plain: true, nature: gauge, brick: Sensor}
            b: {topic: "{root}/b", plain: true, retained: accept, nature: gauge, brick: Sensor}
            """)
        let first = Collector()
        try await withBroker(broker, [device(bench, root: "r")], first) { _, other in
            other.publish(MQTTMessage(topic: "r/a", text: "1", isRetained: true))
            other.publish(MQTTMessage(topic: "r/b", text: "2", isRetained: true))
            #expect(await first.wait { $0.readings.count == 2 })
        }
        #expect(first.told.readings.allSatisfy { $0.quality == .good })
        let second = Collector()
        try await withBroker(broker, [device(bench, root: "r")], second) { _, other in
            #expect(await second.wait { $0.last(2)?.quality == .stale })
            other.publish(MQTTMessage(topic: "r/a", text: "3"))
            #expect(await second.wait { $0.last(1)?.value == .number("3") })
        }
        #expect(second.told.readings(1).count == 1)
    }

    @Test func `noise on a topic is counted, told once and harmless`() async throws {
        let broker = try await Broker()
        let bench = try profile(#"a: {topic: "{root}/v", path: $.v, nature: gauge, brick: Sensor}"#)
        let collector = Collector()
        try await withBroker(broker, [device(bench, root: "r")], collector) { connection, publisher in
            for noise in ["", "{", "\u{0}", "[[[[", #"{"v":}"#, #"{"v":"much"}"#, #"{"v":[1]}"#, #"{"v":01}"#] {
                publisher.publish(MQTTMessage(topic: "r/v", text: noise))
            }
            publisher.publish(MQTTMessage(topic: "r/v", payload: [0xFF, 0xFE, 0x00]))
            publisher.publish(MQTTMessage(topic: "r/v", payload: [UInt8](repeating: 0x5B, count: 100_000)))
            publisher.publish(MQTTMessage(topic: "r/v", payload: [UInt8](repeating: 0x20, count: 300_000)))
            publisher.publish(MQTTMessage(topic: "r/v", text: #"{"v":7}"#))
            #expect(await collector.wait { $0.last(1)?.value == .number("7") })
            #expect(connection.statistics.malformed == 10)
            #expect(connection.statistics.dropped == 1)
        }
        #expect(collector.told.readings(1).map(\.quality) == [.suspect, .good])
    }
}
