package import Hashing
package import LogEntries
import MerkleLog

/// The core of a period's audit: leaves, items and anchors against each other, without container, configurations or
/// proofs of inclusion. formats.md section 7, steps 1 to 8; each step is a function below, in that order.
package struct CoreAudit {
    /// One anchor as listed: its note, what its block carries, and which milestone confirmed it.
    package struct ListedAnchor: Sendable {
        package var name: String
        package var note: String
        /// nil when the block is not a block or carries another statement, which has its own finding.
        package var payload: [UInt8]?
        package var confirmation: Confirmation?
        /// The latest moment that a time stamp over the note allows, ms since 1970.
        package var stampedMs: Int64?

        package init(
            name: String, note: String, payload: [UInt8]?, confirmation: Confirmation?, stampedMs: Int64? = nil
        ) {
            self.stampedMs = stampedMs
            self.name = name
            self.note = note
            self.payload = payload
            self.confirmation = confirmation
        }
    }

    package struct Confirmation: Hashable, Sendable {
        package var milestoneIndex: UInt64
        /// Seconds since 1970.
        package var time: UInt64

        package init(milestoneIndex: UInt64, time: UInt64) {
            self.milestoneIndex = milestoneIndex
            self.time = time
        }
    }

    package struct Erasure: Sendable {
        var stream: UInt32
        var k: ClosedRange<UInt64>
        /// It reaches only intervals sealed before this leaf.
        var leafIndex: UInt64
    }

    package struct Input: Sendable {
        package var origin: String
        package var keys: LogKeys
        package var anchors: [ListedAnchor]
        /// Places of A and B in `anchors`.
        package var from: Int
        package var to: Int
        /// What the bundle states, where it does; nil takes the sizes of A and B.
        package var start: UInt64?
        package var end: UInt64?
        package var size: UInt64?
        package var proof: [Hash]
        package var leaves: [ArraySlice<UInt8>]
        package var items: [UInt64: [PeriodItem.Content]]
        /// Stream of each place by configuration hash, nil where the row is hidden; a missing hash is learned from items.
        package var places: [Hash: [UInt32?]] = [:]
        package var disclosed: Set<UInt32> = []
        package var laterErasures: [Erasure] = []
        /// anchor_seq of A's beacon.
        package var seqBefore: UInt64?
        /// Seconds since 1970 of the milestone that A's beacon proves.
        package var lowerBound: UInt64?
        /// Sizes at which the path's root is asked for, beside those of the anchors.
        package var statedSizes: Set<UInt64> = []

        package init(
            origin: String, keys: LogKeys, anchors: [ListedAnchor], from: Int, to: Int, proof: [Hash],
            leaves: [ArraySlice<UInt8>], items: [UInt64: [PeriodItem.Content]]
        ) {
            self.origin = origin
            self.keys = keys
            self.anchors = anchors
            self.from = from
            self.to = to
            self.proof = proof
            self.leaves = leaves
            self.items = items
        }
    }

    /// A listed anchor whose note holds.
    package struct GoodAnchor: Sendable {
        /// Place in the list.
        package let place: Int
        package let size: UInt64
        package let root: Hash
        package let confirmation: Confirmation?
        /// Milliseconds since 1970.
        package let stampedMs: Int64?
    }

    /// What the checks around the core go on with.
    package struct Outcome: Sendable {
        package internal(set) var startSize: UInt64 = 0
        package internal(set) var startRoot = Hash.zero
        package internal(set) var endSize: UInt64 = 0
        package internal(set) var endRoot = Hash.zero
        package internal(set) var anchors: [GoodAnchor] = []
        /// Leaves that could be read, with their index in the log.
        package internal(set) var leaves: [(index: UInt64, leaf: Leaf)] = []
        /// Roots of the path at `Input.statedSizes`, from A to B.
        package internal(set) var statedRoots: [UInt64: Hash] = [:]
        /// Where the log was ended, when it was.
        package internal(set) var end: LogEnd?
        /// Sizes whose first listed root lies on the path from A to B.
        package internal(set) var sizesOnPath: Set<UInt64> = []
        /// k of the intervals whose items give the inner root.
        package internal(set) var held: Set<UInt64> = []
        package internal(set) var erasedItems = 0
        package internal(set) var withheldItems = 0
        /// Seconds between the two bounds of a leaf, the widest.
        package internal(set) var widestBracketSeconds: UInt64 = 0
        /// Earliest confirmation of B's payload, seconds since 1970.
        package internal(set) var endTime: UInt64?
        /// Earliest time stamp over B's note, ms since 1970.
        package internal(set) var endStampMs: Int64?
        /// True when a leaf inside the range has no beacon before it and A's gives no time.
        package internal(set) var hasOpenStart = false
    }

    let input: Input
    var found: FindingList
    package internal(set) var outcome = Outcome()
    /// Roots of the path from A to B at the sizes of the listed anchors.
    var pathRoots: [UInt64: Hash] = [:]

    package init(_ input: Input, found: FindingList = FindingList()) {
        self.input = input
        self.found = found
    }

    package var findings: FindingList { found }

    /// Runs all steps. False when a bad note of A or B, or `E_RANGE`, ended the run: nothing below is authenticated then.
    package mutating func run() -> Bool {
        do {
            try checkNotes()
            checkEquivocation()
            try checkRange()
        } catch {
            found.add(error.code, error.about)
            return false
        }
        checkForks()
        checkLeaves()
        checkEnd()
        checkItems()
        checkBeacons()
        checkTimes()
        return true
    }

    // Step 1.
    private mutating func checkNotes() throws(Stop) {
        let ends = [input.from, input.to]
        guard ends.allSatisfy(input.anchors.indices.contains) else {
            throw Stop(.malformed, "anchor A or B is missing")
        }
        var checked: [Int: (checkpoint: Checkpoint, payload: [UInt8])] = [:]
        for place in ends { checked[place] = try read(input.anchors[place]) }
        for (place, anchor) in input.anchors.enumerated() where checked[place] == nil {
            do {
                checked[place] = try read(anchor)
            } catch {
                found.add(.foreignAnchor, anchor.name)
            }
        }
        for (place, anchor) in input.anchors.enumerated() {
            guard let (checkpoint, expanded) = checked[place] else { continue }
            if let payload = anchor.payload, payload != expanded { found.add(.anchorMismatch, anchor.name) }
            outcome.anchors.append(
                GoodAnchor(
                    place: place, size: checkpoint.size, root: checkpoint.root, confirmation: anchor.confirmation,
                    stampedMs: anchor.stampedMs))
            if place == input.from { (outcome.startSize, outcome.startRoot) = (checkpoint.size, checkpoint.root) }
            if place == input.to { (outcome.endSize, outcome.endRoot) = (checkpoint.size, checkpoint.root) }
        }
    }

    private func read(_ anchor: ListedAnchor) throws(Stop) -> (Checkpoint, [UInt8]) {
        guard let note = SignedNote(anchor.note), let checkpoint = note.checkpoint else {
            throw Stop(.signature, "\(anchor.name) is not a signed checkpoint")
        }
        guard checkpoint.origin.utf8.elementsEqual(input.origin.utf8) else { throw Stop(.origin, anchor.name) }
        guard let key = input.keys.signer(of: note, checkpoint), let payload = AnchorPayload(note, by: key) else {
            throw Stop(.signature, anchor.name)
        }
        return (checkpoint, payload.bytes)
    }

    // Step 2, the first half: the second needs the path.
    private mutating func checkEquivocation() {
        var roots: [UInt64: Hash] = [:]
        for anchor in outcome.anchors {
            if let root = roots[anchor.size], root != anchor.root {
                found.add(.equivocation, "size \(anchor.size)")
            } else {
                roots[anchor.size] = anchor.root
            }
        }
    }

    // Step 3.
    private mutating func checkRange() throws(Stop) {
        let start = outcome.startSize
        let end = outcome.endSize
        let isAsStated =
            (input.start ?? start) == start && (input.end ?? end) == end && (input.size ?? end) == end
        guard isAsStated, start < end, UInt64(input.leaves.count) == end - start else {
            throw Stop(.range, "\(input.leaves.count) leaves between sizes \(start) and \(end)")
        }
        if MerkleTree.oldRoot(start: start, rangeProof: input.proof) != outcome.startRoot {
            found.add(.consistency, "size \(start)")
        }
        guard input.proof.count == start.nonzeroBitCount, var path = Frontier(size: start, hashes: input.proof) else {
            throw Stop(.range, "the range proof has \(input.proof.count) hashes")
        }
        let sizes = input.statedSizes.union(outcome.anchors.map(\.size))
        for leaf in input.leaves {
            path.append(leafHash(leaf)) { _, _, _ in }
            if sizes.contains(path.size) { pathRoots[path.size] = path.root }
        }
        guard path.root == outcome.endRoot else { throw Stop(.range, "size \(end)") }
        outcome.statedRoots = pathRoots.filter { input.statedSizes.contains($0.key) }
        if input.statedSizes.contains(start) { outcome.statedRoots[start] = outcome.startRoot }
    }

    // Step 4, and the second half of step 2.
    private mutating func checkForks() {
        outcome.sizesOnPath = Set(outcome.anchors.filter(isOnPath).map(\.size))
        var seen: Set<UInt64> = []
        for anchor in outcome.anchors where seen.insert(anchor.size).inserted {
            guard let root = pathRoots[anchor.size] else { continue }
            if root != anchor.root { found.add(.fork, input.anchors[anchor.place].name) }
        }
        let ordered = outcome.anchors
            .compactMap { anchor in anchor.confirmation.map { (index: $0.milestoneIndex, anchor: anchor) } }
            .sorted { ($0.index, $0.anchor.place) < ($1.index, $1.anchor.place) }
        var largest: UInt64 = 0
        var largestBefore: UInt64 = 0
        var lastIndex: UInt64?
        for (index, anchor) in ordered {
            if index != lastIndex { largestBefore = largest }
            lastIndex = index
            if anchor.size < largestBefore, isOffPath(anchor) { found.add(.rollback, input.anchors[anchor.place].name) }
            largest = max(largest, anchor.size)
        }
    }

    private func isOffPath(_ anchor: GoodAnchor) -> Bool {
        if anchor.size == outcome.startSize { return anchor.root != outcome.startRoot }
        return pathRoots[anchor.size].map { $0 != anchor.root } ?? false
    }

    func isOnPath(_ anchor: GoodAnchor) -> Bool { pathRoots[anchor.size] == anchor.root }

    // Step 5.
    private mutating func checkLeaves() {
        var expected: UInt64?
        var periodMs: UInt64?
        for (offset, bytes) in input.leaves.enumerated() {
            let index = outcome.startSize + UInt64(offset)
            let leaf: Leaf
            do {
                leaf = try Leaf.decode(Array(bytes))
            } catch {
                found.add(error == .unknownType ? .version : .nonCanonical, "leaf \(index)")
                continue
            }
            outcome.leaves.append((index, leaf))
            switch leaf.body {
            case .interval(let interval):
                if interval.k != expected ?? interval.k || interval.periodMs != periodMs ?? interval.periodMs {
                    found.add(.gap, "interval \(interval.k)")
                }
                periodMs = interval.periodMs
                expected = max(expected ?? 0, interval.k &+ 1)
            case .gap(let gap):
                if gap.kFrom != expected ?? gap.kFrom || gap.kTo < gap.kFrom {
                    found.add(.gap, "the gap at leaf \(index)")
                }
                expected = max(expected ?? 0, gap.kTo &+ 1)
            default: break
            }
        }
    }

    // Step 7.
    private mutating func checkBeacons() {
        let covered = outcome.sizesOnPath
        var seq = input.seqBefore
        for (index, leaf) in outcome.leaves {
            guard case .beacon(let beacon) = leaf.body else { continue }
            if let seq, beacon.anchorSeq != seq &+ 1 { found.add(.anchorSequence, "anchor \(beacon.anchorSeq)") }
            seq = beacon.anchorSeq
            if !covered.contains(index + 1) { found.add(.unanchored, "anchor \(beacon.anchorSeq)") }
        }
        guard let last = outcome.leaves.last, last.index == outcome.endSize - 1, case .beacon = last.leaf.body else {
            found.add(.unanchored, "leaf \(outcome.endSize - 1) is not a beacon")
            return
        }
    }

    // Step 8.
    private mutating func checkTimes() {
        var earliest: [UInt64: UInt64] = [:]
        for anchor in outcome.anchors where isOnPath(anchor) {
            guard let time = anchor.confirmation?.time else { continue }
            earliest[anchor.size] = min(earliest[anchor.size] ?? time, time)
        }
        outcome.endTime = earliest[outcome.endSize]
        let stamps = stampBounds()
        outcome.endStampMs = stamps.last { $0.size == outcome.endSize }?.ms
        var stamp = 0
        let bounds = earliest.sorted { $0.key < $1.key }
        var bound = 0
        var lower = input.lowerBound
        for (index, leaf) in outcome.leaves {
            while bound < bounds.count, bounds[bound].key <= index { bound += 1 }
            let upper = bound < bounds.count ? bounds[bound].value : nil
            while stamp < stamps.count, stamps[stamp].size <= index { stamp += 1 }
            let stampedMs = stamp < stamps.count ? UInt64(clamping: stamps[stamp].ms) : nil
            var times = [leaf.wallMs]
            if case .interval(let interval) = leaf.body {
                times.append(saturating(interval.k &+ 1, times: interval.periodMs))
            }
            let least = lower.map { saturating($0, times: 1000) }.map { $0 > 1000 ? $0 - 1000 : 0 }
            let most = upper.map { saturating($0, times: 1000) }
            if let least, times.contains(where: { $0 < least }) { found.add(.backdated, "leaf \(index)") }
            if let most = [most, stampedMs].compactMap(\.self).min(), times.contains(where: { $0 > most }) {
                found.add(.postdated, "leaf \(index)")
            }
            if let lower, let upper, upper > lower {
                outcome.widestBracketSeconds = max(outcome.widestBracketSeconds, upper - lower)
            }
            if lower == nil { outcome.hasOpenStart = true }
            if case .beacon(let beacon) = leaf.body { lower = beacon.milestoneTime }
        }
    }

    /// The earliest time stamp over each size on the path, ascending by size: it bounds every leaf below that size.
    private func stampBounds() -> [(size: UInt64, ms: Int64)] {
        var earliest: [UInt64: Int64] = [:]
        for anchor in outcome.anchors where isOnPath(anchor) {
            guard let ms = anchor.stampedMs else { continue }
            earliest[anchor.size] = min(earliest[anchor.size] ?? ms, ms)
        }
        return earliest.sorted { $0.key < $1.key }.map { (size: $0.key, ms: $0.value) }
    }

    private func saturating(_ value: UInt64, times factor: UInt64) -> UInt64 {
        let (product, isOver) = value.multipliedReportingOverflow(by: factor)
        return isOver ? .max : product
    }
}
