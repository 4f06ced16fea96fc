import ArgumentParser
import FieldTools
import Glibc
import Profiles

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Reads live registers and shows every number and text that they may mean.",
        discussion: """
            Look at the device's own display, then find that value in the table: its
            row is the type, its column the order.
              plumblined probe tcp://192.0.2.7:502 --register 72 --addressing one
              plumblined probe rtu:/dev/ttyUSB0 --mode 8E1 --register 0 --function 4
              plumblined probe tcp://192.0.2.7:502 --identify
              plumblined probe tcp://192.0.2.7:502 --unit 126 --sunspec

            Exit code 0 when it was read, 1 when the device refuses, 2 when nobody
            answers, 64 for wrong usage.
            """)

    @OptionGroup var line: LineOptions

    @Option(help: "Unit id of the device, 0 to 255.")
    var unit: UInt8 = 1

    @Option(help: "First register, decimal or 0x….")
    var register: String?

    @Option(help: "Registers to look at together, 1 to 8; coils and discrete inputs 1 to 64.")
    var count = 2

    @Option(help: "1 coils, 2 discrete inputs, 3 holding registers, 4 input registers.")
    var function: UInt8 = 3

    @Option(help: "How the device's document counts registers: from zero, as on the wire, or from one.")
    var addressing = Addressing.zero

    @Option(help: "Read again after this time: 1s, 500ms.")
    var every = "1s"

    @Option(help: "How many times to read.")
    var times = 1

    @Flag(help: "Ask the device who it is (function 43/14).")
    var identify = false

    @Flag(help: "Look for SunSpec models.")
    var sunspec = false

    @Flag(help: "Print one JSON object for each reading.")
    var json = false

    enum Addressing: String, ExpressibleByArgument, CaseIterable { case zero, one }

    private static let bitCountMax = 64

    func validate() throws {
        guard let kind = ModbusFunction(rawValue: function) else { throw ValidationError("--function takes 1 to 4") }
        let countMax = kind.readsBits ? Self.bitCountMax : Interpretations.wordCountMax
        guard (1...countMax).contains(count) else { throw ValidationError("--count takes 1 to \(countMax)") }
        guard (1...1_000_000).contains(times) else { throw ValidationError("--times takes 1 to 1000000") }
        guard let ms = milliseconds(every), ms <= 3_600_000 else {
            throw ValidationError("--every takes a span such as 500ms, 1s or 1m")
        }
        if register == nil, !identify, !sunspec {
            throw ValidationError("say what to read: --register N, --identify or --sunspec")
        }
        if register != nil { _ = try address() }
        _ = try line.settings(timeoutMs: LineOptions.timeoutMs)
    }

    /// On the wire.
    private func address() throws -> UInt16 {
        let text = register ?? ""
        let number = text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
        let base = addressing == .one ? 1 : 0
        guard let number, number >= base, number - base + count <= 65_536 else {
            throw ValidationError("--register takes \(base) to \(65_535 + base), and --count must fit behind it")
        }
        return UInt16(number - base)
    }

    func run() async throws {
        try await Terminal.attemptOnLine {
            let settings = try line.settings(timeoutMs: LineOptions.timeoutMs)
            let reader = try FieldLine(settings)
            if identify { try showIdentity(reader) }
            if sunspec { try showSunSpec(reader) }
            guard register != nil, let function = ModbusFunction(rawValue: function) else { return }
            let address = try address()
            for turn in 0..<times {
                if turn > 0 { try await Task.sleep(for: .milliseconds(milliseconds(every) ?? 1_000)) }
                let started = Terminal.monotonicUs()
                let words = try reader.read(unit: unit, function, address: address, count: count)
                let tookUs = Terminal.monotonicUs() - started
                show(words, function, address, tookUs: tookUs)
            }
        }
    }

    private func show(_ words: [UInt16], _ function: ModbusFunction, _ address: UInt16, tookUs: Int64) {
        let seen = Interpretations(address: address, words: words)
        if json {
            var members: [ToolJSON.Member] = [
                .init("line", .string(line.url)), .init("unit", .number(unit)),
                .init("function", .number(function.rawValue)), .init("roundTripUs", .number(tookUs)),
            ]
            if function.readsBits {
                members += [.init("address", .number(address)), .init("bits", .array(words.map { .number($0) }))]
            } else if case .object(let own) = seen.json {
                members += own
            }
            Terminal.show("\(ToolJSON.object(members))")
            return
        }
        let wire = addressing == .one ? " (\(address) on the wire)" : ""
        let what = function.readsBits ? "bit" : "register"
        Terminal.show(
            "\(line.url) unit \(unit), function \(function.rawValue) (\(Self.name(function))), \(what) \(register ?? "")\(wire), "
                + "\(count) \(what)\(count == 1 ? "" : "s"), answered in \(tookUs / 1_000).\(tookUs % 1_000 / 100) ms")
        if function.readsBits {
            for (offset, bit) in words.enumerated() {
                Terminal.show("\(Int(address) + offset)  \(bit == 0 ? "0 off" : "1 on")")
            }
        } else {
            for text in seen.lines(paint: { Terminal.paint($0, .green) }) { Terminal.show(text) }
        }
    }

    private func showIdentity(_ reader: FieldLine) throws {
        let objects = try reader.identification(unit: unit)
        if json {
            let list = objects.map { object -> ToolJSON in
                .members(["id": .number(object.id), "name": .string(object.name), "text": .string(object.text)])
            }
            Terminal.show(
                "\(ToolJSON.members(["line": .string(line.url), "unit": .number(unit), "identification": .array(list)]))"
            )
        } else {
            for object in objects { Terminal.show("\(object.name)  \(shown(object.text))") }
        }
    }

    private func showSunSpec(_ reader: FieldLine) throws {
        let found = try SunSpecFinding.find(unit, reader)
        if json {
            Terminal.show(
                "\(ToolJSON.members(["line": .string(line.url), "unit": .number(unit), "sunspec": found?.json ?? .null]))"
            )
        } else if let found {
            for text in found.lines { Terminal.show(text) }
        }
        guard found == nil else { return }
        Terminal.complain(
            "no SunSpec marker at 40000, 50000 or 0", hint: "is the unit id right? inverters often use 1, 3 or 126")
        throw ExitCode(1)
    }

    static func name(_ function: ModbusFunction) -> String {
        switch function {
        case .coils: "coils"
        case .discreteInputs: "discrete inputs"
        case .holdingRegisters: "holding registers"
        case .inputRegisters: "input registers"
        }
    }
}
