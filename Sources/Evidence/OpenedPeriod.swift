import Hashing

/// A period file whose container, manifest and parts have their form: what is small is in memory, the rest is read where it lies.
package struct OpenedPeriod: Sendable {
    let source: any ByteSource
    package let origin: String
    package let fromSeq: UInt64
    package let toSeq: UInt64
    package let fromMs: Int64
    package let toMs: Int64
    package let streams: [UInt32]

    var card: [UInt8] = []
    var context = PeriodContext(leaves: [])
    var leaves = PackedLeaves([])
    var rangeProof: [Hash] = []
    var configs: [PeriodConfig] = []
    var compromises: [PeriodCompromise] = []
    /// Ascending by number.
    var anchors: [AnchorMembers] = []
    /// Milestones of beacons by number, ascending.
    var beacons: [(seq: UInt32, milestone: Range<Int>)] = []
    var items: PackedItems
    var openings: Range<Int>?
    var readme: Range<Int> = 0..<0
    /// Bytes of the members, each of which is read again when it is judged.
    var contentBytes = 0

    init(_ source: any ByteSource, _ manifest: Manifest) {
        self.source = source
        origin = manifest.origin
        fromSeq = manifest.fromSeq
        toSeq = manifest.toSeq
        fromMs = manifest.fromMs
        toMs = manifest.toMs
        streams = manifest.streams
        items = PackedItems(source)
    }

    /// Where the parts of one anchor lie.
    struct AnchorMembers: Sendable {
        let seq: UInt32
        var note: Range<Int>?
        var block: Range<Int>?
        var milestone: Range<Int>?
        var path: Range<Int>?
        var timeStamp: Range<Int>?
        var cosignatures: Range<Int>?

        init(_ seq: UInt32) { self.seq = seq }
    }

    /// One anchor with its bytes.
    func anchor(_ place: Int) -> PeriodAnchor {
        let members = anchors[place]
        func bytes(_ range: Range<Int>?) -> ArraySlice<UInt8> { source.bytes(range ?? 0..<0)[...] }
        return PeriodAnchor(
            seq: UInt64(members.seq), note: bytes(members.note), block: bytes(members.block),
            milestone: bytes(members.milestone), path: bytes(members.path),
            timeStamp: members.timeStamp.map { bytes($0) }, cosignatures: members.cosignatures.map { bytes($0) })
    }

    func note(_ place: Int) -> [UInt8] { source.bytes(anchors[place].note ?? 0..<0) }

    /// Place of the anchor with this number.
    func place(ofAnchor seq: UInt64) -> Int? { Self.place(of: seq, anchors.count) { anchors[$0].seq } }

    /// Place of the milestone of the beacon before the anchor with this number.
    func place(ofBeacon seq: UInt64) -> Int? { Self.place(of: seq, beacons.count) { beacons[$0].seq } }

    private static func place(of seq: UInt64, _ count: Int, _ number: (Int) -> UInt32) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if UInt64(number(middle)) < seq { low = middle + 1 } else { high = middle }
        }
        return low < count && UInt64(number(low)) == seq ? low : nil
    }

    /// Takes a member that belongs to an anchor or a beacon.
    mutating func take(_ member: Member) {
        switch member.kind {
        case .beacon: beacons.append((member.number, member.content))
        case .note:
            var anchor = AnchorMembers(member.number)
            anchor.note = member.content
            anchors.append(anchor)
        case .block, .milestone, .path, .timeStamp, .cosignatures:
            // Without a note the anchor stands behind all others, and is found to lack it.
            let place: Int
            if let known = self.place(ofAnchor: UInt64(member.number)) {
                place = known
            } else {
                place = anchors.count
                if anchors.last?.seq == member.number { break }
                anchors.append(AnchorMembers(member.number))
            }
            switch member.kind {
            case .block: anchors[place].block = member.content
            case .milestone: anchors[place].milestone = member.content
            case .path: anchors[place].path = member.content
            case .timeStamp: anchors[place].timeStamp = member.content
            default: anchors[place].cosignatures = member.content
            }
        default: break
        }
    }
}
