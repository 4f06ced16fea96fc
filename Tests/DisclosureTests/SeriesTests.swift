import Disclosure
import Readings
import Testing

/// Goal: buckets are contiguous, values exact, and every silence is a gap with its cause.
struct SeriesTests {
    private let point = PointNumber(1)

    private func reading(_ second: Int64, _ quality: Quality, _ value: Int64?) -> Reading {
        Reading(point: point, capturedAtMs: second * 1000, quality: quality, value: value.map { .integer($0) } ?? .none)
    }

    private func series(
        _ readings: [Reading], range: Range<Int64>, seconds: Int, expected: UInt32?, now: Int64, known: [Gap] = []
    ) -> Series {
        var builder = SeriesBuilder(
            range: range.lowerBound * 1000..<range.upperBound * 1000, seconds: seconds, expectedSeconds: expected,
            nowMs: now * 1000)
        for reading in readings {
            builder.take(reading, number: Scale(mantissa: 1, exponent: -1).engineering(reading.value))
        }
        return builder.finished(known: known)
    }

    @Test func `lowest, highest and mean are exact`() {
        let made = series(
            [reading(0, .good, 209), reading(10, .good, 216), reading(20, .overridden, 213)], range: 0..<60,
            seconds: 60, expected: 10, now: 60)
        #expect(made.buckets.map(\.min?.description) == ["20.9"])
        #expect(made.buckets.map(\.max?.description) == ["21.6"])
        #expect(made.buckets.map(\.mean?.description) == ["21.2667"])
        #expect(made.buckets.map(\.quality) == [.overridden])
        #expect(made.buckets.map(\.count) == [3])
        #expect(made.buckets.map(\.expected) == [6])
    }

    @Test func `a silence is one gap from when the value was due until the next value`() {
        let made = series(
            [reading(0, .good, 1), reading(31, .stale, nil), reading(101, .offline, nil), reading(130, .good, 2)],
            range: 0..<180, seconds: 60,
            expected: 10, now: 180)
        #expect(made.gaps == [Gap(fromMs: 10_000, toMs: 130_000, cause: .quality(.offline))])
        #expect(made.buckets.map(\.quality) == [.stale, .offline, .good])
        #expect(made.buckets.map(\.count) == [1, 0, 1])
    }

    @Test func `what lasted into the range names the first buckets, and an open gap ends now`() {
        let made = series(
            [reading(-50, .good, 1), reading(-20, .offline, nil)], range: 0..<300, seconds: 60, expected: 10, now: 120)
        #expect(made.gaps == [Gap(fromMs: 0, toMs: 120_000, cause: .quality(.offline))])
        #expect(made.buckets.map(\.quality) == [.offline, .offline, .noValue, .noValue, .noValue])
    }

    @Test func `a gap that the log declares wins over what the qualities say`() {
        let known = [Gap(fromMs: 60_000, toMs: 120_000, cause: .notRunning)]
        let made = series(
            [reading(0, .good, 1), reading(30, .offline, nil), reading(150, .good, 2)], range: 0..<180, seconds: 60,
            expected: 10, now: 180, known: known)
        #expect(
            made.gaps == [
                Gap(fromMs: 10_000, toMs: 60_000, cause: .quality(.offline)), known[0],
                Gap(fromMs: 120_000, toMs: 150_000, cause: .quality(.offline)),
            ])
        #expect(made.buckets.map(\.quality) == [.offline, .noValue, .good])
    }

    @Test func `where silence is normal an empty bucket is no gap`() {
        let made = series([reading(0, .good, 1)], range: 0..<120, seconds: 60, expected: nil, now: 120)
        #expect(made.gaps.isEmpty)
        #expect(made.buckets.map(\.quality) == [.good, .good])
        #expect(made.buckets.map(\.expected) == [0, 0])
    }

    @Test func `a bucket's quality is its worst`() {
        let order: [Quality] = [
            .good, .overridden, .estimated, .outOfRange, .suspect, .stale, .noValue, .deviceFault, .offline,
        ]
        #expect(order.sorted { $0.severity < $1.severity } == order)
        #expect(order.count == Quality.allCases.count)
    }
}
