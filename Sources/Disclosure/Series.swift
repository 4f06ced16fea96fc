package import Readings
import TwinModel

/// A point's readings in buckets of equal length, contiguous also where they are empty, with the gaps named.
package struct Series: Hashable, Sendable {
    package static let bucketsMax = 1_500

    package struct Bucket: Hashable, Sendable {
        package let startMs: Int64
        package let min: ExactDecimal?
        package let max: ExactDecimal?
        /// To three digits beyond the finest reading; everything else is exact.
        package let mean: ExactDecimal?
        /// Readings that carried a number.
        package let count: Int
        package let expected: Int
        /// The worst in it; in an empty bucket the one that lasted.
        package let quality: Quality
    }

    package let fromMs: Int64
    package let toMs: Int64
    package let seconds: Int
    package let buckets: [Bucket]
    package let gaps: [Gap]
}

/// A span without values, and why.
package struct Gap: Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        case quality(Quality)
        case notRunning
        case disk
        case clock
        case withheld
        case erased

        /// A quality's name, or `not-running disk clock withheld erased`.
        package var name: String {
            switch self {
            case .quality(let quality): quality.name
            case .notRunning: "not-running"
            case .disk: "disk"
            case .clock: "clock"
            case .withheld: "withheld"
            case .erased: "erased"
            }
        }
    }

    package let fromMs: Int64
    package let toMs: Int64
    package let cause: Cause

    package init(fromMs: Int64, toMs: Int64, cause: Cause) {
        self.fromMs = fromMs
        self.toMs = toMs
        self.cause = cause
    }

    func clipped(to range: Range<Int64>) -> Gap? {
        let from = Swift.max(fromMs, range.lowerBound)
        let to = Swift.min(toMs, range.upperBound)
        return from < to ? Gap(fromMs: from, toMs: to, cause: cause) : nil
    }
}

extension Quality {
    /// How little a value of this quality helps, 0 = fully good.
    package var severity: Int {
        switch self {
        case .good: 0
        case .overridden: 1
        case .estimated: 2
        case .outOfRange: 3
        case .suspect: 4
        case .stale: 5
        case .noValue: 6
        case .deviceFault: 7
        case .offline: 8
        }
    }

    /// Whether there is nothing to draw: a gap.
    package var isSilence: Bool { self == .stale || self == .offline || self == .noValue || self == .deviceFault }
}

/// Makes a series from readings that come in rising order of time, the last one before the range first when there is one.
package struct SeriesBuilder: Sendable {
    fileprivate struct Cell {
        var min: ExactDecimal?
        var max: ExactDecimal?
        var sum: ExactDecimal? = ExactDecimal(mantissa: 0, exponent: 0)
        var finest = 0
        var count = 0
        var worst: Quality?
        var last: Quality?
    }

    private let range: Range<Int64>
    private let seconds: Int
    /// `nil` where silence is normal.
    private let expectedMs: Int64?
    private let endOfKnownMs: Int64
    private var cells: [Cell]
    private var before: Quality?
    private var lastValueAtMs: Int64?
    private var silence: (fromMs: Int64, worst: Quality)?
    private var gaps: [Gap] = []

    /// `nowMs`: nothing is known from then on; buckets after it are empty without a gap.
    /// - Precondition: at least one and at most `Series.bucketsMax` buckets.
    package init(range: Range<Int64>, seconds: Int, expectedSeconds: UInt32?, nowMs: Int64) {
        let lengthMs = Int64(seconds) * 1000
        let count = Int((range.upperBound - range.lowerBound + lengthMs - 1) / lengthMs)
        precondition(seconds > 0 && (1...Series.bucketsMax).contains(count), "the caller bounds the number of buckets")
        self.range = range
        self.seconds = seconds
        expectedMs = expectedSeconds.map { Int64($0) * 1000 }
        endOfKnownMs = Swift.min(range.upperBound, nowMs)
        cells = [Cell](repeating: Cell(), count: count)
    }

    package mutating func take(_ reading: Reading, number: ExactDecimal?) {
        let at = reading.capturedAtMs
        notice(reading)
        guard at >= range.lowerBound else {
            before = reading.quality
            return
        }
        guard at < range.upperBound else { return }
        let index = Int((at - range.lowerBound) / (Int64(seconds) * 1000))
        cells[index].last = reading.quality
        if (cells[index].worst?.severity ?? -1) < reading.quality.severity { cells[index].worst = reading.quality }
        guard let number else { return }
        if cells[index].min.map({ number.isLess(than: $0) }) ?? true { cells[index].min = number }
        if cells[index].max.map({ $0.isLess(than: number) }) ?? true { cells[index].max = number }
        cells[index].sum = cells[index].sum.flatMap { $0.adding(number) }
        cells[index].finest = Swift.min(cells[index].finest, number.exponent)
        cells[index].count += 1
    }

    /// `known`: gaps that the log declares, such as the gateway not running; they win over what the qualities say.
    package func finished(known: [Gap]) -> Series {
        var all = gaps
        if let silence, silence.fromMs < endOfKnownMs {
            all.append(Gap(fromMs: silence.fromMs, toMs: endOfKnownMs, cause: .quality(silence.worst)))
        }
        let declared = known.compactMap { $0.clipped(to: range) }.sorted { $0.fromMs < $1.fromMs }
        let open = all.compactMap { $0.clipped(to: range) }.flatMap { subtract(declared, from: $0) }
        let merged = (open + declared).sorted { ($0.fromMs, $0.toMs) < ($1.fromMs, $1.toMs) }
        return Series(
            fromMs: range.lowerBound, toMs: range.upperBound, seconds: seconds, buckets: buckets(gaps: merged),
            gaps: merged)
    }

    private mutating func notice(_ reading: Reading) {
        let at = reading.capturedAtMs
        if reading.quality.isSilence {
            let due = lastValueAtMs.map { Swift.min(at, $0 + (expectedMs ?? 0)) } ?? at
            let worst =
                [silence?.worst ?? reading.quality, reading.quality].max { $0.severity < $1.severity }
                ?? reading.quality
            silence = (silence?.fromMs ?? due, worst)
        } else {
            if let silence, at > silence.fromMs {
                gaps.append(Gap(fromMs: silence.fromMs, toMs: at, cause: .quality(silence.worst)))
            }
            silence = nil
            lastValueAtMs = at
        }
    }

    private func subtract(_ declared: [Gap], from gap: Gap) -> [Gap] {
        var rest: [Gap] = []
        var from = gap.fromMs
        for hole in declared where hole.toMs > from && hole.fromMs < gap.toMs {
            if hole.fromMs > from { rest.append(Gap(fromMs: from, toMs: hole.fromMs, cause: gap.cause)) }
            from = hole.toMs
        }
        if from < gap.toMs { rest.append(Gap(fromMs: from, toMs: gap.toMs, cause: gap.cause)) }
        return rest
    }

    private func buckets(gaps: [Gap]) -> [Series.Bucket] {
        var lasting = before ?? .noValue
        let lengthMs = Int64(seconds) * 1000
        return cells.enumerated().map { index, cell in
            let start = range.lowerBound + Int64(index) * lengthMs
            let end = Swift.min(start + lengthMs, range.upperBound)
            let isUnheard = gaps.contains { gap in
                guard gap.fromMs <= start, gap.toMs >= Swift.min(end, endOfKnownMs) else { return false }
                if case .quality = gap.cause { return false }
                return true
            }
            let isAhead = start >= endOfKnownMs
            let quality = cell.worst ?? (isUnheard || isAhead ? .noValue : lasting)
            lasting = cell.last ?? lasting
            let expected = expectedMs.map { $0 > 0 ? Int((end - start) / $0) : 0 } ?? 0
            return Series.Bucket(
                startMs: start, min: cell.min, max: cell.max, mean: cell.mean, count: cell.count, expected: expected,
                quality: quality)
        }
    }
}

extension SeriesBuilder.Cell {
    /// Half away from zero, at three digits beyond the finest reading.
    fileprivate var mean: ExactDecimal? {
        guard count > 0, let sum else { return nil }
        let places = finest - 3
        var mantissa = sum.mantissa
        guard sum.exponent - places <= 36 else { return ExactDecimal(text: "\(sum.double / Double(count))") }
        for _ in 0..<Swift.max(0, sum.exponent - places) {
            let (next, over) = mantissa.multipliedReportingOverflow(by: 10)
            if over { return ExactDecimal(text: "\(sum.double / Double(count))") }
            mantissa = next
        }
        let divisor = Int128(count)
        let (quotient, rest) = mantissa.quotientAndRemainder(dividingBy: divisor)
        let step: Int128 = rest.magnitude * 2 >= divisor.magnitude ? (mantissa < 0 ? -1 : 1) : 0
        return ExactDecimal(mantissa: quotient + step, exponent: places)
    }
}
