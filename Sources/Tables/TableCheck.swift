package import Readings

/// Somebody's table held against the readings of an evidence file, row by row.
///
/// Show it every reading of the file with `take`; afterwards `claims` say what became of each row. The readings say nothing of how
/// they were measured, so neither does this.
package struct TableCheck: Sendable {
    package enum Problem: Error, Hashable {
        case unreadable(CSVReader.Problem)
        case empty
        /// None of these columns is there.
        case noColumn(String, oneOf: [String], found: [String])
        case tooManyRows
    }

    /// Which column holds what; names are compared without regard to case.
    package struct Columns: Sendable {
        package var time = ["at_utc", "time", "timestamp", "zeit"]
        package var point = ["point", "id", "punkt"]
        package var value = ["value", "wert"]
        package var unit = ["unit", "einheit"]
        /// The point of a table that names none.
        package var onlyPoint: String?

        package init() {}
    }

    /// A row whose time, point or cells cannot be read.
    package struct Unreadable: Hashable, Sendable {
        package let line: Int
        package let why: String
    }

    /// Rows of one table.
    package static let rowsMax = 5_000_000
    /// Readings that a table leaves out and that are named one by one.
    package static let missingNamedMax = 100

    /// In the order of the table.
    package private(set) var claims: [TableClaim] = []
    package private(set) var unreadable: [Unreadable] = []
    /// Readings of the table's points, between a point's first and last row, that no row speaks of.
    package private(set) var missingCount = 0
    package private(set) var missing: [EvidenceReading] = []
    /// Readings behind the rows that agree, by quality.
    package private(set) var qualities: [Quality: Int] = [:]
    private let dialect: CSVWriter.Dialect
    private let rounded: Bool
    /// Places in `claims` by point, by rising time.
    private var order: [String: [Int]] = [:]

    /// - Parameter rounded: a number with fewer decimals than the evidence agrees when it is the nearest.
    package init(csv bytes: [UInt8], columns: Columns = Columns(), rounded: Bool = false) throws(Problem) {
        self.rounded = rounded
        var reader = CSVReader(bytes)
        dialect = reader.dialect
        guard let (_, header) = try Self.row(&reader) else { throw .empty }
        let places = try Places(header, columns)
        while let (line, cells) = try Self.row(&reader) {
            guard claims.count + unreadable.count < Self.rowsMax else { throw .tooManyRows }
            read(cells, line, places, header.count)
        }
        for place in claims.indices { order[claims[place].point, default: []].append(place) }
        for point in order.keys {
            order[point]?.sort { claims[$0].instants.lowerBound < claims[$1].instants.lowerBound }
        }
    }

    private static func row(_ reader: inout CSVReader) throws(Problem) -> (line: Int, cells: [String])? {
        do { return try reader.row() } catch { throw .unreadable(error) }
    }

    /// Takes one reading of the evidence.
    package mutating func take(_ reading: EvidenceReading) {
        guard let places = order[reading.point], let first = places.first, let last = places.last else { return }
        var isTold = false
        // No row means more than a second.
        var at = firstPlace(in: places, after: reading.atMs - 1_000)
        while at < places.count, claims[places[at]].instants.lowerBound <= reading.atMs {
            let place = places[at]
            at += 1
            guard claims[place].instants.contains(reading.atMs) else { continue }
            isTold = true
            let before = claims[place].judgement
            claims[place].compare(reading, rounded: rounded, dialect: dialect)
            if claims[place].judgement == .agrees, before != .agrees { qualities[reading.quality, default: 0] += 1 }
        }
        let span = claims[first].instants.lowerBound..<claims[last].instants.upperBound
        if isTold || !span.contains(reading.atMs) { return }
        missingCount += 1
        if missing.count < Self.missingNamedMax { missing.append(reading) }
    }

    private func firstPlace(in places: [Int], after ms: Int64) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if claims[places[middle]].instants.lowerBound <= ms { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private struct Places {
        let time: Int
        let point: Int?
        let value: Int
        let unit: Int?
        let onlyPoint: String?

        init(_ header: [String], _ columns: Columns) throws(Problem) {
            let names = header.map { $0.lowercased().trimmed }
            func find(_ wanted: [String]) -> Int? {
                wanted.lazy.compactMap { names.firstIndex(of: $0.lowercased()) }.first
            }
            func need(_ what: String, _ wanted: [String]) throws(Problem) -> Int {
                guard let place = find(wanted) else { throw .noColumn(what, oneOf: wanted, found: header) }
                return place
            }
            time = try need("time", columns.time)
            value = try need("value", columns.value)
            unit = find(columns.unit)
            onlyPoint = columns.onlyPoint
            point = onlyPoint == nil ? try need("point", columns.point) : nil
        }
    }

    private mutating func read(_ cells: [String], _ line: Int, _ places: Places, _ count: Int) {
        guard cells.count == count else {
            unreadable.append(Unreadable(line: line, why: "it has \(cells.count) cells, the first line has \(count)"))
            return
        }
        let time = cells[places.time].trimmed
        let instants: Range<Int64>
        do {
            instants = try Self.instants(time)
        } catch {
            let why = error == .withoutZone ? "its time has no zone; add Z or an offset" : "its time is not RFC 3339"
            unreadable.append(Unreadable(line: line, why: why))
            return
        }
        let unit = places.unit.map { cells[$0].trimmed }
        claims.append(
            TableClaim(
                line: line, point: places.onlyPoint ?? places.point.map { cells[$0].trimmed } ?? "",
                instants: instants, text: cells[places.value].trimmed, unit: unit == "" ? nil : unit))
    }

    /// As wide as the time's last digit: a second, a tenth of it, …, a millisecond.
    private static func instants(_ text: String) throws(UTCTime.ParseError) -> Range<Int64> {
        let from = try UTCTime.parse(text)
        let decimals = text.split(separator: ".", maxSplits: 1).dropFirst().first?.prefix { $0.isNumber }.count ?? 0
        return from..<from + [1_000, 100, 10, 1][min(decimals, 3)]
    }
}

extension String {
    /// Without spaces at both ends.
    fileprivate var trimmed: String {
        guard let first = firstIndex(where: { $0 != " " }), let last = lastIndex(where: { $0 != " " }) else {
            return ""
        }
        return String(self[first...last])
    }
}
