import Foundation
import Readings
import Testing

/// Goal: days, offsets and hours of the building's zone are right on both sides of every change.
/// Method: the system's own TZif files, compared with Foundation's reading of the same zones, and written-out cases.
struct ZoneRulesTests {
    private func rules(_ name: String) throws -> ZoneRules {
        try ZoneRules(
            name: name, tzif: Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/" + name))))
    }

    @Test(arguments: [
        "Europe/Oslo", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
        "America/Sao_Paulo", "Africa/Casablanca", "Etc/UTC",
    ])
    func `every quarter day of ninety years has Foundation's offset`(name: String) throws {
        let rules = try rules(name)
        let zone = try #require(TimeZone(identifier: name == "Etc/UTC" ? "UTC" : name))
        for quarter in stride(from: Int64(0), to: 90 * 365 * 4, by: 1) {
            let seconds = quarter * 21_600 + 1
            let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            #expect(rules.offsetSeconds(atMs: seconds * 1000) == expected, "\(name) at \(UTCTime.text(seconds * 1000))")
        }
    }

    @Test(arguments: [
        ("Europe/Oslo", "2026-03-29", "2026-03-28T23:00:00.000Z", "23"),
        ("Europe/Oslo", "2026-10-25", "2026-10-24T22:00:00.000Z", "25"),
        ("Europe/Oslo", "2026-03-01", "2026-02-28T23:00:00.000Z", "24"),
        ("Europe/Oslo", "2061-03-27", "2061-03-26T23:00:00.000Z", "23"),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z", "24.5"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00.000Z", "23.5"),
        // Midnight did not exist on this day: it began at 01:00.
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00.000Z", "23"),
        ("UTC", "2026-03-29", "2026-03-29T00:00:00.000Z", "24"),
    ])
    func `a local day begins and lasts as the clocks on the wall say`(
        zone: String, day: String, start: String, hours: String
    ) throws {
        let rules = try rules(zone)
        let day = try #require(LocalDay(text: day))
        #expect(UTCTime.text(rules.range(of: day).lowerBound) == start)
        #expect(rules.hours(of: day).description == hours)
        #expect(rules.day(atMs: rules.range(of: day).lowerBound) == day)
        #expect(rules.day(atMs: rules.range(of: day).upperBound - 1) == day)
    }

    @Test func `the days of fifty years follow each other without hole or overlap`() throws {
        for name in ["Europe/Oslo", "Australia/Lord_Howe", "America/Sao_Paulo"] {
            let rules = try rules(name)
            var end: Int64?
            for number in Int64(10_000)..<28_000 {
                let range = rules.range(of: LocalDay(number: number))
                #expect(end == nil || range.lowerBound == end)
                #expect([23, 23.5, 24, 24.5, 25].contains(Double(range.upperBound - range.lowerBound) / 3_600_000))
                end = range.upperBound
            }
        }
    }

    @Test func `a month is from its first to the next month's first local midnight`() throws {
        let oslo = try rules("Europe/Oslo")
        let march = oslo.range(of: try #require(LocalMonth(text: "2026-03")))
        #expect(UTCTime.text(march.lowerBound) == "2026-02-28T23:00:00.000Z")
        #expect(UTCTime.text(march.upperBound) == "2026-03-31T22:00:00.000Z")
        #expect(LocalMonth(text: "2026-12")?.next.description == "2027-01")
        for text in ["2026-13", "2026-1", "2026", "26-01", "2026-00", "1969-12"] {
            #expect(LocalMonth(text: text) == nil)
        }
        for text in ["2026-02-29", "2026-3-01", "2026-03-1x", ""] { #expect(LocalDay(text: text) == nil) }
    }

    @Test func `the wall clock's text and its offset stand beside an instant`() throws {
        let oslo = try rules("Europe/Oslo")
        let before = try UTCTime.parse("2026-03-29T00:45:00Z")
        #expect(oslo.localText(before) == "2026-03-29T01:45:00")
        #expect(oslo.offsetText(before) == "+01:00")
        #expect(oslo.localText(before + 900_000) == "2026-03-29T03:00:00")
        #expect(oslo.offsetText(before + 900_000) == "+02:00")
        #expect(try rules("America/St_Johns").offsetText(before) == "-02:30")
    }

    @Test(arguments: [
        "../../etc/passwd", "/etc/passwd", "Europe//Oslo", "Europe/../Oslo", "", "Europe/Oslo\u{0}", ".", "a/b/c/d",
        "9",
    ])
    func `a name that could leave the directory is refused`(name: String) {
        #expect(!ZoneRules.isLegalName(name))
        #expect(throws: ZoneRules.ZoneError.illegalName) { try ZoneRules(name: name, tzif: []) }
    }

    @Test func `truncated and noisy files are refused, never trapped on`() throws {
        let file = Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Oslo")))
        for length in 0..<file.count {
            #expect(throws: ZoneRules.ZoneError.malformed) {
                try ZoneRules(name: "Europe/Oslo", tzif: Array(file[..<length]))
            }
        }
        var seed: UInt64 = 7
        for _ in 0..<3_000 {
            var noisy = file
            for _ in 0..<8 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                noisy[Int(seed >> 33) % noisy.count] = UInt8(truncatingIfNeeded: seed >> 24)
            }
            guard let rules = try? ZoneRules(name: "Europe/Oslo", tzif: noisy) else { continue }
            _ = rules.range(of: LocalDay(number: 20_000))
            _ = rules.offsetSeconds(atMs: .max)
            _ = rules.offsetSeconds(atMs: .min)
        }
    }
}
