import Hashing
import LogEntries
import MerkleLog
import Tangle

/// Leaves outside the range: genesis, keys, the last configuration and boot before A, A's beacon, later erasures.
extension PeriodAudit {
    /// Reads `02-context.cbor` and the log's keys. Proofs are judged after the core, when sizes are authenticated.
    mutating func readContext() throws(Stop) {
        startSize = statedSize(period.fromSeq)
        let endSize = statedSize(period.toSeq)
        for entry in period.context.leaves {
            do {
                contextLeaves.append((entry.index, try Leaf.decode(entry.bytes)))
            } catch {
                found.add(error == .unknownType ? .version : .nonCanonical, "leaf \(entry.index)")
            }
        }
        try checkPlaces(endSize)
        if let stray = period.context.consistency.first(where: { period.place(ofAnchor: $0.seq) == nil }) {
            throw Stop(.malformed, "a consistency proof for anchor \(stray.seq), which is not in the file")
        }
        if let genesis = period.context.leaves.first, leafHash(genesis.bytes) != card.genesis {
            found.add(.origin, "the first leaf of the log")
        }
        try readKeys()
        readCompromises()
    }

    /// Number of leaves that the note of this anchor states; nil when it cannot be read.
    private func statedSize(_ seq: UInt64) -> UInt64? {
        period.place(ofAnchor: seq).flatMap { String(validating: period.note($0), as: UTF8.self) }
            .flatMap { SignedNote($0)?.checkpoint?.size }
    }

    /// Which leaves must stand there and where; a missing or misplaced one is `E_MALFORMED`.
    private func checkPlaces(_ endSize: UInt64?) throws(Stop) {
        guard let startSize, let endSize, startSize > 0 else { return }
        let entries = period.context.leaves
        guard entries.first?.index == 0 else { throw Stop(.malformed, "the first leaf is missing in the context") }
        guard entries.contains(where: { $0.index == startSize - 1 }) else {
            throw Stop(.malformed, "leaf \(startSize - 1) is missing in the context")
        }
        for entry in entries {
            let isBefore = entry.index < startSize && entry.treeSize == startSize
            let isLater = entry.index >= endSize && entry.treeSize > entry.index
            guard isBefore || isLater else { throw Stop(.malformed, "leaf \(entry.index) is misplaced in the context") }
        }
        for (index, leaf) in contextLeaves where index >= endSize {
            switch leaf.body {
            case .erasure, .key: continue
            default: throw Stop(.malformed, "leaf \(index) is misplaced in the context")
            }
        }
        // A leaf that could not be read may be the one that is looked for; it has its own finding.
        guard contextLeaves.count == entries.count else { return }
        for type: UInt64 in [4, 8]
        where !contextLeaves.contains(where: { $0.index < startSize && $0.leaf.body.type == type }) {
            throw Stop(.malformed, "the last leaf of type \(type) before the period is missing in the context")
        }
    }

    /// A's beacon bounds the first segment from below, when its milestone is the one in the file.
    mutating func readLowerBound() {
        guard let startSize, let last = contextLeaves.first(where: { $0.index &+ 1 == startSize }),
            case .beacon(let beacon) = last.leaf.body,
            let place = period.place(ofBeacon: beacon.anchorSeq),
            // Judged with the other beacons.
            let milestone = try? Milestone.parse(period.source.bytes(period.beacons[place].milestone)),
            beacon.cites(milestone)
        else { return }
        lowerBound = beacon.milestoneTime
    }

    mutating func checkContextProofs(_ outcome: CoreAudit.Outcome) {
        var laterRoots: [UInt64: Hash] = [:]
        for anchor in outcome.anchors where anchor.size > outcome.endSize { laterRoots[anchor.size] = anchor.root }
        for entry in period.context.leaves {
            let root = entry.index < outcome.startSize ? outcome.startRoot : laterRoots[entry.treeSize]
            let isIncluded =
                root.map {
                    MerkleTree.isIncluded(
                        leafHash(entry.bytes), at: entry.index, size: entry.treeSize, proof: entry.proof, root: $0)
                } ?? false
            if !isIncluded { found.add(.inclusion, "leaf \(entry.index)") }
        }
        let proofs = Dictionary(
            period.context.consistency.map { ($0.seq, $0.proof) }, uniquingKeysWith: { first, _ in first })
        for anchor in outcome.anchors where anchor.size > outcome.endSize || anchor.size < outcome.startSize {
            let seq = UInt64(period.anchors[anchor.place].seq)
            guard let proof = proofs[seq] else {
                found.add(.anchorUnchecked, "anchor \(seq)")
                continue
            }
            let isConsistent = MerkleTree.isConsistent(
                oldSize: outcome.endSize, oldRoot: outcome.endRoot, size: anchor.size, root: anchor.root,
                proof: proof)
            if !isConsistent { found.add(.consistency, "anchor \(seq)") }
        }
    }
}

/// First and last interval against the time that was asked for.
struct Coverage {
    private var first: UInt64?
    private var last: UInt64?
    private var periodMs: UInt64?

    mutating func take(_ leaf: Leaf) {
        switch leaf.body {
        case .interval(let interval):
            first = min(first ?? interval.k, interval.k)
            last = max(last ?? interval.k, interval.k)
            periodMs = periodMs ?? interval.periodMs
        case .gap(let gap):
            first = min(first ?? gap.kFrom, gap.kFrom)
            last = max(last ?? gap.kTo, gap.kTo)
        default: break
        }
    }

    /// nil when there is neither interval nor gap.
    func span(_ configs: [Hash: ConfigView]) -> (first: UInt64, last: UInt64, periodMs: UInt64)? {
        guard let first, let last, let period = periodMs ?? configs.values.compactMap({ $0.head?.periodMs }).first,
            period > 0
        else { return nil }
        return (first, last, period)
    }

    func check(_ fromMs: Int64, _ toMs: Int64, _ configs: [Hash: ConfigView], into found: inout FindingList) {
        guard let covered = span(configs) else {
            found.add(.gap, "no interval")
            return
        }
        let period = Int64(clamping: covered.periodMs)
        let (last, isUnder) = toMs.subtractingReportingOverflow(1)
        if Int64(clamping: covered.first) > floorDivide(fromMs, period) {
            found.add(.gap, "the file begins with interval \(covered.first)")
        }
        if isUnder || Int64(clamping: covered.last) < floorDivide(last, period) {
            found.add(.gap, "the file ends with interval \(covered.last)")
        }
    }

    private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}

extension Leaf.Beacon {
    /// Whether this beacon names that milestone: index, id and time.
    func cites(_ milestone: Milestone) -> Bool {
        UInt64(milestone.index) == milestoneIndex && milestone.id.hash == milestoneID
            && UInt64(milestone.timestamp) == milestoneTime
    }

    func cites(_ milestone: NetworkCheck.MilestoneMark) -> Bool {
        UInt64(milestone.index) == milestoneIndex && milestone.id == milestoneID
            && UInt64(milestone.time) == milestoneTime
    }
}
