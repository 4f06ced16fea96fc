/// Civil dates and RFC 3339 text for instants in milliseconds since 1970-01-01T00:00:00Z. Pure arithmetic, no clock, no locale.
package enum UTCTime {
    /// `2026-03-01T13:02:05.120Z`: always UTC, always three decimals (years 0000 to 9999; outside them it is clamped).
    package static func text(_ ms: Int64) -> String {
        let clamped = min(max(ms, msMin), msMax)
        let day = floorDivide(clamped, 86_400_000)
        let inDay = clamped - day * 86_400_000
        let date = civil(fromDay: day)
        let seconds = inDay / 1000
        return pad(Int64(date.year), 4) + "-" + pad(Int64(date.month), 2) + "-" + pad(Int64(date.day), 2) + "T"
            + pad(seconds / 3600, 2) + ":" + pad(seconds / 60 % 60, 2) + ":" + pad(seconds % 60, 2) + "."
            + pad(inDay % 1000, 3) + "Z"
    }

    package enum ParseError: Error, Equatable {
        case malformed
        /// A date and a time, but neither `Z` nor an offset.
        case withoutZone
    }

    /// Reads RFC 3339 with any offset and 0 to 9 decimals (digits beyond milliseconds are cut); a leap second counts as the second after.
    package static func parse(_ text: String) throws(ParseError) -> Int64 {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) throws(ParseError) -> Int64 {
            var value: Int64 = 0
            for index in range {
                guard index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 else { throw .malformed }
                value = value * 10 + Int64(bytes[index] - 0x30)
            }
            return value
        }
        func expect(_ index: Int, _ allowed: String) throws(ParseError) {
            guard index < bytes.count, allowed.utf8.contains(bytes[index]) else { throw .malformed }
        }
        let year = try number(0..<4)
        try expect(4, "-")
        let month = try number(5..<7)
        try expect(7, "-")
        let day = try number(8..<10)
        try expect(10, "Tt ")
        let hour = try number(11..<13)
        try expect(13, ":")
        let minute = try number(14..<16)
        try expect(16, ":")
        let second = try number(17..<19)
        guard month >= 1, month <= 12, day >= 1, day <= daysInMonth(year: Int(year), month: Int(month)), hour <= 23,
            minute <= 59, second <= 60
        else { throw .malformed }
        var index = 19
        var millis: Int64 = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39, index - start < 9 {
                if index - start < 3 { millis = millis * 10 + Int64(bytes[index] - 0x30) }
                index += 1
            }
            guard index > start else { throw .malformed }
            for _ in min(index - start, 3)..<3 { millis *= 10 }
        }
        guard index < bytes.count else { throw .withoutZone }
        var offsetMinutes: Int64 = 0
        if bytes[index] == UInt8(ascii: "Z") || bytes[index] == UInt8(ascii: "z") {
            index += 1
        } else {
            try expect(index, "+-")
            let offsetHour = try number(index + 1..<index + 3)
            try expect(index + 3, ":")
            let offsetMinute = try number(index + 4..<index + 6)
            guard offsetHour <= 23, offsetMinute <= 59 else { throw .malformed }
            offsetMinutes = (offsetHour * 60 + offsetMinute) * (bytes[index] == UInt8(ascii: "-") ? -1 : 1)
            index += 6
        }
        guard index == bytes.count else { throw .malformed }
        let days = self.day(year: Int(year), month: Int(month), day: Int(day))
        return days * 86_400_000 + (hour * 3600 + minute * 60 + second - offsetMinutes * 60) * 1000 + millis
    }

    /// Days since 1970-01-01 of a proleptic Gregorian date.
    package static func day(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day counted from 1970-01-01.
    package static func civil(fromDay day: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civilMonth = Int(month < 10 ? month + 3 : month - 9)
        return (
            Int(yearOfEra + era * 400) + (civilMonth <= 2 ? 1 : 0), civilMonth,
            Int(dayOfYear - (153 * month + 2) / 5 + 1)
        )
    }

    package static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Division that rounds towards minus infinity, for instants before 1970.
    package static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = a / b
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
    }

    private static let msMin: Int64 = -62_167_219_200_000
    private static let msMax: Int64 = 253_402_300_799_999

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
    }
}
