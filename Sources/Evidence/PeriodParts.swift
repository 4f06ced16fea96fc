package import Hashing

/// Everything a period file holds, as plain values: what the gateway fills in and what the auditor's program reads.
///
/// Bytes are slices, so that reading a file does not copy it.
package struct PeriodParts: Sendable {
    package var origin: String
    /// Numbers of the anchors A and B between which the leaves lie.
    package var fromSeq: UInt64
    package var toSeq: UInt64
    /// What was asked for, UTC milliseconds: from ≤ t < to.
    package var fromMs: Int64
    package var toMs: Int64
    /// Streams whose items are disclosed.
    package var streams: [UInt32]
    /// Text of the gateway's own policy card; empty for none.
    package var card: ArraySlice<UInt8>
    package var context: PeriodContext
    /// Leaf bytes of [size_A, size_B).
    package var leaves: [ArraySlice<UInt8>]
    /// Range proof of the leaves under root_B.
    package var rangeProof: [Hash]
    /// In the order in which the intervals use them first.
    package var configs: [PeriodConfig]
    /// Every anchor from A to B, and any later one that the context uses, ascending by number.
    package var anchors: [PeriodAnchor]
    /// Milestones of the beacons, by anchor number, ascending.
    package var beacons: [PeriodBeacon]
    /// One for every interval and configured stream, k then stream order.
    package var items: [PeriodItem]
    package var openings: [PeriodOpening]
    /// Statements that the log key was stolen, ascending by size.
    package var compromises: [PeriodCompromise] = []
    package var readme: ArraySlice<UInt8>

    package init(
        origin: String, fromSeq: UInt64, toSeq: UInt64, fromMs: Int64, toMs: Int64, streams: [UInt32],
        card: ArraySlice<UInt8>, context: PeriodContext, leaves: [ArraySlice<UInt8>], rangeProof: [Hash],
        configs: [PeriodConfig], anchors: [PeriodAnchor], beacons: [PeriodBeacon], items: [PeriodItem],
        openings: [PeriodOpening] = [], readme: ArraySlice<UInt8> = PeriodParts.standardReadme[...]
    ) {
        self.origin = origin
        self.fromSeq = fromSeq
        self.toSeq = toSeq
        self.fromMs = fromMs
        self.toMs = toMs
        self.streams = streams
        self.card = card
        self.context = context
        self.leaves = leaves
        self.rangeProof = rangeProof
        self.configs = configs
        self.anchors = anchors
        self.beacons = beacons
        self.items = items
        self.openings = openings
        self.readme = readme
    }

    /// `99-README.txt`: for each part a tool not written by us that also checks it.
    package static let standardReadme = Array(
        """
        Evidence for one period of one gateway log. Each part can be checked without our program:
        00-manifest.cbor, 02-context.cbor, 05-configs.cbor: python3 cbor2
        03-leaves, 04-range.proof, 30-items: sha256sum and RFC 6962 hashing, 20 lines of Python
        10-checkpoints: Go sumdb note or any C2SP signed-note tool
        11-anchors, 12-beacons: iota.go or iota-sdk (blocks, milestones), b2sum -l 256
        11-anchors/*.tsr: openssl ts -verify -in SEQ.tsr -data 10-checkpoints/SEQ.note -CAfile YOUR-AUTHORITIES.pem
        the container: GNU tar

        """.utf8)
}

/// `02-context.cbor`: leaves outside the range that the check needs, with their proofs.
package struct PeriodContext: Sendable {
    /// Ascending by index: genesis, every key leaf, the last configuration and boot leaf before A, leaf size_A − 1 (all
    /// proven against size_A), then later erasures (proven against a later anchor's size).
    package var leaves: [Leaf]
    /// RFC 6962 consistency proofs from size_B to the size of the anchor with that number.
    package var consistency: [Consistency]

    package struct Leaf: Sendable {
        package var index: UInt64
        package var bytes: [UInt8]
        package var treeSize: UInt64
        package var proof: [Hash]

        package init(index: UInt64, bytes: [UInt8], treeSize: UInt64, proof: [Hash]) {
            self.index = index
            self.bytes = bytes
            self.treeSize = treeSize
            self.proof = proof
        }
    }

    package struct Consistency: Sendable {
        package var seq: UInt64
        package var proof: [Hash]

        package init(seq: UInt64, proof: [Hash]) {
            self.seq = seq
            self.proof = proof
        }
    }

    package init(leaves: [Leaf], consistency: [Consistency] = []) {
        self.leaves = leaves
        self.consistency = consistency
    }
}

/// One configuration of `05-configs.cbor`.
package struct PeriodConfig: Sendable {
    package var hash: Hash
    /// In configuration order; the head stands first.
    package var items: [Item]

    package enum Item: Sendable {
        case shown([UInt8])
        /// Leaf hash of the row of a stream that is not disclosed.
        case hidden(Hash)
    }

    package init(hash: Hash, items: [Item]) {
        self.hash = hash
        self.items = items
    }
}

/// One anchor: the signed checkpoint and its way into the network.
package struct PeriodAnchor: Sendable {
    /// anchor_seq, below 100 000 000; 90000001 and up when its number is taken or unknown.
    package var seq: UInt64
    package var note: ArraySlice<UInt8>
    package var block: ArraySlice<UInt8>
    /// Payload bytes from `u32 7` on.
    package var milestone: ArraySlice<UInt8>
    /// Per step from the leaf: u8 side of the sibling (0 left, 1 right) ‖ 32 bytes.
    package var path: ArraySlice<UInt8>
    package var timeStamp: ArraySlice<UInt8>?
    package var cosignatures: ArraySlice<UInt8>?

    package init(
        seq: UInt64, note: ArraySlice<UInt8>, block: ArraySlice<UInt8>, milestone: ArraySlice<UInt8>,
        path: ArraySlice<UInt8>, timeStamp: ArraySlice<UInt8>? = nil, cosignatures: ArraySlice<UInt8>? = nil
    ) {
        self.seq = seq
        self.note = note
        self.block = block
        self.milestone = milestone
        self.path = path
        self.timeStamp = timeStamp
        self.cosignatures = cosignatures
    }
}

/// The milestone that a beacon leaf cites.
package struct PeriodBeacon: Sendable {
    package var seq: UInt64
    package var milestone: ArraySlice<UInt8>

    package init(seq: UInt64, milestone: ArraySlice<UInt8>) {
        self.seq = seq
        self.milestone = milestone
    }
}

/// One record of `30-items`.
package struct PeriodItem: Sendable {
    package var k: UInt64
    /// A label for people; the place in the configuration decides.
    package var stream: UInt32
    package var content: Content

    package enum Content: Sendable {
        case shown(ArraySlice<UInt8>)
        case withheld(Hash)
        case erased(Hash)
    }

    package init(k: UInt64, stream: UInt32, content: Content) {
        self.k = k
        self.stream = stream
        self.content = content
    }
}

/// Items behind the commitment of an event, command, access or snapshot leaf.
package struct PeriodOpening: Sendable {
    package var leafIndex: UInt64
    /// The items that are shown, in the leaf's order.
    package var items: [[UInt8]]
    /// Leaf hashes of the items that are not shown, by their place in the leaf; empty when it is opened whole.
    package var hidden: [Int: Hash]

    package init(leafIndex: UInt64, items: [[UInt8]], hidden: [Int: Hash] = [:]) {
        self.leafIndex = leafIndex
        self.items = items
        self.hidden = hidden
    }
}
