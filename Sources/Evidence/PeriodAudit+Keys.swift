import Hashing
import LogEntries
import MerkleLog

/// Who may sign this log, and since when: first leaf, key leaves, statements of theft.
extension PeriodAudit {
    /// Erasure leaves of one period at most.
    private static let erasuresMax = 1 << 16

    /// Keys, from the leaves of the context and of the range, and the period of the first interval. Throws `E_MALFORMED`.
    mutating func readKeys() throws(Stop) {
        let (intervalType, keyType): (UInt8, UInt8) = (1, 9)
        var ring = KeyRing(card: card)
        // Context before A, the range, then what is later: the order of the log.
        var context = contextLeaves.sorted { $0.index < $1.index }[...]
        while let next = context.first, next.index < startSize ?? .max {
            ring.read(next.leaf, at: next.index, into: &found)
            context.removeFirst()
        }
        var erasures = 0
        var periodMs: UInt64?
        period.leaves.forEach { number, bytes in
            guard bytes.count > 2 else { return }
            let type = bytes[2]
            if type == CoreAudit.erasureType { erasures += 1 }
            guard type == keyType || (type == intervalType && periodMs == nil) else { return }
            // A leaf that cannot be read gets its finding in the core.
            guard let leaf = try? Leaf.decode([UInt8](bytes)) else { return }
            if case .interval(let interval) = leaf.body { periodMs = interval.periodMs }
            if type == keyType, let startSize { ring.read(leaf, at: startSize &+ UInt64(number), into: &found) }
        }
        guard erasures <= Self.erasuresMax else { throw Stop(.malformed, "more than \(Self.erasuresMax) erasures") }
        for (index, leaf) in context { ring.read(leaf, at: index, into: &found) }
        ring.close(into: &found, &facts.history)
        keys = ring.keys
        self.periodMs = periodMs
    }

    /// Statements that the log key was stolen. One that the card's recovery key did not sign is `E_SIG`.
    mutating func readCompromises() {
        for (place, entry) in period.compromises.enumerated() {
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
