package import Anchoring
package import MetricsExport

/// Where anchoring stands, for `/metrics`.
package enum AnchorMetrics {
    /// - Parameter triesPerSecond: what the last search or measurement reached; `nil` before the first.
    package static func families(_ status: AnchorFlow.Status, triesPerSecond: Double?, nowMs: Int64) -> [MetricFamily] {
        var families = [
            one("plumbline_anchor_trouble", "1 while something hinders anchoring.", status.trouble == nil ? 0 : 1),
            one("plumbline_anchor_next_seconds", "Until the next checkpoint.", seconds(status.nextMs - nowMs)),
            one(
                "plumbline_anchor_unproven_seconds", "How long the oldest state that was due has been without a proof.",
                status.unproven.map { seconds(nowMs - $0.sinceMs) } ?? 0),
            one(
                "plumbline_anchor_late", "1 while that is longer than anchors.lateAfter.", status.late == nil ? 0 : 1),
        ]
        if let triesPerSecond {
            families.append(
                one("plumbline_pow_tries_per_second", "Proof of work that this machine does.", triesPerSecond))
        }
        return families
    }

    private static func seconds(_ ms: Int64) -> Double { max(0, Double(ms) / 1_000) }

    private static func one(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, .gauge, help: help, samples: [MetricFamily.Sample(value: value)])
    }
}
