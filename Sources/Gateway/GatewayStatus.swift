import AsyncHTTPClient
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

    /// The address stands in the data folder while the gateway runs.
    package static func ask(_ configuration: GatewayConfiguration) async throws -> Answer {
        let paths = DataPaths(configuration.dataPath)
        guard Files.exists(paths.address) else {
            throw GatewayError.notAnswering(
                address: paths.address, why: "the file is missing; plumblined run writes it when it listens")
        }
        let text = String(decoding: try GatewayPlan.read(paths.address), as: UTF8.self)
        let url = text.split(separator: "\n").first.map(String.init) ?? ""
        var settings = HTTPClient.Configuration()
        // Nothing secret is sent, and a box asks itself: its certificate names another host.
        settings.tlsConfiguration = .makeClientConfiguration()
        settings.tlsConfiguration?.certificateVerification = .none
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        do {
            var request = HTTPClientRequest(url: url + "/v1/health")
            request.headers.add(name: "Accept", value: "application/json")
            let response = try await client.execute(request, timeout: .seconds(5))
            let body = try await response.body.collect(upTo: answerBytesMax)
            try await client.shutdown()
            let text = String(buffer: body)
            // What is no health document has no state, and the caller shows it.
            let health = try? JSON.parse(text)
            return Answer(
                url: url, state: health?["state"]?.asString,
                problems: health?["problems"]?.asArray?.compactMap(\.asString) ?? [],
                json: text)
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
