import Hashing
import LogEntries
import MerkleLog

/// Who may sign this log, and since when: first leaf, key leaves, statements of theft.
extension PeriodAudit {
    /// From the leaves of the context and of the range.
    mutating func readKeys() {
        var statements = contextLeaves
        let keyType: UInt8 = 9
        for (offset, bytes) in parts.leaves.enumerated() where bytes.dropFirst(2).first == keyType {
            // A leaf that cannot be read gets its finding in the core.
            guard let startSize, let leaf = try? Leaf.decode(Array(bytes)) else { continue }
            statements.append((startSize &+ UInt64(offset), leaf))
        }
        var ring = KeyRing(card: card)
        for (index, leaf) in statements.sorted(by: { $0.index < $1.index }) { ring.read(leaf, at: index, into: &found) }
        ring.close(into: &found, &facts.history)
        keys = ring.keys
    }

    /// Statements that the log key was stolen. One that the card's recovery key did not sign is `E_SIG`.
    mutating func readCompromises() {
        for (place, entry) in parts.compromises.enumerated() {
            if let statement = entry.judged(origin: card.origin, recoveryHash: card.recoveryHash) {
                compromises.append(statement)
            } else {
                found.add(.signature, "statement \(place) of a stolen key")
            }
        }
    }

    /// What those statements say of the leaves in this file, once its range holds.
    mutating func checkCompromises(_ outcome: CoreAudit.Outcome) {
        for statement in compromises {
            let size = statement.payload.size
            var doubtful = statement.doubtful(keys)
            if size > outcome.endSize {
                if statement.proof.isEmpty {
                    // Nothing shows that the tree which the recovery key vouches for goes on from this one.
                    doubtful = outcome.startSize..<outcome.endSize
                } else if !statement.isConsistent(size: outcome.endSize, root: outcome.endRoot) {
                    found.add(.consistency, "the statement of a stolen key after \(size) entries")
                    continue
                }
            } else if let root = outcome.statedRoots[size], root != statement.payload.root {
                found.add(.fork, "the recovery key vouches for another tree of size \(size)")
            }
            let inside = doubtful.clamped(to: outcome.startSize..<outcome.endSize)
            guard !inside.isEmpty else { continue }
            facts.history.doubt(inside)
            found.add(.compromised, "entries \(inside.lowerBound) to \(inside.upperBound - 1)")
        }
    }
}
