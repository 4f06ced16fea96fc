import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Why a call to a witness or to a log's public pages gave nothing.
package enum CallError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No connection, no whole answer in time, or the connection broke.
    case unreachable(String)
    /// An answer with a status that says no.
    case refused(status: Int)
    /// An answer that is not what the protocol promises.
    case malformed(what: String)

    package var description: String {
        switch self {
        case .unreachable(let why): "no whole answer (\(why))"
        case .refused(let status): "HTTP \(status)"
        case .malformed(let what): "the answer is not what the protocol promises: \(what)"
        }
    }
}

/// HTTP with an end: every call has a deadline for the whole answer and a limit on its length.
struct BoundedHTTP: Sendable {
    private let base: String
    private let timeoutMs: Int64
    private let client: HTTPClient

    /// - Parameters:
    ///   - url: `http://HOST:PORT/…` or `https://…`; a slash at the end is dropped.
    ///   - timeoutMs: for one whole call, ms.
    init(url: String, timeoutMs: Int64) {
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.timeoutMs = timeoutMs
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .milliseconds(timeoutMs)
        configuration.httpVersion = .http1Only
        // A port that is closed is told at once: whoever asks comes back by itself.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    var name: String { base }

    /// Ends the connections; nothing may be asked afterwards.
    func shutdown() async throws { try await client.shutdown() }

    /// Status and body of a GET, or of a POST when there is a body.
    ///
    /// - Throws: `unreachable` or, for an answer above `bytesMax`, `malformed`.
    func call(
        _ path: String, posting body: [UInt8]? = nil, bytesMax: Int
    ) async throws(CallError) -> (status: Int, body: [UInt8]) {
        // The HTTP library stops the process at a port beyond 16 bits.
        guard (1...65_535).contains(URL(string: base)?.port ?? 443) else {
            throw .unreachable("the address has no port from 1 to 65535")
        }
        var request = HTTPClientRequest(url: base + path)
        if let body {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do { return try await answer(to: request, bytesMax: bytesMax) } catch is NIOTooManyBytesError {
            throw .malformed(what: "longer than \(bytesMax) bytes")
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// The library's own deadline ends with the answer's head; a body that never ends is given up here.
    private func answer(
        to request: HTTPClientRequest, bytesMax: Int
    ) async throws -> (status: Int, body: [UInt8]) {
        try await withThrowingTaskGroup(of: (Int, [UInt8])?.self) { group in
            defer { group.cancelAll() }
            group.addTask { [client, timeoutMs] in
                let response = try await client.execute(request, timeout: .milliseconds(timeoutMs))
                let body = try await response.body.collect(upTo: bytesMax)
                return (Int(response.status.code), Array(buffer: body))
            }
            group.addTask { [timeoutMs] in
                try await Task.sleep(for: .milliseconds(timeoutMs))
                return nil
            }
            guard let first = try await group.next(), let answer = first else { throw HTTPClientError.deadlineExceeded }
            return answer
        }
    }
}
