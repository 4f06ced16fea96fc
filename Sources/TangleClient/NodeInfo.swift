/// What `/api/core/v2/info` says, as far as anchoring needs it.
package struct NodeInfo: Equatable, Sendable {
    package let name: String
    package let version: String
    package let isHealthy: Bool
    package let networkName: String
    package let protocolVersion: UInt8
    package let minPoWScore: UInt32
    /// Milestones after which parents are refused.
    package let belowMaxDepth: UInt8
    package let latestMilestoneIndex: UInt32
    /// Seconds since 1970; `nil` when the node does not say.
    package let latestMilestoneTimeS: UInt32?

    package init(
        name: String, version: String, isHealthy: Bool, networkName: String, protocolVersion: UInt8,
        minPoWScore: UInt32,
        belowMaxDepth: UInt8, latestMilestoneIndex: UInt32, latestMilestoneTimeS: UInt32?
    ) {
        self.name = name
        self.version = version
        self.isHealthy = isHealthy
        self.networkName = networkName
        self.protocolVersion = protocolVersion
        self.minPoWScore = minPoWScore
        self.belowMaxDepth = belowMaxDepth
        self.latestMilestoneIndex = latestMilestoneIndex
        self.latestMilestoneTimeS = latestMilestoneTimeS
    }
}

/// What a node must be before a block is sent to it.
package struct NodeDemands: Sendable {
    package let networkName: String
    /// A node that demands more is refused: it could burn our processor.
    package let minPoWScoreMax: UInt32
    /// Largest difference between the latest milestone's time and our clock, s.
    package let milestoneAgeMaxS: Int64

    package init(networkName: String, minPoWScoreMax: UInt32, milestoneAgeMaxS: Int64 = 300) {
        self.networkName = networkName
        self.minPoWScoreMax = minPoWScoreMax
        self.milestoneAgeMaxS = milestoneAgeMaxS
    }

    /// Throws `unsuitable` with a sentence that names what is wrong.
    package func check(_ info: NodeInfo, nowS: Int64) throws(NodeError) {
        guard info.protocolVersion == 2 else {
            throw .unsuitable("the node speaks protocol version \(info.protocolVersion), 2 is needed")
        }
        guard info.networkName == networkName else {
            throw .unsuitable("the node belongs to network \(info.networkName), \(networkName) is configured")
        }
        guard info.isHealthy else { throw .unsuitable("the node says that it is not healthy") }
        guard info.minPoWScore <= minPoWScoreMax else {
            throw .unsuitable("the node demands score \(info.minPoWScore), at most \(minPoWScoreMax) is allowed here")
        }
        if let time = info.latestMilestoneTimeS { try check(milestoneTimeS: time, nowS: nowS) }
    }

    /// Throws `unsuitable` when the latest milestone and this host's clock are too far apart: one of the two clocks is wrong, or
    /// the network stands still.
    package func check(milestoneTimeS time: UInt32, nowS: Int64) throws(NodeError) {
        let age = nowS - Int64(time)
        guard abs(age) <= milestoneAgeMaxS else {
            throw .unsuitable(
                "the node's latest milestone is \(abs(age)) s \(age < 0 ? "ahead of" : "behind") this host's clock, at most "
                    + "\(milestoneAgeMaxS) s are allowed")
        }
    }
}

/// Where a block stands, from `/blocks/{id}/metadata`.
package struct BlockStatus: Equatable, Sendable {
    package let isSolid: Bool
    /// The milestone that references the block.
    package let referencedBy: UInt32?
    package let shouldPromote: Bool
    package let shouldReattach: Bool

    package init(isSolid: Bool, referencedBy: UInt32?, shouldPromote: Bool, shouldReattach: Bool) {
        self.isSolid = isSolid
        self.referencedBy = referencedBy
        self.shouldPromote = shouldPromote
        self.shouldReattach = shouldReattach
    }
}
