import CanonicalCBOR
import Crypto
import Evidence
import Foundation
import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle

/// A small log with keys of its own, written through the same writer as the gateway's files: for what no vector holds.
struct SyntheticLog {
    static let origin = "gw-test/b/house/0"
    static let periodMs: UInt64 = 60_000
    static let startMs: UInt64 = 1_772_445_600_000

    var logKey = SyntheticLog.key(1)
    let recovery = SyntheticLog.key(9)
    /// Seconds between the second anchor's beacon and its confirmation.
    var confirmationDelay: UInt32 = 10
    /// Number of intervals between the anchors.
    var intervals: UInt64 = 5
    var previous: Leaf.PreviousLog?
    /// Replaces the log key at leaf 3 when given; its statement is signed by this key.
    var keyChange: (to: LogSigningKey, signedBy: LogSigningKey)?

    static func key(_ byte: UInt8) -> LogSigningKey {
        guard let key = LogSigningKey(name: origin, seed: [UInt8](repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a seed")
        }
        return key
    }

    static func coordinator(_ byte: UInt8) throws -> Curve25519.Signing.PrivateKey {
        try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: byte, count: 32))
    }

    struct Made {
        var file: [UInt8]
        var parts: PeriodParts
        var card: PolicyCard
    }

    func make() throws -> Made {
        let salt = Bytes16([UInt8](repeating: 7, count: 16)) ?? .zero
        let row = ConfigRow(
            point: PointNumber(1), id: "m1.power", unit: "W", kind: .integer,
            scale: Scale(mantissa: 1, exponent: 0, offsetMantissa: 0, offsetExponent: 0), nature: "gauge",
            deviceID: "d",
            profileID: "p", profileHash: .zero)
        let config = Configuration(
            head: ConfigHead(
                buildingID: "house", timeZone: "Europe/Oslo", periodMs: Self.periodMs, modelRevision: 1,
                modelHash: .zero),
            streams: [ConfigStream(stream: StreamNumber(1), salt: salt, privacyClass: .none, rows: [row])])
        var leaves: [[UInt8]] = []
        func add(_ ms: UInt64, _ body: Leaf.Body) {
            leaves.append(Leaf(wallMs: ms, bootNumber: 1, monoMs: ms - Self.startMs, body: body).encoded())
        }
        let first = Self.startMs
        add(
            first,
            .genesis(
                .init(
                    origin: Self.origin, logKey: logKey.verifierKey.description,
                    recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), previous: previous,
                    networkName: "test", tag: anchorTag(origin: Self.origin))))
        add(first + 1, .boot(.init(reason: 0, lastSize: 0, lastRoot: MerkleTree.emptyRoot, clockStepMs: 0)))
        add(first + 2, .config(.init(oldHash: nil, newHash: config.hash, actor: .zero)))
        var signer = logKey
        if let (newKey, by) = keyChange {
            let text = newKey.verifierKey.description
            let message = Leaf.Key.message(origin: Self.origin, leafIndex: 3, newKey: text)
            add(
                first + 3,
                .key(
                    .init(newKey: text, recoveryKey: recovery.verifierKey.description, signature: try by.sign(message)))
            )
            signer = newKey
        }
        let beaconOne = try milestone(index: 10, ms: first, parent: 1, root: .zero)
        add(first + 100, beacon(1, beaconOne))
        let startSize = UInt64(leaves.count)
        let k = first / Self.periodMs
        var items: [PeriodItem] = []
        for n in 0..<intervals {
            let payload = LogEntries.Payload.encode([
                PayloadRow(point: PointNumber(1), dtMs: 5, quality: .good, sourceMs: nil, value: .unsigned(40 + n))
            ])
            let item = IntervalItem(stream: StreamNumber(1), k: k + n, salt: salt, payload: payload).encoded()
            items.append(PeriodItem(k: k + n, stream: 1, content: .shown(item[...])))
            add(
                (k + n + 1) * Self.periodMs + 200,
                .interval(
                    .init(
                        k: k + n, periodMs: Self.periodMs, itemCount: 1, innerRoot: innerRoot(of: [item]),
                        readingCount: 1, configHash: config.hash)))
        }
        let lastMs = (k + intervals) * Self.periodMs + 1_000
        let beaconTwo = try milestone(index: 20, ms: lastMs, parent: 2, root: .zero)
        add(lastMs + 1, beacon(2, beaconTwo))
        let tree = MerkleTree(leaves.map { leafHash($0) })
        let anchors = [
            try anchor(1, tree, startSize, signer, index: 11, ms: first + 10_000),
            try anchor(2, tree, tree.size, signer, index: 21, ms: lastMs + UInt64(confirmationDelay) * 1000),
        ]
        let context = (0..<startSize).map { index in
            PeriodContext.Leaf(
                index: index, bytes: leaves[Int(index)], treeSize: startSize,
                proof: tree.inclusionProof(of: index, size: startSize))
        }
        let card = PolicyCard(
            origin: Self.origin, logKey: logKey.verifierKey.description,
            recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), genesis: leafHash(leaves[0]),
            network: "test", milestoneIndex: 1, milestoneID: .zero,
            milestoneKeys: try [(21, "operator"), (22, "Nordlys")].compactMap { byte, holder in
                Hash(bytes: Array(try Self.coordinator(byte).publicKey.rawRepresentation)).map {
                    PolicyCard.MilestoneKey(key: $0, start: 0, end: 0, holder: holder)
                }
            }, threshold: 2, minPowScore: 0)
        let parts = PeriodParts(
            origin: Self.origin, fromSeq: 1, toSeq: 2, fromMs: Int64(k * Self.periodMs),
            toMs: Int64((k + intervals) * Self.periodMs), streams: [1], card: Array(card.encoded().utf8)[...],
            context: PeriodContext(leaves: context), leaves: leaves[Int(startSize)...].map { $0[...] },
            rangeProof: tree.rangeProof(startSize..<tree.size),
            configs: [
                PeriodConfig(hash: config.hash, items: config.items.map { .shown($0) })
            ], anchors: anchors,
            beacons: [
                PeriodBeacon(seq: 1, milestone: beaconOne.serialized()[...]),
                PeriodBeacon(seq: 2, milestone: beaconTwo.serialized()[...]),
            ], items: items)
        return Made(file: try PeriodFileWriter.write(parts, periodMs: Self.periodMs), parts: parts, card: card)
    }

    /// An extra anchor that declares the log key stolen.
    func compromise(_ seq: UInt64, at size: UInt64, by signer: LogSigningKey) throws -> PeriodAnchor {
        let statement = try AnchorPayload(
            compromisedAt: Checkpoint(origin: Self.origin, size: size, root: .zero), by: signer)
        let block = try Block(
            parents: [BlockID(blake2b256([5]))],
            payload: .taggedData(TaggedData(tag: anchorTag(origin: Self.origin), data: statement.bytes)))
        let confirming = try milestone(index: 30, ms: Self.startMs + 900_000, parent: 4, root: .zero)
        return PeriodAnchor(
            seq: seq, note: Array("compromised\n".utf8)[...], block: block.serialized()[...],
            milestone: confirming.serialized()[...], path: [])
    }

    private func beacon(_ seq: UInt64, _ milestone: Milestone) -> Leaf.Body {
        .beacon(
            .init(
                anchorSeq: seq, previous: nil, milestoneIndex: UInt64(milestone.index), milestoneID: milestone.id.hash,
                milestoneTime: UInt64(milestone.timestamp)))
    }

    private func milestone(index: UInt32, ms: UInt64, parent: UInt8, root: Hash) throws -> Milestone {
        var milestone = Milestone(
            index: index, timestamp: UInt32(ms / 1000), previousMilestoneID: .none,
            parents: [BlockID(blake2b256([parent]))], inclusionRoot: root, appliedRoot: .zero)
        let message = milestone.id.bytes
        milestone.signatures = try [UInt8(21), 22].map { byte in
            let key = try Self.coordinator(byte)
            return MilestoneSignature(
                publicKey: Array(key.publicKey.rawRepresentation), signature: Array(try key.signature(for: message)))
        }.sorted { $0.publicKey.lexicographicallyPrecedes($1.publicKey) }
        return milestone
    }

    private func anchor(
        _ seq: UInt64, _ tree: MerkleTree, _ size: UInt64, _ signer: LogSigningKey, index: UInt32, ms: UInt64
    ) throws -> PeriodAnchor {
        let checkpoint = Checkpoint(origin: Self.origin, size: size, root: tree.root(size: size))
        let note = try signer.sign(checkpoint)
        let data = AnchorPayload(note, by: signer.verifierKey)?.bytes ?? []
        let parent = BlockID(blake2b256([UInt8(truncatingIfNeeded: seq)]))
        let block = try Block(
            parents: [parent], payload: .taggedData(TaggedData(tag: anchorTag(origin: Self.origin), data: data)))
        let ids = [parent, block.id]
        let confirming = try milestone(index: index, ms: ms, parent: 3, root: InclusionTree.root(ids))
        return PeriodAnchor(
            seq: seq, note: Array(note.note.utf8)[...], block: block.serialized()[...],
            milestone: confirming.serialized()[...], path: (InclusionTree.path(ids, index: 1)?.bytes ?? [])[...])
    }
}
