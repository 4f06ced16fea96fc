import Tables
import Testing

/// Goal: what people's programs write is read as they meant it. Method: rows by hand, our own writer's, and damage.
@Suite struct CSVReaderTests {
    private func rows(_ text: String) throws -> [[String]] {
        var reader = CSVReader(Array(text.utf8))
        var rows: [[String]] = []
        while let row = try reader.row() { rows.append(row.cells) }
        return rows
    }

    @Test(arguments: [
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("\u{feff}a;b\n1,5;\"x;y\"\n", [["a", "b"], ["1,5", "x;y"]]),
        ("a,\"b\"\"c\",\n\n\"line\nbreak\",,\r\n", [["a", "b\"c", ""], ["line\nbreak", "", ""]]),
        ("\"a;b\",c\n1,2", [["a;b", "c"], ["1", "2"]]), ("a", [["a"]]), ("", []), ("\r\n\n", []),
    ])
    func `rows are read`(text: String, expected: [[String]]) throws { #expect(try rows(text) == expected) }

    @Test(arguments: [
        ("a,b\n\"1,2\n", CSVReader.Problem.openQuote(line: 2)), ("a\n\"1\"2\n", .strayQuote(line: 2)),
        ("a\n1\"2\n", .strayQuote(line: 2)), (String(repeating: ",", count: 1_024), .tooLong(line: 1)),
        ("a\n" + String(repeating: "x", count: 65_537), .tooLong(line: 2)),
    ])
    func `what is no CSV is told with its line`(text: String, problem: CSVReader.Problem) {
        #expect(throws: problem) { try rows(text) }
    }

    @Test func `what is no text is told`() {
        var reader = CSVReader([0x61, 0x0A, 0xFF, 0x0A])
        #expect(throws: CSVReader.Problem.notText(line: 2)) { while try reader.row() != nil {} }
    }

    @Test(arguments: CSVWriter.Dialect.allCases) func `what our writer writes is read back`(dialect: CSVWriter.Dialect)
        throws
    {
        let cells = ["plain", "with, comma", "with; semicolon", "with \"quotes\"", "two\r\nlines", "ü", ""]
        var writer = CSVWriter(dialect, columns: ["c1", "c2", "c3", "c4", "c5", "c6", "c7"])
        for cell in cells { writer.text(cell) }
        writer.endRow()
        var reader = CSVReader(writer.bytes)
        #expect(reader.dialect == dialect)
        _ = try reader.row()
        #expect(try reader.row()?.cells == cells)
        #expect(try reader.row() == nil)
    }

    @Test func `any bytes end in rows or in a problem`() {
        var state: UInt64 = 7
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append([0x22, 0x2C, 0x3B, 0x0D, 0x0A, 0x61, 0xFF][Int(state >> 33) % 7])
            }
            var reader = CSVReader(bytes)
            var count = 0
            do { while try reader.row() != nil { count += 1 } } catch { count += 1 }
            #expect(count <= bytes.count + 1)
        }
    }
}
