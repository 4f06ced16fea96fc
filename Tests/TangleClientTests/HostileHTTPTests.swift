import Foundation
import Hashing
import TangleClient
import Testing

/// Goal: whatever stands behind a node's address, a call ends in time with an error that says what there is to do.
/// Method: a server of plain sockets that breaks HTTP, JSON and the interface in every way that is known.
@Suite(.serialized) struct HostileHTTPTests {
    private let block = [UInt8](repeating: 7, count: 184)
    private var id: Hash { blake2b256(block) }

    /// One call against one kind of answer; `nil` when it succeeded.
    private func failure(
        _ reply: HostileServer.Reply, _ call: (HTTPTangleNode) async throws -> Void
    ) async throws -> NodeError? {
        let server = try HostileServer { _ in reply }
        defer { server.end() }
        return try await failure(at: server.url, call)
    }

    private func failure(at url: String, _ call: (HTTPTangleNode) async throws -> Void) async throws -> NodeError? {
        let node = HTTPTangleNode(url: url)
        var found: NodeError?
        do { try await call(node) } catch let error as NodeError { found = error }
        try await node.shutdown()
        return found
    }

    private func isUnreachable(_ error: NodeError?) -> Bool { if case .unreachable = error { true } else { false } }

    private static let tips = "{\"tips\":[\"0x\(String(repeating: "ab", count: 32))\"]}"

    @Test func `an honest answer is taken`() async throws {
        let server = try HostileServer { _ in HostileServer.reply("200 OK", Self.tips) }
        defer { server.end() }
        let node = HTTPTangleNode(url: server.url + "/", token: "secret")
        #expect(try await node.tips().count == 1)
        try await node.shutdown()
        #expect(server.requests == ["GET /api/core/v2/tips HTTP/1.1"])
    }

    @Test func `nobody there, a reset and a closed connection are unreachable`() async throws {
        let server = try HostileServer { _ in .closed }
        let url = server.url
        #expect(isUnreachable(try await failure(at: url) { _ = try await $0.tips() }))
        server.end()
        #expect(isUnreachable(try await failure(at: "http://127.0.0.1:1") { _ = try await $0.tips() }))
        #expect(isUnreachable(try await failure(.reset) { _ = try await $0.tips() }))
        #expect(isUnreachable(try await failure(.reset) { try await $0.submit(block, id: id) }))
        for bad in [
            "", "http://", "ftp://127.0.0.1", "127.0.0.1:1", "http://[::1", "nonsense", "http://127.0.0.1:99999",
        ] {
            #expect(isUnreachable(try await failure(at: bad) { _ = try await $0.tips() }), "\(bad)")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"tips\":", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "HTTP/9.9 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{0}\u{0}", "HTTP/1.1 200 OK",
        "HTTP/1.1 99999 What\r\n\r\n",
    ])
    func `broken HTTP is unreachable`(answer: String) async throws {
        let error = try await failure(.bytes(Array(answer.utf8))) { _ = try await $0.tips() }
        #expect(isUnreachable(error), "\(String(describing: error))")
    }

    @Test func `a head that never ends is given up`() async throws {
        let line = "X-Filler: " + String(repeating: "a", count: 1_000) + "\r\n"
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 2_000)
        let error = try await failure(.bytes(Array(head.utf8))) { _ = try await $0.tips() }
        #expect(isUnreachable(error), "\(String(describing: error))")
    }

    @Test func `a closed port is told at once, not when the time of a call is over`() async throws {
        let (start, clock) = (ContinuousClock.now, ContinuousClock())
        guard case .unreachable(let why) = try await failure(at: "http://127.0.0.1:1", { _ = try await $0.tips() })
        else {
            Issue.record("reached")
            return
        }
        #expect(clock.now - start < .seconds(HTTPTangleNode.timeoutS / 2))
        #expect(why == "connection refused")
    }

    @Test func `what ends a call is told in words, and its time can be shorter`() async throws {
        let silent = try HostileServer { _ in .bytesThenSilence([]) }
        let closed = try HostileServer { _ in .closed }
        defer {
            silent.end()
            closed.end()
        }
        for (url, words) in [(silent.url, "none within 200 ms"), (closed.url, "the connection was closed")] {
            let node = HTTPTangleNode(url: url, timeoutMs: 200)
            var found: NodeError?
            do { _ = try await node.tips() } catch { found = error }
            try await node.shutdown()
            #expect(found == .unreachable(words))
        }
    }

    @Test func `silence ends with the deadline, before or after the head`() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        let (start, clock) = (ContinuousClock.now, ContinuousClock())
        async let silent = failure(.bytesThenSilence([])) { _ = try await $0.tips() }
        async let slow = failure(.bytesThenSilence(Array("HTTP/1.1 200 OK\r\nX: ".utf8))) { _ = try await $0.tips() }
        async let cut = failure(.bytesThenSilence(Array(half.utf8))) { _ = try await $0.tips() }
        for error in try await [silent, slow, cut] { #expect(isUnreachable(error), "\(String(describing: error))") }
        #expect(clock.now - start < .seconds(HTTPTangleNode.timeoutS + 15))
    }

    @Test func `an answer of ten megabytes is not read to its end`() async throws {
        let body = String(repeating: " ", count: 10_000_000)
        for reply in [HostileServer.reply("200 OK", body), .bytes(Array("HTTP/1.1 200 OK\r\n\r\n\(body)".utf8))] {
            let error = try await failure(reply) { _ = try await $0.tips() }
            guard case .malformed(let what) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(what.contains("\(HTTPTangleNode.answerBytesMax)"))
        }
    }

    @Test(arguments: [
        "", "{", "null", "[]", "{}", "{\"tips\":null}", "{\"tips\":[]}", "{\"tips\":[1]}", "{\"tips\":[\"\"]}",
        "{\"tips\":[\"0x\"]}", "{\"tips\":[\"\(String(repeating: "ab", count: 32))\"]}",
        "{\"tips\":[\"0x\(String(repeating: "ab", count: 31))\"]}",
        "{\"tips\":[\"0x\(String(repeating: "zz", count: 32))\"]}",
        "{\"tips\":\(Array(repeating: "0x" + String(repeating: "ab", count: 32), count: 9))}", "<html>",
    ])
    func `tips that are none are malformed`(body: String) async throws {
        #expect(
            try await failure(HostileServer.reply("200 OK", body)) { _ = try await $0.tips() }
                == .malformed(what: "tips"))
    }

    @Test func `JSON nested without end is malformed and stops nobody`() async throws {
        let body = String(repeating: "[", count: 500_000)
        #expect(
            try await failure(HostileServer.reply("200 OK", body)) { _ = try await $0.tips() }
                == .malformed(what: "tips"))
        let deep = "{\"error\":" + body
        let error = try await failure(HostileServer.reply("400 Bad Request", deep)) {
            try await $0.submit(block, id: id)
        }
        #expect(error == .refused(message: ""))
    }

    @Test(
        arguments: [
            ("400 Bad Request", "invalid block: parents are below max depth", .belowMaxDepth),
            ("400 Bad Request", "invalid block", .refused(message: "invalid block")),
            ("401 Unauthorized", "x", .notAllowed(status: 401)), ("403 Forbidden", "x", .notAllowed(status: 403)),
            ("404 Not Found", "block not found", .notFound),
            ("503 Service Unavailable", "node is not synced", .notReady),
            ("500 Internal Server Error", "oops", .failed(status: 500, message: "oops")),
            ("406 Not Acceptable", "x", .failed(status: 406, message: "x")),
            ("415 Unsupported Media Type", "x", .failed(status: 415, message: "x")),
            ("418 I'm a teapot", "tea", .failed(status: 418, message: "tea")),
            ("429 Too Many Requests", "slow down", .failed(status: 429, message: "slow down")),
            ("301 Moved", "moved", .failed(status: 301, message: "moved")),
            ("502 Bad Gateway", "", .failed(status: 502, message: "")),
        ] as [(String, String, NodeError)])
    func `every status has its error`(status: String, message: String, expected: NodeError) async throws {
        let body = "{\"error\":{\"code\":\"1\",\"message\":\"\(message)\"}}"
        #expect(try await failure(HostileServer.reply(status, body)) { try await $0.submit(block, id: id) } == expected)
        let bare = try await failure(HostileServer.reply(status, "<html>")) {
            _ = try await $0.proofOfInclusion(of: id)
        }
        #expect(bare?.isPassing == (expected == .belowMaxDepth ? false : expected.isPassing), "a body that is no JSON")
    }

    @Test func `a message is cut to one short line`() async throws {
        let message = String(repeating: "a\\nb", count: 500)
        let reply = HostileServer.reply("400 Bad Request", "{\"error\":{\"message\":\"\(message)\"}}")
        guard case .refused(let told) = try await failure(reply, { try await $0.submit(block, id: id) }) else {
            Issue.record("not refused")
            return
        }
        #expect(told.count == 200 && !told.contains { $0.isNewline })
    }

    @Test func `a redirect is not followed, and the token stays here`() async throws {
        let other = try HostileServer { _ in HostileServer.reply("200 OK", Self.tips) }
        defer { other.end() }
        let reply = HostileServer.reply(
            "307 Temporary Redirect", headers: "Location: \(other.url)/api/core/v2/tips\r\n")
        let error = try await failure(reply) { _ = try await $0.tips() }
        #expect(error == .failed(status: 307, message: ""))
        #expect(other.requests.isEmpty)
    }

    @Test func `a block under another id is not taken as ours`() async throws {
        let foreign = "0x" + String(repeating: "00", count: 32)
        let other = try await failure(HostileServer.reply("201 Created", "{\"blockId\":\"\(foreign)\"}")) {
            try await $0.submit(block, id: id)
        }
        #expect(other == .otherBlock(expected: "0x" + id.hex, answered: foreign))
        let long = String(repeating: "x", count: 100_000)
        let noise = try await failure(HostileServer.reply("201 Created", "{\"blockId\":\"\(long)\"}")) {
            try await $0.submit(block, id: id)
        }
        #expect(noise == .otherBlock(expected: "0x" + id.hex, answered: String(long.prefix(80))))
        let none = try await failure(HostileServer.reply("201 Created", "{}")) { try await $0.submit(block, id: id) }
        #expect(none == .malformed(what: "block id"))
    }

    @Test func `numbers beyond their range are malformed`() async throws {
        let info = { (time: String, version: String) in
            """
            {"name":"n","version":"1","status":{"isHealthy":true,"latestMilestone":{"index":1,"timestamp":\(time)}},
            "protocol":{"version":\(version),"networkName":"x","minPowScore":1,"belowMaxDepth":15}}
            """
        }
        for (time, version, isRead) in [
            ("1", "2", true), ("null", "2", true), ("4294967296", "2", false), ("-1", "2", false),
            ("1", "256", false), ("1", "\"2\"", false), ("1.5", "2", false),
        ] {
            let error = try await failure(HostileServer.reply("200 OK", info(time, version))) {
                _ = try await $0.info()
            }
            #expect(error == (isRead ? nil : .malformed(what: "info")), "\(time) \(version)")
        }
        for body in ["{\"isSolid\":1}", "{\"isSolid\":true,\"referencedByMilestoneIndex\":-1}", "{}"] {
            let error = try await failure(HostileServer.reply("200 OK", body)) { _ = try await $0.status(of: id) }
            #expect(error == .malformed(what: "metadata"), "\(body)")
        }
    }
}
