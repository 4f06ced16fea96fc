import Capture
import Foundation
import Gateway
import Hashing
import LedgerStore
import MerkleLog
import SourceYAML
import Testing

/// Goal: the first day makes what the card says, and nothing existing is touched.
@Suite struct SetupTests {
    /// A house with one Modbus meter, profiles of this repository.
    static func plan(
        _ folder: Folder, period: String = "10s", zone: String = "Europe/Oslo", more: String = ""
    ) throws -> GatewayPlan {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        try folder.write(
            """
            building: house
            timezone: \(zone)
            entities:
              house: {type: Building}
              m1: {type: Electrical_Meter, meters: house}
            devices:
              mb1: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:1502"}
            points:
              m1.power: {from: mb1#power.active}
            """, "building.yaml")
        try folder.write(
            "gateway: gw1\nbuilding: building.yaml\nprofiles: \(root)/DeviceProfiles\ndata: data\nlog: {period: \(period)}\n\(more)",
            "plumbline.yaml")
        return try GatewayPlan.load(configurationPath: folder.path + "/plumbline.yaml")
    }

    static func report(_ folder: Folder, recovery: String = "recovery.key") async throws -> GatewaySetup.Report {
        try await GatewaySetup.initialise(try plan(folder), recoveryKeyPath: folder.path + "/" + recovery)
    }

    @Test func `a plan says what the building has`() throws {
        let folder = try Folder()
        #expect(
            try Self.plan(folder).summary.hasPrefix(
                "building house, 2 entities, 1 points in 1 streams from 1 devices, "))
    }

    @Test func `the report names the card that lies in the data folder, with both keys in it`() async throws {
        let folder = try Folder()
        let report = try await Self.report(folder)
        #expect(report.origin == "gw1/b/house/1")
        #expect(report.isSelfNetwork)
        #expect(report.cardPath == folder.path + "/data/card")
        #expect(try folder.text("data/card") == report.card)
        let log = try KeyFile.read(folder.path + "/data/log.key").verifierKey
        let recovery = try KeyFile.read(folder.path + "/recovery.key").verifierKey
        #expect(log != recovery && log.name == report.origin && recovery.name == report.origin)
        #expect(report.card.contains(log.description))
        #expect(report.card.contains(sha256(Array(recovery.description.utf8)).hex))
        let reader = try LedgerReader.open(directory: folder.path + "/data")
        #expect(try await reader.size() == 3)
        #expect(reader.identity.periodMs == 10_000 && reader.identity.network == "plumbline-local")
        let genesis = try #require(try await reader.leaf(at: 0))
        #expect(report.card.contains(genesis.hash.hex))
    }

    @Test func `the card names the time-stamping authorities of the configuration`() async throws {
        let folder = try Folder()
        let vectors = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        let pem = vectors + "/Vectors/timestamp/root-p384.pem"
        let plan = try Self.plan(folder, more: "timeStamp: {url: http://tsa.example/, ca: \(pem)}\n")
        try plan.checkSurroundings()
        let report = try await GatewaySetup.initialise(plan, recoveryKeyPath: folder.path + "/recovery.key")
        let card = try String(contentsOfFile: vectors + "/Vectors/evidence/gateway-tsa.card", encoding: .utf8)
        let line = try #require(card.split(separator: "\n").last)
        #expect(report.card.hasSuffix("\n\(line)\n"))
    }

    @Test func `a file of authorities that holds none is told before anything is made`() async throws {
        let folder = try Folder()
        let plan = try Self.plan(folder, more: "timeStamp: {url: http://tsa.example/, ca: building.yaml}\n")
        #expect(throws: GatewayError.self) { try plan.checkSurroundings() }
        await #expect(throws: GatewayError.self) {
            try await GatewaySetup.initialise(plan, recoveryKeyPath: folder.path + "/recovery.key")
        }
        #expect(throws: (any Error).self) { try folder.text("data/card") }
    }

    @Test func `no private key stands in the data folder but the log's`() async throws {
        let folder = try Folder()
        _ = try await Self.report(folder)
        let seed = try #require(try folder.text("recovery.key").split(separator: "\n").last?.dropFirst(5))
        let raw = try #require(bytes(hex: String(seed)))
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/data") {
            guard let file = FileManager.default.contents(atPath: folder.path + "/data/" + name) else { continue }
            #expect(file.range(of: Data(seed.utf8)) == nil && file.range(of: Data(raw)) == nil, "\(name)")
        }
    }

    @Test func `a second init touches nothing`() async throws {
        let folder = try Folder()
        let report = try await Self.report(folder)
        await #expect(throws: GatewayError.alreadySetUp(path: report.cardPath)) {
            try await Self.report(folder, recovery: "other.key")
        }
        #expect(try folder.text("data/card") == report.card)
        #expect(try !folder.names.contains("other.key"))
    }

    @Test(arguments: [["card"], ["card", "ledger.db", "ledger.db-wal", "ledger.db-shm"]])
    func `an interrupted init is carried on by the same command`(_ missing: [String]) async throws {
        let folder = try Folder()
        let first = try await Self.report(folder)
        let keys = try (folder.text("data/log.key"), folder.text("recovery.key"))
        for name in missing where FileManager.default.fileExists(atPath: folder.path + "/data/" + name) {
            try FileManager.default.removeItem(atPath: folder.path + "/data/" + name)
        }
        let second = try await Self.report(folder)
        #expect(try keys == (folder.text("data/log.key"), folder.text("recovery.key")))
        #expect(second.origin == first.origin)
        #expect(try folder.text("data/card") == second.card)
    }

    @Test func `an interrupted init takes no other recovery key for its ledger`() async throws {
        let folder = try Folder()
        let first = try await Self.report(folder)
        try FileManager.default.removeItem(atPath: first.cardPath)
        await #expect(throws: GatewayError.unlikeInterrupted(path: folder.path + "/data")) {
            try await Self.report(folder, recovery: "other.key")
        }
    }

    @Test func `the recovery key never lies in the data folder`() async throws {
        let folder = try Folder()
        let data = folder.path + "/data"
        for path in ["/data/r.key", "/data/../data/r.key"] {
            await #expect(throws: GatewayError.recoveryKeyInside(path: data)) {
                try await Self.report(folder, recovery: path)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: data).isEmpty)
    }

    @Test func `a gateway that was never set up does not run`() async throws {
        let folder = try Folder()
        let run = GatewayRun(try Self.plan(folder)) { JournalTests.logger(JournalTests.Lines(), label: $0) }
        await #expect(throws: GatewayError.notSetUp(path: folder.path + "/data/card")) { try await run.run() }
    }

    @Test func `what init fixed cannot be configured away`() async throws {
        let folder = try Folder()
        _ = try await Self.report(folder)
        let run = GatewayRun(try Self.plan(folder, period: "20s")) {
            JournalTests.logger(JournalTests.Lines(), label: $0)
        }
        await #expect(throws: GatewayError.fixed(key: "log.period", configured: "20000 ms", stored: "10000 ms")) {
            try await run.run()
        }
    }

    @Test func `a time zone that this machine lacks is told before anything starts`() throws {
        let folder = try Folder()
        let plan = try Self.plan(folder, zone: "Europe/Olso")
        #expect(throws: GatewayError.self) { try plan.checkSurroundings() }
    }

    @Test func `a token is bound to streams that there are`() async throws {
        let folder = try Folder()
        _ = try await Self.report(folder)
        let tokens = try GatewayTokens(try Self.plan(folder).configuration)
        _ = try tokens.add(name: "tenant", role: "auditor", days: nil, streams: ["1"])
        #expect(try tokens.list().map(\.scope) == ["streams 1"])
        #expect(throws: GatewayError.self) {
            _ = try tokens.add(name: "nobody", role: "auditor", days: nil, streams: ["1", "no-such-stream"])
        }
        #expect(try tokens.list().count == 1)
    }

    @Test func `a token is shown once and stored hashed`() async throws {
        let folder = try Folder()
        _ = try await Self.report(folder)
        let tokens = try GatewayTokens(try Self.plan(folder).configuration)
        let token = try tokens.add(name: "kari", role: "facility", days: 2)
        #expect(token.count == 64)
        let line = try #require(try tokens.list().first)
        #expect(line.name == "kari" && line.isValid && line.until != nil)
        try tokens.remove(name: "kari")
        #expect(try tokens.list().map(\.isValid) == [false])
        #expect(throws: GatewayError.noSuchToken(name: "kari")) { try tokens.remove(name: "kari") }
        for name in ["", "Kari", "a b", "a\nb", String(repeating: "a", count: 64)] {
            #expect(throws: GatewayError.tokenName(name)) {
                _ = try tokens.add(name: name, role: "facility", days: nil)
            }
        }
    }
}
