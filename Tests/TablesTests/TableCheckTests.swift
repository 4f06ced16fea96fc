import Readings
import Tables
import Testing

/// Goal: a row agrees when the evidence has that reading, and every other row is told why not. Method: tables of a few rows.
@Suite struct TableCheckTests {
    private static let atMs: Int64 = 1_772_445_600_000

    private func reading(
        _ value: String?, after ms: Int64 = 0, point: String = "m1.energy", unit: String? = "kWh", text: String? = nil,
        quality: Quality = .good
    ) -> EvidenceReading {
        EvidenceReading(
            point: point, atMs: Self.atMs + ms, value: value.flatMap { ExactDecimal(text: $0) }, text: text, unit: unit,
            quality: quality)
    }

    private func judge(
        _ row: String, header: String = "time,point,value,unit", rounded: Bool = false, _ readings: [EvidenceReading]
    ) throws -> TableCheck {
        var check = try TableCheck(csv: Array("\(header)\n\(row)\n".utf8), rounded: rounded)
        for reading in readings { check.take(reading) }
        return check
    }

    private static let time = UTCTime.text(atMs)

    @Test(arguments: [
        ("21.5", "21.50", false, true), ("21.5", "21.49", false, false), ("21.46", "21.5", false, false),
        ("21.46", "21.5", true, true), ("21.44", "21.5", true, false), ("21.45", "21.5", true, true),
        ("21.45", "21.4", true, true), ("-0.6", "-1", true, true), ("-0.6", "-0.60", true, true),
        ("1200", "1.2e3", false, true), ("1200", "", false, false), ("1200", "=1200", false, false),
        ("1200", "1,200", false, false), ("99999999999999999999", "1e20", true, false),
    ])
    func `numbers agree exactly, or as the nearest where that is asked`(
        evidence: String, cell: String, rounded: Bool, agrees: Bool
    ) throws {
        let check = try judge("\(Self.time),m1.energy,\"\(cell)\",kWh", rounded: rounded, [reading(evidence)])
        let expected = ExactDecimal(text: evidence)?.description
        #expect(check.claims.map(\.judgement) == [agrees ? .agrees : .differs(evidence: expected)])
    }

    @Test func `a time to the second is any instant in it, a finer one is itself`() throws {
        let second = String(Self.time.prefix(19)) + "Z"
        let rows =
            [(second, 0, true), (second, 999, true), (second, 1_000, false), (second, -1, false)]
            + [(Self.time, 0, true), (Self.time, 1, false), (String(Self.time.prefix(21)) + "Z", 99, true)]
        for (time, ms, isThere) in rows {
            let check = try judge("\(time),m1.energy,5,kWh", [reading("5", after: Int64(ms))])
            #expect(check.claims[0].judgement == (isThere ? .agrees : .notInEvidence), "\(time) \(ms)")
        }
    }

    @Test func `of several readings in a row's second the best counts`() throws {
        let row = "\(Self.time.prefix(19))Z,m1.energy,5,kWh"
        let check = try judge(row, [reading("4"), reading("5", after: 400), reading("6", after: 800)])
        #expect(check.claims[0].judgement == .agrees)
        #expect(check.missingCount == 0)
    }

    @Test func `another point, another unit and no value are told apart`() throws {
        let row = "\(Self.time),m1.energy,5,kWh"
        #expect(try judge(row, [reading("5", point: "m2.energy")]).claims[0].judgement == .notInEvidence)
        #expect(try judge(row, [reading("5", unit: "MWh")]).claims[0].judgement == .otherUnit(evidence: "MWh"))
        #expect(try judge(row, [reading(nil, quality: .offline)]).claims[0].judgement == .differs(evidence: nil))
        let empty = try judge("\(Self.time),m1.energy,,", [reading(nil, quality: .offline)])
        #expect(empty.claims[0].judgement == .agrees)
        #expect(empty.qualities == [.offline: 1])
        let text = try judge("\(Self.time),m1.energy,'=off,", [reading(nil, unit: nil, text: "=off")])
        #expect(text.claims[0].judgement == .agrees)
    }

    @Test func `readings between the first and the last row that no row speaks of are counted`() throws {
        let rows = ([0, 2, 4] as [Int64]).map { "\(UTCTime.text(Self.atMs + $0 * 60_000)),m1.energy,5,kWh" }.joined(
            separator: "\n")
        let readings =
            (-1...5).map { (minute: Int64) in reading("5", after: minute * 60_000) } + [
                reading("5", after: 60_000, point: "m2.energy")
            ]
        let check = try judge(rows, readings)
        #expect(check.claims.allSatisfy { $0.judgement == .agrees })
        #expect(check.missing.map(\.atMs) == [Self.atMs + 60_000, Self.atMs + 180_000])
        #expect(check.missingCount == 2)
    }

    @Test func `rows that cannot be read are told with their line, the others are judged`() throws {
        let rows = [
            "2026-03-02T10:00:00,m1.energy,5,kWh", "yesterday,m1.energy,5,kWh", "\(Self.time),m1.energy,5",
            "\(Self.time),m1.energy,5,kWh",
        ]
        let check = try judge(rows.joined(separator: "\n"), [reading("5")])
        #expect(check.unreadable.map(\.line) == [2, 3, 4])
        #expect(check.claims.map(\.line) == [5])
        #expect(check.claims[0].judgement == .agrees)
    }

    @Test func `German tables and tables of one point are read`() throws {
        let german = try judge(
            "\(Self.time);m1.energy;1234,5;kWh", header: "Zeit;Punkt;Wert;Einheit", [reading("1234.5")])
        #expect(german.claims[0].judgement == .agrees)
        var columns = TableCheck.Columns()
        columns.onlyPoint = "m1.energy"
        columns.value = ["Stand"]
        var one = try TableCheck(csv: Array("TIME,stand\n\(Self.time),7\n".utf8), columns: columns)
        one.take(reading("7"))
        #expect(one.claims[0].judgement == .agrees)
    }

    @Test func `a table without its columns is refused`() {
        #expect(throws: TableCheck.Problem.empty) { try TableCheck(csv: []) }
        #expect(throws: TableCheck.Problem.noColumn("value", oneOf: ["value", "wert"], found: ["time", "point"])) {
            try TableCheck(csv: Array("time,point\n".utf8))
        }
        #expect(throws: TableCheck.Problem.unreadable(.openQuote(line: 1))) {
            try TableCheck(csv: Array("\"time".utf8))
        }
    }
}
