package import Readings

/// When a value of a point is worth being kept: the dead band, and the least and the greatest time between two.
///
/// Time is the host's; a rule never changes a value. What it means in the log: between two kept values the signal held the
/// first one to within the band, except for spans shorter than `minMs`.
package struct ReportRule: Hashable, Sendable {
    /// How far a value must move to count; equal to it is not enough.
    package enum Band: Hashable, Sendable {
        /// In the point's unit, 0 or more.
        case absolute(ExactDecimal)
        /// Of the last kept value's magnitude, in percent, above 0; from 0 every change counts.
        case percent(ExactDecimal)

        /// `0.5` or `2%`, as in the building file.
        package var text: String {
            switch self {
            case .absolute(let width): width.description
            case .percent(let share): share.description + "%"
            }
        }

        /// Reads `text` back; `nil` for anything else, negative bands and 0 %.
        package init?(text: String) {
            let isPercent = text.hasSuffix("%")
            guard let number = ExactDecimal(text: isPercent ? String(text.dropLast()) : text), number.mantissa >= 0
            else {
                return nil
            }
            if isPercent && number.mantissa == 0 { return nil }
            self = isPercent ? .percent(number) : .absolute(number)
        }
    }

    /// Spans a rule may have, in ms.
    package static let minMsRange: ClosedRange<Int64> = 0...3_600_000
    package static let maxMsRange: ClosedRange<Int64> = 1_000...86_400_000

    /// `nil`: every change counts.
    package let band: Band?
    /// A changed value waits until this much time has gone by since the last report; a changed quality does not.
    package let minMs: Int64
    /// An unchanged value is reported again after this much time, as a sign of life.
    package let maxMs: Int64

    package init(band: Band?, minMs: Int64, maxMs: Int64) {
        self.band = band
        self.minMs = minMs
        self.maxMs = maxMs
    }

    /// Whether `new` is further from `kept` than the band, both in the point's unit. Numbers beyond 128 bits are compared by
    /// nearest double.
    package func counts(_ new: ExactDecimal, after kept: ExactDecimal) -> Bool {
        if new == kept { return false }
        guard let band else { return true }
        let distance = Self.distance(new, kept)
        switch band {
        case .absolute(let width): return Self.isMore(distance, than: width, or: new, kept, width.double)
        case .percent(let share):
            let magnitude = kept.mantissa < 0 ? kept.multiplied(by: Self.minusOne) : kept
            let width = magnitude?.multiplied(by: share)?.multiplied(by: ExactDecimal(mantissa: 1, exponent: -2))
            return Self.isMore(distance, than: width, or: new, kept, abs(kept.double) * share.double / 100)
        }
    }

    private static let minusOne = ExactDecimal(mantissa: -1, exponent: 0)

    private static func distance(_ a: ExactDecimal, _ b: ExactDecimal) -> ExactDecimal? {
        guard let difference = b.multiplied(by: minusOne).flatMap({ a.adding($0) }) else { return nil }
        return difference.mantissa < 0 ? difference.multiplied(by: minusOne) : difference
    }

    private static func isMore(
        _ distance: ExactDecimal?, than width: ExactDecimal?, or new: ExactDecimal, _ kept: ExactDecimal,
        _ widthNearly: Double
    ) -> Bool {
        if let distance, let width { return width.isLess(than: distance) }
        return abs(new.double - kept.double) > widthNearly
    }
}
