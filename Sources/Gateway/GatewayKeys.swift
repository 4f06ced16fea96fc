import Anchoring
package import Capture
import Evidence
import Glibc
import Hashing
import LedgerStore
import LogEntries
package import Logging
import MerkleLog
import Tangle
import TangleClient

/// What the recovery key can do: put another log key in force, and say that the log key was stolen.
package enum GatewayKeys {
    /// What a change of key did.
    package struct Change: Sendable {
        package let origin: String
        /// Index of the key leaf.
        package let leafIndex: UInt64
        /// vkey text.
        package let newKey: String
        /// An earlier try had appended the leaf already.
        package let wasThere: Bool
    }

    /// Appends the leaf that puts a fresh log key in force, with the beacon behind it. The gateway must not run.
    ///
    /// On disk, in this order: `log.key.next`; key leaf and beacon in one transaction. The next start of the gateway signs their
    /// tree with the old key, puts the new one in its place, and signs again. After a death in between, the same command goes on.
    package static func change(
        _ plan: GatewayPlan, recoveryKeyPath: String, clock: Clock = .system,
        random: @escaping RandomBytes = SystemSources.random, journal: @escaping @Sendable (String) -> Logger
    ) async throws -> Change {
        let paths = DataPaths(plan.configuration.dataPath)
        let card = try card(paths)
        let recovery = try recoveryKey(recoveryKeyPath, card)
        return try await withLedger(paths) { ledger in
            let history = try await LogWriter.history(of: ledger)
            let signed = try await ledger.lastCheckpoint()?.size ?? 0
            let keys = try LogKeyFiles(paths).load(history, signedSize: signed)
            let kept = Files.exists(paths.nextLogKey) ? try KeyFile.read(paths.nextLogKey) : nil
            if let last = history.changes.last, kept?.verifierKey == last.key || keys.former != nil {
                return Change(
                    origin: card.origin, leafIndex: last.leafIndex, newKey: last.key.description, wasThere: true)
            }
            let new = try kept ?? fresh(origin: card.origin, path: paths.nextLogKey, random: random)
            let gateway = GatewayRun(plan, clock: clock, random: random, journal: journal)
            return try await gateway.withNodes(paths) { nodes in
                let beacon = try await gateway.milestone(nodes, card)
                let (writer, start) = try await LogWriter.start(
                    ledger: ledger, keys: keys, clock: clock, random: random, building: plan.building)
                if let refusal = start.signingRefusal { throw CaptureError.signingRefused(refusal) }
                let index = try await writer.changeKey(to: new.verifierKey, by: recovery, beacon: beacon)
                return Change(
                    origin: card.origin, leafIndex: index, newKey: new.verifierKey.description, wasThere: false)
            }
        }
    }

    /// A statement of theft, as it is kept for every evidence file from now on.
    package struct Theft: Sendable {
        package let origin: String
        /// Leaves for which the recovery key still vouches.
        package let size: UInt64
        /// Hexadecimal.
        package let root: String
        /// 109 bytes, hexadecimal.
        package let statement: String
    }

    /// States that whatever the log key signed behind the first `size` leaves may be a thief's. The gateway may run.
    ///
    /// - Parameter size: the last anchored size when it is nil.
    package static func declareStolen(
        _ configuration: GatewayConfiguration, recoveryKeyPath: String, size: UInt64?, clock: Clock = .system
    ) throws -> Theft {
        let paths = DataPaths(configuration.dataPath)
        let card = try card(paths)
        let recovery = try recoveryKey(recoveryKeyPath, card)
        let desk = try CompromiseDesk(directory: paths.folder)
        let whole = try desk.size()
        let size = try size ?? desk.lastAnchored()?.size ?? 0
        guard size <= whole else { throw GatewayError.sizeBeyond(size: size, whole: whole) }
        let root = size == 0 ? MerkleTree.emptyRoot : try desk.root(size: size)
        let payload = try AnchorPayload(
            compromisedAt: Checkpoint(origin: card.origin, size: size, root: root), by: recovery)
        try desk.add(
            StoredCompromise(
                size: size, statement: payload.bytes, recoveryKey: recovery.verifierKey.description),
            atMs: clock.wallMs())
        return Theft(origin: card.origin, size: size, root: root.hex, statement: hexText(payload.bytes))
    }

    // MARK: - Files

    static func card(_ paths: DataPaths) throws -> PolicyCard {
        guard Files.exists(paths.card) else {
            let move = EpochMove(paths.folder)
            if move.folder != paths.folder, move.isReady { throw GatewayError.epochHalfOpen(path: move.folder) }
            throw GatewayError.notSetUp(path: paths.card)
        }
        do { return try PolicyCard.parse(try GatewayPlan.read(paths.card)) } catch is PolicyCard.ParseError {
            throw GatewayError.cardUnreadable(path: paths.card)
        }
    }

    /// The key that `init` gave away, under the name of the present epoch.
    static func recoveryKey(_ path: String, _ card: PolicyCard) throws -> LogSigningKey {
        guard Files.exists(path) else { throw GatewayError.file(path: path, doing: "be read", errno: ENOENT) }
        guard let key = try KeyFile.read(path).named(card.origin),
            sha256(Array(key.verifierKey.description.utf8)) == card.recoveryHash
        else { throw GatewayError.otherRecoveryKey(path: path) }
        return key
    }

    /// A key that no file had before; on disk when it returns.
    static func fresh(origin: String, path: String, random: RandomBytes) throws -> LogSigningKey {
        let seed = random(32)
        guard let key = LogSigningKey(name: origin, seed: seed) else { throw GatewayError.keyFile(path: path) }
        try KeyFile.write(seed: seed, key: key.verifierKey, to: path)
        return key
    }

    /// The ledger, which nobody else has meanwhile.
    static func withLedger<Answer: Sendable>(
        _ paths: DataPaths, _ body: (Ledger) async throws -> Answer
    ) async throws -> Answer {
        let ledger = try Ledger.open(directory: paths.folder)
        do {
            let answer = try await body(ledger)
            await ledger.close()
            return answer
        } catch {
            await ledger.close()
            throw error
        }
    }
}

extension GatewayRun {
    /// Whom to ask for milestones, without a running gateway; the development node runs as long as the body does.
    func withNodes<Answer: Sendable>(
        _ paths: DataPaths, _ body: @escaping @Sendable (GatewayNodes) async throws -> Answer
    ) async throws -> Answer {
        let local = try plan.configuration.tangle == nil ? localNode(paths) : nil
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let nodes = try await nodes(local, into: &group)
            let answer: Answer
            do { answer = try await body(nodes) } catch {
                // The first error is the one to tell.
                try? await nodes.shutdown()
                throw error
            }
            try await nodes.shutdown()
            return answer
        }
    }

    /// The network's latest milestone, for a beacon.
    func milestone(_ nodes: GatewayNodes, _ card: PolicyCard) async throws -> BeaconFacts {
        let keys = card.milestoneKeys.map {
            MilestoneKey(publicKey: $0.key.bytes, start: $0.start, end: $0.end, holder: $0.holder)
        }
        let index = try await nodes.roster.info().latestMilestoneIndex
        return try MilestonePolicy(keys: keys, threshold: Int(card.threshold))
            .beacon(try await nodes.roster.milestone(index: index))
    }
}
