import Tangle

/// The answer of `/info`. Every field is one that a stock client refuses to do without.
struct NodeInfoForm {
    let parameters: ProtocolParameters
    let isHealthy: Bool
    let milestone: JSON
    let pruningIndex: UInt32
    let blocksPerSecond: Double
    let referencedPerSecond: Double

    var json: JSON {
        .members([
            "name": .string("plumbline-tangle"), "version": .string("1.0.0"),
            "status": .members([
                "isHealthy": .bool(isHealthy), "latestMilestone": milestone, "confirmedMilestone": milestone,
                "pruningIndex": .number(pruningIndex),
            ]),
            "supportedProtocolVersions": .array([.number(parameters.version)]),
            "protocol": protocolForm,
            "pendingProtocolParameters": .array([]),
            "baseToken": .members([
                "name": .string("Test"), "tickerSymbol": .string("TST"), "unit": .string("TST"),
                "decimals": .number(6), "useMetricPrefix": .bool(false),
            ]),
            "metrics": .members([
                "blocksPerSecond": .rate(blocksPerSecond), "referencedBlocksPerSecond": .rate(referencedPerSecond),
                "referencedRate": .rate(blocksPerSecond > 0 ? 100 * referencedPerSecond / blocksPerSecond : 100),
            ]),
            "features": .array([]),
        ])
    }

    private var protocolForm: JSON {
        .members([
            "version": .number(parameters.version), "networkName": .string(parameters.networkName),
            "bech32Hrp": .string(parameters.bech32HRP), "minPowScore": .number(parameters.minPoWScore),
            "belowMaxDepth": .number(parameters.belowMaxDepth),
            "rentStructure": .members([
                "vByteCost": .number(parameters.vByteCost), "vByteFactorData": .number(parameters.vByteFactorData),
                "vByteFactorKey": .number(parameters.vByteFactorKey),
            ]),
            "tokenSupply": .string(String(parameters.tokenSupply)),
        ])
    }
}

extension JSON {
    /// A rate with two decimals, always with a point: clients read it as a fraction.
    fileprivate static func rate(_ value: Double) -> JSON {
        let hundredths = Int64(min(max(0, value), 1e12) * 100)
        let rest = String(hundredths % 100)
        return .number("\(hundredths / 100).\(rest.count < 2 ? "0" : "")\(rest)")
    }
}
