import Capture
import FoundationEssentials
import Glibc
import LedgerStore
import MerkleLog
import Readings
import Synchronization
import TwinModel

/// Sealing of the bench's building through the gateway's own ledger, on the disk.
enum EvidenceSealing {
    private static let intervals = 31
    /// Readings that come to the disk together.
    private static let batch = 100

    /// CPU of the ledger's thread for the seal of each interval, ms: packing, hashing, encrypting what is private, writing. Waiting for the
    /// disk is no CPU.
    static func cpuMs(folder: String, isPrivate: Bool) async throws -> [Double] {
        let directory = "\(folder)/ledger-\(isPrivate ? "private" : "public")"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer {
            // A folder that stays in the temporary directory harms nobody.
            try? FileManager.default.removeItem(atPath: directory)
        }
        guard let key = LogSigningKey(name: EvidenceBuilding.origin, seed: [UInt8](repeating: 1, count: 32)),
            let recovery = LogSigningKey(name: EvidenceBuilding.origin, seed: [UInt8](repeating: 9, count: 32))
        else { throw EvidencePeriod.Problem.keys }
        let hand = BenchClock()
        let building = building(isPrivate ? .indirect : .none)
        let random: RandomBytes = { count in (0..<count).map { _ in UInt8.random(in: 0...255) } }
        let ledger = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(key: key, recoveryKey: recovery.verifierKey, network: "bench"),
            building: building, clock: hand.clock, random: random)
        let writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: hand.clock, random: random, building: building
        ).writer
        let points = try await ledger.numbering().points.sorted { $0.key < $1.key }.map(\.value)
        var times: [Double] = []
        var chance = Chance(seed: 13)
        for _ in 0..<intervals {
            let startMs = hand.ms / EvidenceBuilding.periodMs * EvidenceBuilding.periodMs
            for first in stride(from: 0, to: points.count, by: batch) {
                hand.set(startMs + 1_000 + UInt64(first) * 50)
                let readings = points[first..<min(points.count, first + batch)].map { point in
                    Reading(
                        point: point, capturedAtMs: Int64(hand.ms), quality: .good,
                        value: .integer(Int64(chance.next() % 60_000)))
                }
                try await writer.keep(writer.take(readings).placed)
            }
            hand.set(startMs + EvidenceBuilding.periodMs + 200)
            times.append(try await writer.sealTakingMs())
        }
        await ledger.close()
        return times
    }

    private static func building(_ privacy: PrivacyClass) -> Building {
        let meters = (1...EvidenceBuilding.streamCount).map { "meter\($0)" }
        let points = meters.flatMap { meter in
            (1...EvidenceBuilding.pointsPerStream).map { place in
                Point(
                    id: "\(meter).value\(place)", entity: meter, type: "Sensor", unit: "W", nature: .gauge,
                    privacy: privacy,
                    binding: Binding(
                        device: meter, profilePoint: "value", profile: "bench",
                        profileHash: [UInt8](repeating: 1, count: 32)), expectedSeconds: 60, kind: .integer,
                    scale: Scale(mantissa: 1, exponent: -1))
            }
        }
        return Building(
            id: "house", label: "House", timeZone: "Europe/Oslo",
            entities: (["house"] + meters).map { Entity(id: $0, type: "Meter", label: $0) }, devices: [], points: points
        )
    }
}

/// A clock that is set.
private final class BenchClock: Sendable {
    private let hand = Mutex<UInt64>(EvidenceBuilding.startMs)

    var ms: UInt64 { hand.withLock { $0 } }
    func set(_ ms: UInt64) { hand.withLock { $0 = ms } }

    var clock: Capture.Clock {
        Clock(wallMs: { self.ms }, monoMs: { self.ms - EvidenceBuilding.startMs }, sleepMs: { _ in })
    }
}

extension LogWriter {
    /// Seals what is due; returns the CPU that this took on the ledger's thread, ms.
    fileprivate func sealTakingMs() throws -> Double {
        func cpuMs() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
        }
        let began = cpuMs()
        try sealDue()
        return cpuMs() - began
    }
}
