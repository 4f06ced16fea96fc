package import Hashing
package import LogEntries
import MerkleLog
import Readings

/// The core of a period's audit: leaves, items and anchors against each other, without container, configurations or
/// proofs of inclusion. formats.md section 7, steps 1 to 8; each step is a function below, in that order.
package struct CoreAudit {
    /// One anchor as listed: what its note says, what its block carries, and which milestone confirmed it.
    package struct ListedAnchor: Sendable {
        package var name: String
        package var reading: NoteReading
        package var confirmation: Confirmation?
        /// The latest moment that a time stamp over the note allows, ms since 1970.
        package var stampedMs: Int64?

        package init(name: String, reading: NoteReading, confirmation: Confirmation?, stampedMs: Int64? = nil) {
            self.name = name
            self.reading = reading
            self.confirmation = confirmation
            self.stampedMs = stampedMs
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
        package var leaves: PackedLeaves
        package var items: PackedItems
        /// By hash, those that are sound; what is missing is learned from items.
        var configs: [Hash: ConfigView] = [:]
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
            leaves: PackedLeaves, items: PackedItems
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
        /// Roots of the path at `Input.statedSizes`, from A to B.
        package internal(set) var statedRoots: [UInt64: Hash] = [:]
        /// Where the log was ended, when it was.
        package internal(set) var end: LogEnd?
        /// Sizes whose first listed root lies on the path from A to B.
        package internal(set) var sizesOnPath: Set<UInt64> = []
        package internal(set) var erasedItems = 0
        package internal(set) var withheldItems = 0
        /// Seconds between the two bounds of a leaf, the widest.
        package internal(set) var widestBracketSeconds: UInt64 = 0
        /// Earliest confirmation of B's payload, seconds since 1970.
        package internal(set) var endTime: UInt64?
        /// Earliest time stamp over B's note, ms since 1970.
        package internal(set) var endStampMs: Int64?
        /// Of the intervals whose items give the inner root.
        package internal(set) var items = 0
        package internal(set) var readings = 0
        package internal(set) var intervals = 0
        /// What the readings of these intervals break; it belongs to a later step.
        var payloads = FindingList()
    }

    let input: Input
    var found: FindingList
    package internal(set) var outcome = Outcome()
    /// Roots of the path from A to B at the sizes of the listed anchors.
    var pathRoots: [UInt64: Hash] = [:]
    /// Type of an erasure leaf, its third byte.
    static let erasureType: UInt8 = 10

    /// Declared erasures by stream, of the range and later.
    var erasures: [UInt32: [Erasure]] = [:]

    package init(_ input: Input, found: FindingList = FindingList()) {
        self.input = input
        self.found = found
    }

    package var findings: FindingList { found }

    /// Runs all steps. False when a bad note of A or B, or `E_RANGE`, ended the run: nothing below is authenticated then.
    package mutating func run() -> Bool {
        guard authenticate() else { return false }
        _ = walk(workers: .none, tally: nil) { _, _ in }
        return true
    }

    /// Steps 1 to 4: what must hold before any leaf is believed.
    mutating func authenticate() -> Bool {
        do {
            try checkNotes()
            checkEquivocation()
            try checkRange()
        } catch {
            found.add(error.code, error.about)
            return false
        }
        checkForks()
        return true
    }

    // Step 1.
    private mutating func checkNotes() throws(Stop) {
        let ends = [input.from, input.to]
        guard ends.allSatisfy(input.anchors.indices.contains) else {
            throw Stop(.malformed, "anchor A or B is missing")
        }
        for place in ends { if case .bad(let stop) = input.anchors[place].reading { throw stop } }
        for (place, anchor) in input.anchors.enumerated() {
            guard case .good(let size, let root, let isOther) = anchor.reading else {
                found.add(.foreignAnchor, anchor.name)
                continue
            }
            if isOther { found.add(.anchorMismatch, anchor.name) }
            outcome.anchors.append(
                GoodAnchor(
                    place: place, size: size, root: root, confirmation: anchor.confirmation,
                    stampedMs: anchor.stampedMs))
            if place == input.from { (outcome.startSize, outcome.startRoot) = (size, root) }
            if place == input.to { (outcome.endSize, outcome.endRoot) = (size, root) }
        }
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
        erasures = Dictionary(grouping: input.laterErasures, by: \.stream)
        input.leaves.forEach { number, leaf in
            path.append(leafHash(leaf)) { _, _, _ in }
            if sizes.contains(path.size) { pathRoots[path.size] = path.root }
            // One that cannot be read has its finding later.
            guard leaf.count > 2, leaf[2] == Self.erasureType, let read = try? Leaf.decode([UInt8](leaf)),  // as said
                case .erasure(let erasure) = read.body, erasure.kFrom <= erasure.kTo
            else { return }
            let stream = erasure.stream.rawValue
            erasures[stream, default: []].append(
                Erasure(stream: stream, k: erasure.kFrom...erasure.kTo, leafIndex: start + UInt64(number)))
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
            let name = input.anchors[anchor.place].name
            if root != anchor.root { found.add(.fork, name) }
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
            let name = input.anchors[anchor.place].name
            if anchor.size < largestBefore, isOffPath(anchor) { found.add(.rollback, name) }
            largest = max(largest, anchor.size)
        }
    }

    private func isOffPath(_ anchor: GoodAnchor) -> Bool {
        if anchor.size == outcome.startSize { return anchor.root != outcome.startRoot }
        return pathRoots[anchor.size].map { $0 != anchor.root } ?? false
    }

    func isOnPath(_ anchor: GoodAnchor) -> Bool { pathRoots[anchor.size] == anchor.root }
}
