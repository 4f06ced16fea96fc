import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import Testing

/// Goal: a shipped MQTT profile means what its device says. Method: its own test messages, through the real router.
struct MQTTProfileTests {
    @Test func `every profile decodes its test messages to the values beside them`() throws {
        var count = 0
        for id in try shippedProfileNames() {
            let profile = try shippedProfile(id)
            guard profile.mqtt != nil else { continue }
            count += 1
            #expect(!profile.tests.isEmpty, "\(id) has no test")
            for test in profile.tests { try check(test, of: profile) }
        }
        #expect(count >= 20)
    }

    private func check(_ test: ProfileTest, of profile: DeviceProfile) throws {
        guard case .payload(let text, let topic) = test.said else { return }
        let claim = Comment(rawValue: "\(profile.id) \(test.point)")
        let point = try #require(profile.point(test.point))
        let zones = MQTTZones(building: .utc)
        var router = MQTTRouter([device(profile, root: profile.testRoot)], zones: zones)
        let message = try #require(MQTTMessage(test: text, topic: topic, of: profile), claim)
        let outcome = router.take(message, atMs: 0)
        #expect(!outcome.isMalformed, claim)
        let reading = try #require(
            outcome.readings.first { $0.point.rawValue == number(test.point, in: profile) }, claim)
        #expect(reading.quality == (test.value == nil ? .noValue : .good), claim)
        if point.mqtt?.time != nil, text.contains("2026-03-01T1") { #expect(reading.sourceAtMs != nil, claim) }
        switch (reading.value, test.value) {
        case (.none, nil): break
        case (.text(let value), let expected?): #expect(value == expected, claim)
        case (.integer(let value), let expected?) where point.kind == .flag:
            #expect((value == 0 ? "false" : "true") == expected, claim)
        case (.integer(let value), let expected?) where !point.labels.isEmpty:
            #expect(point.label(of: value) == expected, claim)
        case (let value, let expected?):
            #expect(point.scale.engineering(value) == ExactDecimal(text: expected), claim)
        default: Issue.record("\(profile.id) \(test.point): \(reading.value)")
        }
    }

    @Test func `a Shelly notification about something else says nothing`() throws {
        let profile = try shippedProfile("shelly-pro-3em")
        var router = MQTTRouter([device(profile, root: "s")])
        let other = #"{"method":"NotifyEvent","params":{"ts":1772359200.12,"em:0":{"total_act_power":1}}}"#
        #expect(router.take(MQTTMessage(topic: "s/events/rpc", text: other), atMs: 0).readings.isEmpty)
        let status = #"{"method":"NotifyStatus","params":{"ts":1772359200.129,"em:0":{"total_act_power":1}}}"#
        let reading = try #require(
            router.take(MQTTMessage(topic: "s/events/rpc", text: status), atMs: 5).readings.first)
        #expect(reading.sourceAtMs == 1_772_359_200_129)
        #expect(reading.capturedAtMs == 5)
    }

    @Test(arguments: ["1e99", "-1", "0", "\"soon\"", "null", "99999999999999999999999999999999999999999", "1e-4000"])
    func `a source that does not know the time is not believed`(ts: String) throws {
        let profile = try shippedProfile("shelly-pro-3em")
        var router = MQTTRouter([device(profile, root: "s")])
        let text = #"{"method":"NotifyStatus","params":{"ts":\#(ts),"em:0":{"total_act_power":1}}}"#
        let reading = try #require(router.take(MQTTMessage(topic: "s/events/rpc", text: text), atMs: 5).readings.first)
        #expect(reading.sourceAtMs == nil && reading.quality == .good)
    }

    @Test func `each device is subscribed to once and hears only itself`() throws {
        let profile = try shippedProfile("tasmota-energy")
        var router = MQTTRouter([device(profile, root: "tele/a"), device(profile, root: "tele/b", firstNumber: 100)])
        #expect(router.filters == ["tele/a/LWT", "tele/a/SENSOR", "tele/b/LWT", "tele/b/SENSOR"])
        let readings = router.take(MQTTMessage(topic: "tele/b/SENSOR", text: #"{"ENERGY":{"Power":1}}"#), atMs: 0)
            .readings
        #expect(readings.map(\.point.rawValue) == [99 + number("power.active", in: profile)])
    }
}
