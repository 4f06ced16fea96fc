import AsyncHTTPClient
import Foundation
import Hashing
import LocalTangle
import NIOCore
import NIOHTTP1
import ProofOfWork
import Synchronization
import Tangle

/// A clock that moves when told.
final class TestClock: Sendable {
    private let ms = Mutex<Int64>(1_790_000_000_000)
    var now: @Sendable () -> Int64 { { self.ms.withLock { $0 } } }
    func advance(ms step: Int64) { ms.withLock { $0 += step } }
}

/// A folder that is gone after the test.
final class TestFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("local-tangle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path + "/node"
    }

    deinit { try? FileManager.default.removeItem(atPath: String(path.dropLast(5))) }  // Left to the system otherwise.
}

/// A network without an interval: milestones are made by hand.
func handMade(
    minPoWScore: UInt32 = 0, keyCount: Int? = nil, threshold: Int? = nil, pruneAfter: UInt32 = 100,
    directory: String? = nil
) -> LocalTangleConfiguration {
    LocalTangleConfiguration(
        networkName: "test-net", intervalMs: 0, minPoWScore: minPoWScore, keyCount: keyCount, threshold: threshold,
        pruneAfter: pruneAfter, directory: directory)
}

func taggedBlock(_ text: String, on parents: [BlockID]) throws -> Block {
    try Block(parents: parents, payload: .taggedData(TaggedData(tag: Array("test".utf8), data: Array(text.utf8))))
}

extension LocalTangleNode {
    /// Submits a block on the current tips, mined to the network's score.
    func submitMined(_ text: String) async throws -> BlockID {
        var block = try taggedBlock(text, on: try tips())
        block.nonce = try await Miner().mine(block.work, minScore: configuration.minPoWScore).nonce
        return try await submit(block.serialized())
    }
}

/// An answer of the node, whole.
struct Answer {
    var status: Int
    var headers: [String: String]
    var bytes: [UInt8]

    func json() throws -> JSON { try JSON.parse(bytes) }
    /// The code in the error body.
    var errorCode: String? { (try? json())?["error"]?["code"]?.asString }  // No JSON: no code.
}

/// Serves `configuration` on a free port while `body` runs.
func withServer(
    _ configuration: LocalTangleConfiguration, clock: TestClock = TestClock(),
    pause: @escaping @Sendable (Int64) async throws -> Void = { _ in },
    _ body: @escaping @Sendable (_ url: String, _ node: LocalTangleNode) async throws -> Void
) async throws {
    let node = try LocalTangleNode(configuration: configuration, clock: clock.now, pause: pause)
    let (ports, port) = AsyncStream<Int>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await node.run(port: 0) { port.yield($0) }
        }
        group.addTask {
            for await bound in ports {
                try await body("http://127.0.0.1:\(bound)", node)
                return
            }
        }
        defer { group.cancelAll() }
        try await group.next()
    }
}

func ask(
    _ url: String, method: HTTPMethodName = .get, accept: String? = nil, type: String? = nil, body: [UInt8]? = nil
) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method == .get ? .GET : .POST
    if let accept { request.headers.add(name: "accept", value: accept) }
    if let type { request.headers.add(name: "content-type", value: type) }
    if let body { request.body = .bytes(body) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let collected = try await response.body.collect(upTo: 1 << 21)
    var headers: [String: String] = [:]
    for header in response.headers { headers[header.name.lowercased()] = header.value }
    return Answer(
        status: Int(response.status.code), headers: headers, bytes: Array(collected.readableBytesView))
}

enum HTTPMethodName: Sendable { case get, post }
let rawType = "application/vnd.iota.serializer-v1"
