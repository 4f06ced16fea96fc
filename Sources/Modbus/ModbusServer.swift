import BlockingThread
import CModbus
import Glibc

/// A Modbus TCP server with several units, for the make-believe building and for tests.
///
/// It listens from `init` on and answers while `run()` runs, on a thread of its own.
package final class ModbusServer: Sendable {
    /// The port it listens on, also when 0 was asked for.
    package let port: UInt16
    private let loop: ServerLoop
    private let wake: WakePipe

    /// - Parameters:
    ///   - host: numeric address; nothing but loopback is meant.
    ///   - port: 0 takes a free one.
    ///   - units: registers by unit id; a request to another unit gets no answer.
    ///   - connectionCountMax: further clients are turned away.
    package init(
        host: String = "127.0.0.1", port: UInt16 = 0, units: [UInt8: RegisterBank], connectionCountMax: Int = 32
    ) throws(ModbusError) {
        wake = WakePipe()
        let listener = try Listener(host: host, port: port)
        self.port = listener.port
        loop = ServerLoop(listener: listener, units: units, connectionCountMax: connectionCountMax, wake: wake)
    }

    /// Answers until cancelled; then every connection and the port are closed. It runs once.
    package func run() async throws {
        let wake = wake
        await withTaskCancellationHandler {
            await loop.serve()
        } onCancel: {
            wake.wake()
        }
        try Task.checkCancellation()
    }
}

/// The thread's own part: poll, take one request, answer it.
private actor ServerLoop {
    private let thread = ThreadExecutor(name: "modbus-server")
    private static let illegalFunction: UInt32 = 1
    private static let restMsMax: Int32 = 100
    private let units: [UInt8: RegisterBank]
    private let connectionCountMax: Int
    private let wake: WakePipe
    private var listener: Listener?
    private var clients: [Int32] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(listener: sending Listener, units: [UInt8: RegisterBank], connectionCountMax: Int, wake: WakePipe) {
        self.listener = listener
        self.units = units
        self.connectionCountMax = connectionCountMax
        self.wake = wake
    }

    func serve() {
        guard let listener else { return }
        while !Task.isCancelled {
            var waits = [pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0)]
            waits.append(pollfd(fd: listener.socket, events: Int16(POLLIN), revents: 0))
            waits += clients.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waits, nfds_t(waits.count), -1) >= 0 else { continue }
            for wait in waits.dropFirst(2) where wait.revents != 0 && !answer(wait.fd, listener) {
                close(wait.fd)
                clients.removeAll { $0 == wait.fd }
            }
            if waits[1].revents != 0 { accept(listener) }
        }
        for client in clients { close(client) }
        clients = []
        self.listener = nil
    }

    private func accept(_ listener: Listener) {
        let client = Glibc.accept(listener.socket, nil, nil)
        guard client >= 0 else { return }
        if clients.count >= connectionCountMax {
            close(client)
        } else {
            var on: Int32 = 1
            setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            clients.append(client)
        }
    }

    /// False when the connection is to be closed.
    private func answer(_ client: Int32, _ listener: Listener) -> Bool {
        modbus_set_socket(listener.context, client)
        var request = [UInt8](repeating: 0, count: Int(MODBUS_TCP_MAX_ADU_LENGTH))
        let size = modbus_receive(listener.context, &request)
        if size == 0 { return true }
        // Header of 7 bytes, then the function.
        guard size >= 8 else { return false }
        guard let whole = takeRest(client, &request, Int(size)) else { return false }
        guard let bank = units[request[6]] else { return true }
        if request[7] == DeviceIdentification.function, let answer = bank.identification(request, sizeBytes: whole) {
            return send(client, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count
        }
        // libmodbus 3.1.6 answers function 23 without checking its bounds.
        guard [1, 2, 3, 4, 5, 6, 15, 16].contains(request[7]) else {
            return modbus_reply_exception(listener.context, request, Self.illegalFunction) >= 0
        }
        return bank.reply(listener.context, request, sizeBytes: size)
    }

    /// libmodbus takes only the first bytes of a request whose function it does not know; the rest would be taken for the next.
    ///
    /// - Returns: bytes of the whole request; `nil` when they do not come.
    private func takeRest(_ client: Int32, _ request: inout [UInt8], _ size: Int) -> Int? {
        let whole = 6 + (Int(request[4]) << 8 | Int(request[5]))
        var filled = size
        while filled < whole {
            guard whole <= request.count else { return nil }
            var wait = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Self.restMsMax) > 0 else { return nil }
            let missing = whole - filled
            let count = request.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { recv(client, $0 + filled, missing, Int32(MSG_DONTWAIT)) } ?? 0
            }
            guard count > 0 else { return nil }
            filled += count
        }
        return filled
    }
}

/// A listening socket and the libmodbus context that reads requests from its clients.
private final class Listener {
    let context: OpaquePointer
    let socket: Int32
    let port: UInt16

    init(host: String, port: UInt16) throws(ModbusError) {
        errno = 0
        guard let context = modbus_new_tcp_pi(host, String(port)) else { throw .lineDown(errno: errno) }
        let socket = modbus_tcp_pi_listen(context, 16)
        guard socket >= 0 else {
            let code = errno
            modbus_free(context)
            throw .lineDown(errno: code)
        }
        // libmodbus waits this long before it flushes after a request that makes no sense.
        modbus_set_response_timeout(context, 0, 1000)
        self.context = context
        self.socket = socket
        self.port = Self.boundPort(socket) ?? port
    }

    deinit {
        close(socket)
        modbus_free(context)
    }

    private static func boundPort(_ socket: Int32) -> UInt16? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        guard code == 0 else { return nil }
        return withUnsafeBytes(of: &address) { bytes in
            // The port follows the family in IPv4 and IPv6, in network order.
            UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        }
    }
}
