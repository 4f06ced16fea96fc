import SourceYAML
import Testing

import Gateway

/// Goal: `plumbline.yaml` is read as `Docs/operate.md` says, key by key, and nothing else is taken.
@Suite struct ConfigurationTests {
    static let least = "gateway: gw1\nbuilding: b.yaml\n"

    static func parse(_ text: String) throws -> GatewayConfiguration {
        try GatewayConfiguration.parse(Array(text.utf8), file: "plumbline.yaml", folder: "/etc/plumbline")
    }

    static func refusal(_ text: String) -> SourceError? {
        do {
            _ = try parse(text)
            return nil
        } catch let error as SourceError { return error } catch { return nil }
    }

    @Test func `two keys are enough, and the rest has the defaults of the reference`() throws {
        let read = try Self.parse(Self.least)
        #expect(read.gateway == "gw1")
        #expect(read.buildingPath == "/etc/plumbline/b.yaml")
        #expect(read.profilesPath == "/usr/share/plumbline/profiles")
        #expect(read.dataPath == "/var/lib/plumbline")
        #expect(read.log.periodMs == 60_000)
        #expect(read.log.snapshotEveryMs == 3_600_000)
        #expect(read.api.host == "127.0.0.1" && read.api.port == 8420)
        #expect(read.mqtt == nil && read.tangle == nil && read.timeStamp == nil)
        #expect(read.anchors.everyMs == 600_000 && read.anchors.lateAfterMs == 1_800_000)
        #expect(read.localTangle.intervalMs == 5_000)
        #expect(read.localTangle.minPoWScore == 100 && read.localTangle.port == 0)
        #expect(read.freeSpaceFloorBytes == 256 << 20)
        #expect(read.journal == .info)
        #expect(read.networkName == "plumbline-local")
    }

    @Test func `every key arrives where it belongs`() throws {
        let key = String(repeating: "ab", count: 32)
        let read = try Self.parse(
            """
            gateway: gw.north-1
            building: /b/building.yaml
            profiles: p
            data: d
            log: {period: 15m, snapshotEvery: 24h}
            api: {host: 192.0.2.7, port: 443, certificate: c.pem, key: /k.pem}
            mqtt: {host: broker, port: 8883, user: u, passwordFile: secret, publish: house/twin}
            anchors: {every: 2s, lateAfter: 10s}
            timeStamp: {url: "https://tsa.example/stamp", ca: authorities.pem, every: 1h}
            tangle:
              node: https://node.example:14265
              network: consortium-1
              tokenFile: token
              minPowScoreMax: 100000
              threshold: 2
              milestoneKeys:
                - {key: \(key), from: 5, to: 9, holder: Auditor Nord AS}
                - {key: \(key), holder: Housing Association}
            localTangle: {interval: 1s, minPowScore: 0, port: 14265}
            freeSpaceFloor: 1TiB
            journal: debug
            """)
        #expect(read.buildingPath == "/b/building.yaml")
        #expect(read.profilesPath == "/etc/plumbline/p" && read.dataPath == "/etc/plumbline/d")
        #expect(read.log.periodMs == 900_000 && read.log.snapshotEveryMs == 86_400_000)
        #expect(read.api.host == "192.0.2.7" && read.api.port == 443)
        #expect(read.api.certificatePath == "/etc/plumbline/c.pem" && read.api.keyPath == "/k.pem")
        #expect(read.mqtt?.host == "broker" && read.mqtt?.port == 8883 && read.mqtt?.user == "u")
        #expect(read.mqtt?.passwordPath == "/etc/plumbline/secret" && read.mqtt?.publish == "house/twin")
        #expect(read.anchors.everyMs == 2_000 && read.anchors.lateAfterMs == 10_000)
        #expect(read.timeStamp?.url == "https://tsa.example/stamp" && read.timeStamp?.everyMs == 3_600_000)
        #expect(read.timeStamp?.authoritiesPath == "/etc/plumbline/authorities.pem")
        let tangle = try #require(read.tangle)
        #expect(tangle.nodes.map(\.address) == ["https://node.example:14265"] && tangle.network == "consortium-1")
        #expect(tangle.nodes.map(\.tokenPath) == ["/etc/plumbline/token"])
        #expect(tangle.minPoWScoreMax == 100_000 && tangle.threshold == 2)
        #expect(tangle.milestoneKeys.map(\.holder) == ["Auditor Nord AS", "Housing Association"])
        #expect(tangle.milestoneKeys.map(\.from) == [5, 0] && tangle.milestoneKeys.map(\.to) == [9, 0])
        #expect(tangle.milestoneKeys.first?.key == [UInt8](repeating: 0xAB, count: 32))
        #expect(read.localTangle.intervalMs == 1_000 && read.localTangle.minPoWScore == 0)
        #expect(read.localTangle.port == 14_265)
        #expect(read.freeSpaceFloorBytes == 1 << 40)
        #expect(read.journal == .debug)
        #expect(read.networkName == "consortium-1")
    }

    /// Key, values at both ends of its range, values just outside.
    static let ranges: [(key: String, good: [String], bad: [String])] = [
        (
            "log: {period: %}", ["1s", "1h", "60s", "15m"],
            ["0s", "999ms", "1500ms", "7s", "61m", "2h", "-1s", "1", "s"]
        ),
        ("log: {snapshotEvery: %}", ["1m", "24h"], ["59s", "25h"]),
        ("api: {port: %}", ["0", "65535"], ["-1", "65536", "1.5", "http"]),
        ("mqtt: {host: h, port: %}", ["1", "65535"], ["0", "65536"]),
        ("mqtt: {host: h, qos: %}", ["0", "1", "2"], ["-1", "3"]),
        ("mqtt: {host: h, version: %}", ["5", "3.1.1"], ["3.1", "4", "v5"]),
        ("mqtt: {host: h, keepAlive: %}", ["5s", "1h"], ["4s", "61m", "5500ms"]),
        ("mqtt: {host: h, offlineAfter: %}", ["1s", "24h"], ["999ms", "25h"]),
        ("mqtt: {host: h, cleanSession: %}", ["true", "false"], ["yes", "1"]),
        ("mqtt: {host: h, clientId: %}", ["a", "gw/1"], ["\"\"", "\"a b\"", "å"]),
        ("mqtt: {host: h, publish: t, discovery: %}", ["homeassistant", "a/b"], ["\"a/#\"", "$x"]),
        (
            "mqtt: {host: h, tls: %}", ["{}", "{ca: a}", "{certificate: c, key: k}"],
            ["{certificate: c}", "{key: k}", "on"]
        ),
        ("anchors: {every: %}", ["2s", "24h"], ["1s", "25h"]),
        ("anchors: {lateAfter: %}", ["10s", "168h"], ["9s", "169h"]),
        ("localTangle: {interval: %}", ["1s", "60s"], ["999ms", "61s"]),
        ("localTangle: {minPowScore: %}", ["0", "4000"], ["-1", "4001"]),
        ("localTangle: {port: %}", ["0", "65535"], ["65536"]),
        (
            "freeSpaceFloor: %", ["1MiB", "1048576", "1TiB", "2GiB"],
            ["1023KiB", "2TiB", "0", "1MB", "99999999999999999999"]
        ),
        ("journal: %", ["debug", "info", "notice", "warning", "error"], ["loud", "INFO", "1"]),
        (
            "witnesses: [{url: \"http://watch.example:8430\", key: \"%\"}]", [witness],
            ["", "witness.example/w1", witness + "A", witness.replacing("4076", with: "4077"), log]
        ),
        (
            "witnesses: [{url: \"%\", key: \"\(witness)\"}]", ["https://watch.example/a", "http://127.0.0.1:8430"],
            ["", "watch.example", "ftp://watch.example", "http://watch.example:0"]
        ),
        (
            "api: {host: %}", ["127.0.0.1", "127.9.9.9", "\"::1\"", "localhost"],
            ["0.0.0.0", "192.0.2.1", "127.example.org", "127.0.0", "\"::\"", "example.org"]
        ),
        ("mqtt: {host: h, publish: %}", ["twin", "a/b"], ["\"a/#\"", "\"+\"", "a/", "$SYS", "\"\""]),
    ]

    /// Keys of another implementation's vectors: of a witness (algorithm 4) and of a log (algorithm 1).
    static let witness = "witness.example/w1+40767a34+BPxGLMtKzZ4tjmaCvZRFvhCl9JVPOmdtp5buD4sUBiJW"
    static let log = "example.com/log42+bbb18aa9+AU9Z9t2vibRvHGe1AWmmQwXSOn41R4iE7udcZ+QqnWha"

    @Test func `witnesses are a list, each once`() throws {
        let one = "{url: \"http://watch.example:8430\", key: \"\(Self.witness)\"}"
        let read = try Self.parse(Self.least + "witnesses: [\(one)]\n")
        #expect(read.witnesses.map(\.key) == [Self.witness])
        #expect(read.witnesses.map(\.url) == ["http://watch.example:8430"])
        #expect(try Self.parse(Self.least).witnesses.isEmpty)
        let twice = Self.refusal(Self.least + "witnesses: [\(one), \(one)]\n")
        #expect(twice?.description.contains("this witness is listed already") == true)
    }

    @Test(arguments: ranges.indices) func `each range has two ends`(_ index: Int) throws {
        let (key, good, bad) = Self.ranges[index]
        for value in good {
            _ = try Self.parse(Self.least + key.replacing("%", with: value) + "\n")
        }
        for value in bad {
            let refusal = Self.refusal(Self.least + key.replacing("%", with: value) + "\n")
            #expect(refusal?.line == 3, "\(key) with \(value): \(refusal?.description ?? "taken")")
        }
    }

    @Test(arguments: [
        "gateway: ''", "gateway: GW", "gateway: a_b", "gateway: a/b", "gateway: \(String(repeating: "a", count: 64))",
    ])
    func `a name that cannot stand in an origin is refused`(_ line: String) {
        #expect(Self.refusal(line + "\nbuilding: b\n")?.line == 1)
    }

    @Test(arguments: [
        ("ancors: {every: 10m}", "did you mean 'anchors'?"), ("log: {perod: 1s}", "did you mean 'period'?"),
        ("api: {prot: 1}", "did you mean 'port'?"),
        ("mqtt: {host: h, passwordfile: x}", "did you mean 'passwordFile'?"),
        ("anchors: {evry: 10m}", "did you mean 'every'?"), ("localTangle: {intervall: 1s}", "did you mean 'interval'?"),
        ("tangle: {nods: x}", "did you mean 'node'?"), ("jurnal: info", "did you mean 'journal'?"),
    ])
    func `an unknown key names its nearest kin`(_ line: String, _ hint: String) {
        let refusal = Self.refusal(Self.least + line + "\n")
        #expect(refusal?.hint == hint)
        #expect(refusal?.line == 3)
        #expect((refusal?.column ?? 0) > 0)
    }

    @Test func `every MQTT key arrives where it belongs`() throws {
        let read = try Self.parse(
            Self.least + """
                mqtt:
                  host: b
                  version: 3.1.1
                  qos: 2
                  clientId: house-7
                  cleanSession: true
                  keepAlive: 1m
                  offlineAfter: 2m
                  tls: {ca: ca.pem, certificate: /c.pem, key: k.pem}
                  publish: twin
                  discovery: homeassistant
                """)
        let mqtt = try #require(read.mqtt)
        #expect(mqtt.port == 8883 && mqtt.qos == 2 && mqtt.clientID == "house-7" && mqtt.isCleanSession)
        #expect(mqtt.keepAliveMs == 60_000 && mqtt.offlineAfterMs == 120_000 && mqtt.discovery == "homeassistant")
        #expect(mqtt.tls?.caPath == "/etc/plumbline/ca.pem" && mqtt.tls?.certificatePath == "/c.pem")
        #expect(mqtt.tls?.keyPath == "/etc/plumbline/k.pem" && mqtt.version.map { "\($0)" } == "v311")
        let plain = try Self.parse(Self.least + "mqtt: {host: b}\n")
        #expect(plain.mqtt?.port == 1883 && plain.mqtt?.qos == 1 && plain.mqtt?.isCleanSession == false)
        #expect(plain.mqtt?.version == nil && plain.mqtt?.tls == nil)
        #expect(Self.refusal(Self.least + "mqtt: {host: b, discovery: homeassistant}\n")?.hint == "set mqtt.publish")
        #expect(Self.refusal(Self.least + "mqtt: {host: b, passwordFile: p}\n")?.hint == "set mqtt.user")
        #expect(Self.refusal(Self.least + "mqtt: {host: b, tls: {cert: p}}\n") != nil)
    }

    @Test func `a node needs its network, its keys and as many holders as must sign`() {
        let key = String(repeating: "00", count: 32)
        let whole = "node: \"http://h\", network: n, milestoneKeys: [{key: \(key), holder: H}]"
        #expect(Self.refusal(Self.least + "tangle: {\(whole)}\n") == nil)
        let spoiled = [
            whole.replacing("network: n, ", with: ""), whole.replacing("node: \"http://h\", ", with: ""),
            whole.replacing("http://h", with: "ftp://h"), whole.replacing(key, with: key + "00"),
            whole.replacing(key, with: "zz"), whole.replacing("holder: H", with: "holder: ''"),
            whole.replacing("holder: H", with: "holder: \"a\\nb\""), whole.replacing(", holder: H", with: ""),
            whole.replacing("network: n", with: "network: \"a\\nb\""), whole + ", threshold: 2",
            whole + ", threshold: 0",
            whole + ", threshold: 65", whole + ", minPowScoreMax: 0", whole + ", minPowScoreMax: 100001",
            "node: \"http://h\", network: n, milestoneKeys: []", "node: \"http://h\", network: n",
        ]
        for text in spoiled { #expect(Self.refusal(Self.least + "tangle: {\(text)}\n") != nil, "\(text)") }
    }

    @Test(arguments: [
        ("http://127.0.0.1:14265", true), ("https://node.example", true), ("https://node.example/api", true),
        ("http://[::1]:14265", true), ("ftp://node.example", false), ("http://", false), ("http://:14265", false),
        ("http://node.example:99999", false), ("http://node.example:0", false), ("http://a:b:c", false),
    ])
    func `a node's address has a scheme, a host and at most a port`(text: String, isLegal: Bool) {
        let key = "{key: \"\(String(repeating: "ab", count: 32))\", holder: A}"
        let refusal = Self.refusal(
            Self.least + "tangle: {node: \"\(text)\", network: n, milestoneKeys: [\(key)]}\n")
        #expect((refusal == nil) == isLegal)
    }

    @Test func `a time-stamping authority needs an address and somebody to trust`() {
        let whole = "url: http://tsa.example/, ca: ca.pem"
        #expect(Self.refusal(Self.least + "timeStamp: {\(whole)}\n") == nil)
        for text in [
            "url: http://tsa.example/", "ca: ca.pem", "url: tsa.example, ca: ca.pem", "\(whole), every: 1s",
            "\(whole), every: 25h", "\(whole), often: 1h",
        ] {
            #expect(Self.refusal(Self.least + "timeStamp: {\(text)}\n") != nil, "\(text)")
        }
    }
}
