import Crypto
package import Evidence
import Foundation
import Hashing
package import LogEntries
package import MerkleLog
import Readings
import Tangle

/// A small log with keys of its own, honest or not, written through the same writer as the gateway's files: for what no
/// vector holds. The milestones of its network carry two holders' signatures.
package struct SyntheticLog {
    package static let origin = "gw-test/b/house/0"
    package static let periodMs: UInt64 = 60_000
    package static let startMs: UInt64 = 1_772_445_600_000
    /// k of the first interval.
    package static let firstK = startMs / periodMs
    /// Number of A, B and the anchor behind B.
    package static let fromSeq: UInt64 = 1
    package static let toSeq: UInt64 = 2
    package static let laterSeq: UInt64 = 3

    package var logKey = SyntheticLog.key(1)
    package let recovery = SyntheticLog.key(9)
    /// Seconds between the second anchor's beacon and its confirmation.
    package var confirmationDelay: UInt32 = 10
    /// Number of intervals between the anchors.
    package var intervals: UInt64 = 5
    package var previous: Leaf.PreviousLog?
    /// Signs leaf 1 of a log that names a previous one; nil: there is no such leaf.
    package var openedBy: LogSigningKey? = SyntheticLog.key(9)
    /// Replaces the log key at leaf 3 when given; its statement is signed by this key.
    package var keyChange: (to: LogSigningKey, signedBy: LogSigningKey)?
    /// Signs A's checkpoint, and B's with what is behind it, instead of the key in force at the beginning.
    package var startSigner: LogSigningKey?
    package var endSigner: LogSigningKey?
    /// Leaves behind the intervals, before B's beacon.
    package var more: [Leaf.Body] = []
    /// Leaves behind B; with them the file holds a third anchor and its consistency proof.
    package var later: [Leaf.Body] = []
    /// What a gateway that lies writes instead of a leaf: another one, or none (nil).
    package var lie: @Sendable (UInt64, Leaf) -> Leaf? = { _, leaf in leaf }

    package init() {}

    package static func key(_ byte: UInt8) -> LogSigningKey {
        guard let key = LogSigningKey(name: origin, seed: [UInt8](repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a seed")
        }
        return key
    }

    static func coordinator(_ byte: UInt8) throws -> Curve25519.Signing.PrivateKey {
        try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: byte, count: 32))
    }

    package struct Made {
        package var file: [UInt8]
        package var parts: PeriodParts
        package var card: PolicyCard
        /// Who signs the checkpoints in the end.
        package var signer: LogSigningKey
        package var tree: MerkleTree

        /// The file of other parts.
        package func file(_ change: (inout PeriodParts) throws -> Void) throws -> [UInt8] {
            var parts = parts
            try change(&parts)
            return try PeriodFileWriter.write(parts, periodMs: SyntheticLog.periodMs)
        }
    }

    /// The leaves so far.
    struct Written {
        var leaves: [[UInt8]] = []
        var lie: @Sendable (UInt64, Leaf) -> Leaf?

        var size: UInt64 { UInt64(leaves.count) }

        /// False when the log does not hold this leaf.
        @discardableResult
        mutating func add(_ ms: UInt64, _ body: Leaf.Body) -> Bool {
            let leaf = Leaf(wallMs: ms, bootNumber: 1, monoMs: ms - SyntheticLog.startMs, body: body)
            guard let written = lie(size, leaf) else { return false }
            leaves.append(written.encoded())
            return true
        }
    }

    static let salt = Bytes16([UInt8](repeating: 7, count: 16)) ?? .zero

    package static let config = Configuration(
        head: ConfigHead(
            buildingID: "house", timeZone: "Europe/Oslo", periodMs: periodMs, modelRevision: 1, modelHash: .zero),
        streams: [
            ConfigStream(
                stream: StreamNumber(1), salt: salt, privacyClass: .none,
                rows: [
                    ConfigRow(
                        point: PointNumber(1), id: "m1.power", unit: "W", kind: .integer,
                        scale: Scale(mantissa: 1, exponent: 0, offsetMantissa: 0, offsetExponent: 0), nature: "gauge",
                        deviceID: "d", profileID: "p", profileHash: .zero)
                ])
        ])

    package func make() throws -> Made {
        let first = Self.startMs
        var written = Written(lie: lie)
        let signer = try addBeginning(to: &written)
        let beaconOne = try milestone(index: 10, ms: first, parent: 1, root: .zero)
        written.add(first + 100, beacon(Self.fromSeq, beaconOne))
        let startSize = written.size
        let items = addIntervals(to: &written)
        let lastMs = (Self.firstK + intervals) * Self.periodMs + 1_000
        for body in more { written.add(lastMs, body) }
        let beaconTwo = try milestone(index: 20, ms: lastMs, parent: 2, root: .zero)
        written.add(lastMs + 1, beacon(Self.toSeq, beaconTwo))
        let endSize = written.size
        for body in later { written.add(lastMs + 2, body) }
        let beaconThree = try milestone(index: 30, ms: lastMs, parent: 6, root: .zero)
        if !later.isEmpty { written.add(lastMs + 3, beacon(Self.laterSeq, beaconThree)) }
        let leaves = written.leaves
        let tree = MerkleTree(leaves.map { leafHash($0) })
        var anchors = [
            try anchor(Self.fromSeq, tree, startSize, startSigner ?? signer, index: 11, ms: first + 10_000),
            try anchor(
                Self.toSeq, tree, endSize, endSigner ?? signer, index: 21, ms: lastMs + UInt64(confirmationDelay) * 1000
            ),
        ]
        var context = PeriodContext(
            leaves: (0..<startSize).map { index in
                PeriodContext.Leaf(
                    index: index, bytes: leaves[Int(index)], treeSize: startSize,
                    proof: tree.inclusionProof(of: index, size: startSize))
            })
        if !later.isEmpty {
            anchors.append(
                try anchor(Self.laterSeq, tree, tree.size, endSigner ?? signer, index: 31, ms: lastMs + 600_000))
            addLaterContext(leaves, tree, endSize, to: &context)
        }
        let card = try card(genesis: leafHash(leaves[0]))
        let parts = PeriodParts(
            origin: Self.origin, fromSeq: Self.fromSeq, toSeq: Self.toSeq, fromMs: Int64(first),
            toMs: Int64((Self.firstK + intervals) * Self.periodMs), streams: [1],
            card: Array(card.encoded().utf8)[...], context: context,
            leaves: leaves[Int(startSize)..<Int(endSize)].map { $0[...] },
            rangeProof: tree.rangeProof(startSize..<endSize, size: endSize),
            configs: [PeriodConfig(hash: Self.config.hash, items: Self.config.items.map { .shown($0) })],
            anchors: anchors,
            beacons: [
                PeriodBeacon(seq: Self.fromSeq, milestone: beaconOne.serialized()[...]),
                PeriodBeacon(seq: Self.toSeq, milestone: beaconTwo.serialized()[...]),
            ], items: items)
        return Made(
            file: try PeriodFileWriter.write(parts, periodMs: Self.periodMs), parts: parts, card: card, signer: signer,
            tree: tree)
    }
}
