import Anchoring
import Capture
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import Logging
import MerkleLog
import ProofOfWork
import Readings
import Tangle
import TangleClient
import Testing
import TestTools
import TwinModel

/// A whole gateway without its field side, on a true clock and a wrong one; it can be killed and started again.
final class HistoryGateway {
    static let origin = "gw.example/b/house/1"

    let directory: String
    let periodMs: UInt64
    let time: HistoryHost
    let node: HistoryNode
    let key: LogSigningKey
    let recovery: LogSigningKey
    let firstMilestone: Milestone
    let faults = DiskFaults()
    var dice: SeededGenerator
    var house = HistoryBuilding()

    /// One run of the daemon.
    struct Daemon {
        let ledger: Ledger
        let writer: LogWriter
        let flow: CaptureFlow
        let intake: Intake
        let anchoring: AnchorFlow
    }
    var daemon: Daemon?
    var numbering = Numbering(points: [:], streams: [:])

    /// Readings that must be in the log once.
    var certain: Set<HistoryKey> = []
    /// Readings that a kill may have lost.
    var possible: Set<HistoryKey> = []
    /// Readings offered and not yet known to be on disk.
    var pending: [HistoryKey] = []
    /// Streams and intervals that were erased.
    var erasures: [(stream: StreamNumber, k: ClosedRange<UInt64>)] = []
    var serial: Int64 = 0
    /// What happened, for the failure message.
    var story: [String] = []

    init(seed: UInt64) async throws {
        dice = SeededGenerator(seed: seed)
        time = HistoryHost(seed: seed)
        periodMs = seed % 3 == 2 ? 1_000 : 60_000
        directory = NSTemporaryDirectory() + "plumbline-history-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        recovery = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        node = try HistoryNode(time)
        firstMilestone = try #require(await node.network.latestMilestone)
        let ledger = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(
                key: key, recoveryKey: recovery.verifierKey, network: "dev", periodMs: periodMs),
            building: house.building, clock: clock, random: random)
        await ledger.close()
        try await start()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    private var clock: Capture.Clock {
        let time = time
        return Clock(wallMs: { UInt64(time.wallMs) }, monoMs: { time.monoMs }, sleepMs: { _ in })
    }

    private var random: RandomBytes { time.random }

    /// The daemon comes up; one whose clock is wrong waits for it to be set, as the service manager's restarts do.
    func start() async throws {
        let ledger = try Ledger.open(directory: directory, faults: faults)
        do { try await start(ledger) } catch CaptureError.clockBehindMilestone {
            await ledger.close()
            time.aheadMs = 0
            faults.disarm()
            story.append("clock set")
            try await start(try Ledger.open(directory: directory, faults: faults))
        } catch is LedgerError where faults.hasFired {
            // The service manager tries again.
            await ledger.close()
            faults.disarm()
            story.append("start failed")
            try await start(try Ledger.open(directory: directory, faults: faults))
        }
    }

    private func start(_ ledger: Ledger) async throws {
        let building = house.building
        let time = time
        let writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: clock, random: random, building: building
        ).writer
        numbering = try await ledger.numbering()
        let intake = Intake(sources: building.sources(numbering))
        let flow = CaptureFlow(
            writer: writer,
            keeper: TwinKeeper(building: building, numbering: numbering, listeningSinceMs: time.wallMs),
            intake: intake,
            disk: DiskSpace(directory: directory, freeBytes: { time.freeBytes }))
        let anchoring = AnchorFlow(
            settings: AnchorFlow.Settings(
                everyMs: periodMs == 1_000 ? 60_000 : 600_000, pollMs: 2_000,
                demands: NodeDemands(networkName: "dev", minPoWScoreMax: 0),
                policy: MilestonePolicy(keys: node.network.milestoneKeys(), threshold: 1)),
            ledger: ledger, writer: writer, node: node, miner: Miner(threads: 1, niceness: 0),
            tag: anchorTag(origin: Self.origin), journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            nowMs: { time.wallMs }, pause: { _ in })
        daemon = Daemon(ledger: ledger, writer: writer, flow: flow, intake: intake, anchoring: anchoring)
    }

    var running: Daemon { get throws { try #require(daemon) } }

    /// As `kill -9`: what is not on disk may be lost.
    func kill() async throws {
        await (try running).ledger.close()
        daemon = nil
        possible.formUnion(pending)
        pending = []
    }

    /// As the service manager stops it: what was taken in is on disk.
    func stop() async throws {
        let flow = try running.flow
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await flow.run()
        }
        try await task.value
        certain.formUnion(pending)
        pending = []
        try await kill()
    }

    /// A round of the flow inwards; what it has put on disk is certain from now on.
    func step() async throws {
        let running = try running
        let failures = await running.flow.counts.failures
        try await running.flow.step()
        guard await running.flow.counts.failures == failures, running.intake.length == 0 else { return }
        certain.formUnion(pending)
        pending = []
    }

    /// A round of the flow outwards, on a network that has gone on meanwhile.
    func anchorRound() async throws {
        try await node.goOn()
        _ = try await running.anchoring.round()
    }

    /// Some readings of some points.
    func offer(upTo count: Int) async throws {
        let intake = try running.intake
        let points = house.building.points
        for _ in 0..<Int.random(in: 0...count, using: &dice) {
            let point = dice.pick(points)
            guard let number = numbering.points[point.id] else { continue }
            serial += 1
            let reading = HistoryBuilding.reading(
                number, point.kind, serial: serial, nowMs: time.wallMs, longMs: Int64(periodMs) * 10, &dice)
            let refused = intake.counts.refused
            intake.offer([reading])
            if intake.counts.refused == refused { pending.append(HistoryKey(reading)) }
        }
    }
}
