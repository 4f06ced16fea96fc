import Capture
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Synchronization
import Testing
import TwinModel

/// A clock that moves when told to.
final class SimulatedClock: Sendable {
    private struct Hands {
        var wallMs: UInt64
        var monoMs: UInt64 = 5_000
    }
    private let hands: Mutex<Hands>

    init(wallMs: UInt64 = 1_772_370_000_000) { hands = Mutex(Hands(wallMs: wallMs)) }

    var wallMs: UInt64 { hands.withLock { $0.wallMs } }

    func advance(ms: UInt64) {
        hands.withLock {
            $0.wallMs += ms
            $0.monoMs += ms
        }
    }

    /// Somebody sets the wall clock.
    func step(ms: Int64) { hands.withLock { $0.wallMs = UInt64(Int64($0.wallMs) + ms) } }

    var clock: Capture.Clock {
        Clock(
            wallMs: { self.hands.withLock { $0.wallMs } }, monoMs: { self.hands.withLock { $0.monoMs } },
            sleepMs: { ms in
                try Task.checkCancellation()
                self.advance(ms: ms)
                await Task.yield()
            })
    }
}

/// What the disk says is free.
final class FreeSpace: Sendable {
    let bytes = Mutex<UInt64>(1 << 40)
}

/// Bytes that look random and are the same in every run.
final class SeededBytes: Sendable {
    private let state: Mutex<UInt64>
    init(seed: UInt64) { state = Mutex(seed) }

    func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
        }
    }
}

/// A small building on a directory of its own, with a simulated clock; it can be killed and started again.
final class House {
    static let origin = "gw.example/b/house/1"

    let directory: String
    let time: SimulatedClock
    let random: SeededBytes
    let key: LogSigningKey
    let building: Building
    let periodMs: UInt64
    let faults = DiskFaults()
    let space = FreeSpace()
    var settings = CaptureFlow.Settings()

    init(periodMs: UInt64 = 60_000, gauges: Int = 3) async throws {
        directory = NSTemporaryDirectory() + "plumbline-capture-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        time = SimulatedClock()
        random = SeededBytes(seed: 7)
        key = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        building = Self.building(gauges: gauges)
        self.periodMs = periodMs
        let recovery = try #require(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        let ledger = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(
                key: key, recoveryKey: recovery.verifierKey, network: "dev", periodMs: periodMs),
            building: building, clock: time.clock, random: random.bytes)
        await ledger.close()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    /// A daemon that runs: everything that a start makes.
    struct Daemon {
        let ledger: Ledger
        let writer: LogWriter
        let start: LogWriter.Start
        let flow: CaptureFlow
        let keeper: TwinKeeper
        let intake: Intake

        /// As `kill -9`: the file is let go of without another word.
        func kill() async { await ledger.close() }
    }

    func start(
        _ building: Building? = nil, key: LogSigningKey? = nil, clock: Capture.Clock? = nil
    ) async throws -> Daemon {
        let building = building ?? self.building
        let ledger = try Ledger.open(directory: directory, faults: faults)
        let (writer, start) = try await LogWriter.start(
            ledger: ledger, key: key ?? self.key, clock: clock ?? time.clock, random: random.bytes, building: building)
        let numbering = try await ledger.numbering()
        let keeper = TwinKeeper(
            building: building, numbering: numbering, listeningSinceMs: Int64((clock ?? time.clock).wallMs()))
        let intake = Intake(sources: building.sources(numbering))
        let flow = CaptureFlow(
            writer: writer, keeper: keeper, intake: intake,
            disk: DiskSpace(directory: directory, freeBytes: { [space] in space.bytes.withLock { $0 } }),
            settings: settings)
        return Daemon(ledger: ledger, writer: writer, start: start, flow: flow, keeper: keeper, intake: intake)
    }

    func reader() throws -> LedgerReader { try LedgerReader.open(directory: directory) }

    /// Point 1 is the counter `m1.energy-import`, points 2… are gauges of another stream.
    func reading(_ point: UInt32, _ value: Int64, atMs: UInt64? = nil, quality: Quality = .good) -> Reading {
        Reading(
            point: PointNumber(point), capturedAtMs: Int64(atMs ?? time.wallMs), quality: quality,
            value: .integer(value))
    }

    static func building(gauges: Int = 3, label: String = "House", isOtherMeter: Bool = false) -> Building {
        let meter = Binding(
            device: isOtherMeter ? "mb2" : "mb1", profilePoint: "energy.import", profile: "meter",
            profileHash: Array(repeating: 1, count: 32))
        let room = Binding(
            device: "lora1", profilePoint: "co2", profile: "iaq", profileHash: Array(repeating: 2, count: 32))
        let counter = Point(
            id: "m1.energy-import", entity: "m1", type: "Electric_Energy_Sensor", unit: "kW.h", nature: .counter,
            flow: .import, binding: meter, expectedSeconds: 60, kind: .integer, scale: Scale(mantissa: 1, exponent: -1))
        let rooms = (0..<gauges).map { number in
            Point(
                id: "room\(number).co2", entity: "room\(number)", type: "CO2_Level_Sensor", unit: "[ppm]",
                nature: .gauge, privacy: .indirect,
                limits: Limits(min: nil, max: ExactDecimal(mantissa: 5_000, exponent: 0)), binding: room,
                expectedSeconds: 30, kind: .integer)
        }
        let entities =
            [
                Entity(id: "house", type: "Building", label: label),
                Entity(id: "m1", type: "Electrical_Meter", label: "m1"),
            ]
            + (0..<gauges).map {
                Entity(id: "room\($0)", type: "Room", label: "room\($0)", relations: [Relation(.in, "house")])
            }
        return Building(
            id: "house", label: label, timeZone: "Europe/Oslo", entities: entities, devices: [],
            points: [counter] + rooms)
    }
}
