import Capture
import Hashing
import Logging
import TangleClient

/// The nodes that a gateway talks to, and their connections.
struct GatewayNodes: Sendable {
    let roster: NodeRoster
    private let clients: [HTTPTangleNode]
    /// Those of the nodes that tell their events to a broker.
    private let sources: [NodeEventStream.Source]

    /// - Parameter localURL: of the development node, when no other is configured.
    init(_ configuration: GatewayConfiguration, localURL: String = "", clock: Clock) throws {
        let tokens = try configuration.nodeTokens()
        if let tangle = configuration.tangle {
            clients = zip(tangle.nodes, tokens).map { HTTPTangleNode(url: $0.address, token: $1) }
            sources = tangle.nodes.compactMap { node in
                node.events.map { NodeEventStream.Source(node: node.address, broker: $0) }
            }
        } else {
            clients = [HTTPTangleNode(url: localURL)]
            let broker = configuration.localTangle.events
            sources = broker.map { [NodeEventStream.Source(node: localURL, broker: $0)] } ?? []
        }
        roster = NodeRoster(
            clients, demands: configuration.nodeDemands, nowMs: { Int64(clamping: clock.wallMs()) },
            chance: GatewayRun.chance)
    }

    /// What the nodes tell by themselves; `nil` when no broker is configured for any of them.
    ///
    /// - Parameter random: for a name at the brokers that nobody else has.
    func eventStream(clock: Clock, random: RandomBytes, journal: Logger) -> NodeEventStream? {
        guard !sources.isEmpty else { return nil }
        return NodeEventStream(
            sources, clientID: "plumbline-" + hexText(random(4)), nowMs: { Int64(clamping: clock.monoMs()) },
            chance: GatewayRun.chance,
            report: { sentence, isTrouble in journal.log(level: isTrouble ? .warning : .notice, "\(sentence)") })
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
