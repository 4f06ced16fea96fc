package import Disclosure
package import MetricsExport

/// Connections and units as Prometheus asks for them: seconds, totals, one family a figure.
package enum LinkMetrics {
    /// Units told one by one; a larger building is told by its links.
    package static let unitCountMax = 1_500

    package static func families(_ links: [LinkView]) -> [MetricFamily] { lines(links) + units(links) }

    private static func lines(_ links: [LinkView]) -> [MetricFamily] {
        let isMQTT: (LinkView) -> Bool = { $0.messages != nil }
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, of links: [LinkView],
            _ value: (LinkView) -> Double?
        ) -> MetricFamily {
            var family = MetricFamily("plumbline_link_" + name, kind, help: help)
            for link in links { if let value = value(link) { family.add(labels(link), value) } }
            return family
        }
        let brokers = links.filter(isMQTT)
        return [
            family("up", .gauge, "1 while the connection is up.", of: links) { $0.state == .up ? 1 : 0 },
            family("connects_total", .counter, "Connections made.", of: links) { Double($0.connects) },
            family("failures_total", .counter, "Attempts that failed and connections that broke.", of: links) {
                Double($0.failures)
            },
            family("since_timestamp_seconds", .gauge, "When the state last changed.", of: links) {
                $0.sinceMs.map(seconds)
            },
            family("uncertainty_seconds", .gauge, "Half of the longest last round trip.", of: links) {
                $0.uncertaintyUs.map { Double($0) / 1_000_000 }
            },
            family("messages_total", .counter, "Messages from the broker.", of: brokers) {
                $0.messages.map { Double($0.received) }
            },
            family("messages_malformed_total", .counter, "Messages that were not understood.", of: brokers) {
                $0.messages.map { Double($0.malformed) }
            },
            family("messages_dropped_total", .counter, "Messages that found the queue full.", of: brokers) {
                $0.messages.map { Double($0.dropped) }
            },
            family("last_message_timestamp_seconds", .gauge, "When the last message came.", of: brokers) {
                $0.messages?.lastAtMs.map(seconds)
            },
        ]
    }

    private static func units(_ links: [LinkView]) -> [MetricFamily] {
        let units = links.flatMap { link in link.units.map { (link: link, unit: $0) } }.prefix(unitCountMax)
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (UnitView) -> Double?
        ) -> MetricFamily {
            var family = MetricFamily("plumbline_unit_" + name, kind, help: help)
            for (link, unit) in units {
                guard let value = value(unit) else { continue }
                family.add(
                    [
                        MetricLabel("device", unit.device), MetricLabel("link", link.id),
                        MetricLabel("unit", "\(unit.unit)"),
                    ], value)
            }
            return family
        }
        return [
            family("answering", .gauge, "1 while the device answers.") { $0.state == .answering ? 1 : 0 },
            family("last_good_timestamp_seconds", .gauge, "When the last request was answered.") {
                $0.lastGoodAtMs.map(seconds)
            },
            family("round_trip_seconds", .gauge, "Of the last answer.") {
                $0.roundTripUs.map { Double($0) / 1_000_000 }
            },
            family("round_trip_max_seconds", .gauge, "The longest one.") {
                $0.roundTripUsMax.map { Double($0) / 1_000_000 }
            },
            family("requests_total", .counter, "Requests sent.") { Double($0.requests) },
            family("answers_total", .counter, "Requests answered.") { Double($0.answers) },
            family("timeouts_total", .counter, "Requests not answered in time.") { Double($0.timeouts) },
            family("exceptions_total", .counter, "Requests refused by the device.") { Double($0.exceptions) },
            family("garbled_total", .counter, "Answers that were none.") { Double($0.garbled) },
            family("late_answers_total", .counter, "Answers that came too late.") { Double($0.lateAnswers) },
            family("learned_holes", .gauge, "Spans of registers that the device refuses.") {
                Double($0.learned?.holes.count ?? 0)
            },
        ]
    }

    private static func labels(_ link: LinkView) -> [MetricLabel] {
        [MetricLabel("link", link.id), MetricLabel("kind", link.kind.rawValue)]
    }

    private static func seconds(_ ms: Int64) -> Double { Double(ms) / 1_000 }
}
