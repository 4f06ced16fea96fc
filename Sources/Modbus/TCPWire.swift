import BlockingThread
import CModbus
import Glibc

/// Frames of Modbus TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3). libmodbus owns the connection, receives
/// every answer and finds its end.
///
/// libmodbus 3.1.6 sends raw requests as transaction 0, compares no unit ids over TCP and looks at no length field. So the request's
/// header is written here and the answer's is compared here: one with another transaction id is dropped and the wait goes on.
final class TCPWire: Wire {
    private(set) var isBroken = false
    var lateUnits: [UInt8] = []
    private let context: OpaquePointer
    private let socket: Int32
    private let interrupt: Interrupt
    private let answer: UnsafeMutablePointer<UInt8>
    private var transaction: UInt16

    /// Header, function and one byte at least, or an exception; header and PDU at most.
    private static let sizes = 9...Int(MODBUS_TCP_MAX_ADU_LENGTH)

    /// - Parameter transaction: of the request before; goes on counting over connections.
    init(
        host: String, port: UInt16, connectMsMax: Int, transaction: UInt16, interrupt: Interrupt
    ) throws(ModbusError) {
        let socket = try TCPSocket.connect(host, port, withinMs: connectMsMax, interrupt: interrupt)
        errno = 0
        // The address is never used: the context is given the connection instead of making one.
        guard socket <= Libmodbus.fileMax, let context = modbus_new_tcp("127.0.0.1", 502) else {
            let code = socket > Libmodbus.fileMax ? EMFILE : errno
            interrupt.watch(nil)
            close(socket)
            throw .lineDown(errno: code)
        }
        modbus_set_socket(context, socket)
        modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE)
        // With no limit between bytes the one for the whole answer holds.
        modbus_set_byte_timeout(context, 0, 0)
        self.context = context
        self.socket = socket
        self.interrupt = interrupt
        self.transaction = transaction
        answer = .allocate(capacity: Self.sizes.upperBound)
        answer.initialize(repeating: 0, count: Self.sizes.upperBound)
    }

    deinit {
        interrupt.watch(nil)
        modbus_close(context)
        modbus_free(context)
        answer.deallocate()
    }

    var lastTransaction: UInt16 { transaction }

    func checkOpen() throws(ModbusError) { try TCPSocket.check(socket) }

    func exchange(unit: UInt8, _ frame: Frame, withinMs: Int) throws(ModbusError) -> UnsafeBufferPointer<UInt8> {
        transaction &+= 1
        let length = UInt16(frame.pduSize + 1)
        let header = frame.bytes
        (header[0], header[1]) = (UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction))
        (header[2], header[3]) = (0, 0)
        (header[4], header[5]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
        header[6] = unit
        let wait = Wait(unit: unit, withinMs: withinMs)
        try send(frame)
        while true {
            let size = try receive(wait)
            if answer[0] == header[0], answer[1] == header[1] {
                guard answer[6] == unit else { throw .garbled(unit: unit) }
                return UnsafeBufferPointer(start: answer + Frame.headerSize, count: size - Frame.headerSize)
            }
            noteLate(answer[6])
            // Nobody is so late with so many answers: what still talks at the deadline is left.
            if wait.leftUs <= 0 { throw broken(.noAnswer(unit: unit, afterMs: withinMs)) }
        }
    }

    private struct Wait {
        let unit: UInt8
        let withinMs: Int
        let deadlineUs: Int64

        init(unit: UInt8, withinMs: Int) {
            self.unit = unit
            self.withinMs = withinMs
            deadlineUs = monotonicNowUs() + Int64(withinMs) * 1000
        }

        var leftUs: Int64 { deadlineUs - monotonicNowUs() }
    }

    private func send(_ frame: Frame) throws(ModbusError) {
        let size = Frame.headerSize + frame.pduSize
        // One request always has room, unless nobody has taken the last ones.
        let count = Glibc.send(socket, frame.bytes, size, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if count != size { throw broken(.lineDown(errno: count < 0 ? errno : EAGAIN)) }
    }

    /// Size of the next frame. When it throws after the first byte, the next frame's beginning is not known any more.
    private func receive(_ wait: Wait) throws(ModbusError) -> Int {
        let leftUs = try waitReadable(wait)
        isBroken = true
        modbus_set_response_timeout(context, UInt32(leftUs / 1_000_000), UInt32(leftUs % 1_000_000))
        for index in 0..<Self.sizes.lowerBound { answer[index] = 0 }
        errno = 0
        let taken = Int(modbus_receive_confirmation(context, answer))
        let code = errno
        let size = 6 + (Int(answer[4]) << 8 | Int(answer[5]))
        if taken < 0 { throw failure(code, wait, size: size) }
        guard answer[2] == 0, answer[3] == 0, Self.sizes.contains(size), taken <= size else {
            throw .garbled(unit: wait.unit)
        }
        try receiveRest(taken..<size, wait)
        isBroken = false
        return size
    }

    private func failure(_ code: Int32, _ wait: Wait, size: Int) -> ModbusError {
        // libmodbus waits for as many bytes as the function and its count promise, also when the header has room for fewer.
        let isContradiction = (1...4).contains(answer[7]) && Self.sizes.contains(size) && 9 + Int(answer[8]) > size
        switch code {
        case ETIMEDOUT where !isContradiction: return .noAnswer(unit: wait.unit, afterMs: wait.withinMs)
        case ETIMEDOUT, Libmodbus.codes: return .garbled(unit: wait.unit)
        default: return .lineDown(errno: code)
        }
    }

    /// What the header has room for beyond what libmodbus took: it knows no length for function 43, and a count may be too small.
    private func receiveRest(_ range: Range<Int>, _ wait: Wait) throws(ModbusError) {
        var filled = range.lowerBound
        while filled < range.upperBound {
            _ = try waitReadable(wait)
            let count = recv(socket, answer + filled, range.upperBound - filled, Int32(MSG_DONTWAIT))
            if count > 0 {
                filled += count
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                throw .lineDown(errno: count == 0 ? ECONNRESET : errno)
            }
        }
    }

    /// Waits for a byte, for the end of the connection, or for somebody who pulls. - Returns: microseconds that are left, at least 1.
    ///
    /// Looks once when the time is over, too: a thread that was kept waiting for its processor does not take an answer that is there
    /// for a missing one.
    private func waitReadable(_ wait: Wait) throws(ModbusError) -> Int64 {
        while true {
            let leftUs = max(wait.leftUs, 0)
            var file = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let count = poll(&file, 1, leftUs == 0 ? 0 : Int32(clamping: leftUs / 1000 + 1))
            if count > 0 { return max(1, wait.leftUs) }
            if count < 0, errno != EINTR { throw broken(.lineDown(errno: errno)) }
            if count == 0, leftUs == 0 { throw .noAnswer(unit: wait.unit, afterMs: wait.withinMs) }
        }
    }

    private func broken(_ error: ModbusError) -> ModbusError {
        isBroken = true
        return error
    }
}
