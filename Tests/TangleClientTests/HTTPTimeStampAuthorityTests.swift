import Synchronization
import TangleClient
import Testing
import TimeStamping

/// Goal: one request, one answer of the right kind, or an error that says what happened; never too much, never for ever.
/// Method: a server of plain sockets that answers as the test says.
@Suite(.serialized) struct HTTPTimeStampAuthorityTests {
    private static let headers = "Content-Type: application/timestamp-reply\r\n"

    private func answer(_ reply: HostileServer.Reply) async throws -> Result<[UInt8], AuthorityError> {
        let server = try HostileServer { _ in reply }
        defer { server.end() }
        return try await ask(server.url + "/tsa")
    }

    private func ask(_ url: String) async throws -> Result<[UInt8], AuthorityError> {
        let authority = HTTPTimeStampAuthority(url: url)
        let result: Result<[UInt8], AuthorityError>
        do { result = .success(try await authority.answer(to: [0x30, 0x00])) } catch { result = .failure(error) }
        try await authority.shutdown()
        return result
    }

    @Test func `a reply's bytes arrive, whatever the spelling of its type`() async throws {
        for type in ["application/timestamp-reply", "Application/Timestamp-Reply; charset=binary"] {
            let reply = HostileServer.reply("200 OK", "token", headers: "Content-Type: \(type)\r\n")
            #expect(try await answer(reply) == .success(Array("token".utf8)))
        }
    }

    @Test func `the request is a POST of its media type`() async throws {
        let heads = Heads()
        let server = try HostileServer { request in
            heads.add(request)
            return HostileServer.reply("200 OK", "token", headers: Self.headers)
        }
        defer { server.end() }
        _ = try await ask(server.url + "/tsa?policy=1")
        let head = try #require(heads.all.first)
        #expect(head.hasPrefix("POST /tsa?policy=1 HTTP/1.1\r\n"))
        #expect(head.lowercased().contains("content-type: application/timestamp-query\r\n"))
        #expect(head.hasSuffix("\r\n\r\n0\u{00}"))
    }

    @Test func `other answers are told`() async throws {
        #expect(
            try await answer(HostileServer.reply("404 Not Found", headers: Self.headers))
                == .failure(.refused(status: 404)))
        #expect(
            try await answer(HostileServer.reply("302 Found", headers: "Location: http://127.0.0.1:1/\r\n"))
                == .failure(.refused(status: 302)))
        #expect(
            try await answer(HostileServer.reply("200 OK", "<html>", headers: "Content-Type: text/html\r\n"))
                == .failure(.malformed(what: "its type is 'text/html'")))
        let long = String(repeating: "a", count: TimeStampToken.sizeBytesMax + 1)
        #expect(
            try await answer(HostileServer.reply("200 OK", long, headers: Self.headers))
                == .failure(.malformed(what: "longer than 65536 bytes")))
        for broken in [HostileServer.Reply.closed, .reset, .bytes(Array("nonsense".utf8))] {
            guard case .failure(.unreachable) = try await answer(broken) else {
                Issue.record("taken for an answer")
                continue
            }
        }
        for bad in ["", "ftp://127.0.0.1/", "http://127.0.0.1:1/", "http://127.0.0.1:99999/"] {
            guard case .failure(.unreachable) = try await ask(bad) else {
                Issue.record("\(bad) was reached")
                continue
            }
        }
    }
}

private final class Heads: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ head: String) { list.withLock { $0.append(head) } }
    var all: [String] { list.withLock { $0 } }
}
