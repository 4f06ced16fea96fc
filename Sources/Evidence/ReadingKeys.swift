import CanonicalCBOR
package import Hashing
import LogEntries
import MerkleLog

/// The optional last element of a reading file, for a log whose keys are not those of its first day: the first leaf when it
/// names a lost log, every key leaf, and the statements of theft.
package struct ReadingKeys: Hashable, Sendable {
    package struct Statement: Hashable, Sendable {
        package var index: UInt64
        package var leaf: [UInt8]
        /// From the leaf hash to the checkpoint's root.
        package var proof: [Hash]

        package init(index: UInt64, leaf: [UInt8], proof: [Hash]) {
            self.index = index
            self.leaf = leaf
            self.proof = proof
        }
    }

    /// Ascending by index.
    package var leaves: [Statement]
    /// Ascending by size.
    package var compromises: [PeriodCompromise]

    package init(leaves: [Statement], compromises: [PeriodCompromise]) {
        self.leaves = leaves
        self.compromises = compromises
    }

    /// `[[[index, leaf, proof], …], [[statement, recovery key, proof], …]]`; at least one of the lists has an entry.
    var cbor: CBOR {
        .array([
            .array(
                leaves.map {
                    .array([.unsigned($0.index), .bytes($0.leaf), .array($0.proof.map { .bytes($0.bytes) })])
                }), PeriodCompromise.cbor(compromises),
        ])
    }

    static func parse(_ value: CBOR) throws(Stop) -> ReadingKeys {
        let malformed = Stop(.malformed, "the key statements")
        guard let lists = value.asArray, lists.count == 2, let entries = lists[0].asArray,
            let stated = lists[1].asArray, !entries.isEmpty || !stated.isEmpty
        else { throw malformed }
        var leaves: [Statement] = []
        for entry in entries {
            guard let fields = entry.asArray, fields.count == 3, let index = fields[0].asUnsigned,
                let leaf = fields[1].asBytes, let proof = FileCBOR.hashes(fields[2]),
                leaves.last.map({ $0.index < index }) ?? true
            else { throw malformed }
            leaves.append(Statement(index: index, leaf: leaf, proof: proof))
        }
        var compromises: [PeriodCompromise] = []
        if !stated.isEmpty {
            guard let list = PeriodCompromise.list(lists[1]) else { throw malformed }
            compromises = list
        }
        return ReadingKeys(leaves: leaves, compromises: compromises)
    }
}

extension ReadingAudit {
    /// The keys that may have signed the checkpoint; judged like those of a period file.
    mutating func readKeys() {
        var ring = KeyRing(card: card)
        for statement in file.keys?.leaves ?? [] {
            if statement.index == 0, leafHash(statement.leaf) != card.genesis {
                found.add(.origin, "the first leaf of the log")
            }
            do {
                let leaf = try Leaf.decode(statement.leaf)
                ring.read(leaf, at: statement.index, into: &found)
            } catch {
                found.add(error == .unknownType ? .version : .nonCanonical, "leaf \(statement.index)")
            }
        }
        ring.close(into: &found, &facts.history)
        keys = ring.keys
    }

    /// The key leaves under the checkpoint, and what statements of theft say of the reading's leaf.
    mutating func checkKeys(_ checkpoint: AnchorPayload) {
        for statement in file.keys?.leaves ?? [] {
            let isIncluded = MerkleTree.isIncluded(
                leafHash(statement.leaf), at: statement.index, size: checkpoint.size, proof: statement.proof,
                root: checkpoint.root)
            if !isIncluded { found.add(.inclusion, "leaf \(statement.index)") }
        }
        let own = file.leafIndex..<(file.leafIndex &+ 1)
        for (place, entry) in (file.keys?.compromises ?? []).enumerated() {
            guard let statement = entry.judged(origin: card.origin, recoveryHash: card.recoveryHash) else {
                found.add(.signature, "statement \(place) of a stolen key")
                continue
            }
            let size = statement.payload.size
            var isDoubtful = statement.doubtful(keys).contains(file.leafIndex)
            if size > file.leafIndex {
                let isShown = size == checkpoint.size || !statement.proof.isEmpty
                if isShown, !statement.isConsistent(size: checkpoint.size, root: checkpoint.root) {
                    found.add(.consistency, "the statement of a stolen key after \(size) entries")
                    continue
                }
                isDoubtful = !isShown
            }
            guard isDoubtful, !own.isEmpty else { continue }
            facts.history.doubt(own)
            found.add(.compromised, "entry \(file.leafIndex)")
        }
    }
}
