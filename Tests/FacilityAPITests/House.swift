import Capture
import Commanding
import Disclosure
import Foundation
import Hashing
import LedgerStore
import MerkleLog
import Readings
import Synchronization
import TwinModel

/// A clock that a test moves.
final class TestClock: Sendable {
    private let ms: Mutex<Int64>
    init(_ ms: Int64) { self.ms = Mutex(ms) }
    var nowMs: Int64 { ms.withLock { $0 } }
    func set(_ value: Int64) { ms.withLock { $0 = value } }
    func advance(_ value: Int64) { ms.withLock { $0 += value } }

    var capture: Clock {
        Clock(
            wallMs: { UInt64(clamping: self.nowMs) }, monoMs: { UInt64(clamping: self.nowMs) },
            sleepMs: { self.advance(Int64($0)) })
    }
}

/// Gives the files of the vectors instead of making any: what is tested here is the way they go out.
struct VectorMaker: EvidenceMaking {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors/evidence")

    static func vector(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appendingPathComponent(name)))
    }

    func period(
        fromMs: Int64, toMs: Int64, streams: [StreamNumber], path: String,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> MadeFile {
        if streams == [StreamNumber(2)] { throw EvidenceMakingError.noAnchorBefore(firstAnchoredAtMs: House.startMs) }
        if fromMs < House.startMs - 86_400_000 {
            throw EvidenceMakingError.notYetAnchored(expectedAtMs: House.startMs + 720_000)
        }
        let bytes = try Self.vector("honest-full.period")
        progress(0.5)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return MadeFile(path: path, sizeBytes: bytes.count, sha256: sha256(bytes), firstAnchor: 790, lastAnchor: 5250)
    }

    func reading(point: PointNumber, atMs: Int64) async throws -> [UInt8] {
        if atMs >= House.startMs + 120_000 { throw EvidenceMakingError.notYetSealed }
        if atMs >= House.startMs + 60_000 {
            throw EvidenceMakingError.notYetAnchored(expectedAtMs: House.startMs + 720_000)
        }
        if atMs % 60_000 != 5_118 { throw EvidenceMakingError.noSuchReading }
        return try Self.vector("reading-honest.reading")
    }
}

/// A small building with two sealed minutes, one open one, an anchor over the first, and a token.
struct House: Sendable {
    /// 2026-03-01T13:00:00Z, 14:00 in Oslo.
    static let startMs: Int64 = 1_772_370_000_000
    static let token = "token-of-the-facility-0123456789"
    static let auditorToken = "token-of-the-auditor-0123456789a"
    static let endedToken = "token-that-was-taken-back-012345"

    let directory: String
    let clock: TestClock
    let ledger: Ledger
    let writer: LogWriter
    let keeper: TwinKeeper
    let facility: Facility
    let zone: ZoneRules
    let reload: ReloadScript
    var commands: CommandDesk?

    static let building = Building(
        id: "bk16", label: "House 16", timeZone: "Europe/Oslo",
        entities: [
            Entity(id: "house", type: "Building", label: "House 16"),
            Entity(
                id: "m1", type: "Building_Electrical_Meter", label: "Main meter",
                relations: [Relation(.at, "house"), Relation(.meters, "house")],
                annotations: [Annotation(name: "metrology", fields: [.init(name: "class", value: "B")])]),
            Entity(id: "ahu1", type: "AHU", label: "AHU 1", relations: [Relation(.in, "house")]),
        ],
        devices: [
            Device(
                id: "mb1", profile: "eastron-sdm630", profileHash: [UInt8](repeating: 7, count: 32),
                address: .modbus(host: "127.0.0.1", port: 502, unit: 1)),
            Device(
                id: "lora1", profile: "milesight-am308", profileHash: [UInt8](repeating: 8, count: 32),
                address: .mqtt(root: "x")),
        ],
        points: [
            Point(
                id: "m1.energy-import", entity: "m1", type: "Electric_Energy_Sensor", unit: "kW.h", nature: .counter,
                flow: .import,
                binding: Binding(
                    device: "mb1", profilePoint: "energy.active.import", profile: "eastron-sdm630",
                    profileHash: [UInt8](repeating: 7, count: 32)),
                expectedSeconds: 60, kind: .integer, scale: Scale(mantissa: 1, exponent: -1)),
            Point(
                id: "ahu1.filter-dp", entity: "ahu1", type: "Filter_Differential_Pressure_Sensor", unit: "Pa",
                nature: .gauge,
                binding: Binding(
                    device: "mb1", profilePoint: "dp", profile: "eastron-sdm630",
                    profileHash: [UInt8](repeating: 7, count: 32)),
                expectedSeconds: 10, kind: .integer),
            Point(
                id: "ahu1.co2", entity: "ahu1", type: "CO2_Level_Sensor", unit: "[ppm]", nature: .gauge,
                privacy: .indirect,
                binding: Binding(
                    device: "lora1", profilePoint: "co2", profile: "milesight-am308",
                    profileHash: [UInt8](repeating: 8, count: 32)),
                expectedSeconds: 60, kind: .integer),
        ])

    static func open(_ building: Building = House.building) async throws -> House {
        let directory = NSTemporaryDirectory() + "plumbline-api-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let clock = TestClock(startMs)
        guard let key = LogSigningKey(name: "gw1/b/bk16/1", seed: [UInt8](repeating: 3, count: 32)),
            let recovery = LogSigningKey(name: "gw1/b/bk16/1", seed: [UInt8](repeating: 4, count: 32))
        else { throw CocoaError(.coderInvalidValue) }
        let random: RandomBytes = { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } }
        let ledger = try await LedgerCreation.create(
            directory: directory, founding: .init(key: key, recoveryKey: recovery.verifierKey, network: "dev"),
            building: building,
            clock: clock.capture, random: random)
        let (writer, _) = try await LogWriter.start(
            ledger: ledger, key: key, clock: clock.capture, random: random, building: building)
        let numbering = try await ledger.numbering()
        let keeper = TwinKeeper(building: building, numbering: numbering, listeningSinceMs: startMs)
        let zone = try ZoneRules(
            name: "Europe/Oslo",
            tzif: Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Oslo"))))
        let reload = ReloadScript()
        let facility = try facility(directory, keeper, zone, clock, writer, reload)
        let house = House(
            directory: directory, clock: clock, ledger: ledger, writer: writer, keeper: keeper, facility: facility,
            zone: zone, reload: reload)
        try await house.fill()
        return house
    }

    private static func facility(
        _ directory: String, _ keeper: TwinKeeper, _ zone: ZoneRules, _ clock: TestClock, _ writer: LogWriter,
        _ reload: ReloadScript
    ) throws -> Facility {
        Facility(
            reader: try LedgerReader.open(directory: directory), keeper: keeper,
            facts: FacilityFacts(
                version: "1.4.0", card: String(decoding: try VectorMaker.vector("gateway.card"), as: UTF8.self),
                isSelfNetwork: true,
                anchorEveryMs: 600_000),
            zone: zone, maker: VectorMaker(), evidenceDirectory: directory + "/evidence", nowMs: { clock.nowMs },
            links: { LinkSamples.all }, reload: { try reload.reload($0) },
            receipts: ReceiptSigning(key: writer.key.verifierKey) { try await writer.receiptSignature(for: $0) },
            noteAccess: { try await writer.recordUse($0) })
    }

    /// The same house after a restart of its query side.
    func restarted() throws -> House {
        House(
            directory: directory, clock: clock, ledger: ledger, writer: writer, keeper: keeper,
            facility: try Self.facility(directory, keeper, zone, clock, writer, reload), zone: zone, reload: reload)
    }

    func close() async {
        await ledger.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func number(_ id: String) async throws -> PointNumber {
        guard let number = await keeper.numbering.points[id] else { throw CocoaError(.coderInvalidValue) }
        return number
    }

    func stream(_ id: String) async throws -> StreamNumber {
        guard let name = Self.building.point(id)?.stream, let number = await keeper.numbering.streams[name] else {
            throw CocoaError(.coderInvalidValue)
        }
        return number
    }

    /// Takes readings in as capture does: twin, then the open interval.
    func take(_ readings: [Reading]) async throws {
        let changes = await keeper.apply(readings)
        try await writer.keep(writer.take(changes.map(\.reading)).placed)
    }

    private func fill() async throws {
        let meter = try await number("m1.energy-import")
        let filter = try await number("ahu1.filter-dp")
        let co2 = try await number("ahu1.co2")
        for minute in 0..<3 {
            let start = Self.startMs + Int64(minute) * 60_000
            clock.set(start + 30_000)
            var readings = [
                Reading(
                    point: meter, capturedAtMs: start + 5_118, quality: .good,
                    value: .integer(1_842_199 + Int64(minute) * 2)),
                Reading(point: co2, capturedAtMs: start + 7_000, quality: .good, value: .integer(612)),
            ]
            if minute == 0 {
                readings.append(
                    Reading(point: filter, capturedAtMs: start + 4_000, quality: .good, value: .integer(112)))
            }
            if minute == 1 {
                readings.append(Reading(point: filter, capturedAtMs: start + 1_000, quality: .stale, value: .none))
            }
            try await take(readings)
            clock.set(start + 60_000)
            if minute < 2 { _ = try await writer.sealDue() }
            if minute == 0 { try await anchor() }
        }
        clock.set(Self.startMs + 130_004)
        _ = try await ledger.addToken(
            hash: Facility.tokenHash(Self.token), name: "kari", role: "facility", scope: "",
            nowMs: UInt64(Self.startMs), untilMs: UInt64(Self.startMs) + 86_400_000)
        _ = try await ledger.addToken(
            hash: Facility.tokenHash(Self.auditorToken), name: "nora", role: "auditor", scope: "",
            nowMs: UInt64(Self.startMs), untilMs: nil)
        let ended = try await ledger.addToken(
            hash: Facility.tokenHash(Self.endedToken), name: "ola", role: "auditor", scope: "",
            nowMs: UInt64(Self.startMs), untilMs: nil)
        try await ledger.endToken(grant: ended.grant, atMs: UInt64(Self.startMs) + 1)
    }

    private func anchor() async throws {
        let anchor = try await writer.checkpoint(with: nil)
        let block = sha256(Array("block".utf8))
        _ = try await ledger.addAttempt(
            seq: anchor.seq, blockID: block, block: [1, 2, 3], minedMs: UInt64(clock.nowMs))
        try await ledger.markSubmitted(seq: anchor.seq, blockID: block, atMs: UInt64(clock.nowMs))
        try await ledger.confirm(
            seq: anchor.seq,
            AnchorConfirmation(
                blockID: block, milestoneIndex: 7_204_113, milestoneID: sha256(Array("milestone".utf8)),
                milestoneTimeS: UInt32(Self.startMs / 1000) + 70, milestone: [7], path: []))
    }
}
