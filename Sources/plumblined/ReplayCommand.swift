import ArgumentParser
import FieldTools
import Modbus
import Profiles

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Serves a register dump as a Modbus TCP device on loopback, until Ctrl-C.",
        discussion: """
            For trying a building file before the device is there. Registers between
            two recorded ones answer 0.
              plumblined replay sdm630-dump.yaml --port 5020
              plumblined probe tcp://127.0.0.1:5020 --register 52 --function 4
            """)

    @Argument(help: "A register dump, as plumblined record writes it.")
    var dump: String

    @Option(help: "Port on 127.0.0.1; 0 takes a free one, which is printed.")
    var port: UInt16 = 0

    @Option(help: "Unit id; without it the dump's own.")
    var unit: UInt8?

    func run() async throws {
        try await Terminal.attempt {
            let dump = try RegisterDump.load(try ToolFiles.read(dump), file: dump)
            let unit = unit ?? dump.unit
            let server = try ModbusServer(port: port, units: [unit: Self.bank(dump)])
            Terminal.say("plumblined: tcp://127.0.0.1:\(server.port) unit \(unit)")
            try await untilSignal { try await server.run() }
        }
    }

    private static func bank(_ dump: RegisterDump) -> RegisterBank {
        let bank = RegisterBank()
        bank.update { state in
            state.holding = block(dump, .holdingRegisters)
            state.input = block(dump, .inputRegisters)
            state.coils = block(dump, .coils)
            state.discreteInputs = block(dump, .discreteInputs)
        }
        return bank
    }

    private static func block(_ dump: RegisterDump, _ function: ModbusFunction) -> RegisterBank.Block {
        let runs = dump.runs.filter { $0.function == function }
        guard let first = runs.map(\.address).min(), let last = runs.map(\.last).max() else {
            return RegisterBank.Block(first: 0, words: [])
        }
        var block = RegisterBank.Block(first...UInt16(clamping: last))
        for run in runs { block.set(run.address, run.words) }
        return block
    }
}
