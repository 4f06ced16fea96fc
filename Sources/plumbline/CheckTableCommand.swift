import ArgumentParser
import Evidence
import Readings
import Tables
import Tangle

struct CheckTableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-table",
        abstract: "Says whether somebody's table agrees with an evidence file, row by row.",
        discussion: """
            The table is CSV with a first line of names: a bill's readings, a report,
            or what 'plumbline export' and the gateway write. A row agrees when the
            evidence has a reading of that point at that time with exactly that value.
            A time to the second means any instant in that second. The evidence file
            is checked first.

            In place of a file, - is standard input.

            Examples:
              plumbline check-table bill.csv march.evidence --policy house-16.card
              plumbline check-table bill.csv march.evidence \\
                  --policy house-16.card --rounded
              plumbline check-table heat.csv march.evidence \\
                  --policy house-16.card --time-column Zeit --value-column Stand \\
                  --point m1.energy

            Readings of the table's points that stand in the evidence between a
            point's first and last row, and not in the table, are counted; with
            --complete they are an error.

            Exit codes: 0 every row agrees, 1 a row does not agree or the file does
            not hold, 2 something could not be checked or is not authenticated, 64
            wrong usage.
            """)

    @Argument(help: "The table: CSV, comma or semicolon.")
    var table: String

    @Argument(help: "The evidence file: of a period or of a reading.")
    var file: String

    @OptionGroup var options: EvidenceOptions

    @Flag(help: "A number with fewer decimals than the evidence agrees when it is the nearest.")
    var rounded = false

    @Flag(help: "The table must have every reading of its points between their first and last row.")
    var complete = false

    @Option(
        help: ArgumentHelp("The column of the time; at_utc, time, timestamp or Zeit unless given.", valueName: "name"))
    var timeColumn: String?

    @Option(help: ArgumentHelp("The column of the point; point, id or Punkt unless given.", valueName: "name"))
    var pointColumn: String?

    @Option(help: ArgumentHelp("The column of the value; value or Wert unless given.", valueName: "name"))
    var valueColumn: String?

    @Option(help: ArgumentHelp("The column of the unit; unit or Einheit unless given, none needed.", valueName: "name"))
    var unitColumn: String?

    @Option(help: ArgumentHelp("The point of all rows, for a table that does not name it.", valueName: "id"))
    var point: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    /// Largest table that is read, bytes.
    static let tableBytesMax = 1 << 30

    func validate() throws {
        if point != nil, pointColumn != nil { throw ValidationError("--point and --point-column exclude each other") }
    }

    mutating func run() throws {
        var check = try read()
        let verdict = try options.verify(file, inputs: [table]) { reading, _, _ in
            check.take(
                EvidenceReading(
                    point: reading.name, atMs: reading.atMs, value: reading.value,
                    text: reading.isText ? reading.rawText : nil, unit: reading.unit, quality: reading.quality))
        }
        let report = TableReport(check: check, verdict: verdict, table: table, file: file, isComplete: complete)
        if json {
            try Terminal.show(Terminal.safe(json: report.json.text))
        } else {
            try Terminal.show(report.text)
            for (message, hint) in VerdictReport(verdict: verdict, file: file).complaints {
                Terminal.complain(message, hint: hint)
            }
        }
        throw ExitCode(report.exitCode)
    }

    private func read() throws(Failure) -> TableCheck {
        var columns = TableCheck.Columns()
        if let timeColumn { columns.time = [timeColumn] }
        if let pointColumn { columns.point = [pointColumn] }
        if let valueColumn { columns.value = [valueColumn] }
        if let unitColumn { columns.unit = [unitColumn] }
        columns.onlyPoint = point
        let bytes = try FileInput.read(table, sizeBytesMax: Self.tableBytesMax)
        do {
            return try TableCheck(csv: bytes, columns: columns, rounded: rounded)
        } catch {
            let name = FileInput.name(of: table)
            switch error {
            case .empty: throw Failure("\(name) is empty", hint: "its first line names the columns")
            case .tooManyRows:
                throw Failure("\(name) has more than \(TableCheck.rowsMax) rows", hint: "check it in parts")
            case .noColumn(let what, let wanted, let found):
                let columns = found.map { "'\(Terminal.safe($0))'" }.joined(separator: ", ")
                throw Failure(
                    "\(name) has no column for the \(what), such as \(wanted.map { "'\(Terminal.safe($0))'" }.joined(separator: " or "))",
                    hint: "it has \(columns); name the right one with --\(what)-column")
            case .unreadable(let problem): throw Failure("\(name) is not CSV: \(Self.words(problem))")
            }
        }
    }

    private static func words(_ problem: CSVReader.Problem) -> String {
        switch problem {
        case .notText(let line): "line \(line) is not UTF-8 text"
        case .openQuote(let line): "the quote that begins in line \(line) is not closed"
        case .strayQuote(let line): "line \(line) has a quote in the middle of a cell"
        case .tooLong(let line):
            "line \(line) has more than \(CSVReader.cellsMax) cells or one of more than \(CSVReader.cellBytesMax) bytes"
        }
    }
}
