import CanonicalCBOR
import Crypto
package import Evidence
import Foundation
package import Hashing
package import LogEntries
package import MerkleLog
import Readings
package import Tangle

/// The leaves and items of a synthetic log, and the milestones that its anchors and beacons need.
extension SyntheticLog {
    /// Genesis, boot, configuration and, when asked for, a change of key; returns who signs from then on.
    func addBeginning(to written: inout Written) throws -> LogSigningKey {
        let first = Self.startMs
        written.add(
            first,
            .genesis(
                .init(
                    origin: Self.origin, logKey: logKey.verifierKey.description,
                    recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), previous: previous,
                    networkName: "test", tag: anchorTag(origin: Self.origin))))
        if previous != nil, let openedBy {
            written.add(first, try keyLeaf(logKey, at: written.size, by: openedBy))
        }
        written.add(first + 1, .boot(.init(reason: 0, lastSize: 0, lastRoot: MerkleTree.emptyRoot, clockStepMs: 0)))
        written.add(first + 2, .config(.init(oldHash: nil, newHash: Self.config.hash, actor: .zero)))
        guard let (newKey, by) = keyChange else { return logKey }
        written.add(first + 3, try keyLeaf(newKey, at: written.size, by: by))
        return newKey
    }

    /// The statement that a key is in force from a leaf on.
    package func keyLeaf(_ key: LogSigningKey, at index: UInt64, by signer: LogSigningKey) throws -> Leaf.Body {
        let text = key.verifierKey.description
        let message = Leaf.Key.message(origin: Self.origin, leafIndex: index, newKey: text)
        return .key(
            .init(newKey: text, recoveryKey: recovery.verifierKey.description, signature: try signer.sign(message)))
    }

    /// An interval with one reading for each period; one that the log does not hold has no item either.
    func addIntervals(to written: inout Written) -> [PeriodItem] {
        var items: [PeriodItem] = []
        for n in 0..<intervals {
            let k = Self.firstK + n
            let payload = LogEntries.Payload.encode([
                PayloadRow(point: PointNumber(1), dtMs: 5, quality: .good, sourceMs: nil, value: .unsigned(40 + n))
            ])
            let item = IntervalItem(stream: StreamNumber(1), k: k, salt: Self.salt, payload: payload).encoded()
            let interval = Leaf.Interval(
                k: k, periodMs: Self.periodMs, itemCount: 1, innerRoot: innerRoot(of: [item]), readingCount: 1,
                configHash: Self.config.hash)
            guard written.add((k + 1) * Self.periodMs + 200, .interval(interval)) else { continue }
            items.append(PeriodItem(k: k, stream: 1, content: .shown(item[...])))
        }
        return items
    }

    /// Erasures and keys behind B under the third anchor, and its consistency proof.
    func addLaterContext(_ leaves: [[UInt8]], _ tree: MerkleTree, _ endSize: UInt64, to context: inout PeriodContext) {
        for (offset, body) in later.enumerated() where [9, 10].contains(body.type) {
            let index = endSize + UInt64(offset)
            context.leaves.append(
                PeriodContext.Leaf(
                    index: index, bytes: leaves[Int(index)], treeSize: tree.size,
                    proof: tree.inclusionProof(of: index, size: tree.size)))
        }
        context.consistency = [
            .init(seq: Self.laterSeq, proof: tree.consistencyProof(from: endSize, to: tree.size))
        ]
    }

    func card(genesis: Hash) throws -> PolicyCard {
        PolicyCard(
            origin: Self.origin, logKey: logKey.verifierKey.description,
            recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), genesis: genesis,
            network: "test", milestoneIndex: 1, milestoneID: .zero,
            milestoneKeys: try [(21, PolicyCard.operatorHolder), (22, "Nordlys")].compactMap { byte, holder in
                Hash(bytes: Array(try Self.coordinator(byte).publicKey.rawRepresentation)).map {
                    PolicyCard.MilestoneKey(key: $0, start: 0, end: 0, holder: holder)
                }
            }, threshold: 2, minPowScore: 0)
    }

    /// The statement that the log key was stolen behind the first `size` leaves of a tree.
    package func compromise(
        at size: UInt64, of tree: MerkleTree, by signer: LogSigningKey, root: Hash? = nil, proof: [Hash] = []
    ) throws -> PeriodCompromise {
        let checkpoint = Checkpoint(origin: Self.origin, size: size, root: root ?? tree.root(size: size))
        return PeriodCompromise(
            statement: try AnchorPayload(compromisedAt: checkpoint, by: signer).bytes,
            recoveryKey: recovery.verifierKey.description, proof: proof)
    }

    func beacon(_ seq: UInt64, _ milestone: Milestone) -> Leaf.Body {
        .beacon(
            .init(
                anchorSeq: seq, previous: nil, milestoneIndex: UInt64(milestone.index), milestoneID: milestone.id.hash,
                milestoneTime: UInt64(milestone.timestamp)))
    }

    /// A milestone of the test's network, signed by its two holders.
    package func milestone(index: UInt32, ms: UInt64, parent: UInt8, root: Hash) throws -> Milestone {
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

    /// An anchor of the first `size` leaves of a tree, confirmed by a milestone of that index and time.
    package func anchor(
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
