package import Hashing

/// Where one checkpoint stands on its way to the Tangle. Each state is stored before the next step begins.
package enum AnchorState: String, Sendable, CaseIterable {
    /// Signed and stored, no work done.
    case waiting
    /// A block was mined and stored.
    case worked
    /// A node has taken the block.
    case submitted
    /// A milestone references the block; proof and milestone are stored.
    case anchored
}

/// One signed checkpoint and its way to the Tangle.
package struct StoredAnchor: Hashable, Sendable {
    /// From 1, without holes.
    package let seq: UInt64
    package let size: UInt64
    package let root: Hash
    /// The signed note, text.
    package let note: String
    /// The note compressed to 109 bytes.
    package let payload: [UInt8]
    /// Index of the beacon leaf, `size − 1`; `nil` for an anchor without a beacon.
    package let beaconLeaf: UInt64?
    package let signedMs: UInt64
    package let state: AnchorState
    package let attempts: [AnchorAttempt]
    package let confirmation: AnchorConfirmation?
    /// A time-stamping authority's response over `note`, as it came; `nil` when none was kept.
    package let timeStamp: [UInt8]?
}

/// One block that was mined for an anchor. None is ever removed.
package struct AnchorAttempt: Hashable, Sendable {
    /// Rising over all anchors.
    package let number: UInt64
    /// Block id, 32 bytes.
    package let blockID: Hash
    package let block: [UInt8]
    package let minedMs: UInt64
    /// When a node took it; `nil` when none did yet.
    package let submittedMs: UInt64?
}

/// The attempt that counted, and what proves it.
package struct AnchorConfirmation: Hashable, Sendable {
    package let blockID: Hash
    package let milestoneIndex: UInt32
    package let milestoneID: Hash
    /// Seconds since 1970.
    package let milestoneTimeS: UInt32
    /// Payload bytes from `u32 7` on.
    package let milestone: [UInt8]
    /// Per step from the leaf: u8 side of the sibling, 32 bytes.
    package let path: [UInt8]

    package init(
        blockID: Hash, milestoneIndex: UInt32, milestoneID: Hash, milestoneTimeS: UInt32, milestone: [UInt8],
        path: [UInt8]
    ) {
        self.blockID = blockID
        self.milestoneIndex = milestoneIndex
        self.milestoneID = milestoneID
        self.milestoneTimeS = milestoneTimeS
        self.milestone = milestone
        self.path = path
    }
}

/// The milestone behind a beacon leaf, checked by whoever asks for the beacon.
package struct BeaconFacts: Hashable, Sendable {
    package let milestoneIndex: UInt32
    package let milestoneID: Hash
    /// Seconds since 1970.
    package let milestoneTimeS: UInt32
    /// Payload bytes from `u32 7` on.
    package let milestone: [UInt8]

    package init(milestoneIndex: UInt32, milestoneID: Hash, milestoneTimeS: UInt32, milestone: [UInt8]) {
        self.milestoneIndex = milestoneIndex
        self.milestoneID = milestoneID
        self.milestoneTimeS = milestoneTimeS
        self.milestone = milestone
    }
}

/// One beacon leaf and its milestone.
package struct StoredBeacon: Hashable, Sendable {
    package let seq: UInt64
    package let leafIndex: UInt64
    package let facts: BeaconFacts
}

/// A checkpoint that was signed.
package struct StoredCheckpoint: Hashable, Sendable {
    package let size: UInt64
    package let root: Hash
    package let note: String
    package let signedMs: UInt64

    package init(size: UInt64, root: Hash, note: String, signedMs: UInt64) {
        self.size = size
        self.root = root
        self.note = note
        self.signedMs = signedMs
    }
}

/// Which anchors a list asks for.
package struct AnchorQuery: Hashable, Sendable {
    package var seqFrom: UInt64
    package var seqTo: UInt64
    package var isDescending: Bool
    package var states: Set<AnchorState>
    package var limit: Int

    package init(
        seqFrom: UInt64 = 0, seqTo: UInt64 = UInt64(Int64.max), isDescending: Bool = false,
        states: Set<AnchorState> = Set(AnchorState.allCases), limit: Int = 1_000
    ) {
        self.seqFrom = seqFrom
        self.seqTo = seqTo
        self.isDescending = isDescending
        self.states = states
        self.limit = limit
    }
}
