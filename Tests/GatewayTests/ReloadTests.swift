import Disclosure
import Foundation
import Gateway
import SourceYAML
import Testing

/// Goal: what only a restart can do is refused by its name, and nothing else is.
@Suite struct ReloadTests {
    /// Lines of `plumbline.yaml` and the key that is told when they come in.
    static let keys: [(line: String, key: String)] = [
        ("log: {period: 10s}", "log.period"), ("log: {snapshotEvery: 2h}", "log.snapshotEvery"),
        ("api: {host: 127.0.0.2}", "api.host"), ("api: {port: 8421}", "api.port"),
        ("api: {metrics: open}", "api.metrics"), ("mqtt: {host: broker}", "mqtt"),
        ("anchors: {every: 1m}", "anchors.every"), ("anchors: {lateAfter: 1h}", "anchors.lateAfter"),
        ("witnesses: [{url: \"http://w:1\", key: \"\(ConfigurationTests.witness)\"}]", "witnesses"),
        ("localTangle: {interval: 1s}", "localTangle"), ("freeSpaceFloor: 1GiB", "freeSpaceFloor"),
        ("journal: debug", "journal"),
        (
            "tangle: {node: \"http://127.0.0.1:1\", network: n1, milestoneKeys: [{key: \"\(String(repeating: "00", count: 32))\", holder: H}]}",
            "tangle"
        ),
    ]

    @Test(arguments: keys.indices) func `a key that cannot change is refused by name`(_ index: Int) throws {
        let (line, key) = Self.keys[index]
        let folder = try Folder()
        let old = try FieldPlanTests.plan(folder)
        let new = try FieldPlanTests.plan(folder, more: line + "\n")
        let mistakes = old.mistakes(changingTo: new, file: "plumbline.yaml")
        #expect(
            mistakes == [
                ConfigurationMistake(
                    place: "plumbline.yaml", message: "needs a restart: \(key)",
                    hint: "restart the gateway, or set it back")
            ])
    }

    @Test func `gateway, data folder and TLS files are refused as well`() throws {
        func keys(_ text: String) throws -> [String] {
            let old = try ConfigurationTests.parse("gateway: gw1\nbuilding: b.yaml\n")
            return old.keysThatNeedRestart(comparedTo: try ConfigurationTests.parse(text))
        }
        #expect(try keys("gateway: gw2\nbuilding: b.yaml\n") == ["gateway"])
        #expect(try keys("gateway: gw1\nbuilding: b.yaml\ndata: elsewhere\n") == ["data"])
        #expect(
            try keys("gateway: gw1\nbuilding: b.yaml\napi: {certificate: c.pem, key: k.pem}\n") == [
                "api.certificate", "api.key",
            ])
        #expect(
            try keys("gateway: gw1\nbuilding: b.yaml\ntimeStamp: {url: http://t/, ca: c.pem}\n") == ["timeStamp"])
        #expect(try keys("gateway: gw1\nbuilding: other.yaml\nprofiles: p2\n") == [])
    }

    @Test func `another building and an empty one are no change but a mistake`() throws {
        let old = try FieldPlanTests.plan(try Folder())
        let other = try FieldPlanTests.plan(try Folder(), id: "house2")
        #expect(
            old.mistakes(changingTo: other, file: "p").map(\.message).contains(
                "the building's id cannot change within a log"))
        let far = try FieldPlanTests.plan(try Folder(), zone: "Europe/Berlin")
        #expect(old.mistakes(changingTo: far, file: "p").map(\.message).contains("needs a restart: timezone"))
        let empty = try FieldPlanTests.plan(try Folder(), FieldPlanTests.devices, "")
        #expect(old.mistakes(changingTo: empty, file: "p").map(\.message).contains("the building has no point"))
    }

    @Test func `a plan that says the same has no mistake`() throws {
        let folder = try Folder()
        let plan = try FieldPlanTests.plan(folder)
        #expect(plan.configurationPath == folder.path + "/plumbline.yaml")
        #expect(plan.mistakes(changingTo: try FieldPlanTests.plan(folder), file: "p").isEmpty)
    }

    @Test func `metrics are open on loopback only`() {
        #expect(ConfigurationTests.refusal("gateway: gw1\nbuilding: b\napi: {metrics: open}\n") == nil)
        let refusal = ConfigurationTests.refusal(
            "gateway: gw1\nbuilding: b\napi: {host: 192.0.2.7, certificate: c, key: k, metrics: open}\n")
        #expect(
            refusal?.description
                == "plumbline.yaml:3:57: metrics are open on loopback only, and the API answers on 192.0.2.7; leave it out: Prometheus can send a token"
        )
    }
}
