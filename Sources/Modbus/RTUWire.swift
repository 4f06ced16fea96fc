import BlockingThread
import CModbus
import Glibc

/// Frames of the serial line (MODBUS over Serial Line V1.02), on a port of this host or inside a TCP connection. libmodbus makes
/// and checks them.
///
/// Answers carry no number, so what comes unasked is thrown away before each request, and an answer of another unit is dropped.
final class RTUWire: Wire {
    private(set) var isBroken = false
    var lateUnits: [UInt8] = []
    private let context: OpaquePointer
    private let file: Int32
    private let isSocket: Bool
    private let interrupt: Interrupt
    private let answer: UnsafeMutablePointer<UInt8>
    /// The unit whose answer may still come.
    private var silentUnit: UInt8?
    /// Bytes came for the request that is under way.
    private var hasBegun = false
    /// Frames of other units that came instead of the answer, as far as this is known.
    private var foreignFrames = 0

    /// libmodbus reads up to 260 bytes.
    private static let answerSize = 512
    /// More than this without a request is another master's talk.
    private static let strayBytesMax = 4096
    /// So are more frames than this while one answer is waited for.
    private static let foreignFramesMax = 16

    /// A port of this host. Nobody else may read the line meanwhile.
    init(path: String, baud: UInt32, mode: SerialMode, interrupt: Interrupt) throws(ModbusError) {
        errno = 0
        guard ModbusTransport.baudRates.contains(baud),
            let context = modbus_new_rtu(
                path, Int32(baud), CChar(mode.parity.rawValue.asciiValue ?? 0x4E), Int32(mode.dataBits),
                Int32(mode.stopBits))
        else { throw .lineDown(errno: errno == 0 ? EINVAL : errno) }
        errno = 0
        guard modbus_connect(context) == 0 else {
            let code = errno
            modbus_free(context)
            throw .lineDown(errno: code)
        }
        let file = modbus_get_socket(context)
        guard file <= Libmodbus.fileMax, flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = file > Libmodbus.fileMax ? EMFILE : EBUSY
            modbus_close(context)
            modbus_free(context)
            throw .lineDown(errno: code)
        }
        self.context = context
        self.file = file
        isSocket = false
        self.interrupt = interrupt
        answer = .allocate(capacity: Self.answerSize)
        answer.initialize(repeating: 0, count: Self.answerSize)
    }

    /// A TCP connection that carries the same bytes.
    init(host: String, port: UInt16, connectMsMax: Int, interrupt: Interrupt) throws(ModbusError) {
        let file = try TCPSocket.connect(host, port, withinMs: connectMsMax, interrupt: interrupt)
        errno = 0
        // The port's name and speed are never used: the context is given the connection instead of opening a port.
        guard file <= Libmodbus.fileMax, let context = modbus_new_rtu("tcp", 9_600, CChar(0x4E), 8, 1) else {
            let code = file > Libmodbus.fileMax ? EMFILE : errno
            interrupt.watch(nil)
            close(file)
            throw .lineDown(errno: code)
        }
        modbus_set_socket(context, file)
        self.context = context
        self.file = file
        isSocket = true
        self.interrupt = interrupt
        answer = .allocate(capacity: Self.answerSize)
        answer.initialize(repeating: 0, count: Self.answerSize)
    }

    deinit {
        if isSocket {
            // `modbus_close` would set a serial port's modes back; a socket has none.
            interrupt.watch(nil)
            close(file)
            modbus_set_socket(context, -1)
        } else {
            modbus_close(context)
        }
        modbus_free(context)
        answer.deallocate()
    }

    func checkOpen() throws(ModbusError) { if isSocket { try TCPSocket.check(file) } }

    func exchange(unit: UInt8, _ frame: Frame, withinMs: Int) throws(ModbusError) -> UnsafeBufferPointer<UInt8> {
        // 0 is everybody, and nobody answers; above 247 the line has no addresses.
        guard (1...247).contains(unit), modbus_set_slave(context, Int32(unit)) == 0 else {
            throw .illegalRequest(unit: unit)
        }
        try discardStray(unit)
        frame.bytes[Frame.headerSize - 1] = unit
        let deadlineUs = monotonicNowUs() + Int64(withinMs) * 1000
        hasBegun = false
        try send(frame)
        do throws(ModbusError) {
            let size =
                frame.function == DeviceIdentification.function
                ? try receiveIdentification(unit, deadlineUs, withinMs) : try receive(unit, deadlineUs, withinMs)
            silentUnit = nil
            return UnsafeBufferPointer(start: answer + 1, count: size - 3)
        } catch {
            silentUnit = unit
            // Inside TCP there is no silence to find a frame's beginning by, so a frame that began ends the connection. So does
            // others' talk: megabytes of it may be under way, long after it has ended. On a port and after plain silence, what still
            // comes is thrown away before the next request.
            if !isSocket {
                tcflush(file, TCIOFLUSH)
            } else {
                isBroken = isBroken || hasBegun || foreignFrames > Self.foreignFramesMax
            }
            throw error
        }
    }

    private func send(_ frame: Frame) throws(ModbusError) {
        errno = 0
        let size = Int32(frame.pduSize + 1)
        let request = frame.bytes + (Frame.headerSize - 1)
        let sent =
            isSocket
            ? BrokenPipe.ignored { modbus_send_raw_request(context, request, size) }
            : modbus_send_raw_request(context, request, size)
        guard sent < 0 else { return }
        throw lineDown(errno)
    }

    /// Size of the frame with unit and checksum.
    private func receive(_ unit: UInt8, _ deadlineUs: Int64, _ withinMs: Int) throws(ModbusError) -> Int {
        while true {
            let leftUs = try waitReadable(unit, deadlineUs, withinMs)
            modbus_set_response_timeout(context, UInt32(leftUs / 1_000_000), UInt32(leftUs % 1_000_000))
            // With no limit between bytes the one for the whole answer holds.
            modbus_set_byte_timeout(context, 0, 0)
            errno = 0
            let size = modbus_receive_confirmation(context, answer)
            let code = errno
            if size >= 4 { return Int(size) }
            switch code {
            case _ where size == 0:
                noteLate(answer[0])
                foreignFrames += 1
                hasBegun = false
                if monotonicNowUs() >= deadlineUs { throw .noAnswer(unit: unit, afterMs: withinMs) }
            case ETIMEDOUT: throw .noAnswer(unit: unit, afterMs: withinMs)
            case _ where size > 0, Libmodbus.codes: throw .garbled(unit: unit)
            default: throw lineDown(code)
            }
        }
    }

    /// libmodbus knows no length for function 43, so the bytes are gathered until they make a whole answer.
    private func receiveIdentification(
        _ unit: UInt8, _ deadlineUs: Int64, _ withinMs: Int
    ) throws(ModbusError) -> Int {
        var filled = 0
        while true {
            _ = try waitReadable(unit, deadlineUs, withinMs)
            let count = read(file, answer + filled, Self.answerSize - filled)
            if count == 0 { throw lineDown(ECONNRESET) }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                throw lineDown(errno)
            }
            filled += count
            let pdu = UnsafeBufferPointer(start: answer + 1, count: max(filled - 1, 0))
            guard let size = DeviceIdentification.answerSize(pdu) else {
                if filled > Frame.pduSizeMax + 3 { throw .garbled(unit: unit) }
                continue
            }
            if filled < size + 3 { continue }
            let sum = Self.checksum(UnsafeBufferPointer(start: answer, count: size + 1))
            guard filled == size + 3, answer[0] == unit, answer[size + 1] == UInt8(truncatingIfNeeded: sum),
                answer[size + 2] == UInt8(sum >> 8)
            else { throw .garbled(unit: unit) }
            return filled
        }
    }

    /// Waits for the first byte, and looks once when the time is over, too. - Returns: microseconds that are left, at least 1.
    private func waitReadable(_ unit: UInt8, _ deadlineUs: Int64, _ withinMs: Int) throws(ModbusError) -> Int64 {
        while !interrupt.isPulled {
            let leftUs = max(deadlineUs - monotonicNowUs(), 0)
            var wait = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            let waitMs = leftUs == 0 ? 0 : min(leftUs / 1000 + 1, Int64(Interrupt.lookEveryMs))
            let count = poll(&wait, 1, Int32(waitMs))
            if count > 0 {
                hasBegun = true
                return max(1, deadlineUs - monotonicNowUs())
            }
            if count < 0, errno != EINTR { throw lineDown(errno) }
            if count == 0, leftUs == 0 { throw .noAnswer(unit: unit, afterMs: withinMs) }
        }
        throw lineDown(ECANCELED)
    }

    /// Throws away what came since the last answer.
    private func discardStray(_ unit: UInt8) throws(ModbusError) {
        var total = 0
        while total < Self.strayBytesMax {
            let count =
                isSocket
                ? recv(file, answer, Self.answerSize, Int32(MSG_DONTWAIT))
                : read(file, answer, Self.answerSize)
            if count == 0, isSocket { throw lineDown(ECONNRESET) }
            if count < 0, errno != EAGAIN, errno != EINTR { throw lineDown(errno) }
            guard count > 0 else { break }
            total += count
        }
        foreignFrames = total < Self.strayBytesMax ? 0 : Self.foreignFramesMax + 1
        if total > 0 { noteLate(silentUnit ?? unit) }
        silentUnit = nil
    }

    private func lineDown(_ code: Int32) -> ModbusError {
        isBroken = true
        return .lineDown(errno: code)
    }

    /// MODBUS over Serial Line V1.02, section 2.5.1.2.
    static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt16 {
        var sum: UInt16 = 0xFFFF
        for byte in bytes {
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
        }
        return sum
    }
}

/// Keeps a write to a connection that was hung up from ending the process: libmodbus uses `write` for this kind of line.
private enum BrokenPipe {
    static func ignored(_ body: () -> Int32) -> Int32 {
        var (pipe, before, pending) = (sigset_t(), sigset_t(), sigset_t())
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        sigpending(&pending)
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        let result = body()
        let code = errno
        if result < 0, code == EPIPE, sigismember(&pending, SIGPIPE) == 0 {
            var now = timespec()
            sigtimedwait(&pipe, nil, &now)
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
        errno = code
        return result
    }
}
