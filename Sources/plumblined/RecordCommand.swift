import ArgumentParser
import FieldTools
import Profiles
import SourceYAML

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract:
            "Reads all registers of a profile from a live device and writes them down, with the values they mean.",
        discussion: """
            The dump decodes without the device; put it beside the profile as its test.
            Registers that the device refuses are noted.
              plumblined record tcp://192.0.2.7:502 --profile my-meter.yaml --out dump.yaml
              plumblined record tcp://192.0.2.7:502 --range 3:0-199 --range 4:0-99
              plumblined profile test my-meter.yaml --dump dump.yaml

            Exit code 0 when something was read, 1 when the device refuses all of it,
            2 when nobody answers, 64 for wrong usage.
            """)

    @OptionGroup var line: LineOptions

    @Option(help: "Unit id of the device, 0 to 255.")
    var unit: UInt8 = 1

    @Option(help: "Profile: its id, or a file.")
    var profile: String?

    @OptionGroup var folder: ProfilesOption

    @Option(help: "More registers, FUNCTION:FIRST-LAST as on the wire; may be given several times.")
    var range: [String] = []

    @Option(
        name: .customLong("max-registers"), help: "Registers in one request, 1 to 125; a profile's own bound holds too."
    )
    var registerCountMax = 125

    @Option(help: "File for the dump; without it, standard output.")
    var out: String?

    func validate() throws {
        guard profile != nil || !range.isEmpty else {
            throw ValidationError("say what to record: --profile, --range or both")
        }
        for text in range where FieldRecorder.Want(text) == nil {
            throw ValidationError("--range takes FUNCTION:FIRST-LAST such as 3:0-199, not '\(shown(text))'")
        }
        guard (1...125).contains(registerCountMax) else { throw ValidationError("--max-registers takes 1 to 125") }
        _ = try line.settings(timeoutMs: LineOptions.timeoutMs)
    }

    func run() async throws {
        try await Terminal.attemptOnLine {
            let known = try profile.map { try ProfileCommand.find($0, in: folder.profiles) }
            guard known?.mqtt == nil else {
                throw SourceError(file: known?.id ?? "", message: "an MQTT device has no registers")
            }
            let wants = (known.map { FieldRecorder.wants($0) } ?? []) + range.compactMap { FieldRecorder.Want($0) }
            let reader = try FieldLine(try line.settings(timeoutMs: LineOptions.timeoutMs))
            let startedAtMs = Terminal.wallMs()
            let most = min(registerCountMax, known?.modbus?.limits.registerCountMax ?? 125)
            let (unit, asked) = (unit, reader)
            let taken = try FieldRecorder.take(wants, registerCountMax: most) {
                (function, address, count) throws(FieldReadingError) in
                try asked.read(unit: unit, function, address: address, count: count)
            }
            guard !taken.runs.isEmpty else {
                throw FieldReadingError.refused(code: taken.refused.first?.code ?? 2)
            }
            let dump = RegisterDump(
                device: line.url, unit: unit, profile: known?.id ?? "", recordedAtMs: startedAtMs,
                identification: try identification(reader), runs: taken.runs, refused: taken.refused)
            try put(dump, known, requests: taken.requests)
        }
    }

    /// A device without identification is the rule, not a failure.
    private func identification(_ reader: FieldLine) throws(FieldReadingError) -> [DeviceObject] {
        do throws(FieldReadingError) { return try reader.identification(unit: unit) } catch {
            if case .lineDown = error { throw error }
            return []
        }
    }

    private func put(_ dump: RegisterDump, _ profile: DeviceProfile?, requests: Int) throws {
        let expect = profile.map { dump.expectations($0) } ?? []
        let units = (profile?.points ?? []).compactMap { point in point.unit.map { (point.id, $0) } }
        let text = dump.expecting(expect).yaml(units: Dictionary(units, uniquingKeysWith: { first, _ in first }))
        if let out { try ToolFiles.write(text, to: out) } else { Terminal.show(text, terminator: "") }
        let registers = dump.runs.reduce(0) { $0 + $1.words.count }
        let holes =
            dump.refused.isEmpty ? "" : ", \(dump.refused.count) hole\(dump.refused.count == 1 ? "" : "s") refused"
        Terminal.say(
            "plumblined: \(registers) registers in \(requests) request\(requests == 1 ? "" : "s")\(holes), \(expect.count) values"
        )
        let missing = profile.map { $0.points.count - expect.count } ?? 0
        if missing > 0 { Terminal.say("plumblined: hint: \(missing) points of the profile could not be read") }
    }
}
