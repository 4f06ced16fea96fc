package import Hashing
package import LogEntries
package import Readings

/// The log as it stands on disk.
package struct LogHead: Hashable, Sendable {
    /// Leaves.
    package let size: UInt64
    package let root: Hash
    /// Interval number of the last sealed interval; `nil` before the first.
    package let lastSealedK: UInt64?
    /// Largest interval number that is sealed or covered by a gap leaf; the next interval is above it.
    package let lastCoveredK: UInt64?
    /// Number of the last boot leaf.
    package let bootNumber: UInt64
    /// `wall_ms` of the last leaf.
    package let lastLeafWallMs: UInt64
    /// Config hash of the last type 4 leaf.
    package let configHash: Hash?
}

/// One leaf as it is stored.
package struct StoredLeaf: Hashable, Sendable {
    package let index: UInt64
    /// The leaf's type number of `formats.md` section 2.
    package let type: UInt8
    /// Of interval and access leaves; `k_to` of a gap leaf.
    package let k: UInt64?
    package let hash: Hash
    package let bytes: [UInt8]
}

/// One leaf to be appended. What is stored with it is the caller's business; see the functions that take it.
package struct NewLeaf: Hashable, Sendable {
    package let type: UInt8
    package let k: UInt64?
    package let wallMs: UInt64
    package let bytes: [UInt8]

    package init(type: UInt8, k: UInt64? = nil, wallMs: UInt64, bytes: [UInt8]) {
        self.type = type
        self.k = k
        self.wallMs = wallMs
        self.bytes = bytes
    }
}

/// Bytes of an inner tree, in order; their hash is SHA-256(00 ‖ bytes).
package struct StoredItem: Hashable, Sendable {
    package let hash: Hash
    /// `nil` when erased, or when the key is gone.
    package let bytes: [UInt8]?
    /// The bytes lie there encrypted, and the key that opens them is not there any more: nothing to read, and yet no damage.
    package let isKeyGone: Bool

    package init(hash: Hash, bytes: [UInt8]?, isKeyGone: Bool = false) {
        self.hash = hash
        self.bytes = bytes
        self.isKeyGone = isKeyGone
    }
}

/// One stream's item of one interval.
package struct IntervalItemRow: Hashable, Sendable {
    package let k: UInt64
    package let stream: StreamNumber
    package let item: StoredItem

    package init(k: UInt64, stream: StreamNumber, item: StoredItem) {
        self.k = k
        self.stream = stream
        self.item = item
    }
}

/// One interval ready to be sealed.
package struct IntervalSeal: Sendable {
    package let k: UInt64
    /// In the order of the configuration's stream list, one for every stream.
    package let items: [IntervalItemRow]
    package let leaf: NewLeaf
    /// The newest value of each point that has one in this interval, by rising point.
    package let citations: [Citation]
    /// The access leaf of this interval, when there were accesses.
    package let access: AccessSeal?
    /// Streams of a class other than `none`: their items are stored encrypted.
    package let privateStreams: Set<StreamNumber>

    package init(
        k: UInt64, items: [IntervalItemRow], leaf: NewLeaf, citations: [Citation], access: AccessSeal? = nil,
        privateStreams: Set<StreamNumber> = []
    ) {
        self.k = k
        self.items = items
        self.leaf = leaf
        self.citations = citations
        self.access = access
        self.privateStreams = privateStreams
    }
}

/// The access leaf and its items, and which recorded uses it packs.
package struct AccessSeal: Sendable {
    package let leaf: NewLeaf
    package let items: [StoredItem]
    /// Uses up to this row are packed and removed.
    package let upToUse: UInt64

    package init(leaf: NewLeaf, items: [StoredItem], upToUse: UInt64) {
        self.leaf = leaf
        self.items = items
        self.upToUse = upToUse
    }
}

/// What a seal put on disk.
package struct Sealed: Hashable, Sendable {
    package let k: UInt64
    package let leafIndex: UInt64
    package let size: UInt64
}

/// One start of the daemon, or one clock step.
package struct BootRecord: Hashable, Sendable {
    package let number: UInt64
    /// UTC ms when it began.
    package let startedMs: UInt64
    /// The last instants this boot wrote something down: UTC ms, and ms since its start.
    package let lastWallMs: UInt64
    package let lastMonoMs: UInt64
}

/// One disclosure that waits for the access leaf of the running interval.
package struct AccessUse: Hashable, Sendable {
    package let grant: UInt64
    /// Pseudonym of the actor, 16 bytes.
    package let actor: [UInt8]
    package let scope: String
    package let what: String
    package let count: UInt64

    package init(grant: UInt64, actor: [UInt8], scope: String, what: String, count: UInt64) {
        self.grant = grant
        self.actor = actor
        self.scope = scope
        self.what = what
        self.count = count
    }
}

/// A reading and the interval it stands in. `reading.capturedAtMs` lies inside interval `k`; a late one has its own
/// time in `sourceAtMs`.
package struct PlacedReading: Hashable, Sendable {
    package let k: UInt64
    package let reading: Reading

    package init(k: UInt64, reading: Reading) {
        self.k = k
        self.reading = reading
    }
}
