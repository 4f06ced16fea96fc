import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import TimeStamping

/// An authority behind HTTP (RFC 3161 section 3.4).
package struct HTTPTimeStampAuthority: TimeStampAuthority {
    /// Whole time of one request, s.
    package static let timeoutS: Int64 = 20
    package static let answerBytesMax = TimeStampToken.sizeBytesMax

    package let name: String
    private let url: String
    private let client: HTTPClient

    /// - Parameter url: `http://…` or `https://…`. Tokens are signed, so that plain HTTP is no weakness but for who asks when.
    package init(url: String) {
        self.url = url
        name = url
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends the connections; the authority must not be asked afterwards.
    package func shutdown() async throws { try await client.shutdown() }

    package func answer(to request: [UInt8]) async throws(AuthorityError) -> [UInt8] {
        // The HTTP library stops the process at a port beyond 16 bits.
        guard (1...65_535).contains(URL(string: url)?.port ?? 443) else {
            throw .unreachable("the address has no port from 1 to 65535")
        }
        var query = HTTPClientRequest(url: url)
        query.method = .POST
        query.headers.add(name: "Content-Type", value: TimeStampRequest.mediaType)
        query.headers.add(name: "Accept", value: TimeStampToken.mediaType)
        query.body = .bytes(ByteBuffer(bytes: request))
        let reply: Reply
        do {
            reply = try await send(query)
        } catch is NIOTooManyBytesError {
            throw .malformed(what: "longer than \(Self.answerBytesMax) bytes")
        } catch {
            throw .unreachable("\(error)")
        }
        guard reply.status == 200 else { throw .refused(status: Int(reply.status)) }
        let kind = reply.mediaType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard kind == TimeStampToken.mediaType else { throw .malformed(what: "its type is '\(kind.prefix(80))'") }
        return reply.body
    }

    private struct Reply: Sendable {
        let status: UInt
        let mediaType: String
        let body: [UInt8]
    }

    /// The library's own deadline ends with the answer's head; a body that never ends is given up here.
    private func send(_ query: HTTPClientRequest) async throws -> Reply {
        try await withThrowingTaskGroup(of: Reply?.self) { group in
            defer { group.cancelAll() }
            group.addTask { [client] in
                let response = try await client.execute(query, timeout: .seconds(Self.timeoutS))
                let body = try await response.body.collect(upTo: Self.answerBytesMax)
                return Reply(
                    status: response.status.code, mediaType: response.headers.first(name: "Content-Type") ?? "",
                    body: Array(buffer: body))
            }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.timeoutS))
                return nil
            }
            guard let first = try await group.next(), let reply = first else { throw HTTPClientError.deadlineExceeded }
            return reply
        }
    }
}
