import Anchoring
import Gateway
import MetricsExport
import Testing

/// Goal: whoever reads health or metrics sees that something has no proof, and since when.
@Suite struct AnchorMetricsTests {
    static let nowMs: Int64 = 1_772_370_000_000

    private func value(_ name: String, _ families: [MetricFamily]) -> Double? {
        families.first { $0.name == name }?.samples.first?.value
    }

    private static func status(_ change: (inout AnchorFlow.Status) -> Void) -> AnchorFlow.Status {
        var status = AnchorFlow.Status(nextMs: nowMs + 60_000)
        change(&status)
        return status
    }

    @Test func `the sentence names the anchor, or says that there is none`() {
        #expect(
            GatewayHealth.sentence(AnchorFlow.Unproven(seq: 12, sinceMs: Self.nowMs))
                == "Anchor 12, signed 2026-03-01T13:00:00.000Z, has no proof yet.")
        #expect(
            GatewayHealth.sentence(AnchorFlow.Unproven(seq: nil, sinceMs: Self.nowMs))
                == "No state of the log could be anchored since 2026-03-01T13:00:00.000Z.")
    }

    @Test func `what is well is told as zeros, and what is not known is left out`() {
        let families = AnchorMetrics.families(Self.status { _ in }, triesPerSecond: nil, nowMs: Self.nowMs)
        #expect(
            families.map(\.name) == [
                "plumbline_anchor_trouble", "plumbline_anchor_next_seconds", "plumbline_anchor_unproven_seconds",
                "plumbline_anchor_late",
            ])
        #expect(families.flatMap(\.samples).map(\.value) == [0, 60, 0, 0])
    }

    @Test func `an anchor without a proof has an age, and the alarm is 1 when it is raised`() {
        let unproven = AnchorFlow.Unproven(seq: 3, sinceMs: Self.nowMs - 1_900_000)
        for late in [nil, unproven] {
            let status = Self.status {
                $0.unproven = unproven
                $0.late = late
                $0.trouble = "node gone"
            }
            let families = AnchorMetrics.families(status, triesPerSecond: 1_234, nowMs: Self.nowMs)
            #expect(value("plumbline_anchor_unproven_seconds", families) == 1_900)
            #expect(value("plumbline_anchor_late", families) == (late == nil ? 0 : 1))
            #expect(value("plumbline_anchor_trouble", families) == 1)
            #expect(value("plumbline_pow_tries_per_second", families) == 1_234)
        }
    }
}
