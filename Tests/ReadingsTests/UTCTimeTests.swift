import Readings
import Testing

struct UTCTimeTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (1_772_370_130_120, "2026-03-01T13:02:10.120Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    ])
    func `an instant and its text agree both ways`(ms: Int64, text: String) throws {
        #expect(UTCTime.text(ms) == text)
        #expect(try UTCTime.parse(text) == ms)
    }

    @Test func `an offset is taken into account`() throws {
        #expect(try UTCTime.parse("2026-03-01T14:02:10.12+01:00") == 1_772_370_130_120)
    }

    @Test func `a time without zone is told apart from nonsense`() {
        #expect(throws: UTCTime.ParseError.withoutZone) { try UTCTime.parse("2026-03-01T14:02:10") }
        for text in [
            "", "now", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T00:00:00Zx",
        ] {
            #expect(throws: UTCTime.ParseError.malformed) { try UTCTime.parse(text) }
        }
    }

    @Test func `every day of four centuries comes back as itself`() {
        for day in Int64(-150_000)...150_000 {
            let date = UTCTime.civil(fromDay: day)
            #expect(UTCTime.day(year: date.year, month: date.month, day: date.day) == day)
        }
    }
}
