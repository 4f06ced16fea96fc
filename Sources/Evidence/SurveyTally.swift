import Hashing
import LogEntries
import Readings

/// Counts items and readings, interval by interval; one for each worker, put together at the end.
final class SurveyTally {
    private let scope: PeriodSurvey.Scope
    private let disclosed: Set<UInt32>
    private let entities: [String: Set<UInt32>?]

    /// A count and the last interval that named what is counted: its words are the ones that stay.
    private struct Named<Count> {
        var count: Count
        var k: UInt64
    }

    private var streams: [Named<PeriodSurvey.StreamCount>] = []
    private var points: [Named<PeriodSurvey.PointCount>] = []
    private var streamSlots: [UInt32: Int] = [:]
    private var pointSlots: [UInt32: Int] = [:]

    /// What one place of a configuration counts for; nil for a stream outside the scope.
    private struct Place {
        let stream: Int
        /// Slot of each row's point; nil outside the scope, and where another stream has that point.
        let rows: [Int?]
    }

    private var layouts: [ObjectIdentifier: [Place?]] = [:]
    private var layout: [Place?] = []
    private var current: PreparedConfig?
    private var startMs: Int64 = 0
    /// The last interval in which each point had a value.
    private var valued: [UInt64?] = []
    private var k: UInt64 = 0

    init(_ scope: PeriodSurvey.Scope, disclosed: Set<UInt32>, entities: [String: Set<UInt32>?]) {
        self.scope = scope
        self.disclosed = disclosed
        self.entities = entities
    }

    /// Another with the same scope that has counted nothing.
    func empty() -> SurveyTally { SurveyTally(scope, disclosed: disclosed, entities: entities) }

    /// What follows belongs to this interval, whose items give its root.
    func begin(_ interval: Leaf.Interval, _ config: PreparedConfig) {
        k = interval.k
        startMs = Int64(clamping: interval.k.multipliedReportingOverflow(by: interval.periodMs).partialValue)
        if current !== config {
            current = config
            layout = layouts[ObjectIdentifier(config)] ?? self.layout(of: config)
            layouts[ObjectIdentifier(config)] = layout
            name(config)
        }
    }

    func addShown(_ place: Int, _ readings: ArraySlice<ScannedReading>) {
        guard place < layout.count, let known = layout[place] else { return }
        streams[known.stream].k = max(streams[known.stream].k, k)
        streams[known.stream].count.expectedItems += 1
        streams[known.stream].count.shownItems += 1
        for slot in known.rows {
            guard let slot else { continue }
            points[slot].count.expectedIntervals += 1
            points[slot].k = max(points[slot].k, k)
        }
        for reading in readings {
            guard let slot = known.rows[Int(reading.place)] else { continue }
            points[slot].count.readings += 1
            points[slot].count.qualities[Int(reading.quality)] += 1
            if let source = reading.sourceMs, source < startMs { points[slot].count.late += 1 }
            if reading.isNull {
                points[slot].count.withoutValue += 1
            } else if valued[slot] != k {
                valued[slot] = k
                points[slot].count.receivedIntervals += 1
            }
        }
    }

    func addHidden(_ place: Int, isWithheld: Bool) {
        guard place < layout.count, let known = layout[place] else { return }
        streams[known.stream].k = max(streams[known.stream].k, k)
        streams[known.stream].count.expectedItems += 1
        if isWithheld {
            streams[known.stream].count.withheldItems += 1
        } else {
            streams[known.stream].count.erasedItems += 1
        }
    }

    private func layout(of config: PreparedConfig) -> [Place?] {
        config.streams.map { stream in
            guard let stream = stream?.config else { return nil }
            let number = stream.stream.rawValue
            let wanted = stream.rows.map { isWanted($0, of: stream) }
            guard scope.isWhole || scope.streams.contains(number) || wanted.contains(true) else { return nil }
            if streamSlots[number] == nil {
                streamSlots[number] = streams.count
                streams.append(
                    Named(count: .init(stream: number, isDisclosed: disclosed.contains(number)), k: k))
            }
            let rows = zip(stream.rows, wanted).map { row, isWanted -> Int? in
                guard isWanted else { return nil }
                let point = row.point.rawValue
                if let slot = pointSlots[point] { return points[slot].count.stream == number ? slot : nil }
                pointSlots[point] = points.count
                points.append(Named(count: .init(stream: number, point: point, id: row.id, unit: row.unit), k: k))
                valued.append(nil)
                return points.count - 1
            }
            return streamSlots[number].map { Place(stream: $0, rows: rows) }
        }
    }

    /// The words of the configuration in force are those of the report.
    private func name(_ config: PreparedConfig) {
        for (place, stream) in zip(layout, config.streams) {
            guard let place, let stream = stream?.config else { continue }
            streams[place.stream].count.className = stream.className
            for (slot, row) in zip(place.rows, stream.rows) {
                guard let slot else { continue }
                points[slot].count.id = row.id
                points[slot].count.unit = row.unit
            }
        }
    }

    private func isWanted(_ row: ConfigRow, of stream: ConfigStream) -> Bool {
        scope.isWhole || scope.streams.contains(stream.stream.rawValue) || scope.points.contains(row.id)
            || entities.values.contains { $0?.contains(row.point.rawValue) == true }
    }

    func merge(_ other: SurveyTally) {
        for entry in other.streams {
            guard let slot = streamSlots[entry.count.stream] else {
                streamSlots[entry.count.stream] = streams.count
                streams.append(entry)
                continue
            }
            if entry.k > streams[slot].k { streams[slot].count.className = entry.count.className }
            streams[slot].k = max(streams[slot].k, entry.k)
            streams[slot].count.add(entry.count)
        }
        for entry in other.points {
            guard let slot = pointSlots[entry.count.point] else {
                pointSlots[entry.count.point] = points.count
                points.append(entry)
                valued.append(nil)
                continue
            }
            if entry.k > points[slot].k {
                points[slot].count.id = entry.count.id
                points[slot].count.unit = entry.count.unit
            }
            points[slot].k = max(points[slot].k, entry.k)
            points[slot].count.add(entry.count)
        }
    }

    func finish(_ survey: inout PeriodSurvey) {
        survey.streams = streams.map(\.count).filter { $0.expectedItems > 0 }.sorted { $0.stream < $1.stream }
        survey.points = points.map(\.count).filter { $0.expectedIntervals > 0 }
            .sorted { ($0.stream, $0.point) < ($1.stream, $1.point) }
        let known = Set(survey.points.map(\.id))
        let counted = Set(survey.streams.map(\.stream))
        survey.unknown =
            scope.streams.filter { !counted.contains($0) }.sorted().map { "stream \($0)" }
            + scope.points.filter { !known.contains($0) }.sorted().map { "point \($0)" }
            + entities.filter { $0.value == nil }.keys.sorted().map { "entity \($0)" }
        if !scope.isWhole {
            survey.erasures.removeAll { !counted.contains($0.stream) }
            survey.changes.removeAll { !known.contains($0.id) }
        }
    }
}

extension PeriodSurvey.StreamCount {
    mutating func add(_ other: Self) {
        expectedItems += other.expectedItems
        shownItems += other.shownItems
        withheldItems += other.withheldItems
        erasedItems += other.erasedItems
    }
}

extension PeriodSurvey.PointCount {
    mutating func add(_ other: Self) {
        expectedIntervals += other.expectedIntervals
        receivedIntervals += other.receivedIntervals
        readings += other.readings
        late += other.late
        withoutValue += other.withoutValue
        for quality in qualities.indices { qualities[quality] += other.qualities[quality] }
    }
}
