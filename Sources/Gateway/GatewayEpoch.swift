import Anchoring
package import Capture
import Evidence
import Glibc
import Hashing
import LedgerStore
import LogEntries
package import Logging
import MerkleLog

/// A new log behind one that cannot or should not be signed any more: a declared loss, opened by the recovery key.
package enum GatewayEpoch {
    package struct Report: Sendable {
        package let origin: String
        package let card: String
        package let cardPath: String
        package let previousOrigin: String
        package let previousSize: UInt64
        /// Where the old log lies now.
        package let oldFolder: String
        /// Why the old log has no anchored end leaf; `nil` when it has one.
        package let endMissing: String?
        /// Tokens that go on; the others have to be made again.
        package let tokens: Int
        /// It had been opened before and nothing of it is signed yet, so nothing was done now.
        package let wasOpen: Bool
    }

    /// Longest wait for the anchor of the old log's end, beside one interval, ms.
    static let endWaitMs: UInt64 = 60_000

    /// Ends the old log where it still can be ended, makes the next one in a folder beside it and puts it in its place, card last.
    /// The gateway must not run. After a death in between the same command goes on where it stopped; given again before the new log has
    /// signed anything, it does nothing and tells the same.
    ///
    /// - Parameter isEnding: whether the old log is given its end leaf and the anchor for it.
    package static func open(
        _ plan: GatewayPlan, recoveryKeyPath: String, isEnding: Bool = true, clock: Clock = .system,
        random: @escaping RandomBytes = SystemSources.random, journal: @escaping @Sendable (String) -> Logger
    ) async throws -> Report {
        let paths = DataPaths(plan.configuration.dataPath)
        let move = EpochMove(paths.folder)
        if !move.isReady {
            let card = try GatewayKeys.card(paths)
            let recovery = try GatewayKeys.recoveryKey(recoveryKeyPath, card)
            if let report = try await openBefore(paths, card, move) { return report }
            let origin = try nextOrigin(card.origin)
            try await GatewayKeys.withLedger(paths) { ledger in
                let gateway = GatewayRun(plan, clock: clock, random: random, journal: journal)
                var notEnded: String? = "it was not asked for"
                if isEnding {
                    do { notEnded = try await gateway.end(ledger, card, nextOrigin: origin, paths) } catch {
                        notEnded = "\(error)"
                    }
                }
                try move.note(notEnded ?? "")
                try await prepare(
                    plan, move, card: card, origin: origin, recovery: recovery, ledger: ledger, clock: clock,
                    random: random)
            }
        }
        let card = try move.card()
        let previous = try await move.previous()
        let notEnded = move.noted
        let oldFolder = try move.run(oldOrigin: previous.origin)
        let tokens = try LedgerReader.open(directory: paths.folder)
        return Report(
            origin: card.origin, card: card.encoded(), cardPath: paths.card, previousOrigin: previous.origin,
            previousSize: previous.size, oldFolder: oldFolder, endMissing: notEnded.isEmpty ? nil : notEnded,
            tokens: try await tokens.tokens().count, wasOpen: false)
    }

    /// What was opened by an earlier call, when this log follows a lost one and has not signed a checkpoint.
    private static func openBefore(_ paths: DataPaths, _ card: PolicyCard, _ move: EpochMove) async throws -> Report? {
        // Without a ledger the steps behind this say what is missing.
        guard Files.exists(paths.ledger) else { return nil }
        let reader = try LedgerReader.open(directory: paths.folder)
        guard try await reader.lastCheckpoint() == nil, let first = try await reader.leaf(at: 0),
            case .genesis(let genesis) = try Leaf.decode(first.bytes).body, let previous = genesis.previous
        else { return nil }
        return Report(
            origin: card.origin, card: card.encoded(), cardPath: paths.card, previousOrigin: previous.origin,
            previousSize: previous.size, oldFolder: move.oldFolder(previous.origin), endMissing: nil,
            tokens: try await reader.tokens().count, wasOpen: true)
    }

    /// `gw/b/house/1` → `gw/b/house/2`.
    static func nextOrigin(_ origin: String) throws -> String {
        let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, let epoch = UInt64(last) else { throw GatewayError.noEpoch(origin: origin) }
        return (parts.dropLast() + ["\(epoch + 1)"]).joined(separator: "/")
    }

    /// Everything of the new log in its own folder; the card last, so that a folder with a card is whole.
    private static func prepare(
        _ plan: GatewayPlan, _ move: EpochMove, card: PolicyCard, origin: String, recovery: LogSigningKey,
        ledger: Ledger, clock: Clock, random: @escaping RandomBytes
    ) async throws {
        guard let opener = recovery.named(origin) else { throw GatewayError.noEpoch(origin: origin) }
        try Files.makeFolder(move.folder)
        let new = DataPaths(move.folder)
        let key =
            Files.exists(new.logKey)
            ? try KeyFile.read(new.logKey)
            : try GatewayKeys.fresh(origin: origin, path: new.logKey, random: random)
        for suffix in ["", "-wal", "-shm"] { unlink(new.ledger + suffix) }
        let made = try await LedgerCreation.create(
            directory: move.folder,
            founding: .init(
                key: key, recoveryKey: opener.verifierKey, network: card.network,
                periodMs: UInt64(clamping: plan.configuration.log.periodMs),
                previous: try await lastKnown(ledger, card), opener: opener),
            building: plan.building, clock: clock, random: random)
        guard let genesis = try await made.leaf(at: 0) else { throw LedgerError.missing(file: new.ledger) }
        await made.close()
        let desk = try TokenDesk(directory: move.folder)
        let reader = try LedgerReader.open(directory: ledger.directory)
        for token in try await reader.tokens() where token.isValid(atMs: clock.wallMs()) {
            _ = try desk.add(
                hash: token.hash, name: token.name, role: token.role, nowMs: clock.wallMs(), untilMs: token.untilMs)
        }
        var next = card
        next.origin = origin
        next.logKey = key.verifierKey.description
        next.recoveryHash = sha256(Array(opener.verifierKey.description.utf8))
        next.genesis = genesis.hash
        try Files.writeNew(next.encoded(), to: new.card, mode: 0o644)
    }

    /// The last anchor of the old log, or what a memory off the box has shown to be signed beyond it.
    private static func lastKnown(_ ledger: Ledger, _ card: PolicyCard) async throws -> LedgerCreation.PreviousLog {
        let path = ledger.directory + "/contradiction"
        let anchored = try await ledger.lastAnchored()
        let known = (size: anchored?.size ?? 0, root: anchored?.root ?? MerkleTree.emptyRoot)
        if Files.exists(path) {
            let text = String(decoding: try GatewayPlan.read(path), as: UTF8.self)
            if let shown = SignedNote(text)?.checkpoint, shown.origin == card.origin, shown.size > known.size {
                return .init(origin: card.origin, size: shown.size, root: shown.root)
            }
        }
        return .init(origin: card.origin, size: known.size, root: known.root)
    }
}

extension GatewayRun {
    /// The end leaf, its beacon, and their anchor: confirmed, or why not.
    fileprivate func end(
        _ ledger: Ledger, _ card: PolicyCard, nextOrigin: String, _ paths: DataPaths
    ) async throws -> String? {
        guard !Files.exists(paths.folder + "/contradiction") else {
            return "a memory off the box knows more of this log than it holds"
        }
        let history = try await LogWriter.history(of: ledger)
        let signed = try await ledger.lastCheckpoint()?.size ?? 0
        let keys = try LogKeyFiles(paths).load(history, signedSize: signed)
        guard try await ledger.endLeaf() == nil else { return "its end leaf was not anchored in an earlier try" }
        return try await withNodes(paths) { nodes in
            let beacon = try await milestone(nodes, card)
            let (writer, start) = try await LogWriter.start(
                ledger: ledger, keys: keys, clock: clock, random: random, building: plan.building)
            if let refusal = start.signingRefusal { return refusal.description }
            _ = try await writer.end(nextOrigin: nextOrigin, beacon: beacon)
            let witnesses = WitnessLinks(plan.configuration.witnesses)
            let flow = anchorFlow(
                node: nodes.roster, events: nil, witnesses: witnesses, card: card, ledger: ledger, writer: writer)
            await flow.anchorNow()
            let deadlineMs = clock.wallMs() + ledger.identity.periodMs + GatewayEpoch.endWaitMs
            var isAnchored = false
            while !isAnchored, clock.wallMs() < deadlineMs {
                let waitMs = await flow.round()
                let size = try await ledger.size()
                isAnchored = try await ledger.lastAnchored()?.size == size
                if !isAnchored { try await clock.sleepMs(UInt64(clamping: min(waitMs, 1_000))) }
            }
            try await witnesses.shutdown()
            return isAnchored ? nil : await flow.status.trouble ?? "the network has not confirmed it in time"
        }
    }
}
