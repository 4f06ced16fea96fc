import AsyncHTTPClient
import Disclosure
import FacilityAPI
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Testing

/// One answer, whole.
struct Heard: Sendable {
    let status: Int
    let headers: [(String, String)]
    let bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }
}

/// The gateway's door on a free loopback port, for as long as `body` runs.
struct Door: Sendable {
    let port: Int
    let client: HTTPClient

    static func open(_ house: House, _ body: @escaping @Sendable (Door) async throws -> Void) async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let clock = house.clock
        let settings = ServerSettings(
            port: 0, nowMs: { clock.nowMs }, random: { 0x0123_4567_89AB_CDEF },
            pause: { ms in
                try Task.checkCancellation()
                clock.advance(ms)
                await Task.yield()
            })
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try FacilityServer(
            facility: house.facility, commands: house.commands, settings: settings, logger: logger
        ) {
            found.yield($0)
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask { try await house.facility.run() }
                var first: Int?
                for await port in ports {
                    first = port
                    break
                }
                let port = try #require(first)
                defer { group.cancelAll() }
                try await body(Door(port: port, client: client))
            }
        } catch is CancellationError {
            // The server ends by being cancelled.
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    func request(
        _ method: String, _ path: String, token: String? = House.token, headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }

    func ask(
        _ method: String, _ path: String, token: String? = House.token, headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> Heard {
        let response = try await client.execute(
            request(method, path, token: token, headers: headers, body: body), timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Heard(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            bytes: Array(bytes.readableBytesView))
    }

    func get(_ path: String, token: String? = House.token, _ headers: (String, String)...) async throws -> Heard {
        try await ask("GET", path, token: token, headers: headers)
    }
}
