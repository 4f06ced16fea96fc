import BrokerClient
import MQTT
import Profiles
import Readings
import SparkplugPayload
import Testing
import TestTools

/// Goal: a Sparkplug node's births, data and deaths become readings that are never better than what is known.
/// Method: messages through the real router, in every order that goes wrong.
struct SparkplugNodesTests {
    static let points = """
        power: {metric: "In/Power", unit: kW, nature: gauge, brick: Sensor}
        pump: {metric: "Out/Pump", type: bool, nature: state, brick: Sensor}
        """

    private func router() throws -> MQTTRouter {
        let made = try profile(Self.points)
        return MQTTRouter([device(made, root: "g/n"), device(made, root: "g/n/d", firstNumber: 11)])
    }

    private func metric(
        _ name: String?, _ alias: UInt64?, _ value: SparkplugMetric.Value, type: UInt32? = nil, at: UInt64? = nil
    ) -> SparkplugMetric {
        SparkplugMetric(name: name, alias: alias, timestampMs: at, datatype: type, value: value)
    }

    private func send(
        _ router: inout MQTTRouter, _ kind: SparkplugTopic.Kind, device: String? = nil, seq: UInt64?,
        _ metrics: [SparkplugMetric] = [], atMs: Int64 = 1
    ) throws -> MQTTRouter.Outcome {
        let topic = SparkplugTopic(group: "g", kind: kind, node: "n", device: device)
        let report = SparkplugReport(timestampMs: 1_772_359_200_000, seq: seq, metrics: metrics)
        return router.take(MQTTMessage(topic: topic.description, payload: try report.encoded()), atMs: atMs)
    }

    private func bear(_ router: inout MQTTRouter, bdSeq: UInt64 = 4) throws -> MQTTRouter.Outcome {
        try send(
            &router, .nodeBirth, seq: 0,
            [
                metric("bdSeq", nil, .long(bdSeq), type: 4),
                metric("In/Power", 1, .float(12.5), type: 9, at: 1_772_359_199_000),
                metric("Out/Pump", 2, .bool(true), type: 11), metric("Other", 3, .int(1), type: 7),
            ])
    }

    @Test func `a birth tells values and what aliases mean, data goes by them`() throws {
        var router = try router()
        #expect(router.filters == ["spBv1.0/g/+/n", "spBv1.0/g/+/n/d"])
        let birth = try bear(&router)
        #expect(birth.readings.map(\.value) == [.number("12.5"), .flag(true)])
        #expect(birth.readings.first?.sourceAtMs == 1_772_359_199_000)
        #expect(birth.readings.last?.sourceAtMs == 1_772_359_200_000)
        #expect(birth.events == [.deviceOnline(device: "g/n")] && birth.messages.isEmpty)
        let data = try send(&router, .nodeData, seq: 1, [metric(nil, 1, .float(13))])
        #expect(data.readings.map(\.value) == [.number("13.0")] && data.readings[0].quality == .good)
        let named = try send(
            &router, .nodeData, seq: 2, [metric("In/Power", nil, .float(14)), metric(nil, 3, .int(2))])
        #expect(named.readings.map(\.value) == [.number("14.0")] && !named.isMalformed && named.messages.isEmpty)
    }

    @Test func `a device is born on its own, and its metrics are its own`() throws {
        var router = try router()
        _ = try bear(&router)
        let early = try send(&router, .deviceData, device: "d", seq: 1, [metric("In/Power", nil, .float(1))])
        #expect(early.readings.isEmpty && early.messages.count == 1)
        let birth = try send(
            &router, .deviceBirth, device: "d", seq: 2, [metric("In/Power", 9, .double(2), type: 10)])
        #expect(birth.readings.map(\.point.rawValue) == [11])
        #expect(birth.events == [.deviceOnline(device: "g/n/d")])
        let data = try send(&router, .deviceData, device: "d", seq: 3, [metric(nil, 9, .double(3))])
        #expect(data.readings.map(\.value) == [.number("3.0")])
        let death = try send(&router, .deviceDeath, device: "d", seq: 4)
        #expect(death.events == [.deviceOffline(device: "g/n/d")])
        #expect(death.readings.map(\.quality) == [.stale, .stale])
        #expect(death.readings.allSatisfy { $0.point.rawValue >= 11 })
    }

    @Test func `a node's death makes everything behind it stale, and an old death is not believed`() throws {
        var router = try router()
        _ = try bear(&router, bdSeq: 5)
        _ = try send(&router, .deviceBirth, device: "d", seq: 1, [metric("In/Power", 9, .double(2), type: 10)])
        let old = try send(&router, .nodeDeath, seq: nil, [metric("bdSeq", nil, .long(4), type: 4)])
        #expect(old.readings.isEmpty && old.events.isEmpty)
        let death = try send(&router, .nodeDeath, seq: nil, [metric("bdSeq", nil, .long(5), type: 4)])
        #expect(death.readings.count == 4 && death.readings.allSatisfy { $0.quality == .stale && $0.value == .none })
        #expect(Set(death.events) == [.deviceOffline(device: "g/n"), .deviceOffline(device: "g/n/d")])
        let after = try send(&router, .nodeData, seq: 2, [metric(nil, 1, .float(1))])
        #expect(after.readings.isEmpty && after.messages.count == 1)
    }

    @Test func `a missing message has the node asked for its births, at most once in ten seconds`() throws {
        var router = try router()
        _ = try bear(&router)
        let gap = try send(
            &router, .nodeData, seq: 5, [metric(nil, 1, .float(13)), metric("Out/Pump", nil, .bool(false))])
        #expect(gap.readings.map(\.quality) == [.suspect, .good])
        #expect(gap.events == [.rebirthAsked(node: "g/n")])
        let request = try #require(gap.messages.first)
        #expect(request.topic == "spBv1.0/g/NCMD/n")
        #expect(try SparkplugReport(request.payload).metrics.first?.value == .bool(true))
        for seq in 6..<40 {
            #expect(
                try send(&router, .nodeData, seq: UInt64(seq), [metric(nil, 1, .float(13))], atMs: 10_000).messages
                    .isEmpty)
        }
        #expect(router.due(atMs: 10_000).messages.isEmpty)
        #expect(router.due(atMs: 10_001).messages.count == 1)
        #expect(router.due(atMs: 10_002).messages.isEmpty)
        #expect(try send(&router, .nodeData, seq: 40, [metric(nil, 1, .float(13))], atMs: 10_003).messages.isEmpty)
        _ = try bear(&router)
        #expect(try send(&router, .nodeData, seq: 1, [metric(nil, 1, .float(13))]).readings.map(\.quality) == [.good])
    }

    @Test func `numbers go round after 255`() throws {
        var router = try router()
        _ = try bear(&router)
        for seq in 1...600 {
            let outcome = try send(&router, .nodeData, seq: UInt64(seq % 256), [metric(nil, 1, .float(1))])
            #expect(outcome.messages.isEmpty && outcome.readings.map(\.quality) == [.good])
        }
    }

    @Test func `null, NaN, history, quality and wrong types are told as what they are`() throws {
        var router = try router()
        _ = try bear(&router)
        var history = metric(nil, 1, .float(1), at: 1_772_350_000_000)
        history.isHistorical = true
        let mixed = try send(&router, .nodeData, seq: 1, [metric(nil, 1, .float(2)), history])
        #expect(mixed.readings.map(\.quality) == [.stale, .good])
        #expect(mixed.readings.map(\.sourceAtMs) == [1_772_350_000_000, 1_772_359_200_000])
        let cases: [(SparkplugMetric, Quality)] = [
            (SparkplugMetric(alias: 1, isNull: true), .noValue), (metric(nil, 1, .float(.nan)), .noValue),
            (metric(nil, 1, .text("x")), .suspect),
            (SparkplugMetric(alias: 1, quality: 500, value: .float(1)), .stale),
            (SparkplugMetric(alias: 1, quality: 0, value: .float(1)), .deviceFault),
            (SparkplugMetric(alias: 1, quality: 192, value: .float(1)), .good),
        ]
        for (index, (metric, quality)) in cases.enumerated() {
            let outcome = try send(&router, .nodeData, seq: UInt64(2 + index), [metric])
            #expect(outcome.readings.map(\.quality) == [quality], "\(metric)")
        }
    }

    @Test func `an unknown alias, kept messages and noise change nothing`() throws {
        var router = try router()
        _ = try bear(&router)
        let unknown = try send(&router, .nodeData, seq: 1, [metric(nil, 77, .float(1))])
        #expect(unknown.isMalformed && unknown.readings.isEmpty && unknown.messages.count == 1)
        let kept = router.take(MQTTMessage(topic: "spBv1.0/g/NDEATH/n", payload: [], isRetained: true), atMs: 1)
        #expect(kept.readings.isEmpty && kept.events.isEmpty)
        var dice = SeededGenerator(seed: 99)
        for kind in ["NBIRTH", "NDATA", "NDEATH", "NCMD"] {
            for _ in 0..<500 {
                let noise = (0..<Int.random(in: 0...40, using: &dice)).map { _ in
                    UInt8.random(in: 0...255, using: &dice)
                }
                _ = router.take(MQTTMessage(topic: "spBv1.0/g/\(kind)/n", payload: noise), atMs: 1)
            }
        }
    }
}
