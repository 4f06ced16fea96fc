import LocalTangle
import Tangle
import TangleClient

extension GatewayConfiguration {
    func localTangleConfiguration(directory: String) -> LocalTangleConfiguration {
        LocalTangleConfiguration(
            networkName: Self.localNetworkName, intervalMs: localTangle.intervalMs,
            minPoWScore: localTangle.minPoWScore,
            directory: directory)
    }

    /// What a node must be before anything is sent to it.
    var nodeDemands: NodeDemands {
        NodeDemands(networkName: networkName, minPoWScoreMax: tangle?.minPoWScoreMax ?? localTangle.minPoWScore)
    }

    /// First line of the token file.
    func nodeToken() throws -> String? {
        guard let path = tangle?.tokenPath else { return nil }
        return String(decoding: try GatewayPlan.read(path), as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}

extension GatewayConfiguration.Tangle {
    var tangleKeys: [MilestoneKey] {
        milestoneKeys.map { MilestoneKey(publicKey: $0.key, start: $0.from, end: $0.to, holder: $0.holder) }
    }
}
