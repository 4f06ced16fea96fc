import AsyncHTTPClient
import Hashing
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Tangle

/// Asks the running gateway how it is.
package enum GatewayStatus {
    package struct Answer: Sendable {
        package let url: String
        /// `ok`, `starting` or `problems`; `nil` when the answer is none of ours.
        package let state: String?
        /// One sentence each.
        package let problems: [String]
        /// The health document, JSON as sent.
        package let json: String
    }

    private static let answerBytesMax = 1 << 16
    private static let answerSecondsMax: Int64 = 30

    /// The address stands in the data folder while the gateway runs.
    package static func ask(_ configuration: GatewayConfiguration) async throws -> Answer {
        let (url, text, _) = try await answer(.GET, "/v1/health", token: nil, configuration)
        // What is no health document has no state, and the caller shows it.
        let health = try? JSON.parse(text)
        return Answer(
            url: url, state: health?["state"]?.asString,
            problems: health?["problems"]?.asArray?.compactMap(\.asString) ?? [],
            json: text)
    }

    /// What a reload did, or why not.
    package struct Reloaded: Sendable {
        package let isDone: Bool
        /// One line each: what changed, or every mistake with its place.
        package let sentences: [String]
        /// The answer, JSON as sent.
        package let json: String
    }

    /// Asks the running gateway to read its configuration again, with a token that lives as long as the question.
    package static func reload(_ configuration: GatewayConfiguration) async throws -> Reloaded {
        let tokens = try GatewayTokens(configuration)
        let name = "reload-\(hexText(SystemSources.random(4)))"
        let token = try tokens.add(name: name, role: "facility", days: 1)
        defer {
            // It ends by itself tomorrow.
            try? tokens.remove(name: name)
        }
        let (_, text, status) = try await answer(.POST, "/v1/configuration/reload", token: token, configuration)
        // What is no document of ours has no members, and the caller shows it.
        let document = try? JSON.parse(text)
        if status == 202, let waiting = document?["waiting"] {
            return Reloaded(isDone: true, sentences: Self.wait(waiting), json: text)
        }
        guard status != 200 else {
            let counts = ["kept", "changed", "started", "ended"].compactMap { name in
                document?["connections"]?[name]?.asDouble.flatMap { Int(exactly: $0) }.map { "\(name) \($0)" }
            }
            return Reloaded(isDone: true, sentences: ["connections: " + counts.joined(separator: ", ")], json: text)
        }
        let mistakes = (document?["errors"]?.asArray ?? []).map(Self.sentence)
        let detail = document?["detail"]?.asString ?? "the gateway answers with \(status)"
        return Reloaded(isDone: false, sentences: mistakes.isEmpty ? [detail] : mistakes, json: text)
    }

    private static func wait(_ waiting: JSON) -> [String] {
        let points = waiting["points"]?.asArray?.compactMap(\.asString) ?? []
        let named = points.prefix(5).joined(separator: ", ") + (points.count > 5 ? " and \(points.count - 5) more" : "")
        return [
            "in force from \(waiting["from"]?.asString ?? ""), when the running interval has ended",
            "because these have spoken in it and change or go: \(named)",
        ]
    }

    /// `PLACE: WHAT; HOW`, as the command line tells a mistake.
    private static func sentence(_ fault: JSON) -> String {
        var sentence = fault["detail"]?.asString ?? ""
        if let place = fault["parameter"]?.asString { sentence = "\(place): \(sentence)" }
        if let hint = fault["expected"]?.asString { sentence += "; \(hint)" }
        return sentence
    }

    private static func answer(
        _ method: HTTPMethod, _ path: String, token: String?, _ configuration: GatewayConfiguration
    ) async throws -> (url: String, text: String, status: UInt) {
        let paths = DataPaths(configuration.dataPath)
        guard Files.exists(paths.address) else {
            throw GatewayError.notAnswering(
                address: paths.address, why: "the file is missing; plumblined run writes it when it listens")
        }
        let text = String(decoding: try GatewayPlan.read(paths.address), as: UTF8.self)
        let url = text.split(separator: "\n").first.map(String.init) ?? ""
        var settings = HTTPClient.Configuration()
        // A box asks itself: its certificate names another host, and what is sent does not leave the machine.
        settings.tlsConfiguration = .makeClientConfiguration()
        settings.tlsConfiguration?.certificateVerification = .none
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        do {
            var request = HTTPClientRequest(url: url + path)
            request.method = method
            request.headers.add(name: "Accept", value: "application/json")
            if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
            let response = try await client.execute(request, timeout: .seconds(answerSecondsMax))
            let body = try await response.body.collect(upTo: answerBytesMax)
            try await client.shutdown()
            return (url, String(buffer: body), response.status.code)
        } catch {
            // The first error is the one to tell.
            try? await client.shutdown()
            throw GatewayError.notAnswering(address: url, why: "\(error)")
        }
    }

    /// Written when the gateway listens, removed when it ends.
    package static func announce(_ url: String, _ configuration: GatewayConfiguration) throws {
        let path = DataPaths(configuration.dataPath).address
        unlink(path)
        try Files.writeNew(url + "\n", to: path, mode: 0o644)
    }

    package static func withdraw(_ configuration: GatewayConfiguration) {
        unlink(DataPaths(configuration.dataPath).address)
    }
}
