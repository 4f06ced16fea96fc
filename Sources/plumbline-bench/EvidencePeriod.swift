import Evidence
import Glibc
import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle

/// Makes a period file of the bench's building as a stream: an interval's items go to the disk as soon as they are made. What stays
/// in memory grows by 32 bytes a leaf and a line a member.
struct EvidencePeriod {
    enum Problem: Error { case keys }

    let intervals: UInt64
    let folder: String

    static let cardName = "policy.card"
    static let readingName = "reading.evidence"
    static let configuredReadingName = "reading-configured.evidence"

    /// Bytes of the file, near enough to ask whether the disk has room.
    static func sizeBytes(intervals: UInt64) -> UInt64 {
        let record = ItemRecord(stream: EvidenceBuilding.streamCount - 1, k: EvidenceBuilding.firstK).bytes.count
        return intervals * UInt64(EvidenceBuilding.streamCount * record + 600) + 1 << 20
    }

    /// The interval of whose items one is proven alone.
    private struct Chosen {
        var leafIndex: UInt64
        var leaf: [UInt8]
        var item: [UInt8]
        var hashes: [Hash]
    }

    /// The stream that is proven alone: the one in the middle.
    private static let chosenStream = EvidenceBuilding.streamCount / 2

    private struct Log {
        var hashes: [Hash] = []
        var frontier = Frontier()

        mutating func add(_ ms: UInt64, _ body: Leaf.Body) -> [UInt8] {
            let bytes = Leaf(wallMs: ms, bootNumber: 1, monoMs: ms - EvidenceBuilding.startMs, body: body).encoded()
            let hash = leafHash(bytes)
            hashes.append(hash)
            frontier.append(hash) { _, _, _ in }
            return bytes
        }
    }

    /// Writes the period file as `name` in the folder, the policy card and two files of one reading beside it.
    func write(_ name: String) async throws {
        guard let key = LogSigningKey(name: EvidenceBuilding.origin, seed: [UInt8](repeating: 1, count: 32)),
            let recovery = LogSigningKey(name: EvidenceBuilding.origin, seed: [UInt8](repeating: 9, count: 32))
        else { throw Problem.keys }
        let network = try EvidenceNetwork(startMs: EvidenceBuilding.startMs)
        let configuration = EvidenceBuilding.configuration()
        var log = Log()
        let (firstLeaves, firstBeacon) = try begin(&log, key, recovery, configuration, network)
        let start = log.frontier
        let spool = try PeriodSpool(folder: folder)
        func keep(_ anchor: PeriodAnchor) throws {
            for member in try PeriodFileWriter.members(of: anchor) { try spool.add(member.name, member.content) }
        }
        func keep(_ seq: UInt64, _ beacon: Milestone) throws {
            let member = try PeriodFileWriter.member(of: .init(seq: seq, milestone: beacon.serialized()[...]))
            try spool.add(member.name, member.content)
        }
        try keep(1, firstBeacon)
        var (seq, size) = (UInt64(1), log.frontier.size)
        var anchor = try await self.anchor(log, seq, key, network, ms: EvidenceBuilding.startMs + 100)
        try keep(anchor)

        var chosen: Chosen?
        var proof: (anchor: PeriodAnchor, size: UInt64)?
        var items = Items()
        spool.begin("03-leaves", in: .leaves)
        for place in 0..<intervals {
            let k = EvidenceBuilding.firstK + place
            let ms = (k + 1) * EvidenceBuilding.periodMs + 200
            try items.write(k, to: spool)
            let index = log.frontier.size
            let leaf = log.add(
                ms,
                .interval(
                    Leaf.Interval(
                        k: k, periodMs: EvidenceBuilding.periodMs, itemCount: UInt64(items.hashes.count),
                        innerRoot: MerkleTree.root(of: items.hashes),
                        readingCount: UInt64(items.hashes.count * EvidenceBuilding.pointsPerStream),
                        configHash: items.configHash)))
            try append(leaf, to: spool)
            if place == intervals / 2 {
                chosen = Chosen(
                    leafIndex: index, leaf: leaf, item: Array(items.records[Self.chosenStream].item),
                    hashes: items.hashes)
            }
            guard (place + 1) % EvidenceBuilding.intervalsPerAnchor == 0 || place + 1 == intervals else { continue }
            let previous = Leaf.PreviousAnchor(
                size: size, root: root(of: anchor), blockID: Block.id(of: Array(anchor.block)).hash)
            seq += 1
            let milestone = try network.step(ms: ms)
            try append(log.add(ms + 100, beacon(seq, previous, milestone)), to: spool)
            try keep(seq, milestone)
            size = log.frontier.size
            anchor = try await self.anchor(log, seq, key, network, ms: ms + 100)
            try keep(anchor)
            if chosen != nil, proof == nil { proof = (anchor, size) }
        }
        spool.end(.leaves)
        spool.end(.items)

        let card = PolicyCard(
            origin: EvidenceBuilding.origin, logKey: key.verifierKey.description,
            recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), genesis: log.hashes[0],
            network: EvidenceNetwork.name, milestoneIndex: network.first.index, milestoneID: network.first.id.hash,
            milestoneKeys: [try network.milestoneKey()], threshold: 1, minPowScore: EvidenceNetwork.minScore)
        let cardBytes = Array(card.encoded().utf8)
        let startTree = MerkleTree(Array(log.hashes[..<firstLeaves.count]))
        let parts = PeriodParts(
            origin: EvidenceBuilding.origin, fromSeq: 1, toSeq: seq, fromMs: Int64(EvidenceBuilding.startMs),
            toMs: Int64(EvidenceBuilding.startMs + intervals * EvidenceBuilding.periodMs),
            streams: configuration.streams.map(\.stream.rawValue), card: cardBytes[...],
            context: PeriodContext(
                leaves: firstLeaves.enumerated().map { index, bytes in
                    PeriodContext.Leaf(
                        index: UInt64(index), bytes: bytes, treeSize: startTree.size,
                        proof: startTree.inclusionProof(of: UInt64(index)))
                }), leaves: [], rangeProof: start.hashes,
            configs: [PeriodConfig(hash: configuration.hash, items: configuration.items.map { .shown($0) })],
            anchors: [], beacons: [], items: [])
        for member in try PeriodFileWriter.members(parts, periodMs: EvidenceBuilding.periodMs)
        where member.name != "03-leaves" { try spool.add(member.name, member.content) }
        try spool.write(parts, to: "\(folder)/\(name)")
        try store(cardBytes, Self.cardName)
        guard let chosen, let proof else { return }
        let tree = MerkleTree(log.hashes)
        let reading = try self.reading(chosen, proof, tree, configuration, key.verifierKey)
        try store(reading.configured, Self.configuredReadingName)
        try store(reading.bare, Self.readingName)
    }

    /// Genesis, boot, configuration, and the beacon of the first anchor.
    private func begin(
        _ log: inout Log, _ key: LogSigningKey, _ recovery: LogSigningKey, _ configuration: Configuration,
        _ network: EvidenceNetwork
    ) throws -> (leaves: [[UInt8]], beacon: Milestone) {
        let ms = EvidenceBuilding.startMs
        var leaves: [[UInt8]] = []
        leaves.append(
            log.add(
                ms,
                .genesis(
                    .init(
                        origin: EvidenceBuilding.origin, logKey: key.verifierKey.description,
                        recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), previous: nil,
                        networkName: EvidenceNetwork.name, tag: anchorTag(origin: EvidenceBuilding.origin)))))
        leaves.append(
            log.add(ms, .boot(.init(reason: 0, lastSize: 0, lastRoot: MerkleTree.emptyRoot, clockStepMs: 0))))
        leaves.append(log.add(ms, .config(.init(oldHash: nil, newHash: configuration.hash, actor: .zero))))
        let milestone = try network.step(ms: ms)
        leaves.append(log.add(ms + 100, beacon(1, nil, milestone)))
        return (leaves, milestone)
    }

    private func beacon(_ seq: UInt64, _ previous: Leaf.PreviousAnchor?, _ milestone: Milestone) -> Leaf.Body {
        .beacon(
            .init(
                anchorSeq: seq, previous: previous, milestoneIndex: UInt64(milestone.index),
                milestoneID: milestone.id.hash, milestoneTime: UInt64(milestone.timestamp)))
    }

    private func anchor(
        _ log: Log, _ seq: UInt64, _ key: LogSigningKey, _ network: EvidenceNetwork, ms: UInt64
    ) async throws -> PeriodAnchor {
        let checkpoint = Checkpoint(
            origin: EvidenceBuilding.origin, size: log.frontier.size, root: log.frontier.root)
        return try await network.anchor(try key.sign(checkpoint), seq: seq, key: key.verifierKey, ms: ms)
    }

    private func root(of anchor: PeriodAnchor) -> Hash {
        SignedNote(String(decoding: anchor.note, as: UTF8.self))?.checkpoint?.root ?? .zero
    }

    private func append(_ leaf: [UInt8], to spool: PeriodSpool) throws {
        try spool.append([UInt8(leaf.count >> 8), UInt8(leaf.count & 255)], to: .leaves)
        try spool.append(leaf, to: .leaves)
    }

    private func store(_ bytes: [UInt8], _ name: String) throws {
        let file = try GrowingFile("\(folder)/\(name)")
        try file.append(bytes)
        try file.flush()
    }

    private func reading(
        _ chosen: Chosen, _ proof: (anchor: PeriodAnchor, size: UInt64), _ tree: MerkleTree,
        _ configuration: Configuration, _ key: VerifierKey
    ) throws -> (bare: [UInt8], configured: [UInt8]) {
        guard let note = SignedNote(String(decoding: proof.anchor.note, as: UTF8.self)),
            let checkpoint = AnchorPayload(note, by: key)
        else { throw Problem.keys }
        var file = ReadingFile(
            origin: EvidenceBuilding.origin, item: chosen.item, innerIndex: UInt64(Self.chosenStream),
            innerProof: MerkleTree(chosen.hashes).inclusionProof(of: UInt64(Self.chosenStream)), leaf: chosen.leaf,
            leafIndex: chosen.leafIndex, inclusionProof: tree.inclusionProof(of: chosen.leafIndex, size: proof.size),
            checkpoint: checkpoint.bytes, block: Array(proof.anchor.block), milestone: Array(proof.anchor.milestone),
            path: Array(proof.anchor.path))
        let bare = file.encoded()
        let rows = configuration.items
        let rowTree = MerkleTree(rows.map { leafHash($0) })
        file.config = [0, Self.chosenStream + 1].map { place in
            ReadingFile.ConfigItem(
                index: UInt64(place), item: rows[place], proof: rowTree.inclusionProof(of: UInt64(place)))
        }
        return (bare, file.encoded())
    }
}

/// The items of one interval after the other.
private struct Items {
    private(set) var records = (0..<EvidenceBuilding.streamCount).map {
        ItemRecord(stream: $0, k: EvidenceBuilding.firstK)
    }
    /// Leaf hashes of the items written last.
    private(set) var hashes: [Hash] = []
    let configHash = EvidenceBuilding.configuration().hash
    private var chance = Chance(seed: 5)
    private var day = ""

    mutating func write(_ k: UInt64, to spool: PeriodSpool) throws {
        let today = String(UTCTime.text(Int64(k * EvidenceBuilding.periodMs)).prefix(10))
        if today != day {
            spool.end(.items)
            spool.begin("30-items/\(today)", in: .items)
            day = today
        }
        hashes.removeAll(keepingCapacity: true)
        for stream in records.indices {
            records[stream].fill(k: k, &chance)
            hashes.append(leafHash(records[stream].item))
            try spool.append(records[stream].bytes, to: .items)
        }
    }
}
