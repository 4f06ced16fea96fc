import Glibc
import LocalTangle
import SourceYAML
import Tangle
import TangleClient

extension GatewayConfiguration {
    func localTangleConfiguration(directory: String) -> LocalTangleConfiguration {
        LocalTangleConfiguration(
            networkName: Self.localNetworkName, intervalMs: localTangle.intervalMs,
            minPoWScore: localTangle.minPoWScore,
            directory: directory, events: localTangle.events)
    }

    /// What a node must be before anything is sent to it.
    var nodeDemands: NodeDemands {
        NodeDemands(networkName: networkName, minPoWScoreMax: tangle?.minPoWScoreMax ?? localTangle.minPoWScore)
    }

    /// The token of each configured node, in their order.
    func nodeTokens() throws -> [String?] { try (tangle?.nodes ?? []).map { try $0.token() } }
}

extension GatewayConfiguration.Node {
    /// Longest token, bytes.
    static let tokenBytesMax = 8_192

    /// The token file's first line, which must be what a header can carry (RFC 6750 section 2.1), and not everybody's to read.
    package func token() throws -> String? {
        guard let path = tokenPath else { return nil }
        let text = String(decoding: try GatewayPlan.read(path), as: UTF8.self)
        var facts = stat()
        if stat(path, &facts) == 0, facts.st_mode & 0o004 != 0 {
            throw SourceError(
                file: path, message: "everybody on this machine can read this token", hint: "chmod o-r \(path)")
        }
        let line = text.split(whereSeparator: \.isNewline).first ?? ""
        guard (1...Self.tokenBytesMax).contains(line.utf8.count), line.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw SourceError(
                file: path, message: "the first line is no token",
                hint: "1 to \(Self.tokenBytesMax) printable ASCII characters without space")
        }
        return String(line)
    }
}

extension GatewayConfiguration.Tangle {
    var tangleKeys: [MilestoneKey] {
        milestoneKeys.map { MilestoneKey(publicKey: $0.key, start: $0.from, end: $0.to, holder: $0.holder) }
    }
}
