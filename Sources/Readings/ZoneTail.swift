/// The rule that holds after a zone file's last transition: POSIX TZ text such as `CET-1CEST,M3.5.0,M10.5.0/3`
/// (RFC 8536 section 3.3, with the extended hours −167…167 of version 3).
struct ZoneTail: Hashable, Sendable {
    /// Seconds east of UTC outside summer time.
    let standard: Int
    let summer: Summer?

    struct Summer: Hashable, Sendable {
        let offset: Int
        /// In standard time's wall clock.
        let begins: Change
        /// In summer time's wall clock.
        let ends: Change
    }

    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// Month 1…12, week 1…5 (5 = last), weekday 0 = Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
            /// 1…365, 29 February never counted.
            case julian(Int)
            /// 0…365, 29 February counted.
            case ordinal(Int)
        }
        let day: Day
        /// Seconds after local midnight, −167 h … 167 h.
        let seconds: Int

        func localSeconds(year: Int) -> Int64 {
            let first = UTCTime.day(year: year, month: 1, day: 1)
            let number: Int64
            switch day {
            case .julian(let n):
                let isLeap = UTCTime.daysInMonth(year: year, month: 2) == 29
                number = first + Int64(n - 1) + (isLeap && n >= 60 ? 1 : 0)
            case .ordinal(let n): number = first + Int64(n)
            case .weekday(let month, let week, let weekday):
                let monthStart = UTCTime.day(year: year, month: month, day: 1)
                let startWeekday = Int(((monthStart + 4) % 7 + 7) % 7)
                var day = (weekday - startWeekday + 7) % 7 + (week - 1) * 7
                if day >= UTCTime.daysInMonth(year: year, month: month) { day -= 7 }
                number = monthStart + Int64(day)
            }
            return number * 86_400 + Int64(seconds)
        }
    }

    init?(posix text: [UInt8]) {
        var scanner = Scanner(text)
        guard scanner.name(), let west = scanner.time(hoursMax: 24) else { return nil }
        standard = -west
        if scanner.isAtEnd {
            summer = nil
            return
        }
        guard scanner.name() else { return nil }
        var offset = standard + 3600
        if scanner.peek != UInt8(ascii: ",") {
            guard let west = scanner.time(hoursMax: 24) else { return nil }
            offset = -west
        }
        guard let begins = scanner.change(), let ends = scanner.change(), scanner.isAtEnd else { return nil }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    func offset(atSeconds seconds: Int64) -> Int {
        changes(around: seconds).last { $0.at <= seconds }?.offset ?? standard
    }

    func nextTransition(afterSeconds seconds: Int64) -> Int64? {
        changes(around: seconds).first { $0.at > seconds }?.at
    }

    /// The changes of the year before, this one and the year after, rising.
    private func changes(around seconds: Int64) -> [(at: Int64, offset: Int)] {
        guard let summer else { return [] }
        let bounded = min(max(seconds, -62_167_219_200), 253_402_300_799)
        let year = UTCTime.civil(fromDay: UTCTime.floorDivide(bounded, 86_400)).year
        var list: [(at: Int64, offset: Int)] = []
        for year in (year - 1)...(year + 1) {
            list.append((summer.begins.localSeconds(year: year) - Int64(standard), summer.offset))
            list.append((summer.ends.localSeconds(year: year) - Int64(summer.offset), standard))
        }
        return list.sorted { $0.at < $1.at }
    }
}

/// Reads the pieces of a POSIX TZ text.
private struct Scanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }
    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// `CET` or `<+0330>`.
    mutating func name() -> Bool {
        let start = index
        if peek == UInt8(ascii: "<") {
            while let byte = peek, byte != UInt8(ascii: ">") { index += 1 }
            guard peek != nil else { return false }
            index += 1
            return true
        }
        while let byte = peek, (byte | 0x20) >= 0x61, (byte | 0x20) <= 0x7A { index += 1 }
        return index - start >= 3
    }

    /// `[+-]h[:m[:s]]` in seconds.
    mutating func time(hoursMax: Int) -> Int? {
        var sign = 1
        if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") {
            sign = peek == UInt8(ascii: "-") ? -1 : 1
            index += 1
        }
        guard let hours = number(), hours <= hoursMax else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] {
            guard peek == UInt8(ascii: ":") else { break }
            index += 1
            guard let part = number(), part <= 59 else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    /// `,M3.5.0/2`, `,J60` or `,59`.
    mutating func change() -> ZoneTail.Change? {
        guard peek == UInt8(ascii: ",") else { return nil }
        index += 1
        let day: ZoneTail.Change.Day
        if peek == UInt8(ascii: "M") {
            index += 1
            guard let month = number(), dot(), let week = number(), dot(), let weekday = number(),
                (1...12).contains(month),
                (1...5).contains(week), weekday <= 6
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if peek == UInt8(ascii: "J") {
            index += 1
            guard let n = number(), (1...365).contains(n) else { return nil }
            day = .julian(n)
        } else {
            guard let n = number(), n <= 365 else { return nil }
            day = .ordinal(n)
        }
        var seconds = 7200
        if peek == UInt8(ascii: "/") {
            index += 1
            guard let time = time(hoursMax: 167) else { return nil }
            seconds = time
        }
        return ZoneTail.Change(day: day, seconds: seconds)
    }

    private mutating func dot() -> Bool {
        guard peek == UInt8(ascii: ".") else { return false }
        index += 1
        return true
    }

    private mutating func number() -> Int? {
        var value = 0
        let start = index
        while let byte = peek, byte >= 0x30, byte <= 0x39, index - start < 4 {
            value = value * 10 + Int(byte - 0x30)
            index += 1
        }
        return index > start ? value : nil
    }
}
