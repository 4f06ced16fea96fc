import LedgerStore
import LogEntries
package import Readings
import TwinModel

/// One stream on one local day: what was expected, what came, what is missing and why.
package struct CompletenessRow: Hashable, Sendable {
    package let stream: StreamNumber
    /// The stream's name in the building file.
    package let name: String
    package let day: LocalDay
    /// 23, 24 or 25.
    package let hours: ExactDecimal
    /// Reads due until now, from the points' expected seconds.
    package let expected: Int
    /// Reads with a value.
    package let received: Int
    /// Of these, those that carry the source's own, earlier time.
    package let late: Int
    package let estimated: Int
    package let clockSteps: Int
    package let gaps: [Gap]
    /// The least of the day's intervals.
    package let proof: ProofState
}

extension Facility {
    /// Stream and day, in order: the rows a range has. Days that begin in the future have none.
    package func completenessKeys(range: Range<Int64>, streams: [StreamNumber], grant: Grant) async throws -> [(
        day: LocalDay, stream: StreamNumber
    )] {
        let range = try checked(range, daysMax: Self.evidenceDaysMax)
        let known = try await streamPoints().filter { reaches(grant, $0.key) }
        for stream in streams where known[stream] == nil {
            throw Refusal.notTaken(
                parameter: "stream", expected: known.keys.sorted().map(\.description).joined(separator: " "))
        }
        let wanted = streams.isEmpty ? known.keys.sorted() : Set(streams).sorted()
        let first = zone.day(atMs: range.lowerBound).number
        let last = zone.day(atMs: min(range.upperBound - 1, max(range.lowerBound, nowMs))).number
        return (first...max(first, last)).flatMap { number in wanted.map { (LocalDay(number: number), $0) } }
    }

    package func completeness(_ keys: [(day: LocalDay, stream: StreamNumber)]) async throws -> [CompletenessRow] {
        let points = try await streamPoints()
        let line = try await proofLine()
        let steps = try await clockSteps()
        let names = Dictionary(
            await keeper.numbering.streams.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        var rows: [CompletenessRow] = []
        for key in keys {
            try Task.checkCancellation()
            let name = names[key.stream] ?? "\(key.stream)"
            rows.append(try await row(key.day, key.stream, name, points[key.stream] ?? [], line, steps))
        }
        return rows
    }

    private func row(
        _ day: LocalDay, _ stream: StreamNumber, _ name: String, _ points: [Point], _ line: ProofLine,
        _ steps: [Int64]
    ) async throws -> CompletenessRow {
        let whole = zone.range(of: day)
        let began = Int64(clamping: reader.identity.createdMs)
        let due =
            min(
                max(whole.lowerBound, began), whole.upperBound)..<max(
                min(whole.upperBound, nowMs), min(max(whole.lowerBound, began), whole.upperBound))
        let seconds = (due.upperBound - due.lowerBound) / 1000
        var counts = (received: 0, late: 0, estimated: 0)
        func count(_ reading: Reading) {
            guard due.contains(reading.capturedAtMs) || whole.contains(reading.capturedAtMs), reading.value != .none
            else { return }
            counts.received += 1
            if reading.sourceAtMs.map({ $0 < reading.capturedAtMs - Self.lateMs }) ?? false { counts.late += 1 }
            if reading.quality == .estimated { counts.estimated += 1 }
        }
        let first = interval(of: whole.lowerBound)
        let last = interval(of: whole.upperBound - 1)
        let numbers = await keeper.numbering.points
        var running: [PlacedReading] = []
        for number in points.compactMap({ numbers[$0.id] }) {
            running += try await reader.openReadings(point: number)
        }
        // The running interval first: what is sealed meanwhile is counted where it is now, and once.
        let sealed = try await reader.head().lastSealedK
        for placed in running where sealed.map({ placed.k > $0 }) ?? true { count(placed.reading) }
        let end = min(last, sealed ?? 0)
        var next = first
        while next <= end {
            let piece = next...min(end, next + 4_095)
            for row in try await reader.items(stream: stream, k: piece) {
                for reading in Self.decoded(row, periodMs: reader.identity.periodMs) { count(reading) }
            }
            next = piece.upperBound + 1
        }
        return CompletenessRow(
            stream: stream, name: name, day: day, hours: zone.hours(of: day),
            expected: points.compactMap(\.expectedSeconds).reduce(0) { $0 + ($1 > 0 ? Int(seconds) / Int($1) : 0) },
            received: counts.received, late: counts.late, estimated: counts.estimated,
            clockSteps: steps.count { whole.contains($0) },
            gaps: try await declaredGaps(in: whole).compactMap {
                $0.clipped(to: whole.lowerBound..<max(whole.lowerBound + 1, min(whole.upperBound, nowMs)))
            },
            proof: line.state(k: min(last, interval(of: nowMs))))
    }

    /// A source time older than this makes a reading late, ms.
    static var lateMs: Int64 { 60_000 }

    /// The points of each stream of the present revision.
    func streamPoints() async throws -> [StreamNumber: [Point]] {
        let building = await keeper.building
        let numbers = await keeper.numbering.streams
        var result: [StreamNumber: [Point]] = [:]
        for point in building.points {
            if let number = numbers[point.stream] { result[number, default: []].append(point) }
        }
        return result
    }

    /// Instants of the log's clock steps, UTC ms.
    private func clockSteps() async throws -> [Int64] {
        try await reader.leaves(type: 8, in: 0..<UInt64(Int64.max)).compactMap { stored in
            guard let leaf = try? Leaf.decode(stored.bytes), case .boot(let boot) = leaf.body,
                boot.reason == Leaf.Boot.clockStep
            else { return nil }
            return Int64(clamping: leaf.wallMs)
        }
    }
}
