import Anchoring
import Capture
import Evidence
import Foundation
import Hashing
import LedgerStore
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

/// A gateway without its field side that lives through a month: a real ledger, log and flow; a simulated clock, network and
/// search. It dies at any call and at any write, and is started again.
final class AnchorMonth {
    static let days: Int64 = 30
    static let origin = "gw.example/b/house/1"
    static let pollMs: Int64 = 5_000
    static let periodMs: UInt64 = 300_000

    let seed: UInt64
    let everyMs: Int64
    let directory: String
    let time = HandClock()
    let startMs: Int64
    let endMs: Int64
    let network: SimulatedNetwork
    let search: SimulatedSearch
    let key: LogSigningKey
    let recovery: LogSigningKey
    private let faults = DiskFaults()
    private var dice: SeededGenerator
    private(set) var ledger: Ledger
    private(set) var writer: LogWriter
    private(set) var flow: AnchorFlow

    /// Times in which no daemon ran, UTC ms.
    private(set) var downs: [(fromMs: Int64, toMs: Int64)] = []
    /// Searches whose nonce a death or a broken disk may have lost.
    private(set) var interrupted = 0
    private(set) var rounds = 0
    private var nextDeathMs: Int64
    private var keptAtMs: Int64

    init(seed: UInt64) async throws {
        self.seed = seed
        dice = SeededGenerator(seed: seed)
        everyMs = [600_000, 1_800_000, 3_600_000][Int(seed % 3)]
        startMs = time.nowMs
        endMs = startMs + Self.days * Outage.dayMs
        keptAtMs = startMs
        nextDeathMs = startMs + dice.span(Outage.minuteMs, Outage.dayMs)
        let outages = Outage.month(
            from: startMs, days: Self.days, stepMs: SimulatedNetwork.intervalMs, dice: &dice)
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        recovery = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        let signer = try #require(LogSigningKey(name: "coordinator", seed: Array(repeating: 3, count: 32)))
        network = SimulatedNetwork(time: time, outages: outages, signer: signer, seed: seed)
        search = SimulatedSearch(time: time, seed: seed)
        directory = NSTemporaryDirectory() + "plumbline-month-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let created = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(
                key: key, recoveryKey: recovery.verifierKey, network: "dev", periodMs: Self.periodMs),
            building: AnchoringHouse.building, clock: Self.clock(time), random: { Array(repeating: 1, count: $0) })
        await created.close()
        (ledger, writer, flow) = try await Self.open(directory, everyMs, key, time, network, search, faults)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    // MARK: - The month

    /// Lives through the month and after it until nothing is open any more.
    func live() async throws {
        while time.nowMs < endMs { try await step() }
        try await settle()
    }

    /// Until the last checkpoint has its proof, six hours at most; nobody dies any more.
    private func settle() async throws {
        nextDeathMs = .max
        await flow.anchorNow()
        let giveUpMs = time.nowMs + 6 * 3_600_000
        repeat {
            try await step()
            guard try await hasOpen() else { return }
        } while time.nowMs < giveUpMs
    }

    private func hasOpen() async throws -> Bool { try await !ledger.openAnchors().isEmpty }

    /// A round and the time after it. Rounds in which nothing can happen are left out.
    private func step() async throws {
        if time.nowMs >= nextDeathMs { return try await die() }
        rounds += 1
        let waitMs = await flow.round()
        let status = await flow.status
        let hasOpen = try await hasOpen()
        try await pass(ms: status.trouble == nil && !hasOpen ? max(waitMs, status.nextMs - time.nowMs) : waitMs)
    }

    /// Time goes by, and what is captured is sealed about once an hour.
    private func pass(ms: Int64) async throws {
        time.advance(ms: ms)
        guard time.nowMs - keptAtMs >= 3_600_000 else { return }
        keptAtMs = time.nowMs
        let numbering = try await ledger.numbering()
        let point = try #require(numbering.points["m1.energy"])
        let reading = Reading(
            point: point, capturedAtMs: time.nowMs, quality: .good, value: .integer(time.nowMs / 1_000 % 997))
        let placed = PlacedReading(k: UInt64(time.nowMs) / Self.periodMs, reading: reading)
        try await ledger.appendOpen(
            [placed], bootNumber: await writer.bootNumber, wallMs: UInt64(time.nowMs), monoMs: 0)
        try await writer.sealDue()
    }

    // MARK: - Death

    /// The daemon dies between two rounds, at a call, or at a write, is away for a while and comes back.
    private func die() async throws {
        let before = try await anchorsKept()
        let searches = search.count
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: break
        case 1:
            network.killDaemon(atCall: Int.random(in: 1...8, using: &dice))
            for _ in 0..<4 where !network.isDaemonDead { _ = await flow.round() }
        case 2:
            // Nothing more reaches the disk.
            faults.armDiskFull(nth: Int.random(in: 1...12, using: &dice))
            for _ in 0..<4 where !faults.hasFired { _ = await flow.round() }
        default:
            faults.arm(dice.pick([.lost, .reportedFailed]), nth: Int.random(in: 1...12, using: &dice))
            for _ in 0..<4 where !faults.hasFired { _ = await flow.round() }
        }
        faults.disarm()
        interrupted += search.count - searches
        await ledger.close()
        let fromMs = time.nowMs
        // Most come back at once; one in six is away for hours.
        time.advance(ms: dice.isOne(of: 6) ? dice.span(Outage.minuteMs, 8 * 3_600_000) : 10_000)
        downs.append((fromMs, time.nowMs))
        keptAtMs = time.nowMs
        network.daemonStarts()
        (ledger, writer, flow) = try await Self.open(directory, everyMs, key, time, network, search, faults)
        try await expectKept(before)
        nextDeathMs = time.nowMs + dice.span(5 * Outage.minuteMs, 2 * Outage.dayMs)
    }

    private func anchorsKept() async throws -> [StoredAnchor] {
        try await ledger.anchors(AnchorQuery(isDescending: true, limit: 50))
    }

    /// Whatever stood in the ledger before a death stands there after it, as far as it had come or further.
    private func expectKept(_ before: [StoredAnchor]) async throws {
        for old in before {
            let now = try #require(try await ledger.anchor(old.seq), "seed \(seed)")
            #expect(now.note == old.note && now.signedMs == old.signedMs, "seed \(seed)")
            #expect(Array(now.attempts.map(\.blockID).prefix(old.attempts.count)) == old.attempts.map(\.blockID))
            #expect(old.confirmation == nil || now.confirmation == old.confirmation, "seed \(seed)")
        }
    }

    private static func clock(_ time: HandClock) -> Capture.Clock {
        Clock(wallMs: { UInt64(time.nowMs) }, monoMs: { UInt64(time.nowMs - 1_772_000_000_000) }, sleepMs: { _ in })
    }

    private static func open(
        _ directory: String, _ everyMs: Int64, _ key: LogSigningKey, _ time: HandClock, _ network: SimulatedNetwork,
        _ search: SimulatedSearch, _ faults: DiskFaults
    ) async throws -> (Ledger, LogWriter, AnchorFlow) {
        let ledger = try Ledger.open(directory: directory, faults: faults)
        let writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: clock(time), random: { Array(repeating: 1, count: $0) },
            building: AnchoringHouse.building
        ).writer
        let flow = AnchorFlow(
            settings: AnchorFlow.Settings(
                everyMs: everyMs, pollMs: pollMs, demands: NodeDemands(networkName: "dev", minPoWScoreMax: 4_000),
                policy: MilestonePolicy(keys: [network.key], threshold: 1)),
            ledger: ledger, writer: writer, node: network, miner: search, tag: anchorTag(origin: origin),
            journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, nowMs: { time.nowMs },
            pause: { time.advance(ms: $0) })
        return (ledger, writer, flow)
    }
}
