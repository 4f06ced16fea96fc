import Evidence
import LedgerStore
import LogEntries
import Readings

/// Gathers the leaves outside a period that its check needs, with their proofs (`02-context.cbor`).
struct ContextCollector {
    let reader: LedgerReader

    /// Leaves after B, the anchors that cover them, and the proofs that those continue B.
    struct Later {
        var leaves: [PeriodContext.Leaf] = []
        var anchors: [PeriodAnchor] = []
        var consistency: [PeriodContext.Consistency] = []
    }

    /// Genesis, key leaves, the last configuration and boot leaf before A, and the leaf just before A's end.
    func before(size: UInt64) async throws -> [PeriodContext.Leaf] {
        var indexes: Set<UInt64> = [0, size - 1]
        for leaf in try await reader.leaves(type: 9, in: 0..<size) { indexes.insert(leaf.index) }
        for type: UInt8 in [4, 8] {
            if let last = try await reader.leaves(type: type, in: 0..<size, limit: 1, descending: true).first {
                indexes.insert(last.index)
            }
        }
        var leaves: [PeriodContext.Leaf] = []
        for index in indexes.sorted() {
            guard let leaf = try await reader.leaf(at: index) else {
                throw LedgerError.damaged(what: "leaf \(index) is missing", file: Ledger.fileName)
            }
            leaves.append(try await proven(leaf, under: size))
        }
        return leaves
    }

    /// Erasures of disclosed streams that were declared after B and reach into the period, and keys that came before them.
    ///
    /// - Returns: `nil` when one of them is not covered by a confirmed anchor yet.
    func later(after end: StoredAnchor, leaves inside: [StoredLeaf], disclosed: Set<StreamNumber>) async throws
        -> Later?
    {
        let sealed = inside.filter { $0.type == 1 }.compactMap(\.k)
        var later = Later()
        guard let firstK = sealed.first, let lastK = sealed.last else { return later }
        let size = try await reader.size()
        var found: [StoredLeaf] = []
        for leaf in try await reader.leaves(type: 10, in: end.size..<max(size, end.size)) {
            guard case .erasure(let erasure) = try Leaf.decode(leaf.bytes).body, disclosed.contains(erasure.stream),
                erasure.kFrom <= lastK, erasure.kTo >= firstK
            else { continue }
            found.append(leaf)
        }
        guard let last = found.last else { return later }
        // One anchor that covers the last of them covers all.
        guard let anchor = try await reader.anchorCovering(leaf: last.index), let part = PeriodAnchor(anchor) else {
            return nil
        }
        found += try await reader.leaves(type: 9, in: end.size..<anchor.size)
        for leaf in found.sorted(by: { $0.index < $1.index }) {
            later.leaves.append(try await proven(leaf, under: anchor.size))
        }
        later.anchors = [part]
        later.consistency = [
            PeriodContext.Consistency(
                seq: anchor.seq, proof: try await reader.consistencyProof(from: end.size, to: anchor.size))
        ]
        return later
    }

    private func proven(_ leaf: StoredLeaf, under size: UInt64) async throws -> PeriodContext.Leaf {
        PeriodContext.Leaf(
            index: leaf.index, bytes: leaf.bytes, treeSize: size,
            proof: try await reader.inclusionProof(of: leaf.index, size: size))
    }
}

/// What an evidence file tells of the log's keys beside the leaves of its period.
struct KeyCollector {
    let reader: LedgerReader

    /// Every statement of theft, with the proof that leads from a tree of this size to it, or the other way round.
    func compromises(beside size: UInt64, isBothWays: Bool) async throws -> [PeriodCompromise] {
        let whole = try await reader.size()
        var found: [PeriodCompromise] = []
        for stored in try await reader.compromises() {
            let larger = max(size, stored.size)
            let smaller = min(size, stored.size)
            let isNeeded = isBothWays || stored.size > size
            let isPossible = smaller > 0 && smaller < larger && larger <= whole
            let proof =
                isNeeded && isPossible ? try await reader.consistencyProof(from: smaller, to: larger) : []
            found.append(
                PeriodCompromise(statement: stored.statement, recoveryKey: stored.recoveryKey, proof: proof))
        }
        return found
    }

    /// The last element of a reading file; `nil` for a log whose keys are those of its first day.
    func keys(under size: UInt64) async throws -> ReadingKeys? {
        var leaves = try await reader.keyLeaves().filter { $0.index < size }
        if let first = try await reader.leaf(at: 0), case .genesis(let genesis) = try Leaf.decode(first.bytes).body,
            genesis.previous != nil
        {
            leaves.insert(first, at: 0)
        }
        let compromises = try await compromises(beside: size, isBothWays: true)
        if leaves.isEmpty, compromises.isEmpty { return nil }
        var statements: [ReadingKeys.Statement] = []
        for leaf in leaves {
            statements.append(
                ReadingKeys.Statement(
                    index: leaf.index, leaf: leaf.bytes,
                    proof: try await reader.inclusionProof(of: leaf.index, size: size)))
        }
        return ReadingKeys(leaves: statements, compromises: compromises)
    }
}
