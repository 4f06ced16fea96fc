package import CanonicalCBOR
package import Readings

/// One reading inside an item: four elements, `point, dt_ms, quality, value`.
package struct PayloadRow: Hashable, Sendable {
    package let point: PointNumber
    /// Capture instant minus k·period, in milliseconds; below the period.
    package let dtMs: UInt64
    package let quality: Quality
    /// Absolute UTC milliseconds by the source, of a late or source-stamped value.
    package let sourceMs: Int64?
    /// As captured: a number, a byte string, text or null.
    package let value: CBOR

    package init(point: PointNumber, dtMs: UInt64, quality: Quality, sourceMs: Int64?, value: CBOR) {
        self.point = point
        self.dtMs = dtMs
        self.quality = quality
        self.sourceMs = sourceMs
        self.value = value
    }

    /// The row of a reading; `nil` when it was not captured inside the interval [k·period, (k + 1)·period).
    package init?(_ reading: Reading, k: UInt64, periodMs: UInt64) {
        let (start, isOver) = k.multipliedReportingOverflow(by: periodMs)
        guard !isOver, let start = Int64(exactly: start) else { return nil }
        let (difference, isFar) = reading.capturedAtMs.subtractingReportingOverflow(start)
        guard !isFar, let dtMs = UInt64(exactly: difference), dtMs < periodMs else { return nil }
        self.init(
            point: reading.point, dtMs: dtMs, quality: reading.quality, sourceMs: reading.sourceAtMs,
            value: CBOR(reading.value))
    }

    /// The reading again; `nil` when the value is not of the kind or the instant is beyond 2⁶³ ms. Without a kind the
    /// form decides.
    package func reading(k: UInt64, periodMs: UInt64, kind: ValueKind?) -> Reading? {
        let (start, isOver) = k.multipliedReportingOverflow(by: periodMs)
        let (instant, isCarried) = start.addingReportingOverflow(dtMs)
        guard !isOver, !isCarried, let capturedAtMs = Int64(exactly: instant), let value = RawValue(value, kind: kind)
        else { return nil }
        return Reading(point: point, capturedAtMs: capturedAtMs, sourceAtMs: sourceMs, quality: quality, value: value)
    }
}

/// Why a payload breaks the rules of formats.md section 2; `row` counts quadruples from 0.
package enum PayloadProblem: Error, Hashable, Sendable {
    /// Not deterministic CBOR, or not an array.
    case notAnArray
    /// The number of elements is not divisible by 4.
    case notFours(elementCount: Int)
    /// The point is not a number of 32 bits.
    case badPoint(row: Int)
    /// `dt_ms` is not a number, or not below the period.
    case badInstant(row: Int)
    /// The quality is not a number from 0 to 8.
    case badQuality(row: Int)
    /// Not a permitted form, or not that of the point's kind.
    case badValue(row: Int)
    /// Not after its predecessor by dt then point, or the same pair again.
    case notSorted(row: Int)
}

/// The payload of an interval item: `[point, dt_ms, quality, value, …]`, sorted by dt then point.
package enum Payload {
    /// The payload of rows in any order; no pair of dt and point may occur twice.
    package static func encode(_ rows: [PayloadRow]) -> [UInt8] {
        var elements: [CBOR] = []
        elements.reserveCapacity(4 * rows.count)
        for row in rows.sorted(by: { ($0.dtMs, $0.point) < ($1.dtMs, $1.point) }) {
            elements.append(.point(row.point))
            elements.append(.unsigned(row.dtMs))
            elements.append(.unsigned(UInt64(row.quality.rawValue)))
            elements.append(row.sourceMs.map { .array([.int($0), row.value]) } ?? row.value)
        }
        return CBOR.array(elements).encoded()
    }

    /// The same bytes straight from readings, which stand in order of instant, then point, no pair twice; `nil` when one was not
    /// captured inside the interval.
    package static func encode(inOrder readings: [Reading], k: UInt64, periodMs: UInt64) -> [UInt8]? {
        let (start, isOver) = k.multipliedReportingOverflow(by: periodMs)
        guard !isOver, let startMs = Int64(exactly: start) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 * readings.count + 9)
        CBOR.append(arrayOf: 4 * readings.count, to: &bytes)
        for reading in readings {
            let (difference, isFar) = reading.capturedAtMs.subtractingReportingOverflow(startMs)
            guard !isFar, let dtMs = UInt64(exactly: difference), dtMs < periodMs else { return nil }
            CBOR.append(unsigned: UInt64(reading.point.rawValue), to: &bytes)
            CBOR.append(unsigned: dtMs, to: &bytes)
            CBOR.append(unsigned: UInt64(reading.quality.rawValue), to: &bytes)
            if let source = reading.sourceAtMs {
                CBOR.append(arrayOf: 2, to: &bytes)
                CBOR.append(int: source, to: &bytes)
            }
            append(reading.value, to: &bytes)
        }
        return bytes
    }

    private static func append(_ value: RawValue, to bytes: inout [UInt8]) {
        switch value {
        case .none: CBOR.appendNull(to: &bytes)
        case .integer(let number): CBOR.append(int: number, to: &bytes)
        case .large(let number): CBOR.append(unsigned: number, to: &bytes)
        case .float32(let bits): CBOR.append(bigEndian: UInt64(bits), count: 4, to: &bytes)
        case .float64(let bits): CBOR.append(bigEndian: bits, count: 8, to: &bytes)
        case .number(let token), .text(let token): CBOR.append(text: token, to: &bytes)
        case .event(let payload): CBOR.append(bytes: payload, to: &bytes)
        }
    }

    /// Reads quadruples whose elements have the right types; order, range of dt and kinds are left to `problems`.
    package static func decode(_ bytes: [UInt8]) throws(PayloadProblem) -> [PayloadRow] {
        let elements: [CBOR]
        do {
            guard case .array(let read) = try CBOR.decode(bytes) else { throw PayloadProblem.notAnArray }
            elements = read
        } catch {
            throw .notAnArray
        }
        guard elements.count.isMultiple(of: 4) else { throw .notFours(elementCount: elements.count) }
        var rows: [PayloadRow] = []
        rows.reserveCapacity(elements.count / 4)
        for at in stride(from: 0, to: elements.count, by: 4) {
            rows.append(try row(elements[at..<(at + 4)], number: at / 4))
        }
        return rows
    }

    /// Every rule the payload breaks; empty when it breaks none. `kind` gives what the configuration says of a point,
    /// `nil` where it is not known.
    package static func problems(
        _ bytes: [UInt8], periodMs: UInt64, kind: (PointNumber) -> ValueKind? = { _ in nil }
    ) -> [PayloadProblem] {
        let rows: [PayloadRow]
        do { rows = try decode(bytes) } catch { return [error] }
        var problems: [PayloadProblem] = []
        for (number, row) in rows.enumerated() {
            if row.dtMs >= periodMs { problems.append(.badInstant(row: number)) }
            if RawValue(row.value, kind: kind(row.point)) == nil { problems.append(.badValue(row: number)) }
            if number > 0, (rows[number - 1].dtMs, rows[number - 1].point) >= (row.dtMs, row.point) {
                problems.append(.notSorted(row: number))
            }
        }
        return problems
    }

    private static func row(_ elements: ArraySlice<CBOR>, number: Int) throws(PayloadProblem) -> PayloadRow {
        let at = elements.startIndex
        guard let point = elements[at].asUnsigned.flatMap(UInt32.init(exactly:)) else { throw .badPoint(row: number) }
        guard let dtMs = elements[at + 1].asUnsigned else { throw .badInstant(row: number) }
        guard let quality = elements[at + 2].asUnsigned.flatMap(UInt8.init(exactly:)).flatMap(Quality.init(rawValue:))
        else { throw .badQuality(row: number) }
        var sourceMs: Int64?
        var value = elements[at + 3]
        if case .array(let pair) = value {
            guard pair.count == 2, let stated = pair[0].asInt else { throw .badValue(row: number) }
            sourceMs = stated
            value = pair[1]
        }
        if value.asArray != nil { throw .badValue(row: number) }
        return PayloadRow(point: PointNumber(point), dtMs: dtMs, quality: quality, sourceMs: sourceMs, value: value)
    }
}
