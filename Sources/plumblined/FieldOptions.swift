import ArgumentParser
import FieldTools
import Modbus
import Profiles

/// Where a device answers; the same words for every tool that speaks to one.
struct LineOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "tcp://HOST:PORT, rtutcp://HOST:PORT (a serial server) or rtu:/dev/ttyUSB0.", valueName: "line"))
    var url: String

    @Option(help: "Bits per second of a serial line.")
    var baud: UInt32 = 9_600

    @Option(help: "Data bits, parity and stop bits of a serial line: 8N1, 8E1, 8O1, 8N2.")
    var mode = "8N1"

    @Option(help: "How long to wait for an answer, 10ms to 60s.")
    var timeout: String?

    func settings(timeoutMs: Int64) throws -> ModbusSettings {
        guard let serial = SerialMode(mode) else {
            throw ValidationError("--mode takes 8N1, 8E1, 8O1, 8N2 and the like, not '\(mode)'")
        }
        guard let transport = ModbusTransport(url, baud: baud, mode: serial) else {
            throw ValidationError(
                "'\(shown(url))' is no line; write tcp://HOST:PORT, rtutcp://HOST:PORT or rtu:/dev/ttyUSB0, and a usual --baud"
            )
        }
        var waitMs = timeoutMs
        if let timeout {
            guard let own = milliseconds(timeout), (10...60_000).contains(own) else {
                throw ValidationError("--timeout takes a span from 10ms to 60s")
            }
            waitMs = own
        }
        var settings = ModbusSettings(transport)
        settings.responseMsMax = Int(waitMs)
        return settings
    }

    static let timeoutMs: Int64 = 1_000
}

/// Where the device profiles lie.
struct ProfilesOption: ParsableArguments {
    @Option(help: "Folder of the device profiles.")
    var profiles = "/usr/share/plumbline/profiles"
}

/// A line that the tools read from, one request at a time.
final class FieldLine: FieldReading {
    private let session: ModbusSession

    init(_ settings: ModbusSettings) throws(FieldReadingError) {
        do throws(ModbusError) { session = try ModbusSession(settings) } catch { throw Self.told(error, settings) }
        self.settings = settings
    }

    private let settings: ModbusSettings

    func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int
    ) throws(FieldReadingError) -> [UInt16] {
        do throws(ModbusError) {
            return try session.read(unit: unit, function, address: address, count: count)
        } catch { throw Self.told(error, settings) }
    }

    func identification(unit: UInt8) throws(FieldReadingError) -> [DeviceObject] {
        do throws(ModbusError) {
            return try session.identification(unit: unit).map { DeviceObject(id: $0.id, text: $0.text) }
        } catch { throw Self.told(error, settings) }
    }

    private static func told(_ error: ModbusError, _ settings: ModbusSettings) -> FieldReadingError {
        switch error {
        case .refused(_, let code): .refused(code: code)
        case .noAnswer(_, let ms): .silent(afterMs: ms)
        case .garbled: .garbled
        case .lineDown(let errno):
            .lineDown("\(settings.transport) cannot be reached: \(Terminal.reason(errno))")
        case .illegalRequest: .lineDown("the protocol has no room for such a request")
        case .otherDevice, .notOnThisLine: .garbled
        }
    }
}
