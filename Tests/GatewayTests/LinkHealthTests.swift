import Disclosure
import Gateway
import MetricsExport
import Testing

/// Goal: whoever reads the health of the gateway knows which line and which device to go to.
@Suite struct LinkHealthTests {
    static let nowMs: Int64 = 1_772_370_000_000

    static func unit(_ state: UnitView.State, _ device: String = "mb2", last: Int64? = nil, next: Int64? = nil)
        -> UnitView
    {
        UnitView(
            device: device, unit: 2, state: state, lastGoodAtMs: last, roundTripUs: last == nil ? nil : 4_300,
            roundTripUsMax: last == nil ? nil : 9_000, requests: 9, answers: 1, timeouts: state == .answering ? 0 : 8,
            exceptions: 0, garbled: 0, lateAnswers: 0, nextProbeAtMs: next, learned: nil)
    }

    static func line(_ state: LinkView.State, _ units: [UnitView] = []) -> LinkView {
        LinkView(
            id: "tcp://10.0.0.20:502", kind: .modbusTCP, address: "10.0.0.20:502", state: state,
            sinceMs: nowMs - 60_000,
            connects: 1, failures: 2, bus: LinkView.Bus(gapMs: 0, timeoutMs: 1_000), units: units)
    }

    @Test func `a line that is down is named, and its devices are not told one by one`() {
        let sentences = GatewayHealth.sentences([Self.line(.down, [Self.unit(.offline)])], nowMs: Self.nowMs)
        #expect(sentences == ["The Modbus line tcp://10.0.0.20:502 is down since 2026-03-01T12:59:00.000Z."])
    }

    @Test func `a silent device is named with its line, since when, and the next try`() {
        let units = [
            Self.unit(.answering, "mb1", last: Self.nowMs),
            Self.unit(.offline, last: Self.nowMs - 3_600_000, next: Self.nowMs + 11_200),
            Self.unit(.probing, "mb3", next: Self.nowMs), Self.unit(.otherDevice, "mb4"),
        ]
        #expect(
            GatewayHealth.sentences([Self.line(.up, units)], nowMs: Self.nowMs) == [
                "Device mb2 (unit 2 on tcp://10.0.0.20:502) does not answer since 2026-03-01T12:00:00.000Z, next try in 12 s.",
                "Device mb3 (unit 2 on tcp://10.0.0.20:502) does not answer and never did since the start, next try now.",
                "Another device than its profile describes answers for mb4 (unit 2 on tcp://10.0.0.20:502); it is not read.",
            ])
    }

    @Test func `a broker that is gone is named, and one that was not asked yet is not`() {
        func broker(_ state: LinkView.State) -> LinkView {
            LinkView(
                id: "mqtt://broker:1883", kind: .mqtt, address: "broker:1883", state: state, sinceMs: nil, connects: 0,
                failures: 1, messages: LinkView.Messages(received: 0, malformed: 0, dropped: 0, lastAtMs: nil))
        }
        #expect(
            GatewayHealth.sentences([broker(.down)], nowMs: Self.nowMs) == [
                "The MQTT broker broker:1883 does not answer."
            ])
        #expect(GatewayHealth.sentences([broker(.connecting), broker(.up)], nowMs: Self.nowMs).isEmpty)
    }

    @Test func `a thousand silent devices are twenty sentences and a count`() {
        let units = (0..<1_000).map { Self.unit(.offline, "d\($0)") }
        let sentences = GatewayHealth.sentences([Self.line(.up, units)], nowMs: Self.nowMs)
        #expect(sentences.count == GatewayHealth.deviceSentencesMax + 1)
        #expect(sentences.last == "980 devices more do not answer; see /v1/links.")
    }

    @Test func `links become metrics with units in their names, and many units have an end`() throws {
        let line = Self.line(.up, [Self.unit(.answering, "mb1", last: Self.nowMs), Self.unit(.offline)])
        let text = ExpositionText.text(LinkMetrics.families([line]))
        #expect(text.contains("plumbline_link_up{link=\"tcp://10.0.0.20:502\",kind=\"modbus-tcp\"} 1\n"))
        #expect(
            text.contains(
                "plumbline_link_uncertainty_seconds{link=\"tcp://10.0.0.20:502\",kind=\"modbus-tcp\"} 0.00215\n"))
        #expect(text.contains("plumbline_unit_answering{device=\"mb2\",link=\"tcp://10.0.0.20:502\",unit=\"2\"} 0\n"))
        #expect(
            text.contains("plumbline_unit_timeouts_total{device=\"mb2\",link=\"tcp://10.0.0.20:502\",unit=\"2\"} 8\n"))
        #expect(!text.contains("plumbline_link_messages"))
        let many = Self.line(.up, (0..<LinkMetrics.unitCountMax + 9).map { Self.unit(.offline, "d\($0)") })
        let answering = LinkMetrics.families([many]).first { $0.name == "plumbline_unit_answering" }
        #expect(answering?.samples.count == LinkMetrics.unitCountMax)
    }
}
