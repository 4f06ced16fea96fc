import Foundation
import Synchronization
import TestTools

/// A TCP server on loopback that answers every HTTP request with bytes a test makes up; plain sockets, so that nothing puts them right.
final class HostileServer: Sendable {
    enum Reply: Sendable {
        /// Sent as they are; then the connection is closed.
        case bytes([UInt8])
        /// Sent, and the connection stays open without another word.
        case bytesThenSilence([UInt8])
        /// The connection ends with RST.
        case reset
        case closed
    }

    let port: UInt16
    var url: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let seen = Mutex<[String]>([])
    private let isEnded = Mutex(false)
    private let answer: @Sendable (String) -> Reply

    /// - Parameter answer: gets the request: its head, and its body in Latin-1.
    init(_ answer: @escaping @Sendable (String) -> Reply) throws {
        let own = try LoopbackPort()
        listener = own.socket
        self.answer = answer
        port = own.number
        Thread.detachNewThread { [self] in serve() }
    }

    /// An answer with this status line and body; the length is stated.
    static func reply(_ status: String, _ body: String = "", headers: String = "") -> Reply {
        .bytes(Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)".utf8))
    }

    /// First lines of the requests so far.
    var requests: [String] { seen.withLock { $0 } }

    /// Closes the port; what is open ends with its test.
    func end() {
        isEnded.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve() {
        var silent: [Int32] = []
        while !isEnded.withLock({ $0 }) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            let request = Self.request(client)
            seen.withLock { $0.append(String(request.prefix { $0 != "\r\n" })) }
            switch answer(request) {
            case .bytes(let bytes):
                Self.send(bytes, client)
                shutdown(client, Int32(SHUT_WR))
                close(client)
            case .bytesThenSilence(let bytes):
                Self.send(bytes, client)
                silent.append(client)
            case .reset:
                var hard = linger(l_onoff: 1, l_linger: 0)
                setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
                close(client)
            case .closed: close(client)
            }
        }
        silent.forEach { close($0) }
        close(listener)
    }

    private static func send(_ bytes: [UInt8], _ client: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Head and whole body.
    private static func request(_ client: Int32) -> String {
        var bytes: [UInt8] = []
        while true {
            var part = [UInt8](repeating: 0, count: 65_536)
            let count = recv(client, &part, part.count, 0)
            guard count > 0 else { break }
            bytes += part.prefix(count)
            let text = String(bytes.map { Character(Unicode.Scalar($0)) })
            guard let head = text.range(of: "\r\n\r\n") else { continue }
            let stated = text[..<head.lowerBound].lowercased().firstMatch(of: /content-length: (\d+)/).flatMap {
                Int($0.1)
            }
            if text[head.upperBound...].unicodeScalars.count >= stated ?? 0 { return text }
        }
        return ""
    }
}
