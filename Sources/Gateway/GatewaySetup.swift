package import Capture
import Evidence
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import MerkleLog
import ProofOfWork
import Tangle
import TangleClient
import TwinModel

/// The ceremony of the first day (`formats.md` section 6): keys, genesis, card. Nothing existing is ever touched.
package enum GatewaySetup {
    /// What was made, for the person who did it.
    package struct Report: Sendable {
        package let origin: String
        package let cardPath: String
        package let card: String
        package let recoveryKeyPath: String
        package let isSelfNetwork: Bool
    }

    /// Order: recovery key and log key, network, ledger with leaves 0 to 2, and the card last: without it nothing starts.
    package static func initialise(
        _ plan: GatewayPlan, recoveryKeyPath: String, clock: Clock = .system,
        random: @escaping RandomBytes = SystemSources.random
    ) async throws -> Report {
        let configuration = plan.configuration
        let paths = DataPaths(configuration.dataPath)
        for path in [paths.card, paths.ledger] where Files.exists(path) { throw GatewayError.alreadySetUp(path: path) }
        guard !recoveryKeyPath.hasPrefix(configuration.dataPath + "/") else {
            throw GatewayError.recoveryKeyInside(path: configuration.dataPath)
        }
        try Files.makeFolder(configuration.dataPath)
        let origin = "\(configuration.gateway)/b/\(plan.building.id)/1"
        let recovery = try recoveryKey(origin: origin, path: recoveryKeyPath, random: random)
        let key = try logKey(origin: origin, path: paths.logKey, random: random)
        let network = try await network(configuration, paths, clock: clock)
        let ledger = try await LedgerCreation.create(
            directory: configuration.dataPath,
            founding: LedgerCreation.Founding(
                key: key, recoveryKey: recovery, network: configuration.networkName,
                periodMs: UInt64(clamping: configuration.log.periodMs)),
            building: plan.building, clock: clock, random: random)
        await ledger.close()
        let reader = try LedgerReader.open(directory: configuration.dataPath)
        guard let genesis = try await reader.leaf(at: 0) else { throw LedgerError.missing(file: paths.ledger) }
        let card = PolicyCard(
            origin: origin, logKey: key.verifierKey.description, recoveryHash: sha256(Array(recovery.description.utf8)),
            genesis: genesis.hash, network: configuration.networkName, milestoneIndex: network.milestone.index,
            milestoneID: network.milestone.id.hash, milestoneKeys: network.keys, threshold: UInt32(network.threshold),
            minPowScore: network.minPoWScore)
        let text = card.encoded()
        try Files.writeNew(text, to: paths.card, mode: 0o644)
        return Report(
            origin: origin, cardPath: paths.card, card: text, recoveryKeyPath: recoveryKeyPath,
            isSelfNetwork: card.isSelfNetwork)
    }

    // MARK: - Keys

    /// Its private half goes to the path and is forgotten here.
    private static func recoveryKey(origin: String, path: String, random: RandomBytes) throws -> VerifierKey {
        let seed = random(32)
        guard let key = LogSigningKey(name: origin, seed: seed) else { throw GatewayError.keyFile(path: path) }
        try KeyFile.write(seed: seed, key: key.verifierKey, to: path)
        return key.verifierKey
    }

    /// An init that was interrupted has left the log key; nothing was signed with it yet, so it serves.
    private static func logKey(origin: String, path: String, random: RandomBytes) throws -> LogSigningKey {
        if Files.exists(path) {
            let kept = try KeyFile.read(path)
            guard kept.verifierKey.name == origin else { throw GatewayError.alreadySetUp(path: path) }
            return kept
        }
        let seed = random(32)
        guard let key = LogSigningKey(name: origin, seed: seed) else { throw GatewayError.keyFile(path: path) }
        try KeyFile.write(seed: seed, key: key.verifierKey, to: path)
        return key
    }

    // MARK: - Network

    private struct Network {
        let milestone: Milestone
        let keys: [PolicyCard.MilestoneKey]
        let threshold: Int
        let minPoWScore: UInt32
    }

    private static func network(_ configuration: GatewayConfiguration, _ paths: DataPaths, clock: Clock) async throws -> Network {
        guard let tangle = configuration.tangle else {
            try Files.makeFolder(paths.tangle)
            let node = try LocalTangleNode(
                configuration: configuration.localTangleConfiguration(directory: paths.tangle),
                clock: { Int64(clamping: clock.wallMs()) })
            guard let milestone = await node.latestMilestone else {
                throw GatewayError.node("the development node made no milestone")
            }
            return Network(
                milestone: milestone, keys: node.milestoneKeys(holder: PolicyCard.operatorHolder).compactMap(PolicyCard.MilestoneKey.init),
                threshold: 1, minPoWScore: configuration.localTangle.minPoWScore)
        }
        let node = HTTPTangleNode(url: tangle.node, token: try configuration.nodeToken())
        do {
            let info = try await node.info()
            try configuration.nodeDemands.check(info, nowS: Int64(clamping: clock.wallMs() / 1_000))
            let milestone = try Milestone.parse(try await node.milestone(index: info.latestMilestoneIndex))
            let keys = tangle.tangleKeys
            guard case .holds = milestone.verdict(keys: keys, threshold: tangle.threshold) else {
                throw GatewayError.node(
                    "\(tangle.node): milestone \(milestone.index) is not signed by the configured milestoneKeys; ask the network's operator for them")
            }
            try await node.shutdown()
            return Network(
                milestone: milestone, keys: keys.compactMap(PolicyCard.MilestoneKey.init), threshold: tangle.threshold,
                minPoWScore: info.minPoWScore)
        } catch let error as NodeError {
            throw GatewayError.node("node \(tangle.node): \(error)")
        }
    }
}

extension PolicyCard.MilestoneKey {
    init?(_ key: MilestoneKey) {
        guard let hash = Hash(bytes: key.publicKey) else { return nil }
        self.init(key: hash, start: key.start, end: key.end, holder: key.holder)
    }
}

/// Where things lie in the data folder.
package struct DataPaths: Sendable {
    package let folder: String
    package init(_ folder: String) { self.folder = folder }
    package var ledger: String { folder + "/" + Ledger.fileName }
    package var logKey: String { folder + "/log.key" }
    package var card: String { folder + "/card" }
    package var tangle: String { folder + "/tangle" }
    package var evidence: String { folder + "/evidence" }
    /// Where the running gateway answers: written when it listens, for `status` and the demo.
    package var address: String { folder + "/address" }
}
