package import Capture
import Evidence
import Glibc
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import MerkleLog
import ProofOfWork
import Tangle
import TangleClient
import TimeStamping
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

    /// Order: log key, recovery key, network, ledger with leaves 0 to 2, and the card last: without it nothing starts.
    ///
    /// An init that was interrupted is carried on by the same command with the same recovery key path: nothing was captured or
    /// signed before the card was there.
    package static func initialise(
        _ plan: GatewayPlan, recoveryKeyPath: String, clock: Clock = .system,
        random: @escaping RandomBytes = SystemSources.random
    ) async throws -> Report {
        let configuration = plan.configuration
        let paths = DataPaths(configuration.dataPath)
        if Files.exists(paths.card) { throw GatewayError.alreadySetUp(path: paths.card) }
        try Files.makeFolder(configuration.dataPath)
        try checkIsOutside(recoveryKeyPath, configuration.dataPath)
        let origin = "\(configuration.gateway)/b/\(plan.building.id)/1"
        let isCarriedOn = Files.exists(paths.logKey)
        let key = try logKey(origin: origin, path: paths.logKey, random: random)
        let recovery = try recoveryKey(origin: origin, path: recoveryKeyPath, mayExist: isCarriedOn, random: random)
        // A file that cannot be used is told before anything is asked of the network.
        let stampRoots = try configuration.stampTrust().fingerprints.sorted()
        let network = try await network(configuration, paths, clock: clock)
        let genesis = try await genesis(
            plan, paths,
            LedgerCreation.Founding(
                key: key, recoveryKey: recovery, network: configuration.networkName,
                periodMs: UInt64(clamping: configuration.log.periodMs)),
            clock: clock, random: random)
        let card = PolicyCard(
            origin: origin, logKey: key.verifierKey.description, recoveryHash: sha256(Array(recovery.description.utf8)),
            genesis: genesis, network: configuration.networkName, milestoneIndex: network.milestone.index,
            milestoneID: network.milestone.id.hash, milestoneKeys: network.keys, threshold: UInt32(network.threshold),
            minPowScore: network.minPoWScore, witnesses: configuration.witnesses.map(\.key),
            timeStampRoots: stampRoots)
        let text = card.encoded()
        try Files.writeNew(text, to: paths.card, mode: 0o644)
        return Report(
            origin: origin, cardPath: paths.card, card: text, recoveryKeyPath: recoveryKeyPath,
            isSelfNetwork: card.isSelfNetwork)
    }

    // MARK: - Keys

    private static func checkIsOutside(_ path: String, _ dataPath: String) throws {
        let parent = Files.folder(of: path)
        guard let folder = Files.real(parent), let data = Files.real(dataPath) else {
            throw GatewayError.file(path: parent, doing: "hold the recovery key", errno: errno)
        }
        guard folder != data, !folder.hasPrefix(data + "/") else {
            throw GatewayError.recoveryKeyInside(path: dataPath)
        }
    }

    /// Its private half goes to the path and is forgotten here. Only an interrupted init may have left one.
    private static func recoveryKey(
        origin: String, path: String, mayExist: Bool, random: RandomBytes
    ) throws -> VerifierKey {
        if mayExist, Files.exists(path) {
            let kept = try KeyFile.read(path).verifierKey
            guard kept.name == origin else { throw GatewayError.alreadySetUp(path: path) }
            return kept
        }
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

    // MARK: - Ledger

    /// Makes the ledger, or takes the one that an interrupted init began with the same keys; the hash of its leaf 0.
    private static func genesis(
        _ plan: GatewayPlan, _ paths: DataPaths, _ founding: LedgerCreation.Founding, clock: Clock,
        random: @escaping RandomBytes
    ) async throws -> Hash {
        let directory = plan.configuration.dataPath
        do {
            let ledger = try await LedgerCreation.create(
                directory: directory, founding: founding, building: plan.building, clock: clock, random: random)
            await ledger.close()
        } catch LedgerError.exists {
            let identity = try LedgerReader.open(directory: directory).identity
            guard identity.logKey == founding.key.verifierKey.description,
                identity.recoveryKeyHash == sha256(Array(founding.recoveryKey.description.utf8)),
                identity.network == founding.network, identity.periodMs == founding.periodMs
            else { throw GatewayError.unlikeInterrupted(path: directory) }
        }
        let reader = try LedgerReader.open(directory: directory)
        guard let genesis = try await reader.leaf(at: 0) else { throw LedgerError.missing(file: paths.ledger) }
        return genesis.hash
    }

    // MARK: - Network

    private struct Network {
        let milestone: Milestone
        let keys: [PolicyCard.MilestoneKey]
        let threshold: Int
        let minPoWScore: UInt32
    }

    private static func network(_ configuration: GatewayConfiguration, _ paths: DataPaths, clock: Clock) async throws
        -> Network
    {
        guard let tangle = configuration.tangle else {
            try Files.makeFolder(paths.tangle)
            let node = try LocalTangleNode(
                configuration: configuration.localTangleConfiguration(directory: paths.tangle),
                clock: { Int64(clamping: clock.wallMs()) })
            guard let milestone = await node.latestMilestone else {
                throw GatewayError.node("the development node made no milestone")
            }
            return Network(
                milestone: milestone,
                keys: node.milestoneKeys(holder: PolicyCard.operatorHolder).compactMap(PolicyCard.MilestoneKey.init),
                threshold: 1, minPoWScore: configuration.localTangle.minPoWScore)
        }
        let nodes = try GatewayNodes(configuration, clock: clock)
        do {
            let network = try await network(of: nodes.roster, tangle)
            try await nodes.shutdown()
            return network
        } catch {
            // The first error is the one to tell.
            try? await nodes.shutdown()
            guard let error = error as? NodeError else { throw error }
            throw GatewayError.node("node \(nodes.roster.name): \(error)")
        }
    }

    private static func network(
        of roster: NodeRoster, _ tangle: GatewayConfiguration.Tangle
    ) async throws -> Network {
        let info = try await roster.info()
        let milestone = try Milestone.parse(try await roster.milestone(index: info.latestMilestoneIndex))
        let keys = tangle.tangleKeys
        guard case .holds = milestone.verdict(keys: keys, threshold: tangle.threshold) else {
            throw GatewayError.node(
                "\(roster.name): milestone \(milestone.index) is not signed by the configured milestoneKeys; ask the network's operator for them"
            )
        }
        return Network(
            milestone: milestone, keys: keys.compactMap(PolicyCard.MilestoneKey.init), threshold: tangle.threshold,
            minPoWScore: info.minPoWScore)
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
    /// The key that a change of keys puts in force, until it takes the place of `log.key`.
    package var nextLogKey: String { folder + "/log.key.next" }
    package var card: String { folder + "/card" }
    package var tangle: String { folder + "/tangle" }
    package var evidence: String { folder + "/evidence" }
    /// Where the running gateway answers: written when it listens, for `status` and the demo.
    package var address: String { folder + "/address" }
}
