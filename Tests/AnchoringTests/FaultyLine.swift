import Foundation
import Synchronization
import TestTools

/// What happens to one call on its way to a node and back.
enum LineFault: String, CaseIterable, Sendable {
    /// Nobody listens at the port.
    case refused
    /// The connection ends with RST; the node never heard of it.
    case reset
    /// No word comes back until whoever asked gives up; the node never heard of it.
    case silent
    /// The node does what it is asked, and no word comes back until whoever asked gives up.
    case slow
    /// The node does what it is asked, and the connection ends without a word.
    case lost
    /// The node does what it is asked, and half of its answer arrives.
    case cut
    case badRequest, belowMaxDepth, unauthorized, notFound, tooMany, failed, badGateway, notReady
    /// 200 with words that are no JSON, with JSON that says nothing, and bytes that are no HTTP.
    case noJSON, emptyJSON, noHTTP

    /// Whether the node did what it was asked.
    var isDone: Bool { [.slow, .lost, .cut].contains(self) }

    /// Whether a client that waits as long as it can would hold the test up.
    var isSilent: Bool { [.silent, .slow].contains(self) }

    /// Whether the answer says that these very bytes will never be taken.
    var isFinal: Bool { [.badRequest, .belowMaxDepth].contains(self) }

    /// What is answered instead of asking the node.
    var answer: String? {
        func error(_ status: String, _ message: String) -> String {
            let body = "{\"error\":{\"code\":\"\(status.prefix(3))\",\"message\":\"\(message)\"}}"
            return "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        }
        return switch self {
        case .badRequest: error("400 Bad Request", "invalid block: on purpose")
        case .belowMaxDepth: error("400 Bad Request", "invalid block: parents are below max depth")
        case .unauthorized: error("401 Unauthorized", "on purpose")
        case .notFound: error("404 Not Found", "on purpose")
        case .tooMany: error("429 Too Many Requests", "on purpose")
        case .failed: error("500 Internal Server Error", "on purpose")
        case .badGateway: "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html>"
        case .notReady: error("503 Service Unavailable", "on purpose")
        case .noJSON: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>"
        case .emptyJSON: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        case .noHTTP: "\u{0}SSH-2.0\r\n\r\n"
        case .refused, .reset, .silent, .slow, .lost, .cut: nil
        }
    }
}

/// A line of plain sockets between a client and a node on loopback, one request at a time, that can be broken in every way.
///
/// Every connection carries one request, so that a fault meets the call it is meant for.
final class FaultyLine: Sendable {
    var url: String { "http://127.0.0.1:\(port)" }
    /// An address where nobody listens, and nobody else can.
    var deafURL: String { "http://127.0.0.1:\(deafPort)" }

    private let listener: Int32
    private let port: UInt16
    private let deaf: Int32
    private let deafPort: UInt16
    private let nodePort: UInt16
    private let fault = Mutex<LineFault?>(nil)
    private let isEnded = Mutex(false)

    init(nodePort: Int) throws {
        self.nodePort = UInt16(nodePort)
        let open = try LoopbackPort(isListening: false)
        (listener, port) = (open.socket, open.number)
        let closed = try LoopbackPort(isListening: false)
        (deaf, deafPort) = (closed.socket, closed.number)
        guard listen(listener, 16) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [self] in serve() }
    }

    /// What happens to every request from now on; `nil`: it goes through.
    func set(_ fault: LineFault?) { self.fault.withLock { $0 = fault } }

    /// Closes the line; whoever waits for a word finds it closed.
    func end() {
        isEnded.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
        close(deaf)
    }

    private func serve() {
        var silent: [Int32] = []
        while !isEnded.withLock({ $0 }) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            guard let request = Self.request(client) else {
                // Whoever asked gave up before the question was whole.
                close(client)
                continue
            }
            let fault = fault.withLock { $0 }
            if let text = fault?.answer {
                Self.send(Array(text.utf8), client)
            } else if fault == nil || fault?.isDone == true {
                let answer = Self.exchange(request, nodePort)
                if fault == nil { Self.send(answer, client) }
                if fault == .cut { Self.send(Array(answer.prefix(answer.count / 2)), client) }
            }
            switch fault {
            case .silent, .slow: silent.append(client)
            case .reset, .lost:
                var hard = linger(l_onoff: 1, l_linger: 0)
                setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
                close(client)
            default:
                shutdown(client, Int32(SHUT_WR))
                close(client)
            }
        }
        for client in silent { close(client) }
        close(listener)
    }

    // MARK: - Sockets

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// The node's whole answer; empty when it is not there.
    private static func exchange(_ request: [UInt8], _ port: UInt16) -> [UInt8] {
        let node = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(node) }
        var there = address(port: port)
        let code = withUnsafePointer(to: &there) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(node, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { return [] }
        send(request, node)
        var answer: [UInt8] = []
        while let part = receive(node) { answer += part }
        return closing(answer)
    }

    private static func receive(_ descriptor: Int32) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        return count > 0 ? Array(part.prefix(count)) : nil
    }

    private static func send(_ bytes: [UInt8], _ descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Head and whole body, told to be the last of its connection; `nil` when they end early.
    private static func request(_ client: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            guard let part = receive(client) else { return nil }
            bytes += part
            guard let end = headEnd(bytes) else { continue }
            let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) }
            if bytes.count >= end + 4 + (length ?? 0) { return closing(bytes) }
        }
    }

    /// The message with `Connection: close` before its other headers.
    private static func closing(_ message: [UInt8]) -> [UInt8] {
        guard let line = message.firstIndex(of: UInt8(ascii: "\n")) else { return message }
        return message[...line] + Array("Connection: close\r\n".utf8) + message[(line + 1)...]
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        return bytes.indices.first { bytes[$0...].starts(with: mark) }
    }
}
