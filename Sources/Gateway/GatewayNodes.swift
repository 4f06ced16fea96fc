import Capture
import TangleClient

/// The nodes that a gateway talks to, and their connections.
struct GatewayNodes: Sendable {
    let roster: NodeRoster
    private let clients: [HTTPTangleNode]

    /// - Parameter localURL: of the development node, when no other is configured.
    init(_ configuration: GatewayConfiguration, localURL: String = "", clock: Clock) throws {
        let tokens = try configuration.nodeTokens()
        if let tangle = configuration.tangle {
            clients = zip(tangle.nodes, tokens).map { HTTPTangleNode(url: $0.address, token: $1) }
        } else {
            clients = [HTTPTangleNode(url: localURL)]
        }
        roster = NodeRoster(
            clients, demands: configuration.nodeDemands, nowMs: { Int64(clamping: clock.wallMs()) },
            chance: GatewayRun.chance)
    }

    /// Ends every connection; the first error is the one to tell.
    func shutdown() async throws {
        var first: (any Error)?
        for client in clients {
            do { try await client.shutdown() } catch { first = first ?? error }
        }
        if let first { throw first }
    }
}
