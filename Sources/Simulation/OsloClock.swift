import Readings

/// Wall-clock time in Norway: Central European Time with the summer time of Directive 2000/84/EC.
struct OsloClock: Hashable, Sendable {
    /// Days since 1970-01-01 on the local calendar.
    let day: Int64
    /// 0 … 86 400 000.
    let msOfDay: Int64

    init(atMs ms: Int64) {
        let local = ms + (Self.isSummer(ms) ? 7_200_000 : 3_600_000)
        day = UTCTime.floorDivide(local, 86_400_000)
        msOfDay = local - day * 86_400_000
    }

    var hour: Double { Double(msOfDay) / 3_600_000 }
    /// 0 is Monday.
    var weekday: Int64 { ((day + 3) % 7 + 7) % 7 }
    var isWorkday: Bool { weekday < 5 }

    /// From 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of October.
    private static func isSummer(_ ms: Int64) -> Bool {
        let year = UTCTime.civil(fromDay: UTCTime.floorDivide(ms, 86_400_000)).year
        return ms >= lastSunday(year, 3) * 86_400_000 + 3_600_000 && ms < lastSunday(year, 10) * 86_400_000 + 3_600_000
    }

    private static func lastSunday(_ year: Int, _ month: Int) -> Int64 {
        let last = UTCTime.day(year: year, month: month, day: 31)
        return last - ((last + 4) % 7 + 7) % 7
    }
}
