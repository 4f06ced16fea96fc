import BlockingThread
import Glibc

/// Makes TCP connections with a deadline. libmodbus' own way stops at one address and cannot be given up halfway.
enum TCPSocket {
    /// Bytes that the other side does not acknowledge for this long end the connection, milliseconds.
    private static let unacknowledgedMsMax: Int32 = 10_000
    private static let addressCountMax = 8

    /// Tries the addresses of a name one after the other; all of them share the time.
    ///
    /// `interrupt` watches the socket when this returns.
    static func connect(_ host: String, _ port: UInt16, withinMs: Int, interrupt: Interrupt) throws(ModbusError)
        -> Int32
    {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let list else { throw .lineDown(errno: 0) }
        defer { freeaddrinfo(list) }
        let deadlineUs = monotonicNowUs() + Int64(withinMs) * 1000
        var code: Int32 = ETIMEDOUT
        let addresses = Array(sequence(first: list) { $0.pointee.ai_next }.prefix(addressCountMax))
        for (index, address) in addresses.enumerated() {
            // One that leads nowhere leaves time for the next.
            let leftMs = (deadlineUs - monotonicNowUs()) / 1000 / Int64(addresses.count - index)
            guard leftMs > 0, !interrupt.isPulled else { break }
            let outcome = attempt(address.pointee, leftMs: Int32(clamping: leftMs), interrupt)
            if outcome >= 0 { return outcome }
            code = -outcome
        }
        throw .lineDown(errno: interrupt.isPulled ? ECANCELED : code)
    }

    /// The socket, or a negative error number.
    private static func attempt(_ address: addrinfo, leftMs: Int32, _ interrupt: Interrupt) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let file = socket(address.ai_family, kind, address.ai_protocol)
        guard file >= 0 else { return -errno }
        interrupt.watch(file)
        var code: Int32 = 0
        if Glibc.connect(file, address.ai_addr, address.ai_addrlen) != 0 {
            code = errno
            if code == EINPROGRESS { code = finish(file, leftMs: leftMs) }
        }
        guard code == 0 else {
            interrupt.watch(nil)
            close(file)
            return -code
        }
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK)
        set(file, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(file, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, unacknowledgedMsMax)
        set(file, SOL_SOCKET, SO_KEEPALIVE, 1)
        return file
    }

    private static func finish(_ file: Int32, leftMs: Int32) -> Int32 {
        var wait = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        let count = poll(&wait, 1, leftMs)
        guard count != 0 else { return ETIMEDOUT }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard count > 0, getsockopt(file, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
        return code
    }

    private static func set(_ file: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        // A socket without the option works as well, only less promptly.
        var value = value
        _ = setsockopt(file, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Whether the other side has hung up. Bytes that wait are left alone.
    static func check(_ file: Int32) throws(ModbusError) {
        var byte: UInt8 = 0
        let count = recv(file, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count == 0 { throw .lineDown(errno: ECONNRESET) }
        if count < 0, errno != EAGAIN, errno != EINTR { throw .lineDown(errno: errno) }
    }
}
