import AsyncHTTPClient
import FoundationEssentials
import Glibc
package import Hashing
import NIOCore
import NIOHTTP1
import NIOPosix

/// A Stardust node behind its REST interface (`core/v2` and `poi/v1`).
package struct HTTPTangleNode: TangleNode {
    /// Whole time of one call, s, unless another is asked for.
    package static let timeoutS: Int64 = 10
    /// Longest answer that is read, bytes; the node's own limit for a block is 32 768.
    package static let answerBytesMax = 1 << 20

    package let name: String
    private let base: String
    private let token: String?
    private let timeoutMs: Int64
    private let client: HTTPClient

    /// - Parameters:
    ///   - url: `http://HOST:PORT` or `https://…`; a slash at the end is dropped.
    ///   - token: sent as `Authorization: Bearer` when given.
    ///   - timeoutMs: whole time of one call.
    package init(url: String, token: String? = nil, timeoutMs: Int64 = Self.timeoutS * 1_000) {
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        name = base
        self.token = token
        self.timeoutMs = timeoutMs
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        // Who asks has a back-off of its own, and other nodes; a port that is closed need not cost the whole time of a call.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends the connections; the node must not be used afterwards.
    package func shutdown() async throws { try await client.shutdown() }

    package func info() async throws(NodeError) -> NodeInfo {
        let answer = try decode(InfoAnswer.self, from: await get("/api/core/v2/info"), what: "info")
        return NodeInfo(
            name: answer.name, version: answer.version, isHealthy: answer.status.isHealthy,
            networkName: answer.protocol.networkName, protocolVersion: answer.protocol.version,
            minPoWScore: answer.protocol.minPowScore, belowMaxDepth: answer.protocol.belowMaxDepth,
            latestMilestoneIndex: answer.status.latestMilestone.index,
            latestMilestoneTimeS: answer.status.latestMilestone.timestamp)
    }

    package func tips() async throws(NodeError) -> [Hash] {
        let answer = try decode(TipsAnswer.self, from: await get("/api/core/v2/tips"), what: "tips")
        let ids = answer.tips.compactMap(Self.hash)
        guard ids.count == answer.tips.count, (1...8).contains(ids.count) else { throw .malformed(what: "tips") }
        return ids
    }

    package func submit(_ block: [UInt8], id: Hash) async throws(NodeError) {
        var request = HTTPClientRequest(url: base + "/api/core/v2/blocks")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: Self.binary)
        request.headers.add(name: "Accept", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: block))
        let answer = try decode(SubmitAnswer.self, from: await send(request), what: "block id")
        guard answer.blockId == "0x" + id.hex else {
            throw .otherBlock(expected: "0x" + id.hex, answered: String(answer.blockId.prefix(80)))
        }
    }

    package func status(of block: Hash) async throws(NodeError) -> BlockStatus {
        let bytes = try await get("/api/core/v2/blocks/0x\(block.hex)/metadata")
        let answer = try decode(MetadataAnswer.self, from: bytes, what: "metadata")
        return BlockStatus(
            isSolid: answer.isSolid, referencedBy: answer.referencedByMilestoneIndex,
            shouldPromote: answer.shouldPromote ?? false, shouldReattach: answer.shouldReattach ?? false)
    }

    package func milestone(index: UInt32) async throws(NodeError) -> [UInt8] {
        try await get("/api/core/v2/milestones/by-index/\(index)", accept: Self.binary)
    }

    package func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8] {
        try await get("/api/poi/v1/create/0x\(block.hex)")
    }

    /// A block's bytes as the node keeps them; whoever uses them checks that they have the id `id`.
    package func block(_ id: Hash) async throws(NodeError) -> [UInt8] {
        try await get("/api/core/v2/blocks/0x\(id.hex)", accept: Self.binary)
    }

    // MARK: - One call

    private static let binary = "application/vnd.iota.serializer-v1"

    private func get(_ path: String, accept: String = "application/json") async throws(NodeError) -> [UInt8] {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "Accept", value: accept)
        return try await send(request)
    }

    private func send(_ request: HTTPClientRequest) async throws(NodeError) -> [UInt8] {
        var request = request
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let status: UInt
        let body: [UInt8]
        // The HTTP library stops the process at a port beyond 16 bits.
        guard (1...65_535).contains(URL(string: base)?.port ?? 443) else {
            throw .unreachable("the address has no port from 1 to 65535")
        }
        do {
            (status, body) = try await answer(to: request)
        } catch is NIOTooManyBytesError {
            throw .malformed(what: "answer longer than \(Self.answerBytesMax) bytes")
        } catch {
            throw .unreachable(words(error))
        }
        if (200...299).contains(status) { return body }
        throw Self.error(status: Int(status), body: body)
    }

    /// The library's own deadline ends with the answer's head; a body that never ends is given up here.
    private func answer(to request: HTTPClientRequest) async throws -> (UInt, [UInt8]) {
        try await withThrowingTaskGroup(of: (UInt, [UInt8])?.self) { group in
            defer { group.cancelAll() }
            group.addTask { [client, timeoutMs] in
                let response = try await client.execute(request, timeout: .milliseconds(timeoutMs))
                let body = try await response.body.collect(upTo: Self.answerBytesMax)
                return (response.status.code, Array(buffer: body))
            }
            group.addTask { [timeoutMs] in
                try await Task.sleep(for: .milliseconds(timeoutMs))
                return nil
            }
            guard let first = try await group.next(), let answer = first else { throw HTTPClientError.deadlineExceeded }
            return answer
        }
    }

    private static let tooLate: [HTTPClientError] = [.deadlineExceeded, .connectTimeout, .readTimeout]

    /// Why there was no answer, in one short line.
    private func words(_ error: any Error) -> String {
        let told: String
        if let ended = error as? HTTPClientError, Self.tooLate.contains(ended) {
            told = "none within \(timeoutMs) ms"
        } else if let ended = error as? HTTPClientError, ended == .remoteConnectionClosed {
            told = "the connection was closed"
        } else if let failed = error as? NIOConnectionError {
            // One for each address of the name.
            let reasons = Set(failed.connectionErrors.map { Self.reason($0.error) }).sorted()
            told = reasons.isEmpty ? "the name \(failed.host) is not known" : reasons.joined(separator: ", ")
        } else {
            told = Self.reason(error)
        }
        return String(told.prefix(200).map { $0.isNewline ? " " : $0 })
    }

    /// The system's words where the system refused.
    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)"
    }

    /// The table of `tangle.md` section 5.
    static func error(status: Int, body: [UInt8]) -> NodeError {
        // A body that is no JSON has no message; the status alone decides then.
        let told = (try? JSONDecoder().decode(ErrorAnswer.self, from: Data(body)))?.error.message
        let message = String((told ?? "").prefix(200).map { $0.isNewline ? " " : $0 })
        switch status {
        case 400: return message.contains("below max depth") ? .belowMaxDepth : .refused(message: message)
        case 401, 403: return .notAllowed(status: status)
        case 404: return .notFound
        case 503: return .notReady
        default: return .failed(status: status, message: message)
        }
    }

    private func decode<Answer: Decodable>(
        _ type: Answer.Type, from bytes: [UInt8], what: String
    ) throws(NodeError) -> Answer {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .malformed(what: what) }
    }

    private static func hash(_ text: String) -> Hash? {
        text.hasPrefix("0x") ? Hash(hex: String(text.dropFirst(2))) : nil
    }
}

private struct InfoAnswer: Decodable {
    struct Status: Decodable {
        struct Milestone: Decodable {
            let index: UInt32
            let timestamp: UInt32?
        }
        let isHealthy: Bool
        let latestMilestone: Milestone
    }
    struct Network: Decodable {
        let version: UInt8
        let networkName: String
        let minPowScore: UInt32
        let belowMaxDepth: UInt8
    }
    let name: String
    let version: String
    let status: Status
    let `protocol`: Network
}

private struct TipsAnswer: Decodable { let tips: [String] }

private struct SubmitAnswer: Decodable { let blockId: String }

private struct MetadataAnswer: Decodable {
    let isSolid: Bool
    let referencedByMilestoneIndex: UInt32?
    let shouldPromote: Bool?
    let shouldReattach: Bool?
}

private struct ErrorAnswer: Decodable {
    struct Inner: Decodable { let message: String }
    let error: Inner
}
