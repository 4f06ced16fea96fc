/// What a member of a period file is, by its name.
enum MemberKind: UInt8, Sendable {
    case manifest, card, context, leaves, rangeProof, configs, compromises
    case note, block, cosignatures, milestone, path, timeStamp, beacon, items, openings, readme

    /// Members that stand once, by name.
    static let single: [(name: String, kind: MemberKind)] = [
        ("00-manifest.cbor", .manifest), ("01-policy.card", .card), ("02-context.cbor", .context),
        ("03-leaves", .leaves), ("04-range.proof", .rangeProof), ("05-configs.cbor", .configs),
        ("06-compromised.cbor", .compromises), ("31-openings.cbor", .openings), ("99-README.txt", .readme),
    ]

    /// Members of an anchor, and of the beacon before it: folder and ending around an eight-digit number.
    static let numbered: [(folder: String, ending: String, kind: MemberKind)] = [
        ("10-checkpoints/", ".note", .note), ("11-anchors/", ".block", .block),
        ("11-anchors/", ".cosig", .cosignatures),
        ("11-anchors/", ".milestone", .milestone), ("11-anchors/", ".path", .path), ("11-anchors/", ".tsr", .timeStamp),
        ("12-beacons/", ".milestone", .beacon),
    ]

    static let itemsFolder = "30-items/"

    static let required: [MemberKind] = [.card, .context, .leaves, .rangeProof, .configs, .readme]
}

/// One member: what it is and where it lies.
struct Member: Sendable {
    let kind: MemberKind
    /// The anchor's number, or the day as the number YYYYMMDD.
    let number: UInt32
    let start: Int
    let sizeBytes: Int

    var content: Range<Int> { start..<(start + sizeBytes) }

    /// nil for a name that no member has.
    init?(_ member: UstarMember) {
        start = member.content.lowerBound
        sizeBytes = member.content.count
        let name = member.name
        if let single = MemberKind.single.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
            kind = single.kind
            number = 0
        } else if name.utf8.starts(with: MemberKind.itemsFolder.utf8) {
            guard let day = Self.day(name.utf8.dropFirst(MemberKind.itemsFolder.utf8.count)) else { return nil }
            kind = .items
            number = day
        } else {
            let found = MemberKind.numbered.first {
                name.utf8.starts(with: $0.folder.utf8)
                    && name.utf8.count == $0.folder.utf8.count + 8 + $0.ending.utf8.count
                    && name.utf8.suffix($0.ending.utf8.count).elementsEqual($0.ending.utf8)
            }
            guard let found, let seq = Self.digits(name.utf8.dropFirst(found.folder.utf8.count).prefix(8)) else {
                return nil
            }
            kind = found.kind
            number = seq
        }
    }

    var name: String {
        if let single = MemberKind.single.first(where: { $0.kind == kind }) { return single.name }
        let digits = String(number)
        let padded = String(repeating: "0", count: 8 - digits.utf8.count) + digits
        if let numbered = MemberKind.numbered.first(where: { $0.kind == kind }) {
            return numbered.folder + padded + numbered.ending
        }
        return "\(MemberKind.itemsFolder)\(padded.prefix(4))-\(padded.dropFirst(4).prefix(2))-\(padded.suffix(2))"
    }

    /// `2026-03-02`: digits and hyphens; which day it is, is not judged.
    private static func day(_ text: Substring.UTF8View) -> UInt32? {
        let bytes = Array(text)
        guard bytes.count == 10, bytes[4] == 0x2d, bytes[7] == 0x2d else { return nil }
        return digits(bytes[0..<4] + bytes[5..<7] + bytes[8..<10])
    }

    /// At most eight digits.
    private static func digits(_ text: some Collection<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for digit in text {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + UInt32(digit - 0x30)
        }
        return value
    }
}

/// All members of a period file behind the manifest, in their order.
struct MemberTable: Sendable {
    private(set) var manifest: Range<Int> = 0..<0
    private(set) var members: [Member] = []

    /// Reads the headers of the container.
    init(_ source: some ByteSource) throws(Stop) {
        var last: String?
        var members: [Member] = []
        var manifest: Range<Int>?
        try Ustar.walk(source) { member throws(Stop) in
            guard manifest != nil else {
                guard member.name.utf8.elementsEqual("00-manifest.cbor".utf8) else {
                    throw Stop(.malformed, "the manifest is missing")
                }
                manifest = member.content
                last = member.name
                return
            }
            guard let before = last, before.utf8.lexicographicallyPrecedes(member.name.utf8) else {
                throw Stop(.malformed, "\(member.name) stands in the wrong place")
            }
            last = member.name
            guard let known = Member(member), known.kind != .manifest else {
                throw Stop(.malformed, "an unknown member \(member.name)")
            }
            members.append(known)
        }
        guard let manifest else { throw Stop(.malformed, "the manifest is missing") }
        self.manifest = manifest
        self.members = members
    }
}
