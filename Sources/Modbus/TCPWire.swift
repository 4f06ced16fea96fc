import Glibc

/// Frames of Modbus TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3).
///
/// libmodbus 3.1.6 takes a late answer for a broken line, does not compare unit ids over TCP and shows the header to nobody,
/// so header and matching are done here: an answer with another transaction id is dropped and the wait goes on.
final class TCPWire: Wire {
    private(set) var isBroken = false
    var lateUnits: [UInt8] = []
    private let socket: Int32
    private let interrupt: Interrupt
    private var transaction: UInt16
    private let buffer: UnsafeMutablePointer<UInt8>
    private var filled = 0
    /// Bytes at the buffer's beginning that belong to the answer handed out last.
    private var handedOut = 0
    private var receiveMsMax = 0

    /// Several frames, so that a burst of late answers takes one call.
    private static let bufferSize = 1024
    /// Unit, function and one byte at least, or an exception; unit and PDU at most.
    private static let lengths = 3...254

    /// - Parameter transaction: of the request before; goes on counting over connections.
    init(
        host: String, port: UInt16, connectMsMax: Int, transaction: UInt16, interrupt: Interrupt
    ) throws(ModbusError) {
        socket = try TCPSocket.connect(host, port, withinMs: connectMsMax, interrupt: interrupt)
        self.interrupt = interrupt
        self.transaction = transaction
        buffer = .allocate(capacity: Self.bufferSize)
        buffer.initialize(repeating: 0, count: Self.bufferSize)
    }

    deinit {
        interrupt.watch(nil)
        close(socket)
        buffer.deallocate()
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
        let deadlineUs = monotonicNowUs() + Int64(withinMs) * 1000
        limitReceiving(ms: withinMs)
        try send(header, Frame.headerSize + frame.pduSize)
        drop(handedOut)
        handedOut = 0
        while true {
            if let size = try frameSize(unit) {
                if buffer[0] == header[0], buffer[1] == header[1] { return try handOut(size, unit: unit) }
                noteLate(buffer[6])
                drop(size)
                let leftUs = deadlineUs - monotonicNowUs()
                guard leftUs >= 1000 else {
                    // Nobody is so late with so many answers: what goes on talking is left.
                    isBroken = true
                    throw .noAnswer(unit: unit, afterMs: withinMs)
                }
                // The answer of another request gives this one no more time.
                limitReceiving(ms: Int(leftUs / 1000))
            } else {
                try receive(unit, deadlineUs: deadlineUs, withinMs: withinMs)
            }
        }
    }

    private func handOut(_ size: Int, unit: UInt8) throws(ModbusError) -> UnsafeBufferPointer<UInt8> {
        handedOut = size
        guard buffer[6] == unit else { throw .garbled(unit: unit) }
        return UnsafeBufferPointer(start: buffer + Frame.headerSize, count: size - Frame.headerSize)
    }

    /// Size of the whole frame at the buffer's beginning; `nil` while bytes are missing.
    private func frameSize(_ unit: UInt8) throws(ModbusError) -> Int? {
        guard filled >= Frame.headerSize else { return nil }
        let length = Int(buffer[4]) << 8 | Int(buffer[5])
        guard buffer[2] == 0, buffer[3] == 0, Self.lengths.contains(length) else {
            isBroken = true
            throw .garbled(unit: unit)
        }
        return filled >= length + 6 ? length + 6 : nil
    }

    private func drop(_ count: Int) {
        filled -= count
        if filled > 0, count > 0 { memmove(buffer, buffer + count, filled) }
    }

    private func send(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) throws(ModbusError) {
        var sent = 0
        while sent < count {
            let now = Glibc.send(socket, bytes + sent, count - sent, Int32(MSG_NOSIGNAL))
            if now > 0 {
                sent += now
            } else if errno != EINTR {
                try broken()
            }
        }
    }

    private func receive(_ unit: UInt8, deadlineUs: Int64, withinMs: Int) throws(ModbusError) {
        let count = recv(socket, buffer + filled, Self.bufferSize - filled, 0)
        if count == 0 {
            isBroken = true
            throw .lineDown(errno: ECONNRESET)
        }
        if count > 0 {
            filled += count
            if try frameSize(unit) != nil { return }
        } else if errno != EINTR, errno != EAGAIN {
            try broken()
        }
        // Less than a frame: what is left of the time holds for the rest, so that dripping bytes cannot take longer.
        let leftUs = deadlineUs - monotonicNowUs()
        if leftUs < 1000 {
            // Half a frame would be taken for the beginning of the next one.
            if filled > 0 { isBroken = true }
            throw .noAnswer(unit: unit, afterMs: withinMs)
        }
        limitReceiving(ms: Int(leftUs / 1000))
    }

    private func broken() throws(ModbusError) {
        let code = errno
        isBroken = true
        throw .lineDown(errno: code)
    }

    /// `SO_RCVTIMEO` instead of `poll`: one system call less for every answer.
    private func limitReceiving(ms: Int) {
        guard ms != receiveMsMax else { return }
        receiveMsMax = ms
        var time = timeval(tv_sec: ms / 1000, tv_usec: ms % 1000 * 1000)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }
}
