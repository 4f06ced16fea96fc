import BrokerClient
import Foundation
import LocalTangle
import MetricsExport
import SourceYAML
import TangleClient
import Testing

import Gateway

/// Goal: the nodes of a network are told in the configuration as `Docs/operate.md` says.
@Suite struct NodesConfigurationTests {
    @Test func `what the development node prints is a section of the configuration`() throws {
        for name in ["plumbline-local", "a \"b\": c\\ # æ", "null", "2"] {
            let node = try LocalTangleNode(
                configuration: LocalTangleConfiguration(networkName: name, intervalMs: 0, keyCount: 3, threshold: 2),
                clock: { 1_790_000_000_000 })
            let text = ConfigurationTests.least + node.gatewaySection(url: "http://127.0.0.1:14265")
            let tangle = try #require(try ConfigurationTests.parse(text).tangle)
            #expect(
                tangle.nodes.map(\.address) == ["http://127.0.0.1:14265"] && tangle.network == name
                    && tangle.threshold == 2)
            #expect(tangle.milestoneKeys.map(\.key) == node.publicKeys)
            #expect(tangle.milestoneKeys.map(\.holder) == ["holder-1", "holder-2", "holder-3"])
            #expect(tangle.milestoneKeys.allSatisfy { $0.from == 0 && $0.to == 0 })
        }
    }

    private static let keys = "network: n, milestoneKeys: [{key: \(String(repeating: "00", count: 32)), holder: H}]"

    private func nodes(_ text: String) throws -> [GatewayConfiguration.Node]? {
        try ConfigurationTests.parse(ConfigurationTests.least + "tangle: {\(text), \(Self.keys)}\n").tangle?.nodes
    }

    @Test func `several nodes stand in the order of the list, each with its own token`() throws {
        let read = try nodes(
            "nodes: [\"https://a.example\", {url: \"http://b.example:14265/\", tokenFile: b.token}, {url: \"https://c.example/x\"}]"
        )
        #expect(read?.map(\.address) == ["https://a.example", "http://b.example:14265/", "https://c.example/x"])
        #expect(read?.map(\.tokenPath) == [nil, "/etc/plumbline/b.token", nil])
        let eight = (1...8).map { "\"http://h\($0)\"" }.joined(separator: ", ")
        #expect(try nodes("nodes: [\(eight)]")?.count == 8)
    }

    /// What is written, the column of the mistake in line 3, and a word of the message or the hint.
    @Test(arguments: [
        ("node: \"http://a\", nodes: [\"http://b\"]", 16, "both given"),
        ("nodes: [\"http://a\"], tokenFile: t", 42, "{url:"), ("nodes: []", 17, "1 to 8"), ("nodes: x", 17, "a list"),
        ("nodes: [\"http://a\", \"ftp://b\"]", 30, "no address"), ("nodes: [{ur: \"http://a\"}]", 19, "'url'"),
        ("nodes: [{tokenFile: t}]", 18, "'url' is missing"), ("nodes: [[\"http://a\"]]", 18, "text"),
        ("nodes: [\"http://a\", {url: \"http://a/\"}]", 36, "already"),
        ("node: \"http://a\", events: \"ws://a\"", 36, "mqtt://"),
        ("nodes: [\"http://a\"], events: \"mqtt://a\"", 39, "{url:"), ("tokenFile: t", 9, "'node' is missing"),
    ])
    func `a mistake in the list has its line, its column and a way out`(text: String, column: Int, word: String) {
        let refusal = ConfigurationTests.refusal(
            ConfigurationTests.least + "tangle: {\(text), \(Self.keys)}\n")
        #expect(refusal?.line == 3 && refusal?.column == column, "\(refusal?.description ?? "taken")")
        #expect(refusal?.description.contains(word) == true, "\(refusal?.description ?? "taken")")
    }

    @Test func `a node's events are heard at a broker, each node's at its own`() throws {
        let read = try nodes(
            "nodes: [\"https://a.example\", {url: \"http://b.example\", events: \"mqtt://b.example\"}, {url: \"http://c.example\", events: \"mqtt://[::1]:18830\", tokenFile: t}]"
        )
        #expect(read?.map { $0.events?.description } == [nil, "mqtt://b.example:1883", "mqtt://[::1]:18830"])
        #expect(try nodes("node: \"http://a\", events: \"mqtt://a\"")?.first?.events?.port == 1883)
        let local = try ConfigurationTests.parse(ConfigurationTests.least + "localTangle: {events: \"mqtt://a\"}\n")
        #expect(local.localTangle.events?.host == "a" && local.tangle == nil)
        let views = [NodeEventStream.View(node: "http://a", isListening: true, heard: 3, ignored: 2, wakes: 1)]
        let text = ExpositionText.text(NodeMetrics.families(views))
        #expect(text.contains("plumbline_node_events_listening{node=\"http://a\"} 1"))
        #expect(text.contains("plumbline_node_events_wakes_total{node=\"http://a\"} 1"))
        #expect(NodeMetrics.families([NodeEventStream.View]()).isEmpty)
    }

    @Test func `nine nodes are one too many`() {
        let nine = (1...9).map { "\"http://h\($0)\"" }.joined(separator: ", ")
        let refusal = ConfigurationTests.refusal(
            ConfigurationTests.least + "tangle: {nodes: [\(nine)], \(Self.keys)}\n")
        #expect(refusal?.message.contains("9 nodes") == true)
    }

    @Test func `a token is one printable line that not everybody can read`() throws {
        let path = NSTemporaryDirectory() + "plumbline-token-" + UUID().uuidString
        // A leftover in the temporary directory harms nobody.
        defer { try? FileManager.default.removeItem(atPath: path) }
        func token(_ text: String, mode: Int = 0o600) throws -> String? {
            // One that may not be written to cannot be written again either.
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            return try GatewayConfiguration.Node(address: "http://h", tokenPath: path).token()
        }
        #expect(try GatewayConfiguration.Node(address: "http://h").token() == nil)
        for text in ["abc.DEF-1", "abc.DEF-1\n", "abc.DEF-1\r\nnoise\n"] { #expect(try token(text) == "abc.DEF-1") }
        for mode in [0o600, 0o640, 0o400] { #expect(try token("t", mode: mode) == "t") }
        for mode in [0o644, 0o604, 0o666] {
            let error = #expect(throws: SourceError.self) { try token("t", mode: mode) }
            #expect(error?.hint == "chmod o-r \(path)")
        }
        for text in ["", "\n", " t", "a b", "t\u{7f}", "tø", "t\t", String(repeating: "t", count: 8_193)] {
            #expect(throws: SourceError.self) { try token(text) }
        }
        #expect(throws: SourceError.self) {
            try GatewayConfiguration.Node(address: "http://h", tokenPath: path + ".absent").token()
        }
    }

    @Test func `health names the nodes that are not used, where there are several`() {
        func view(_ name: String, _ state: NodeView.State) -> NodeView {
            NodeView(
                name: name, state: state, isInUse: false, lastAnswerMs: nil, milestoneIndex: nil, calls: 0, failures: 0)
        }
        let failing = NodeView.State.failing(
            why: "not ready (HTTP 503)", sinceMs: 1_790_000_000_000, nextTryMs: 1_790_000_061_500)
        #expect(GatewayHealth.sentences([view("http://a", failing)], nowMs: 1_790_000_060_000).isEmpty)
        let views = [view("http://a", .suitable), view("http://b", failing), view("http://c", .untried)]
        #expect(
            GatewayHealth.sentences(views, nowMs: 1_790_000_060_000) == [
                "The node http://b is not used since 2026-09-21T14:13:20.000Z: not ready (HTTP 503), next try in 2 s."
            ])
        #expect(GatewayHealth.sentences(views, nowMs: 1_790_000_061_500).first?.hasSuffix("next try now.") == true)
    }

    @Test func `metrics have a series for every node`() {
        let views = [
            NodeView(
                name: "http://a", state: .suitable, isInUse: true, lastAnswerMs: 1_500, milestoneIndex: 7, calls: 9,
                failures: 2),
            NodeView(
                name: "http://b", state: .untried, isInUse: false, lastAnswerMs: nil, milestoneIndex: nil, calls: 0,
                failures: 0),
        ]
        let text = ExpositionText.text(NodeMetrics.families(views))
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("plumbline_node_") }
        #expect(
            lines == [
                "plumbline_node_calls_total{node=\"http://a\"} 9", "plumbline_node_calls_total{node=\"http://b\"} 0",
                "plumbline_node_failures_total{node=\"http://a\"} 2",
                "plumbline_node_failures_total{node=\"http://b\"} 0",
                "plumbline_node_in_use{node=\"http://a\"} 1", "plumbline_node_in_use{node=\"http://b\"} 0",
                "plumbline_node_last_answer_timestamp_seconds{node=\"http://a\"} 1.5",
                "plumbline_node_milestone_index{node=\"http://a\"} 7",
                "plumbline_node_suitable{node=\"http://a\"} 1", "plumbline_node_suitable{node=\"http://b\"} 0",
            ])
    }
}
