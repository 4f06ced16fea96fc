/// A time zone's rules as a TZif file gives them (RFC 8536, versions 1 to 4): pure, the bytes are passed in.
///
/// Instants are UTC milliseconds since 1970. Leap seconds in the file are skipped: our instants do not count them.
package struct ZoneRules: Hashable, Sendable {
    /// IANA name, such as `Europe/Oslo`.
    package let name: String
    /// Rising UTC seconds; from `starts[i]` on `offsets[i]` holds.
    private let starts: [Int64]
    private let offsets: [Int]
    /// Before the first transition, seconds east of UTC.
    private let firstOffset: Int
    /// What holds after the last transition, when the file says so.
    private let tail: ZoneTail?

    package static let sizeBytesMax = 1 << 18

    package enum ZoneError: Error, Equatable {
        /// The name is not `Area/Place` of letters, digits, `_`, `+`, `-`; such a name never becomes a path.
        case illegalName
        case malformed
    }

    package static let utc = ZoneRules(fixed: "UTC")

    private init(fixed name: String) {
        self.name = name
        starts = []
        offsets = []
        firstOffset = 0
        tail = nil
    }

    package init(name: String, tzif bytes: [UInt8]) throws(ZoneError) {
        guard Self.isLegalName(name) else { throw .illegalName }
        guard bytes.count <= Self.sizeBytesMax else { throw .malformed }
        var reader = TZifReader(bytes)
        let first = try reader.header()
        var counts = first
        var width = 4
        if first.version >= 2 {
            try reader.skip(first.bodyBytes(width: 4))
            counts = try reader.header()
            width = 8
        }
        let body = try reader.body(counts, width: width)
        self.name = name
        starts = body.starts
        offsets = body.offsets
        firstOffset = body.firstOffset
        guard first.version >= 2 else {
            tail = nil
            return
        }
        let footer = try reader.footer()
        if footer.isEmpty {
            tail = nil
        } else {
            guard let rule = ZoneTail(posix: footer) else { throw .malformed }
            tail = rule
        }
    }

    /// Whether the name can be joined to a zoneinfo directory: no dot, no empty part, at most 64 bytes, at most three parts.
    package static func isLegalName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard name.utf8.count <= 64, parts.count <= 3 else { return false }
        return parts.allSatisfy { part in
            guard let first = part.first, isLetter(first) else { return false }
            return part.allSatisfy { isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) || [0x5F, 0x2B, 0x2D].contains($0) }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }

    /// Seconds east of UTC that hold at this instant.
    package func offsetSeconds(atMs ms: Int64) -> Int { offset(atSeconds: UTCTime.floorDivide(ms, 1000)) }

    /// `2026-03-29T01:45:00`: the wall clock at this instant, whole seconds, no zone.
    package func localText(_ ms: Int64) -> String {
        String(UTCTime.text(ms + Int64(offsetSeconds(atMs: ms)) * 1000).prefix(19))
    }

    /// `+01:00`, with seconds only where the offset has some.
    package func offsetText(_ ms: Int64) -> String { Self.offsetText(seconds: offsetSeconds(atMs: ms)) }

    /// The building's date at this instant.
    package func day(atMs ms: Int64) -> LocalDay {
        LocalDay(number: UTCTime.floorDivide(ms + Int64(offsetSeconds(atMs: ms)) * 1000, 86_400_000))
    }

    /// From the first instant of the local day to the first of the next: 23, 24 or 25 hours, elsewhere 23.5 or 24.5.
    package func range(of day: LocalDay) -> Range<Int64> {
        let start = firstInstant(ofDay: day.number)
        return start..<max(start, firstInstant(ofDay: day.number + 1))
    }

    package func range(of month: LocalMonth) -> Range<Int64> {
        let start = firstInstant(ofDay: month.firstDay.number)
        return start..<max(start, firstInstant(ofDay: month.next.firstDay.number))
    }

    /// Hours of the local day, exact: `23`, `24`, `25`, `24.5`.
    package func hours(of day: LocalDay) -> ExactDecimal {
        let range = range(of: day)
        return ExactDecimal(mantissa: Int128((range.upperBound - range.lowerBound) / 36_000), exponent: -2)
    }

    private static func offsetText(seconds: Int) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let size = abs(seconds)
        let text = (seconds < 0 ? "-" : "+") + two(size / 3600) + ":" + two(size / 60 % 60)
        return size % 60 == 0 ? text : text + ":" + two(size % 60)
    }

    /// The first instant at which the wall clock shows this date or a later one, UTC ms.
    private func firstInstant(ofDay number: Int64) -> Int64 {
        let midnight = number * 86_400
        var from = midnight - 2 * 86_400
        for _ in 0..<16 {
            let offset = offset(atSeconds: from)
            let end = nextTransition(afterSeconds: from)
            let candidate = max(from, midnight - Int64(offset))
            if end.map({ candidate < $0 }) ?? true { return candidate * 1000 }
            from = end ?? candidate
        }
        return (midnight - Int64(offset(atSeconds: midnight))) * 1000
    }

    private func offset(atSeconds seconds: Int64) -> Int {
        guard let last = starts.last, let lastOffset = offsets.last else {
            return tail?.offset(atSeconds: seconds) ?? firstOffset
        }
        if seconds >= last { return tail?.offset(atSeconds: seconds) ?? lastOffset }
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : offsets[low - 1]
    }

    private func nextTransition(afterSeconds seconds: Int64) -> Int64? {
        if let next = starts.first(where: { $0 > seconds }) { return next }
        return tail?.nextTransition(afterSeconds: seconds)
    }
}

/// A date on the building's calendar, counted from 1970-01-01.
package struct LocalDay: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int64
    package init(number: Int64) { self.number = number }

    /// Reads `2026-03-29`; years 1970 to 9999.
    package init?(text: String) {
        guard text.utf8.count == 10, let ms = try? UTCTime.parse(text + "T00:00:00Z"), ms >= 0 else { return nil }
        number = ms / 86_400_000
    }

    package static func < (a: LocalDay, b: LocalDay) -> Bool { a.number < b.number }
    package var description: String { String(UTCTime.text(number * 86_400_000).prefix(10)) }
}

/// A month on the building's calendar.
package struct LocalMonth: Hashable, Sendable, CustomStringConvertible {
    package let year: Int
    package let month: Int

    /// Reads `2026-03`; years 1970 to 9999.
    package init?(text: String) {
        guard text.utf8.count == 7, let first = LocalDay(text: text + "-01") else { return nil }
        let date = UTCTime.civil(fromDay: first.number)
        self.init(year: date.year, month: date.month)
    }

    private init(year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    package var firstDay: LocalDay { LocalDay(number: UTCTime.day(year: year, month: month, day: 1)) }
    package var next: LocalMonth { LocalMonth(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1) }
    package var description: String { String(firstDay.description.prefix(7)) }
}
