import LocalTangle
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
            #expect(tangle.node == "http://127.0.0.1:14265" && tangle.network == name && tangle.threshold == 2)
            #expect(tangle.milestoneKeys.map(\.key) == node.publicKeys)
            #expect(tangle.milestoneKeys.map(\.holder) == ["holder-1", "holder-2", "holder-3"])
            #expect(tangle.milestoneKeys.allSatisfy { $0.from == 0 && $0.to == 0 })
        }
    }
}
