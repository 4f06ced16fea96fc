import Foundation
import Synchronization

/// Frames of the serial line as a device makes them, written down a second time.
enum SerialFrame {
    static func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var sum: UInt16 = 0xFFFF
        for byte in bytes {
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xA001 : sum >> 1 }
        }
        return [UInt8(truncatingIfNeeded: sum), UInt8(sum >> 8)]
    }

    static func closed(_ bytes: [UInt8]) -> [UInt8] { bytes + checksum(bytes) }

    /// Whether unit, request and checksum are what they should be.
    static func isWhole(_ request: [UInt8]) -> Bool {
        request.count >= 5 && checksum(request.dropLast(2)) == Array(request.suffix(2))
    }

    /// Every register holds its own address, as in `RawServer.honest`; writes are repeated.
    static func honest(_ request: [UInt8]) -> [UInt8] {
        guard isWhole(request) else { return [] }
        if request[1] == 6 || request[1] == 5 { return request }
        if request[1] == 15 || request[1] == 16 { return closed(Array(request[0..<6])) }
        if request[1] == 0x2B {
            return closed([request[0], 0x2B, 0x0E, request[3], 1, 0, 0, 2, 0, 2, 0x41, 0x42, 1, 1, 0x43])
        }
        let tcp = RawServer.honest([0, 0, 0, 0, 0, 6] + request[0..<6])
        return closed(Array(tcp.dropFirst(6)))
    }

    static func refusal(_ request: [UInt8], _ code: UInt8) -> [UInt8] {
        closed([request[0], request[1] | 0x80, code])
    }
}

/// A serial port of this host with a device behind it: a pair of pseudo terminals.
final class SerialDevice: Sendable {
    /// What a gateway opens.
    let path: String
    private let master: Int32
    /// `TIOCSPTLCK` and `TIOCGPTN`, which the C library wraps into functions that are not visible here.
    private static let unlock: UInt = 0x4004_5431
    private static let number: UInt = 0x8004_5430
    private let isEnded = Mutex(false)

    /// - Parameter answer: the request's bytes and its number from 0; no bytes are silence.
    init(answer: @escaping @Sendable ([UInt8], Int) -> [UInt8]) throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
        var (lock, number) = (Int32(0), Int32(0))
        guard master >= 0, ioctl(master, Self.unlock, &lock) == 0, ioctl(master, Self.number, &number) == 0 else {
            throw POSIXError(.ENODEV)
        }
        self.master = master
        path = "/dev/pts/\(number)"
        Thread.detachNewThread { [self] in serve(answer) }
    }

    /// The thread closes the port and ends.
    func end() { isEnded.withLock { $0 = true } }

    private func serve(_ answer: ([UInt8], Int) -> [UInt8]) {
        var number = 0
        var request: [UInt8] = []
        while !isEnded.withLock({ $0 }) {
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            _ = poll(&wait, 1, 20)
            var bytes = [UInt8](repeating: 0, count: 300)
            let count = read(master, &bytes, bytes.count)
            guard count > 0 else { continue }
            request += bytes.prefix(count)
            guard SerialFrame.isWhole(request) else { continue }
            let reply = answer(request, number)
            number += 1
            request = []
            if !reply.isEmpty { _ = write(master, reply, reply.count) }
        }
        close(master)
    }
}
