package import MetricsExport
package import TangleClient

/// The network's nodes as Prometheus asks for them; label `node`: the address.
package enum NodeMetrics {
    package static func families(_ nodes: [NodeView]) -> [MetricFamily] {
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (NodeView) -> Double?
        ) -> MetricFamily {
            var family = MetricFamily("plumbline_node_" + name, kind, help: help)
            for node in nodes {
                if let value = value(node) { family.add([MetricLabel("node", node.name)], value) }
            }
            return family
        }
        return [
            family("suitable", .gauge, "1 while the node is one that may be used.") { $0.state == .suitable ? 1 : 0 },
            family("in_use", .gauge, "1 for the node that is asked first.") { $0.isInUse ? 1 : 0 },
            family("calls_total", .counter, "Calls to the node.") { Double($0.calls) },
            family("failures_total", .counter, "Calls that failed for a reason that lies with the node.") {
                Double($0.failures)
            },
            family("milestone_index", .gauge, "The latest milestone it told.") { $0.milestoneIndex.map { Double($0) } },
            family("last_answer_timestamp_seconds", .gauge, "When the node last answered.") {
                $0.lastAnswerMs.map { Double($0) / 1_000 }
            },
        ]
    }

    /// Their event streams, where brokers are configured.
    package static func families(_ streams: [NodeEventStream.View]) -> [MetricFamily] {
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (NodeEventStream.View) -> Double
        ) -> MetricFamily {
            var family = MetricFamily("plumbline_node_events_" + name, kind, help: help)
            for stream in streams { family.add([MetricLabel("node", stream.node)], value(stream)) }
            return family
        }
        if streams.isEmpty { return [] }
        return [
            family("listening", .gauge, "1 while the broker of the node's events answers.") { $0.isListening ? 1 : 0 },
            family("heard_total", .counter, "Events that were understood.") { Double($0.heard) },
            family("ignored_total", .counter, "Messages that were no events, or old ones.") { Double($0.ignored) },
            family("wakes_total", .counter, "Looks at a node that came earlier because of an event.") {
                Double($0.wakes)
            },
            family("refused_total", .counter, "Looks that events would have brought beyond their budget.") {
                Double($0.refused)
            },
        ]
    }
}
