import Anchoring
import Capture
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import Readings
import Testing
import TestTools
import TwinModel

/// What a gateway lives through.
extension HistoryGateway {
    func live(chapters: Int) async throws {
        try await run(rounds: 15)
        for _ in 0..<chapters { try await chapter() }
        try await settle()
    }

    /// Time passes: readings, seals, anchors.
    func run(rounds: Int, silent: Bool = false) async throws {
        for round in 0..<rounds {
            time.advance(ms: periodMs == 1_000 ? dice.ms(200...3_000) : dice.ms(5_000...55_000))
            if !silent { try await offer(upTo: 5) }
            try await step()
            if round % 2 == 0 { try await anchorRound() }
        }
    }

    /// All is well in the end: the clock is right, the node is there, everything is anchored.
    func settle() async throws {
        if daemon == nil { try await start() }
        faults.disarm()
        time.freeBytes = 1 << 40
        node.isAway = false
        time.aheadMs = 0
        try await step()
        // A clock that was ahead by hours has left intervals that have not ended yet.
        let openMs = Int64(try running.writer.openK * periodMs)
        if openMs > time.wallMs { time.advance(ms: openMs - time.wallMs + 1_000) }
        try await run(rounds: 10)
        for _ in 0..<2 {
            time.advance(ms: Int64(periodMs) + 2_000)
            try await step()
            await (try running).anchoring.anchorNow()
            for _ in 0..<3 {
                try await anchorRound()
                time.advance(ms: 2_000)
            }
        }
        try await step()
    }

    private func chapter() async throws {
        let chapter = Int.random(in: 0..<12, using: &dice)
        story.append("\(chapter)")
        switch chapter {
        case 0:
            try await offer(upTo: 4)
            try await kill()
            try await pauseAndStart()
        case 1:
            try await offer(upTo: 4)
            try await stop()
            try await pauseAndStart()
        case 2:
            let limitMs = dice.pick([Int64(3_000), 100_000, 250_000, 10_000_000])
            time.aheadMs += dice.ms(-limitMs...limitMs)
            story.append("clock \(time.aheadMs / 1_000) s ahead")
            try await run(rounds: 4)
            if dice.isOne(of: 4) { try await tell() }
            if dice.isOne(of: 4) { try await kill() }
            if dice.isOne(of: 2) { time.aheadMs = 0 }
            if daemon == nil { try await start() }
        case 3:
            node.isAway = true
            try await run(rounds: 25)
            node.isAway = false
        case 4:
            house.change(&dice)
            try await step()
            await (try running).flow.change(to: house.building)
            try await step()
            numbering = try await running.ledger.numbering()
        case 5: try await erase()
        case 6: try await tell()
        case 7: try await fillDisk()
        case 8:
            let fault = dice.pick([DiskFaults.Fault.lost, .reportedFailed])
            faults.arm(fault, nth: Int.random(in: 1...12, using: &dice))
            try await run(rounds: 3)
            faults.disarm()
        case 9: try await run(rounds: 8, silent: true)
        case 10:
            time.aheadMs += dice.ms(-1_500...1_500)
            if dice.isOne(of: 2) { node.swallowNext() }
            try await anchorRound()
        default:
            // Killed with a beacon, a block or a submission on its way.
            await (try running).anchoring.anchorNow()
            faults.arm(dice.pick([.lost, .reportedFailed]), nth: Int.random(in: 1...8, using: &dice))
            try await anchorRound()
            faults.disarm()
            try await kill()
            try await start()
        }
        try await run(rounds: Int.random(in: 2...10, using: &dice))
    }

    private func pauseAndStart() async throws {
        let pauseMs = dice.pick([
            0, dice.ms(0...3_000), dice.ms(0...600_000), dice.ms(0...(periodMs == 1_000 ? 3_600_000 : 259_200_000)),
        ])
        time.advance(ms: pauseMs)
        if dice.isOne(of: 2) { time.reboot() }
        if dice.isOne(of: 4) { house.change(&dice) }
        try await node.goOn()
        if dice.isOne(of: 4) {
            faults.arm(dice.pick([.lost, .reportedFailed]), nth: Int.random(in: 1...14, using: &dice))
        }
        try await start()
        faults.disarm()
    }

    private func erase() async throws {
        let head = try await running.ledger.head()
        guard let last = head.lastSealedK else { return }
        let stream = dice.pick(numbering.streams.values.sorted())
        let kTo = last - min(last, UInt64(dice.ms(0...20)))
        let range = (kTo - min(kTo, UInt64(dice.ms(0...10))))...kTo
        let reader = try LedgerReader.open(directory: directory)
        for row in try await reader.items(stream: stream, k: range) {
            guard let bytes = row.item.bytes else { continue }
            for key in try await keys(of: bytes, k: row.k) {
                certain.remove(key)
                possible.remove(key)
            }
        }
        do {
            _ = try await running.writer.erase(
                stream: stream, kFrom: range.lowerBound, kTo: range.upperBound, legalBasis: 1, actor: .zero)
            erasures.append((stream, range))
        } catch CaptureError.clockBehindMilestone {
            // Readings that were to be erased are where they were; they are not looked for.
        }
    }

    /// Events, commands and accesses.
    private func tell() async throws {
        let stream = try #require(numbering.streams["mb1/none"])
        let writer = try running.writer
        do {
            _ = try await writer.appendEvent(
                EventPayload(kind: "alarm", point: numbering.points["m1.energy"], details: []), stream: stream)
            try await writer.recordUse(
                AccessUse(grant: 1, actor: dice.bytes(16), scope: "m1", what: "latest", count: 2))
            try await writer.appendSnapshot(of: house.building, numbering: numbering)
        } catch CaptureError.clockBehindMilestone {}
    }

    private func fillDisk() async throws {
        if dice.isOne(of: 2) {
            time.freeBytes = 1_000
            try await run(rounds: 3)
        } else {
            faults.armDiskFull(nth: Int.random(in: 1...8, using: &dice))
            time.freeBytes = 1_000
            try await run(rounds: 6)
            faults.disarm()
            try await run(rounds: 2)
        }
        time.freeBytes = 1 << 40
        try await run(rounds: 2)
    }

    func keys(of item: [UInt8], k: UInt64) async throws -> [HistoryKey] {
        try readings(of: item, k: k).map(HistoryKey.init)
    }

    func readings(of item: [UInt8], k: UInt64) throws -> [Reading] {
        let kinds: [PointNumber: ValueKind] = Dictionary(
            uniqueKeysWithValues: allPoints.compactMap { point in
                numbering.points[point.id].map { ($0, point.kind) }
            })
        return try Payload.decode(try IntervalItem.decode(item).payload).compactMap {
            $0.reading(k: k, periodMs: periodMs, kind: kinds[$0.point])
        }
    }

    private var allPoints: [TwinModel.Point] {
        var all = HistoryBuilding()
        all.hasNewDevice = true
        return all.building.points
    }
}
