import ArgumentParser
import Evidence
import Readings
import Reporting
import Tables
import Tangle

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the readings of an evidence file that holds as a table.",
        usage: "plumbline export [<options>] <file>",
        discussion: """
            The file is checked first; when it does not hold, there is no table.
            Values are exact, in the unit of the configuration that was in force.
            Readings captured in the time the file was made for are written, or in
            that of --from and --to.

            In place of a file, - is standard input.

            Examples:
              plumbline export march.evidence --policy house-16.card > march.csv
              plumbline export march.evidence --policy house-16.card --german > m.csv
              plumbline export march.evidence --policy house-16.card --jsonl | jq .value

            Columns: at_utc (capture), point, value, raw (as captured), unit, quality,
            source_utc (by the device's own clock), k (interval of the log), stream.

            Exit codes: 0 written, 1 the file does not hold, 2 could not be checked, or
            written but not authenticated, 64 wrong usage.
            """)

    @Argument(help: "The evidence file: of a period or of a reading.")
    var file: String

    @OptionGroup var options: EvidenceOptions

    @Flag(help: "Comma-separated values, RFC 4180. This is what is written unless another form is asked for.")
    var csv = false

    @Flag(help: "One JSON object a line.")
    var jsonl = false

    @Flag(help: "CSV for German spreadsheets: semicolon, decimal comma, byte order mark.")
    var german = false

    @Flag(
        name: .customLong("tlog-proof"),
        help: "C2SP tlog-proof of one leaf of the log under the signed root.")
    var tlogProof = false

    @Option(
        help: ArgumentHelp(
            "Index of the leaf for --tlog-proof; a reading file has one only.", valueName: "number"))
    var leaf: UInt64?

    @Flag(help: "Write the tlog-proof into a file beside the evidence, named like it, and print that name.")
    var beside = false

    /// Bytes that are gathered before they are written.
    private static let chunkBytes = 1 << 16

    func validate() throws {
        if tlogProof && (csv || jsonl || german) { throw ValidationError("--tlog-proof is a form of its own") }
        if beside && !tlogProof { throw ValidationError("--beside goes with --tlog-proof") }
        if beside && file == FileInput.standardInput { throw ValidationError("nothing lies beside standard input") }
        if leaf != nil && !tlogProof { throw ValidationError("--leaf goes with --tlog-proof") }
        if jsonl && (csv || german) { throw ValidationError("--jsonl and --csv exclude each other") }
    }

    mutating func run() throws {
        if tlogProof { return try writeTransparencyProof() }
        var table = CSVWriter(
            german ? .de : .standard,
            columns: ["at_utc", "point", "value", "raw", "unit", "quality", "source_utc", "k", "stream"])
        var lines: [UInt8] = []
        let isJSON = jsonl
        let verdict = try options.verify(file) { reading, stream, k in
            if isJSON {
                lines += Terminal.safe(json: Self.json(reading, stream, k).text).utf8 + [0x0A]
                if lines.count >= Self.chunkBytes {
                    try Terminal.show(bytes: lines)
                    lines.removeAll(keepingCapacity: true)
                }
            } else {
                Self.add(reading, stream, k, to: &table)
                if table.bytes.count >= Self.chunkBytes { try Terminal.show(bytes: table.taken()) }
            }
        }
        let report = VerdictReport(verdict: verdict, file: file)
        if verdict.vouchesForReadings { try Terminal.show(bytes: isJSON ? lines : table.taken()) }
        for (message, hint) in report.complaints { Terminal.complain(message, hint: hint) }
        throw ExitCode(verdict.exitCode)
    }

    private static func add(_ reading: ShownReading, _ stream: UInt32, _ k: UInt64, to table: inout CSVWriter) {
        table.plain(UTCTime.text(reading.atMs))
        table.text(reading.name)
        if let value = reading.value {
            table.decimal(value)
            table.plain(reading.rawText ?? "")
        } else {
            // Text is a value as it was captured; without a configuration nobody knows what a number means.
            table.text(reading.isText ? reading.rawText : nil)
            table.text(reading.rawText)
        }
        table.text(reading.unit)
        table.plain(reading.quality.name)
        table.plain(reading.sourceAtMs.map { UTCTime.text($0) } ?? "")
        table.plain(String(k))
        table.plain(String(stream))
        table.endRow()
    }

    private static func json(_ reading: ShownReading, _ stream: UInt32, _ k: UInt64) -> JSON {
        guard case .object(let members) = reading.json else { return .null }
        return .object(members + [.init("k", .number(k)), .init("stream", .number(stream))])
    }
}

extension ShownReading {
    /// The building file's id, or the point's number where the file shows no configuration.
    var name: String { id ?? String(point) }

    var isText: Bool { if case .text = raw { true } else { false } }
}
