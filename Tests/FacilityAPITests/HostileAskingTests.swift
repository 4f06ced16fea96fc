import Disclosure
import FacilityAPI
import Foundation
import LedgerStore
import Testing

/// A plain socket: sends exactly the bytes given, which no client library would.
final class RawLine: Sendable {
    private let descriptor: Int32
    static let waitMs: Int32 = 20_000

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw CocoaError(.fileReadUnknown) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// All until the other side closes, or `isEnough` says so, or nothing came for `waitMs`.
    func read(until isEnough: (String) -> Bool = { _ in false }) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Self.waitMs) > 0 else { break }
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
            if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `read` on a thread of its own, so that those who answer are not kept waiting by who asks.
    func heard(until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String {
        await withCheckedContinuation { answer in
            Thread.detachNewThread { answer.resume(returning: self.read(until: isEnough)) }
        }
    }

    static func ask(port: Int, target: [UInt8], headers: String = "", method: String = "GET") async throws -> String {
        let line = try RawLine(port: port)
        line.send(
            Array("\(method) ".utf8) + target
                + Array(
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(House.token)\r\n\(headers)\r\n"
                        .utf8))
        return await line.heard()
    }
}

/// Goal: no path, header or pace of a caller reaches more than it may, or takes the door away from others.
@Suite(.serialized) struct HostileAskingTests {
    private func house(_ body: @escaping @Sendable (House, Door) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await Door.open(house) { door in try await body(house, door) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    private func status(_ answer: String) -> Int { Int(answer.dropFirst(9).prefix(3)) ?? 0 }

    @Test func `tricks in a path reach nothing and break nothing`() async throws {
        try await house { _, door in
            let targets = [
                "/v1/points/..%2f", "/v1/points/..%2f..%2fcard", "/v1/points/%2e%2e/card", "/v1/points/../card",
                "/v1/points/%00", "/v1/points/m1.energy-import%00", "/v1/points/%ff%fe", "/v1/points/%",
                "/v1/points/%zz",
                "/v1/points/%2", "/v1/points/m1.energy%252Dimport", "/v1/points/m1%2Eenergy-import%0d%0aX-Evil:%201",
                "/v1/points/%20", "/v1/points/" + String(repeating: "a", count: 7_000),
                "/v1/entities/..%2f..%2f", "/v1/entities/%c0%af", "/v1/anchors/-1", "/v1/anchors/18446744073709551616",
                "/v1/anchors/9223372036854775808", "/v1/anchors/%31%30%30", "/v1/snapshots/18446744073709551615",
                "/v1/snapshots/+1", "/v1/snapshots/1e3", "/v1/evidence/..%2f..%2flog.key", "/v1/evidence/e-%00",
                "/v1/evidence/.", "/v1/problems/..%2fcard", "/v1/problems/%0a", "/page/../v1/card",
                "/page/..%2f..%2flog.key",
                "/page/%2e%2e/%2e%2e/ledger.db", "/page/", "/page/%00", "/log/tile/0/../../key", "/log/tile/0/x",
                "/log/tile/0/-1", "/log/tile/99/000", "/log/tile/entries/..%2f000", "/log/tile/0/000.p/0",
                "/log/tile/0/000.p/257", "/log/tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999", "/log/tile/",
                "/assets/../",
                "/points/%ff", "/building/..%2f", "/../../etc/passwd", "/v1/points/;a=b",
            ]
            for target in targets {
                let answer = try await RawLine.ask(port: door.port, target: Array(target.utf8))
                #expect([301, 303, 400, 404].contains(status(answer)), "\(target): \(answer.prefix(200))")
                #expect(!answer.lowercased().contains("\r\nx-evil"), "\(target)")
                #expect(!answer.contains("\"internal\""), "\(target)")
            }
            for target in [[0x2F, 0xFF, 0xFE], Array("/v1/points/".utf8) + [0xC3, 0x28], Array("/v1/a b".utf8)] {
                let answer = try await RawLine.ask(port: door.port, target: target)
                #expect([400, 404].contains(status(answer)), "\(target): \(answer.prefix(200))")
            }
            #expect(try await door.get("/v1/points/m1%2Eenergy-import").status == 200)
            #expect(try await door.get("/v1/health", token: nil).status == 200)
        }
    }

    @Test func `an address above 8 KiB is refused, whatever it asks`() async throws {
        try await house { _, door in
            for path in [
                "/v1/points/" + String(repeating: "a", count: 10_240), "/v1?x=" + String(repeating: "b", count: 9_000),
            ] {
                let answer = try await RawLine.ask(port: door.port, target: Array(path.utf8))
                #expect([400, 414].contains(status(answer)), "\(answer.prefix(120))")
            }
        }
    }

    @Test func `no value of a caller becomes a header`() async throws {
        try await house { _, door in
            for path in [
                "/v1/points?entity=a%0d%0aX-Evil:%201", "/v1/points/m1.energy-import/readings?limit=1%0d%0aX-Evil:1",
                "/building/x%0d%0aX-Evil:%201", "/record?next=%0d%0aX-Evil:%201",
            ] {
                let answer = try await RawLine.ask(
                    port: door.port, target: Array(path.utf8), headers: "Accept-Language: de\r\n")
                #expect(!answer.lowercased().contains("\r\nx-evil"), "\(answer)")
            }
            let folded = try await RawLine.ask(
                port: door.port, target: Array("/v1".utf8),
                headers: "X-A: b\r\n Authorization: c\r\nCookie: theme=\u{1}\r\n")
            #expect([200, 400].contains(status(folded)))
        }
    }

    @Test func `an unusual session header signs nobody in`() async throws {
        try await house { _, door in
            for header in [
                "Basic \(House.token)", "Bearer", "Bearer  ", "Bearer a b",
                "Bearer " + String(repeating: "x", count: 5_000),
                "Bearer \(House.token)x", "\(House.token)",
            ] {
                let answer = try await door.ask("GET", "/v1", token: nil, headers: [("Authorization", header)])
                #expect(answer.status == 401)
            }
            let twice = [("Authorization", "Bearer \(House.token)"), ("Authorization", "Bearer wrong")]
            let answer = try await door.ask("GET", "/v1", token: nil, headers: twice)
            #expect(answer.status == 401)
        }
    }

    @Test func `a thousand callers at once all hear that the gateway is well`() async throws {
        try await house { _, door in
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<1_000 { group.addTask { try await door.get("/v1/health", token: nil).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(answers.count == 1_000)
            #expect(Set(answers) == [200])
        }
    }

    @Test func `a body that drips in holds up nobody, and is read when it is whole`() async throws {
        try await house { _, door in
            let slow = try RawLine(port: door.port)
            let body = Array(#"{"kind":"period","from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"}"#.utf8)
            slow.send(
                Array(
                    "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\nAuthorization: Bearer \(House.token)\r\n\r\n"
                        .utf8))
            for byte in body {
                slow.send([byte])
                if byte == UInt8(ascii: ":") { #expect(try await door.get("/v1/health", token: nil).status == 200) }
            }
            #expect(status(await slow.heard()) == 202)
        }
    }

    @Test func `a length that lies, two lengths, and half a chunk are no request`() async throws {
        try await house { _, door in
            for headers in [
                "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            ] {
                let line = try RawLine(port: door.port)
                line.send(
                    Array(
                        "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer \(House.token)\r\n\(headers)\r\n{}"
                            .utf8))
                let answer = await line.heard { $0.contains("\r\n\r\n") }
                #expect(!answer.hasPrefix("HTTP/1.1 2"), "\(headers) \(answer.prefix(80))")
                #expect(!answer.hasPrefix("HTTP/1.1 5"), "\(headers) \(answer.prefix(80))")
            }
            #expect(try await door.get("/v1/health", token: nil).status == 200)
        }
    }

    @Test func `a token taken back is refused at the next request`() async throws {
        try await house { house, door in
            #expect(try await door.get("/v1").status == 200)
            try await house.ledger.endToken(grant: 1, atMs: UInt64(house.clock.nowMs))
            let after = try await door.get("/v1")
            #expect(after.status == 401)
            #expect(after.header("WWW-Authenticate") == "Bearer")
        }
    }
}
