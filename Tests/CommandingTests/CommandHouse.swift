import BuildingFile
import CanonicalCBOR
import Capture
import Commanding
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Profiles
import Readings
import SourceYAML
import Synchronization
import Testing
import TwinModel

/// A clock that a test moves.
final class HandClock: Sendable {
    private let ms: Mutex<UInt64>
    init(_ ms: UInt64 = 1_772_370_000_000) { self.ms = Mutex(ms) }
    var nowMs: UInt64 { ms.withLock { $0 } }
    func advance(_ value: UInt64) { ms.withLock { $0 += value } }
    func setBack(_ value: UInt64) { ms.withLock { $0 -= value } }

    var clock: Capture.Clock {
        Clock(
            wallMs: { self.nowMs }, monoMs: { self.nowMs },
            sleepMs: { ms in
                try Task.checkCancellation()
                self.advance(ms)
                await Task.yield()
            })
    }
}

/// A make-believe field: keeps what was written, answers as it is told to, and says what was on disk when it was asked.
final class MakeBelieveField: FieldWriting {
    enum Manner: Sendable {
        case obeys
        /// Holds this value whatever is written.
        case holds(RawValue)
        case takesWithoutReadBack
        case fails(FieldWriteError)
    }

    struct Write: Hashable, Sendable {
        let device: String
        let point: String
        let value: RawValue
        /// Commands without an outcome that the ledger held at that moment.
        let openIntents: Int
    }

    private struct State {
        var manner = Manner.obeys
        var writes: [Write] = []
        var open: @Sendable () async -> Int = { -1 }
        var gate: (@Sendable () async -> Void)?
    }
    private let state = Mutex(State())

    var writes: [Write] { state.withLock { $0.writes } }
    func set(_ manner: Manner) { state.withLock { $0.manner = manner } }
    func watch(_ open: @escaping @Sendable () async -> Int) { state.withLock { $0.open = open } }
    /// Waits for this before it answers.
    func holdUntil(_ gate: (@Sendable () async -> Void)?) { state.withLock { $0.gate = gate } }

    func write(device: String, point: ProfilePoint, value: RawValue) async throws(FieldWriteError) -> RawValue? {
        let (open, gate, manner) = state.withLock { ($0.open, $0.gate, $0.manner) }
        let count = await open()
        state.withLock {
            $0.writes.append(Write(device: device, point: point.id, value: value, openIntents: count))
        }
        await gate?()
        switch manner {
        case .obeys: return value
        case .holds(let other): return other
        case .takesWithoutReadBack: return nil
        case .fails(let error): throw error
        }
    }
}

/// A small building with things that can be commanded, on a directory of its own; it can be killed and started again.
final class CommandHouse {
    static let origin = "gw.example/b/house/1"

    static let profile = """
        profile: test-fan
        vendor: Test
        models: [Fan]
        transport: modbus
        confidence: C
        provenance: [made up for tests]
        defaults: {function: 3, order: ABCD}
        points:
          speed:    {address: 0, type: u16, nature: gauge, brick: Speed_Sensor}
          setpoint: {address: 1, type: i16, scale: 0.1, unit: Cel, nature: setpoint, brick: Temperature_Setpoint, write: {function: 6, min: -10, max: 30, step: 0.5, every: 10s}}
          mode:     {address: 2, type: enum, nature: state, brick: Operating_Mode_Status, values: {0: off, 1: low, 2: high}, write: {function: 6, every: 100ms}}
          enabled:  {address: 3, function: 1, type: bool, nature: state, brick: Fan_On_Off_Status, write: {function: 5, every: 100ms}}
          level:    {address: 4, type: u16, nature: setpoint, brick: Speed_Setpoint, notAvailable: [0xFFFF], write: {function: 6, min: 0, max: 100000, every: 100ms}}
        """

    static let file = """
        building: house
        timezone: Europe/Oslo
        entities:
          ahu1: {type: AHU}
          ahu2: {type: AHU}
        devices:
          mb1: {profile: test-fan, modbus: "tcp://10.0.0.20:502"}
          mb2: {profile: test-fan, modbus: "tcp://10.0.0.21:502"}
        points:
          ahu1.speed:    {from: mb1#speed}
          ahu1.setpoint: {from: mb1#setpoint, command: {min: 15, max: 25, every: 1m, critical: true}}
          ahu1.mode:     {from: mb1#mode, command: {}}
          ahu1.enabled:  {from: mb1#enabled, command: {}}
          ahu1.level:    {from: mb1#level, command: {}}
          ahu2.mode:     {from: mb2#mode, command: {}}
          ahu2.silent:   {from: mb2#setpoint}
        """

    let directory: String
    let time = HandClock()
    let key: LogSigningKey
    let faults = DiskFaults()
    let field = MakeBelieveField()
    let profiles: ProfileLibrary
    let building: Building
    let counts = Counts()

    /// What the desk asked for and told.
    final class Counts: Sendable {
        let anchors = Mutex(0)
        let news = Mutex<[CommandDesk.News]>([])
    }

    init() async throws {
        directory = NSTemporaryDirectory() + "plumbline-commands-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        profiles = try ProfileLibrary(files: [("test-fan.yaml", Array(Self.profile.utf8))])
        building = try BuildingFile.load(text: Self.file, file: "building.yaml", profiles: profiles)
        let recovery = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        let ledger = try await LedgerCreation.create(
            directory: directory,
            founding: .init(key: key, recoveryKey: recovery.verifierKey, network: "dev", periodMs: 60_000),
            building: building, clock: time.clock, random: Self.random)
        await ledger.close()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    static let random: RandomBytes = { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } }

    struct Daemon {
        let ledger: Ledger
        let writer: LogWriter
        let desk: CommandDesk

        func kill() async { await ledger.close() }
    }

    func start() async throws -> Daemon {
        let ledger = try Ledger.open(directory: directory, faults: faults)
        let (writer, _) = try await LogWriter.start(
            ledger: ledger, key: key, clock: time.clock, random: Self.random, building: building)
        let keeper = TwinKeeper(
            building: building, numbering: try await ledger.numbering(), listeningSinceMs: Int64(time.nowMs))
        let profiles = profiles
        let desk = CommandDesk(
            writer: writer, keeper: keeper,
            source: { profiles.profile($0.binding.profile)?.point($0.binding.profilePoint) }, field: field,
            anchorNow: { [counts] in counts.anchors.withLock { $0 += 1 } },
            tell: { [counts] item in counts.news.withLock { $0.append(item) } })
        field.watch { (try? await ledger.openCommands().count) ?? -1 }  // a closed ledger counts as -1
        try await desk.start()
        return Daemon(ledger: ledger, writer: writer, desk: desk)
    }

    static let kari = CommandActor(grant: 1, role: "facility", pseudonym: .zero)

    static func number(_ text: String) -> CommandValue { ExactDecimal(text: text).map { .number($0) } ?? .text(text) }

    func request(
        _ point: String = "ahu1.mode", _ value: CommandValue = .text("high"), key: String = "k1",
        reason: String = "filter change", isDryRun: Bool = false, actor: CommandActor = CommandHouse.kari
    ) -> CommandRequest {
        CommandRequest(point: point, value: value, reason: reason, key: key, isDryRun: isDryRun, actor: actor)
    }

    func reader() throws -> LedgerReader { try LedgerReader.open(directory: directory) }

    /// Every command leaf with what it commits to, checked against each other and against the list.
    func record() async throws -> [CommandPayload] {
        let reader = try reader()
        let size = try await reader.size()
        var payloads: [CommandPayload] = []
        var byIntent: [UInt64: (intent: CommandPayload, outcome: CommandPayload?, at: UInt64?)] = [:]
        for stored in try await reader.leaves(type: 3, in: 0..<size) {
            guard case .command(let leaf) = try Leaf.decode(stored.bytes).body else { continue }
            let items = try await reader.openings(leaf: stored.index)
            let bytes = try #require(items.first?.bytes)
            #expect(items.count == 1)
            #expect(leafHash(bytes) == leaf.commitment)
            let payload = try CommandPayload.decode(try Commitment.decode(bytes).payload)
            payloads.append(payload)
            if payload.phase == .intent {
                byIntent[stored.index] = (payload, nil, nil)
            } else {
                let intent = try #require(payload.intent)
                #expect(intent < stored.index)
                let known = try #require(byIntent[intent], "an outcome without an intent")
                #expect(known.outcome == nil, "two outcomes of one intent")
                byIntent[intent] = (known.intent, payload, stored.index)
            }
        }
        let rows = try await reader.commands(CommandQuery(limit: 1_000))
        #expect(rows.map(\.intent) == byIntent.keys.sorted())
        for row in rows {
            let facts = try #require(byIntent[row.intent])
            #expect(row.value == facts.intent.value.encoded())
            #expect(row.reason == facts.intent.reason)
            #expect(row.end?.outcome == facts.at)
            #expect(row.end?.result == facts.outcome?.resultCode)
            #expect(row.end?.detail == facts.outcome?.reason)
            #expect(row.end.map { $0.readBack ?? CBOR.null.encoded() } == facts.outcome?.value.encoded())
        }
        return payloads
    }
}
