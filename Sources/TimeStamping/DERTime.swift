import SwiftASN1

/// ASN.1 times as milliseconds since 1970-01-01T00:00:00Z. A leap second counts as the second after.
enum DERTime {
    /// A moment of the form that RFC 3161 section 2.4.2 demands: `YYYYMMDDhhmmss[.s…]Z`, years 0 to 9999.
    struct Moment: Hashable, Sendable {
        /// Rounded down.
        let ms: Int64
        /// True when `ms` left out a part of a millisecond.
        let isRounded: Bool
    }

    static func generalized(_ node: ASN1Node, _ part: String) throws(TimeStampError) -> Moment {
        let time: GeneralizedTime
        do { time = try GeneralizedTime(derEncoded: node) } catch { throw .malformed(part: part) }
        let digits = Array(time.rawFractionalSeconds)
        // DER has no zeros at the end of a fraction.
        guard digits.last != UInt8(ascii: "0") else { throw .malformed(part: part) }
        var fractionMs: Int64 = 0
        for place in 0..<3 {
            fractionMs = fractionMs * 10 + (place < digits.count ? Int64(digits[place]) - 0x30 : 0)
        }
        let ms = milliseconds(
            time.year, time.month, time.day, secondOfDay: (time.hours * 60 + time.minutes) * 60 + time.seconds)
        return Moment(ms: ms + fractionMs, isRounded: digits.count > 3)
    }

    /// A certificate's time (RFC 5280 section 4.1.2.5): both forms, without a fraction.
    static func validity(_ node: ASN1Node, _ part: String) throws(TimeStampError) -> Int64 {
        guard node.identifier == .utcTime else {
            let moment = try generalized(node, part)
            guard moment.ms % 1000 == 0, !moment.isRounded else { throw .malformed(part: part) }
            return moment.ms
        }
        let time: UTCTime
        do { time = try UTCTime(derEncoded: node) } catch { throw .malformed(part: part) }
        return milliseconds(
            time.year, time.month, time.day, secondOfDay: (time.hours * 60 + time.minutes) * 60 + time.seconds)
    }

    /// Proleptic Gregorian; the year begins in March, so that the leap day is its last.
    private static func milliseconds(_ year: Int, _ month: Int, _ day: Int, secondOfDay: Int) -> Int64 {
        let marchYear = Int64(month <= 2 ? year - 1 : year) + 400
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = (era - 1) * 146_097 + dayOfEra - 719_468
        return (days * 86_400 + Int64(secondOfDay)) * 1000
    }
}
