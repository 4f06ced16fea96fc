import Anchoring
import Capture
import Evidence
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import Logging
import MerkleLog
import ProofOfWork
import Readings
import Synchronization
import Tangle
import TangleClient
import Testing
import TwinModel

/// A real ledger on a clock of its own, and the flow that anchors it. It can be killed and started again.
final class AnchoringHouse {
    static let origin = "gw.example/b/house/1"

    let directory: String
    let time: HandClock
    let network: LocalTangleNode
    let node: WatchedNode
    let key: LogSigningKey
    let recovery: LogSigningKey
    let firstMilestone: Milestone
    var settings: AnchorFlow.Settings
    /// In force from the next restart on.
    var search: any NonceSearch = Miner(threads: 1, niceness: 0)
    /// The memory off the box that a restarted flow asks.
    var witnesses: Witnesses?
    /// What a restarted flow hears.
    var events: NodeEventStream?
    /// In force from the next restart on; the clock moves without waiting by default.
    var pause: (@Sendable (Int64) async throws -> Void)?
    private(set) var ledger: Ledger
    private(set) var writer: LogWriter
    private(set) var flow: AnchorFlow
    /// States as they were told, `seq` and state.
    let told = Told()

    final class Told: Sendable {
        private let list = Mutex<[String]>([])
        func add(_ line: String) { list.withLock { $0.append(line) } }
        var lines: [String] { list.withLock { $0 } }
    }

    /// - Parameter everyMs: a day by default, so that one checkpoint is made.
    init(
        _ network: LocalTangleNode, _ node: WatchedNode, time: HandClock, everyMs: Int64 = 86_400_000,
        minPoWScoreMax: UInt32 = 100
    ) async throws {
        directory = NSTemporaryDirectory() + "plumbline-anchoring-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.time = time
        self.network = network
        self.node = node
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        recovery = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        firstMilestone = try #require(await network.latestMilestone)
        settings = AnchorFlow.Settings(
            everyMs: everyMs, pollMs: 2_000, demands: NodeDemands(networkName: "dev", minPoWScoreMax: minPoWScoreMax),
            policy: MilestonePolicy(keys: network.milestoneKeys(), threshold: 1))
        let clock = Self.clock(time)
        ledger = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(key: key, recoveryKey: recovery.verifierKey, network: "dev"),
            building: Self.building, clock: clock, random: { Array(repeating: 1, count: $0) })
        writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: clock, random: { Array(repeating: 1, count: $0) }, building: Self.building
        ).writer
        flow = Self.flow(settings, ledger, writer, node, search, time, told)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    /// Lets go of the data folder, so that it can be copied or put back.
    func stop() async throws { await ledger.close() }

    /// As after `kill -9`.
    func restart(faults: DiskFaults? = nil) async throws {
        await ledger.close()
        ledger = try Ledger.open(directory: directory, faults: faults)
        writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: Self.clock(time), random: { Array(repeating: 1, count: $0) },
            building: Self.building
        ).writer
        flow = Self.flow(
            settings, ledger, writer, node, search, time, told, witnesses, events: events, pause: pause)
    }

    /// A round, then some time and a milestone.
    func turn(ms: Int64 = 2_000, milestones: Int = 1) async throws {
        _ = await flow.round()
        for _ in 0..<milestones {
            time.advance(ms: ms)
            try await network.issueMilestone()
        }
    }

    /// Turns until `count` anchors are anchored, at most `turnsMax`.
    func turnUntilAnchored(_ count: Int = 1, turnsMax: Int = 60, ms: Int64 = 2_000) async throws {
        for _ in 0..<turnsMax {
            if try await ledger.anchors(AnchorQuery(states: [.anchored])).count >= count { return }
            try await turn(ms: ms)
        }
        Issue.record("not anchored: \(String(describing: await flow.status.trouble))")
    }

    /// Some intervals with a reading in each.
    func run(minutes: Int) async throws {
        let numbering = try await ledger.numbering()
        let point = try #require(numbering.points["m1.energy"])
        for _ in 0..<minutes {
            let k = UInt64(time.nowMs) / 60_000
            let atMs = max(time.nowMs, Int64(k) * 60_000)
            let reading = Reading(point: point, capturedAtMs: atMs, quality: .good, value: .integer(atMs / 1_000 % 997))
            try await ledger.appendOpen(
                [PlacedReading(k: k, reading: reading)], bootNumber: await writer.bootNumber,
                wallMs: UInt64(time.nowMs),
                monoMs: 0)
            time.advance(ms: Int64(k + 1) * 60_000 - time.nowMs + 100)
            try await writer.sealDue()
            try await network.issueMilestone()
        }
    }

    func card() async throws -> PolicyCard {
        let genesis = try #require(try await LedgerReader.open(directory: directory).leaf(at: 0))
        return PolicyCard(
            origin: Self.origin, logKey: key.verifierKey.description,
            recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), genesis: leafHash(genesis.bytes),
            network: "dev", milestoneIndex: firstMilestone.index, milestoneID: firstMilestone.id.hash,
            milestoneKeys: try network.publicKeys.map {
                PolicyCard.MilestoneKey(
                    key: try #require(Hash(bytes: $0)), start: 0, end: 0, holder: PolicyCard.operatorHolder)
            }, threshold: 1, minPowScore: network.configuration.minPoWScore)
    }

    /// What is stored of the anchor proves itself to the auditor's code, without any node.
    func expectProven(_ anchor: StoredAnchor, _ comment: Comment? = nil) async throws {
        #expect(anchor.state == .anchored, comment)
        let confirmation = try #require(anchor.confirmation, comment)
        let attempt = try #require(anchor.attempts.first { $0.blockID == confirmation.blockID }, comment)
        var found = FindingList()
        var check = NetworkCheck(card: try await card())
        let answer = check.anchor(
            "anchor", block: attempt.block[...], path: confirmation.path[...], milestone: confirmation.milestone[...],
            into: &found)
        #expect(answer.isGood && found.sorted.isEmpty, "\(found.sorted) \(comment?.rawValue ?? "")")
        #expect(answer.payload == anchor.payload, comment)
        #expect(UInt64(confirmation.milestoneTimeS) * 1_000 >= anchor.signedMs, "dated after what it proves")
    }

    private static func clock(_ time: HandClock) -> Capture.Clock {
        Clock(wallMs: { UInt64(time.nowMs) }, monoMs: { UInt64(time.nowMs - 1_772_000_000_000) }, sleepMs: { _ in })
    }

    private static func flow(
        _ settings: AnchorFlow.Settings, _ ledger: Ledger, _ writer: LogWriter, _ node: WatchedNode,
        _ search: any NonceSearch, _ time: HandClock, _ told: Told, _ witnesses: Witnesses? = nil,
        events: NodeEventStream? = nil, pause: (@Sendable (Int64) async throws -> Void)? = nil
    ) -> AnchorFlow {
        AnchorFlow(
            settings: settings, ledger: ledger, writer: writer, node: node, miner: search,
            tag: anchorTag(origin: origin), witnesses: witnesses,
            journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            nowMs: { time.nowMs }, pause: pause ?? { time.advance(ms: $0) }, events: events,
            tell: { told.add("\($0.seq) \($0.state.rawValue)") })
    }

    static let building = Building(
        id: "house", label: "House", timeZone: "Europe/Oslo",
        entities: ["house", "m1"].map { Entity(id: $0, type: "Building", label: $0) }, devices: [],
        points: [
            Point(
                id: "m1.energy", entity: "m1", type: "Electric_Energy_Sensor", unit: "kW.h", nature: .counter,
                binding: Binding(
                    device: "mb1", profilePoint: "energy", profile: "meter", profileHash: Array(repeating: 1, count: 32)
                ),
                expectedSeconds: 60, kind: .integer)
        ])
}
