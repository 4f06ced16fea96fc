import Foundation
import Synchronization
import TestTools

/// A TCP server on loopback that answers every request with bytes a test makes up.
final class RawServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let isEnded = Mutex(false)
    private let counts = Mutex(Counts())
    private let pauseMs: Int32

    /// What goes out by itself, part after part; without end where the test says so.
    typealias Parts = AnySequence<[UInt8]>
    /// In place of a part: the end of the connection.
    static let hangUp = [UInt8]("hang up".utf8)

    struct Counts {
        var connections = 0
        /// Connections that came while another one was open.
        var intruders = 0
    }

    var counted: Counts { counts.withLock { $0 } }

    /// - Parameters:
    ///   - drips: every byte goes out by itself.
    ///   - answer: the request's bytes and its number from 0; `nil` closes the connection, no bytes are silence.
    convenience init(drips: Bool = false, answer: @escaping @Sendable ([UInt8], Int) -> [UInt8]?) throws {
        try self.init { request, number in
            answer(request, number).map { drips ? Parts($0.lazy.map { [$0] }) : Parts([$0]) }
        }
    }

    /// - Parameters:
    ///   - pauseMs: between the parts of an answer; a client that hangs up or asks again ends it.
    ///   - parts: the request's bytes and its number from 0; `nil` closes the connection.
    init(pauseMs: Int32 = 0, parts: @escaping @Sendable ([UInt8], Int) -> Parts?) throws {
        self.pauseMs = pauseMs
        let own = try LoopbackPort()
        listener = own.socket
        port = own.number
        Thread.detachNewThread { [self] in serve(parts) }
    }

    /// Closes the port; the thread ends with its last connection.
    func end() {
        isEnded.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve(_ parts: ([UInt8], Int) -> Parts?) {
        var number = 0
        while !isEnded.withLock({ $0 }) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            counts.withLock { $0.connections += 1 }
            var on: Int32 = 1
            setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            while true {
                var request = [UInt8](repeating: 0, count: 300)
                let count = recv(client, &request, request.count, 0)
                guard count > 0 else { break }
                number += 1
                guard let reply = parts(Array(request.prefix(count)), number - 1) else { break }
                lookForIntruders()
                for part in reply where !part.isEmpty {
                    if part == Self.hangUp { shutdown(client, Int32(SHUT_RDWR)) }
                    guard send(client, part, part.count, Int32(MSG_NOSIGNAL)) > 0, !isLeft(client) else { break }
                }
            }
            close(client)
        }
        close(listener)
    }

    /// Whether the client is gone, or asks something else, before the pause is over.
    private func isLeft(_ client: Int32) -> Bool {
        var wait = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
        return pauseMs > 0 && poll(&wait, 1, pauseMs) > 0
    }

    private func lookForIntruders() {
        var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        if poll(&wait, 1, 0) > 0 { counts.withLock { $0.intruders += 1 } }
    }

    /// An exception in place of an answer.
    static func refusal(_ request: [UInt8], _ code: UInt8) -> [UInt8] {
        Array(request[0..<4]) + [0, 3, request[6], request[7] | 0x80, code]
    }

    /// First address and count of a request to read.
    static func span(_ request: [UInt8]) -> (first: Int, count: Int) {
        (Int(request[8]) << 8 | Int(request[9]), Int(request[10]) << 8 | Int(request[11]))
    }

    /// The honest answer to a read of registers: every register holds its own address.
    static func honest(_ request: [UInt8]) -> [UInt8] {
        guard request.count >= 12 else { return [] }
        let first = UInt16(request[8]) << 8 | UInt16(request[9])
        let count = UInt16(request[10]) << 8 | UInt16(request[11])
        let words = (0..<count).flatMap {
            [UInt8(truncatingIfNeeded: (first &+ $0) >> 8), UInt8(truncatingIfNeeded: first &+ $0)]
        }
        let size = UInt16(words.count + 3)
        return Array(request[0..<4]) + [
            UInt8(size >> 8), UInt8(size & 0xFF), request[6], request[7], UInt8(truncatingIfNeeded: words.count),
        ] + words
    }
}
