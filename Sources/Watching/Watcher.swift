package import Evidence
import Hashing
package import Logging
import MerkleLog
import Tangle
package import TangleClient
package import Witness
package import WitnessClient

/// Follows one log from outside: every anchor is fetched from the network itself, proven, kept and compared with what is
/// remembered; what is consistent is cosigned, what is not is kept as evidence.
package actor Watcher {
    /// Anchors fetched in one round at most; the rest have their turn in the next.
    package static let anchorsPerRoundMax = 100
    /// Rounds in which a node may not know a listed block before it counts as missing.
    package static let triesMax = 5
    /// Sentences about trouble in one report at most.
    package static let troublesMax = 20

    let card: PolicyCard
    /// Where the keys are kept that were learned.
    let keysPath: String
    let desk: WitnessDesk
    let forks: ForkBook
    let node: any AnchorSource
    let log: any PublicLog
    let journal: Logger
    let nowMs: @Sendable () -> Int64
    /// What the node tells by itself; `nil` when it is polled only.
    let events: NodeEventStream?
    let patienceMs: Int64
    var shelf: AnchorShelf
    var sightings: SightingShelf
    /// Blocks that were told under the tag and that no milestone references yet, and since when, UTC ms.
    var waiting: [Hash: Int64] = [:]
    var hiddenTold: Set<Hash> = []
    var known: KnownKeys
    var keyLooks = 0
    private var network: NetworkCheck
    private var tries: [UInt64: Int] = [:]
    private var troubles: [String] = []
    private var rolledBackTo: UInt64?
    private var forksTold = 0
    package internal(set) var report: WatchReport

    /// - Parameters:
    ///   - desk: follows this card's origin.
    ///   - keysPath: the file of the keys that were learned.
    ///   - patienceMs: how long the gateway may take to list an anchor after its milestone.
    ///   - nowMs: UTC ms.
    /// - Throws: when the store cannot be read.
    package init(
        card: PolicyCard, keysPath: String, desk: WitnessDesk, forks: ForkBook, shelf: AnchorShelf,
        sightings: SightingShelf,
        node: any AnchorSource, log: any PublicLog, events: NodeEventStream? = nil,
        patienceMs: Int64 = Watcher.patienceMs,
        journal: Logger, nowMs: @escaping @Sendable () -> Int64
    ) async throws {
        self.card = card
        self.keysPath = keysPath
        known = try KnownKeys(card: card, path: keysPath)
        self.desk = desk
        self.forks = forks
        self.shelf = shelf
        self.sightings = sightings
        self.events = events
        self.patienceMs = patienceMs
        self.node = node
        self.log = log
        self.journal = journal
        self.nowMs = nowMs
        network = NetworkCheck(card: card)
        report = WatchReport(origin: card.origin, witness: desk.key.description)
        report.keyChanges = known.changes
        forksTold = try forks.all().count
        await desk.follow(card.origin, known.terms)
        tellHidden()
        try await summarize(isChecked: false)
    }

    /// Looks once at everything there is to see; what hinders it is in the report and is tried again in the next round.
    ///
    /// - Returns: whether more anchors wait than one round takes.
    /// - Throws: when the store fails. Then nothing that was not kept has been signed.
    package func round() async throws -> Bool {
        troubles = []
        keyLooks = 0
        rolledBackTo = nil
        let rest = try await attempt { try await self.followAnchors() }
        _ = try await attempt { try await self.followCheckpoint() }
        hearSightings()
        try await followSightings()
        // Who is not in a list that is not whole may stand in the rest of it.
        if let rest, !rest.hasMore { try judgeSightings(open: rest.open) }
        events?.follow(waiting.sorted { $0.value > $1.value }.map(\.key), milestones: !waiting.isEmpty)
        try await summarize(isChecked: true)
        return rest?.hasMore ?? false
    }

    /// Calls that fail are troubles; a store that fails ends the watch.
    func attempt<Answer: Sendable>(_ body: () async throws -> Answer) async throws -> Answer? {
        do { return try await body() } catch let error as CallError {
            trouble("gateway \(log.name): \(error)")
        } catch let error as NodeError {
            trouble("node \(node.name): \(error)")
        }
        return nil
    }

    func trouble(_ sentence: String) {
        if troubles.count < Self.troublesMax { troubles.append(sentence) }
    }

    private func summarize(isChecked: Bool) async throws {
        let latest = try await desk.latest(of: card.origin)?.checkpoint
        report.size = latest?.size
        report.root = latest?.root
        report.anchorsKept = shelf.kept.count
        report.anchorsMissing = shelf.missing.count
        report.forks = try forks.all().count
        report.rolledBackTo = rolledBackTo
        report.hidden = sightings.hidden.sorted()
        for sentence in troubles where !report.troubles.contains(sentence) { journal.warning("\(sentence)") }
        report.troubles = troubles
        if isChecked { report.checkedAtMs = nowMs() }
        if report.forks > forksTold {
            forksTold = report.forks
            journal.critical(
                "THE LOG HAS FORKED: two signed checkpoints contradict each other; both are kept in \(forks.folder). Tell everybody who relies on this log"
            )
        }
    }

    // MARK: - Anchors

    /// - Returns: lines whose blocks are not here, and whether the list goes on beyond what was looked at.
    private func followAnchors() async throws -> (open: [ListedAnchor], hasMore: Bool) {
        let lines = try await log.anchors(after: shelf.whole)
        let listed = lines.filter {
            !shelf.kept.contains($0.seq) && !shelf.missing.contains($0.seq)
        }
        for anchor in listed.prefix(Self.anchorsPerRoundMax) {
            guard let kept = try await attempt({ try await self.fetch(anchor) }) ?? nil else { continue }
            try shelf.keep(kept)
            tries[anchor.seq] = nil
            journal.info("anchor kept", metadata: ["seq": "\(anchor.seq)", "size": "\(anchor.size)"])
            _ = try await attempt { try await self.compare(kept.proven.note) }
        }
        let open = listed.filter { !shelf.kept.contains($0.seq) && !shelf.missing.contains($0.seq) }
        return (open, listed.count > Self.anchorsPerRoundMax || lines.count >= ListedAnchor.linesMax)
    }

    /// The anchor from the node, proven by the card; `nil` with a trouble when it is not there or does not hold.
    private func fetch(_ listed: ListedAnchor) async throws -> KeptAnchor? {
        let name = "anchor \(listed.seq)"
        guard listed.seq <= AnchorShelf.seqMax else {
            trouble("\(name): numbers end at \(AnchorShelf.seqMax)")
            return nil
        }
        let status: BlockStatus
        do { status = try await node.status(of: listed.blockID) } catch {
            guard error == .notFound else { throw error }
            try missed(listed.seq, name)
            return nil
        }
        guard let index = status.referencedBy else {
            trouble("\(name): node \(node.name) knows of no milestone that references its block")
            return nil
        }
        let proven = try await proven(listed.blockID, milestone: index, name: name)
        return proven.map { KeptAnchor(seq: listed.seq, proven: $0) }
    }

    /// What proves the anchor in a block, from the node; `nil` with a trouble when it does not hold by the card.
    func proven(_ id: Hash, milestone index: UInt32, name: String) async throws -> ProvenAnchor? {
        let block = try await node.block(id)
        let milestone = try await node.milestone(index: index)
        let proof = try await node.proofOfInclusion(of: id)
        guard let path = Self.path(proof, of: id) else {
            trouble("\(name): the node's proof of inclusion cannot be read")
            return nil
        }
        var found = FindingList()
        let answer = network.anchor(name, block: block[...], path: path[...], milestone: milestone[...], into: &found)
        guard answer.blockID == id else {
            trouble("\(name): the node shows another block than the one asked for")
            return nil
        }
        let failures = found.sorted.filter { $0.code.severity != .note }
        guard failures.isEmpty, answer.isGood else {
            trouble("\(name) does not hold: \(failures.map(\.code.rawValue).joined(separator: " "))")
            return nil
        }
        guard let payload = answer.payload.flatMap({ AnchorPayload(bytes: $0) }), payload.kind == .checkpoint,
            try await isKnown(payload.note(origin: card.origin))
        else {
            trouble("\(name) is not signed by the log key on the card or one that followed it")
            return nil
        }
        return ProvenAnchor(
            note: payload.note(origin: card.origin), block: block, milestone: milestone, path: path)
    }

    private func missed(_ seq: UInt64, _ name: String) throws {
        tries[seq, default: 0] += 1
        guard tries[seq, default: 0] >= Self.triesMax else {
            trouble("\(name): node \(node.name) does not know its block")
            return
        }
        tries[seq] = nil
        try shelf.giveUp(seq)
        journal.warning("no proof can be had any more: the node has forgotten the block", metadata: ["seq": "\(seq)"])
    }

    private static func path(_ answer: [UInt8], of block: Hash) -> [UInt8]? {
        // Whatever cannot be read is no path.
        guard let tree = (try? JSON.parse(answer))?["proof"] else { return nil }
        return (try? InclusionPath(proofJSON: tree, of: BlockID(block)))?.bytes
    }

    // MARK: - Checkpoints

    private func followCheckpoint() async throws {
        guard let note = try await log.checkpoint() else { return }
        guard try await isKnown(note), let shown = note.checkpoint else {
            trouble(
                "gateway \(log.name): its checkpoint is not signed by the log key on the card or one that followed it")
            return
        }
        let latest = try await desk.latest(of: card.origin)?.checkpoint
        if let latest, shown.size < latest.size {
            rolledBackTo = shown.size
            journal.error(
                "THE GATEWAY SHOWS AN OLDER LOG than it has signed before",
                metadata: ["shown": "\(shown.size)", "remembered": "\(latest.size)"])
            return
        }
        try await compare(note)
    }

    /// Compares a signed checkpoint with the latest one and cosigns it when it continues that. Two that contradict each other
    /// become evidence.
    func compare(_ note: SignedNote) async throws {
        let request: AddCheckpointRequest
        switch try await standing(of: note) {
        case .contradicts(let latest): return try forks.keep(known: latest, shown: note)
        case .same, .older, .unclear: return
        case .first: request = AddCheckpointRequest(oldSize: 0, proof: [], note: note)
        case .continues(let size, let proof): request = AddCheckpointRequest(oldSize: size, proof: proof, note: note)
        }
        if case .cosigned = try await desk.add(request), request.oldSize > 0 {
            journal.info("checkpoint cosigned", metadata: ["size": "\(note.checkpoint?.size ?? 0)"])
        }
    }

    /// How a checkpoint stands to the latest one that was cosigned.
    enum Standing {
        /// There is none before it.
        case first
        case same
        /// A prefix of the latest one.
        case older
        case continues(from: UInt64, proof: [Hash])
        case contradicts(SignedNote)
        /// The tiles did not say; that is a trouble already.
        case unclear
    }

    func standing(of note: SignedNote) async throws -> Standing {
        guard let shown = note.checkpoint else { return .unclear }
        guard let latest = try await desk.latest(of: card.origin), let known = latest.checkpoint, known.size > 0 else {
            return .first
        }
        if shown.size == known.size { return shown.root == known.root ? .same : .contradicts(latest) }
        let (old, new) = shown.size < known.size ? (shown, known) : (known, shown)
        guard old.size > 0 else { return .older }
        var nodes = TileNodes(log: log, size: new.size)
        let extending = try await nodes.proof { MerkleTree.extensionProof(from: old.size, to: new.size, node: $0) }
        let roots = MerkleTree.roots(oldSize: old.size, size: new.size, extensionProof: extending)
        guard roots?.new == new.root else {
            trouble("gateway \(log.name): its tiles do not lead to the root it signed for \(new.size) entries")
            return .unclear
        }
        // The tiles lead to the larger tree's signed root, so its first entries are fixed; the other signature says otherwise.
        guard roots?.old == old.root else { return .contradicts(latest) }
        guard new == shown else { return .older }
        let proof = try await nodes.proof { MerkleTree.consistencyProof(from: old.size, to: new.size, node: $0) }
        return .continues(from: old.size, proof: proof)
    }
}
