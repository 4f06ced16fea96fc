import CModbus
import Glibc
import Profiles
import Synchronization

/// One open connection of libmodbus. Belongs to one thread; only `Interrupt` may be used from others.
final class ModbusLine {
    private let context: OpaquePointer
    private let interrupt: Interrupt
    private let responseMsMax: Int

    /// Connects. libmodbus leaves `errno` 0 when a name is not known.
    init(_ settings: ModbusSettings, interrupt: Interrupt) throws(ModbusError) {
        errno = 0
        guard let context = modbus_new_tcp_pi(settings.host, String(settings.port)) else {
            throw .lineDown(errno: errno)
        }
        let ms = max(settings.responseMsMax, 1)
        modbus_set_response_timeout(context, UInt32(ms / 1000), UInt32(ms % 1000 * 1000))
        // With no limit between bytes the one for the whole answer holds, so that a dripping answer cannot take longer.
        modbus_set_byte_timeout(context, 0, 0)
        errno = 0
        guard modbus_connect(context) == 0 else {
            let code = errno
            modbus_free(context)
            throw .lineDown(errno: code)
        }
        self.context = context
        self.interrupt = interrupt
        responseMsMax = ms
        interrupt.watch(modbus_get_socket(context))
    }

    deinit {
        interrupt.watch(nil)
        modbus_close(context)
        modbus_free(context)
    }

    /// Registers, or 0 and 1 for coils and discrete inputs, exactly `count` of them.
    ///
    /// After every error but `refused` the line must not be used again.
    func read(unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int) throws(ModbusError) -> [UInt16] {
        let count = min(max(count, 1), function.countMax)
        modbus_set_slave(context, Int32(unit))
        let got: Int32
        var words: [UInt16]
        errno = 0
        if function.readsBits {
            var bits = [UInt8](repeating: 0, count: 2000)
            got =
                function == .coils
                ? modbus_read_bits(context, Int32(address), Int32(count), &bits)
                : modbus_read_input_bits(context, Int32(address), Int32(count), &bits)
            words = bits.prefix(count).map { UInt16($0) }
        } else {
            words = [UInt16](repeating: 0, count: 125)
            got =
                function == .holdingRegisters
                ? modbus_read_registers(context, Int32(address), Int32(count), &words)
                : modbus_read_input_registers(context, Int32(address), Int32(count), &words)
            words = Array(words.prefix(count))
        }
        let code = errno
        if got == Int32(count) { return words }
        throw error(unit: unit, got < 0 ? code : Self.badData)
    }

    private func error(unit: UInt8, _ code: Int32) -> ModbusError {
        switch code {
        case Self.enobase + 1...Self.enobase + 11: .refused(unit: unit, code: UInt8(code - Self.enobase))
        case ETIMEDOUT: .noAnswer(unit: unit, afterMs: responseMsMax)
        case Self.badData, Self.enobase + 12...Self.enobase + 17: .garbled(unit: unit)
        default: .lineDown(errno: code)
        }
    }

    /// `MODBUS_ENOBASE`; its own codes follow: 1 … 11 exceptions, 12 … 17 answers that are none.
    private static let enobase: Int32 = 112_345_678
    /// `EMBBADDATA`.
    private static let badData: Int32 = enobase + 13
}

/// Lets another thread end a read that is under way.
final class Interrupt: Sendable {
    private struct State {
        var socket: Int32?
        var isPulled = false
    }

    private let state = Mutex(State())

    /// The socket that `pull` shuts down; `nil` before it is closed, so that a number used again is never hit.
    func watch(_ socket: Int32?) {
        state.withLock { state in
            state.socket = socket
            if state.isPulled, let socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    func pull() {
        state.withLock { state in
            state.isPulled = true
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }
}
