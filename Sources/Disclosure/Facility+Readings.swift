import LedgerStore
import LogEntries
package import Readings
package import TwinModel

/// One reading as the API shows it.
package struct ReadingView: Hashable, Sendable {
    package let point: Point
    package let reading: Reading
    package let value: ShownValue
    /// Number of the interval.
    package let k: UInt64
    package let proof: ProofState
}

/// Which readings of a point a page asks for.
package struct ReadingsQuestion: Hashable, Sendable {
    package var point: String
    package var range: Range<Int64>
    package var qualities: [Quality] = []
    package var isDescending = false
    /// Go on after this instant, exclusive, in the direction of the order.
    package var after: Int64?
    package var limit: Int

    package init(point: String, range: Range<Int64>, limit: Int) {
        self.point = point
        self.range = range
        self.limit = limit
    }
}

extension Facility {
    package static var readingsDaysMax: Int { 31 }
    package static var evidenceDaysMax: Int { 400 }
    /// Intervals read from the ledger in one go.
    static var intervalsInOneGo: UInt64 { 512 }

    /// A page of readings, and whether more follow.
    package func readings(_ asked: ReadingsQuestion, grant: Grant) async throws -> (items: [ReadingView], hasMore: Bool)
    {
        let (point, number) = try await known(asked.point, grant)
        let range = try checked(asked.range, daysMax: Self.readingsDaysMax)
        let line = try await proofLine()
        var views: [ReadingView] = []
        try await eachReading(of: point, number, in: narrowed(range, asked), isDescending: asked.isDescending) {
            placed in
            if asked.qualities.isEmpty || asked.qualities.contains(placed.reading.quality) {
                views.append(
                    ReadingView(
                        point: point, reading: placed.reading,
                        value: ShownValue(placed.reading.value, scale: point.scale),
                        k: placed.k, proof: line.state(k: placed.k)))
            }
            return views.count <= asked.limit
        }
        let hasMore = views.count > asked.limit
        if hasMore { views.removeLast() }
        try await note(grant, point, what: "readings", count: views.count)
        return (views, hasMore)
    }

    /// The range in buckets of `seconds`.
    package func series(point id: String, range: Range<Int64>, seconds: Int, grant: Grant) async throws -> (
        point: Point, series: Series
    ) {
        let (point, number) = try await known(id, grant)
        let range = try checked(range, daysMax: Self.evidenceDaysMax)
        let lengthMs = Int64(seconds) * 1000
        guard (range.upperBound - range.lowerBound + lengthMs - 1) / lengthMs <= Int64(Series.bucketsMax) else {
            throw Refusal.notTaken(parameter: "seconds", expected: "at most \(Series.bucketsMax) buckets in the range")
        }
        var builder = SeriesBuilder(
            range: range, seconds: seconds, expectedSeconds: point.expectedSeconds, nowMs: nowMs)
        // The reading before the range says what lasted into it.
        let lookBackMs = max(
            Int64(reader.identity.periodMs) * 2, Int64(point.expectedSeconds ?? 60) * 1000 * Twin.offlineAfterExpected)
        let from = max(0, range.lowerBound - min(lookBackMs, 86_400_000))
        var count = 0
        try await eachReading(of: point, number, in: from..<range.upperBound, isDescending: false) { placed in
            builder.take(placed.reading, number: point.engineering(placed.reading.value))
            count += placed.reading.capturedAtMs >= range.lowerBound ? 1 : 0
            return true
        }
        try await note(grant, point, what: "series", count: count)
        return (point, builder.finished(known: try await declaredGaps(in: range)))
    }

    /// The gaps the log itself declares: not running, disk, clock; and what lies before the log began.
    func declaredGaps(in range: Range<Int64>) async throws -> [Gap] {
        let period = Int64(clamping: reader.identity.periodMs)
        var gaps: [Gap] = []
        for stored in try await reader.leaves(type: 11, in: 0..<UInt64(Int64.max)) {
            guard let leaf = try? Leaf.decode(stored.bytes), case .gap(let gap) = leaf.body else { continue }
            let cause: Gap.Cause = gap.cause == 2 ? .disk : gap.cause == 3 ? .clock : .notRunning
            let from = Int64(clamping: gap.kFrom).multipliedReportingOverflow(by: period)
            let to = Int64(clamping: gap.kTo).addingReportingOverflow(1).partialValue.multipliedReportingOverflow(
                by: period)
            guard !from.overflow, !to.overflow, from.partialValue < to.partialValue else { continue }
            if let clipped = Gap(fromMs: from.partialValue, toMs: to.partialValue, cause: cause).clipped(to: range) {
                gaps.append(clipped)
            }
        }
        let beganMs = Int64(clamping: reader.identity.createdMs)
        let before = Gap(fromMs: range.lowerBound, toMs: min(beganMs, range.upperBound), cause: .notRunning)
        if before.fromMs < before.toMs { gaps.insert(before, at: 0) }
        return gaps
    }

    func checked(_ range: Range<Int64>, daysMax: Int) throws(Refusal) -> Range<Int64> {
        guard !range.isEmpty else { throw .emptyRange }
        let (length, isOver) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
        // A day of 25 hours may be among them.
        guard !isOver, length <= Int64(daysMax) * 86_400_000 + 3_600_000 else { throw .rangeTooLong(daysMax: daysMax) }
        guard range.upperBound > 0 else {
            throw .notTaken(parameter: "to", expected: "an instant after " + UTCTime.text(0))
        }
        return max(0, range.lowerBound)..<range.upperBound
    }

    private func narrowed(_ range: Range<Int64>, _ asked: ReadingsQuestion) -> Range<Int64> {
        guard let after = asked.after else { return range }
        if asked.isDescending { return range.lowerBound..<max(range.lowerBound, min(range.upperBound, after)) }
        return min(range.upperBound, max(range.lowerBound, after + 1))..<range.upperBound
    }

    /// Calls `take` for each reading of the point in the range, in order of time, until it returns false.
    func eachReading(
        of point: Point, _ number: PointNumber, in range: Range<Int64>, isDescending: Bool,
        _ take: (PlacedReading) -> Bool
    ) async throws {
        guard !range.isEmpty, let stream = await keeper.numbering.streams[point.stream] else { return }
        let first = interval(of: range.lowerBound)
        let last = interval(of: range.upperBound - 1)
        // The running interval first: what is sealed between the two questions is then found twice, not lost.
        let running = try await openReadings(of: number, in: range)
        let sealed = try await reader.head().lastSealedK
        let open = running.filter { placed in sealed.map { placed.k > $0 } ?? true }
        func pass(_ readings: [PlacedReading]) -> Bool {
            for reading in isDescending ? readings.reversed() : readings where !take(reading) { return false }
            return true
        }
        if isDescending, !pass(open) { return }
        if let sealed, first <= sealed {
            var span = first...min(last, sealed)
            while true {
                let piece =
                    isDescending
                    ? (span.upperBound - span.lowerBound < Self.intervalsInOneGo
                        ? span.lowerBound : span.upperBound - Self.intervalsInOneGo + 1)...span.upperBound
                    : span.lowerBound...min(span.upperBound, span.lowerBound + Self.intervalsInOneGo - 1)
                let readings = try await sealedReadings(
                    of: number, kind: point.kind, stream: stream, in: piece, range: range)
                guard pass(readings) else { return }
                if isDescending {
                    guard piece.lowerBound > span.lowerBound else { break }
                    span = span.lowerBound...(piece.lowerBound - 1)
                } else {
                    guard piece.upperBound < span.upperBound else { break }
                    span = (piece.upperBound + 1)...span.upperBound
                }
                try Task.checkCancellation()
            }
        }
        if !isDescending { _ = pass(open) }
    }

    private func openReadings(of number: PointNumber, in range: Range<Int64>) async throws -> [PlacedReading] {
        try await reader.openReadings(point: number)
            .filter { range.contains($0.reading.capturedAtMs) }
            .sorted { $0.reading.capturedAtMs < $1.reading.capturedAtMs }
    }

    private func sealedReadings(
        of number: PointNumber, kind: ValueKind, stream: StreamNumber, in span: ClosedRange<UInt64>, range: Range<Int64>
    ) async throws -> [PlacedReading] {
        var found: [PlacedReading] = []
        for row in try await reader.items(stream: stream, k: span) {
            for reading in Self.decoded(row, periodMs: reader.identity.periodMs, only: number, kind: kind)
            where range.contains(reading.capturedAtMs) {
                found.append(PlacedReading(k: row.k, reading: reading))
            }
        }
        return found
    }

    /// The readings of an item; none when it was erased. Bytes that break the rules hold none: the audit says so, not this list.
    static func decoded(
        _ row: IntervalItemRow, periodMs: UInt64, only number: PointNumber? = nil, kind: ValueKind? = nil
    ) -> [Reading] {
        guard let bytes = row.item.bytes, let item = try? IntervalItem.decode(bytes),
            let rows = try? Payload.decode(item.payload)
        else {
            return []
        }
        return rows.compactMap { quadruple in
            if let number, quadruple.point != number { return nil }
            return quadruple.reading(k: row.k, periodMs: periodMs, kind: kind)
        }
    }
}
