import CanonicalCBOR
import Hashing

/// Reads a period file into its parts. Nothing is judged here but the form.
package enum PeriodFile {
    /// Throws `E_MALFORMED`, `E_NONCANONICAL` or `E_VERSION`.
    package static func parse(_ file: [UInt8]) throws(Stop) -> PeriodParts {
        let members = try Ustar.read(file)
        guard let first = members.first, first.name == "00-manifest.cbor" else {
            throw Stop(.malformed, "the manifest is missing")
        }
        let rest = members.dropFirst()
        try checkOrder(members)
        var parts = try manifest(file[first.content], members: rest, file: file)
        var required: Set = [
            "01-policy.card", "02-context.cbor", "03-leaves", "04-range.proof", "05-configs.cbor", "99-README.txt",
        ]
        var anchors: [UInt64: [String: ArraySlice<UInt8>]] = [:]
        for member in rest {
            required.remove(member.name)
            let content = file[member.content]
            switch member.name {
            case "01-policy.card": parts.card = content
            case "02-context.cbor": parts.context = try context(content)
            case "03-leaves": parts.leaves = try leaves(content)
            case "04-range.proof": parts.rangeProof = try rangeProof(content)
            case "05-configs.cbor": parts.configs = try configs(content)
            case "06-compromised.cbor": parts.compromises = try compromises(content)
            case "31-openings.cbor": parts.openings = try openings(content)
            case "99-README.txt": parts.readme = try readme(content)
            default: try place(member.name, content, &parts, &anchors)
            }
        }
        guard required.isEmpty else { throw Stop(.malformed, required.min().map { "\($0) is missing" }) }
        parts.anchors = try anchors.sorted { $0.key < $1.key }.map { seq, files throws(Stop) in
            guard let note = files["note"], let block = files["block"], let milestone = files["milestone"],
                let path = files["path"]
            else { throw Stop(.malformed, "a part of anchor \(seq) is missing") }
            if let lines = files["cosig"], Cosignatures(lines) == nil {
                throw Stop(.malformed, "the cosignatures of anchor \(seq)")
            }
            return PeriodAnchor(
                seq: seq, note: note, block: block, milestone: milestone, path: path, timeStamp: files["tsr"],
                cosignatures: files["cosig"])
        }
        return parts
    }

    /// Strictly ascending byte order of the names.
    private static func checkOrder(_ members: [UstarMember]) throws(Stop) {
        for (a, b) in zip(members, members.dropFirst())
        where !a.name.utf8.lexicographicallyPrecedes(b.name.utf8) {
            throw Stop(.malformed, "\(b.name) stands in the wrong place")
        }
    }

    private static func manifest(
        _ bytes: ArraySlice<UInt8>, members: ArraySlice<UstarMember>, file: [UInt8]
    ) throws(Stop) -> PeriodParts {
        let whole = try FileCBOR.decode(bytes, "the manifest")
        guard let fields = whole.asArray, let version = fields.first?.asUnsigned else {
            throw Stop(.malformed, "the manifest")
        }
        guard version == 1 else { throw Stop(.version, "the manifest's version is \(version)") }
        guard fields.count == 9, fields[1] == .text("period"), let origin = fields[2].asText,
            let fromSeq = fields[3].asUnsigned, let toSeq = fields[4].asUnsigned, let from = fields[5].asInt,
            let to = fields[6].asInt, let streams = fields[7].asArray, let lines = fields[8].asArray,
            lines.count == members.count, fromSeq <= toSeq
        else { throw Stop(.malformed, "the manifest") }
        for (line, member) in zip(lines, members) {
            let content = file[member.content]
            guard line == .array([.text(member.name), .unsigned(UInt64(content.count)), .bytes(sha256(content).bytes)])
            else { throw Stop(.malformed, "\(member.name) is not as the manifest states") }
        }
        let disclosed = streams.compactMap { $0.asUnsigned.flatMap { UInt32(exactly: $0) } }
        guard disclosed.count == streams.count else { throw Stop(.malformed, "the manifest's streams") }
        return PeriodParts(
            origin: origin, fromSeq: fromSeq, toSeq: toSeq, fromMs: from, toMs: to, streams: disclosed, card: [],
            context: PeriodContext(leaves: []), leaves: [], rangeProof: [], configs: [], anchors: [], beacons: [],
            items: [], readme: [])
    }

    /// Members whose names hold a number or a day.
    private static func place(
        _ name: String, _ content: ArraySlice<UInt8>, _ parts: inout PeriodParts,
        _ anchors: inout [UInt64: [String: ArraySlice<UInt8>]]
    ) throws(Stop) {
        let pieces = name.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count == 2 else { throw Stop(.malformed, "an unknown member \(name)") }
        if pieces[0] == "30-items" {
            guard isDay(pieces[1]) else { throw Stop(.malformed, "an unknown member \(name)") }
            try items(content, into: &parts.items, name)
            return
        }
        let ends = pieces[1].split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 2, let seq = seq8(ends[0]) else { throw Stop(.malformed, "an unknown member \(name)") }
        switch (pieces[0], ends[1]) {
        case ("10-checkpoints", "note"), ("11-anchors", "block"), ("11-anchors", "milestone"), ("11-anchors", "path"),
            ("11-anchors", "tsr"), ("11-anchors", "cosig"):
            anchors[seq, default: [:]][String(ends[1])] = content
        case ("12-beacons", "milestone"):
            parts.beacons.append(PeriodBeacon(seq: seq, milestone: content))
        default:
            throw Stop(.malformed, "an unknown member \(name)")
        }
    }

    private static func seq8(_ text: Substring) -> UInt64? {
        guard text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(text)
    }

    /// `2026-03-02`: digits and hyphens; which day it is, is not judged.
    private static func isDay(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 else { return false }
        return bytes.indices.allSatisfy { $0 == 4 || $0 == 7 ? bytes[$0] == 0x2d : (0x30...0x39).contains(bytes[$0]) }
    }

    private static func readme(_ content: ArraySlice<UInt8>) throws(Stop) -> ArraySlice<UInt8> {
        guard String(validating: content, as: UTF8.self) != nil else { throw Stop(.malformed, "99-README.txt") }
        return content
    }
}

/// CBOR inside evidence files: what is not canonical has its own finding, what is cut off or too long is malformed.
enum FileCBOR {
    static func decode(_ bytes: some Collection<UInt8>, _ part: String) throws(Stop) -> CBOR {
        do {
            return try CBOR.decode(Array(bytes))
        } catch {
            switch error {
            case .truncated, .trailing, .tooLarge, .tooDeep: throw Stop(.malformed, part)
            case .notShortest, .unsupported, .notUTF8: throw Stop(.nonCanonical, part)
            }
        }
    }

    static func hashes(_ value: CBOR) -> [Hash]? {
        guard let values = value.asArray else { return nil }
        let hashes = values.compactMap { $0.asBytes.flatMap { Hash(bytes: $0) } }
        return hashes.count == values.count ? hashes : nil
    }
}
