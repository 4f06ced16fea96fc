import CanonicalCBOR
import Hashing
import Readings

/// Writes a period file: the same parts always give the same bytes.
package enum PeriodFileWriter {
    /// What the caller gave that no period file can hold.
    package enum WriteError: Error, Equatable {
        /// An anchor's number has more than eight digits.
        case seqTooLarge(UInt64)
        /// A leaf is longer than 65 535 bytes.
        case leafTooLong(at: Int)
        case itemTooLong(k: UInt64)
        case containerTooLarge
    }

    /// `periodMs` is the log's interval length; it decides in which UTC day's file an item stands.
    package static func write(_ parts: PeriodParts, periodMs: UInt64) throws(WriteError) -> [UInt8] {
        var members = try members(parts, periodMs: periodMs)
        let lines = members.map {
            PeriodManifest.Line(name: $0.name, sizeBytes: UInt64($0.content.count), digest: sha256($0.content))
        }
        members.insert((PeriodManifest.memberName, PeriodManifest(parts, lines: lines).encoded()), at: 0)
        guard let file = Ustar.write(members) else { throw .containerTooLarge }
        return file
    }

    /// All members but the manifest, in their order.
    package static func members(
        _ parts: PeriodParts, periodMs: UInt64
    ) throws(WriteError) -> [(name: String, content: [UInt8])] {
        var members: [(name: String, content: [UInt8])] = [
            ("01-policy.card", Array(parts.card)),
            ("02-context.cbor", context(parts.context)),
            ("03-leaves", try leaves(parts.leaves)),
            ("04-range.proof", parts.rangeProof.flatMap(\.bytes)),
            ("05-configs.cbor", configs(parts.configs)),
        ]
        if !parts.compromises.isEmpty {
            members.append(("06-compromised.cbor", PeriodCompromise.encode(parts.compromises)))
        }
        for anchor in parts.anchors { members += try self.members(of: anchor) }
        for beacon in parts.beacons { members.append(try member(of: beacon)) }
        members += try items(parts.items, periodMs: max(periodMs, 1))
        if !parts.openings.isEmpty { members.append(("31-openings.cbor", openings(parts.openings))) }
        members.append(("99-README.txt", Array(parts.readme)))
        members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return members
    }

    package static func members(of anchor: PeriodAnchor) throws(WriteError) -> [(name: String, content: [UInt8])] {
        let seq = try seq8(anchor.seq)
        var members: [(name: String, content: [UInt8])] = [
            ("10-checkpoints/\(seq).note", Array(anchor.note)),
            ("11-anchors/\(seq).block", Array(anchor.block)),
            ("11-anchors/\(seq).milestone", Array(anchor.milestone)),
            ("11-anchors/\(seq).path", Array(anchor.path)),
        ]
        if let stamp = anchor.timeStamp { members.append(("11-anchors/\(seq).tsr", Array(stamp))) }
        if let signatures = anchor.cosignatures { members.append(("11-anchors/\(seq).cosig", Array(signatures))) }
        return members
    }

    package static func member(of beacon: PeriodBeacon) throws(WriteError) -> (name: String, content: [UInt8]) {
        ("12-beacons/\(try seq8(beacon.seq)).milestone", Array(beacon.milestone))
    }

    private static func seq8(_ seq: UInt64) throws(WriteError) -> String {
        let digits = String(seq)
        guard digits.utf8.count <= 8 else { throw .seqTooLarge(seq) }
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    private static func context(_ context: PeriodContext) -> [UInt8] {
        let leaves = context.leaves.map { leaf in
            CBOR.array([.unsigned(leaf.index), .bytes(leaf.bytes), .unsigned(leaf.treeSize), hashes(leaf.proof)])
        }
        let proofs = context.consistency.map { CBOR.array([.unsigned($0.seq), hashes($0.proof)]) }
        return CBOR.array([.array(leaves), .array(proofs)]).encoded()
    }

    private static func leaves(_ leaves: [ArraySlice<UInt8>]) throws(WriteError) -> [UInt8] {
        var target: [UInt8] = []
        for (place, leaf) in leaves.enumerated() {
            guard let size = UInt16(exactly: leaf.count) else { throw .leafTooLong(at: place) }
            target.append(UInt8(size >> 8))
            target.append(UInt8(truncatingIfNeeded: size))
            target += leaf
        }
        return target
    }

    private static func configs(_ configs: [PeriodConfig]) -> [UInt8] {
        CBOR.array(
            configs.map { config in
                let items = config.items.map { item in
                    switch item {
                    case .shown(let bytes): CBOR.array([.unsigned(0), .bytes(bytes)])
                    case .hidden(let hash): CBOR.array([.unsigned(1), .bytes(hash.bytes)])
                    }
                }
                return .array([.bytes(config.hash.bytes), .array(items)])
            }
        ).encoded()
    }

    private static func openings(_ openings: [PeriodOpening]) -> [UInt8] {
        CBOR.array(openings.map { .array([.unsigned($0.leafIndex), .array($0.elements)]) }).encoded()
    }

    /// One member for every UTC day, named like `30-items/2026-03-02`.
    private static func items(
        _ items: [PeriodItem], periodMs: UInt64
    ) throws(WriteError) -> [(name: String, content: [UInt8])] {
        var days: [(name: String, content: [UInt8])] = []
        for item in items {
            let ms = Int64(clamping: item.k.multipliedReportingOverflow(by: periodMs).partialValue)
            let name = "30-items/" + UTCTime.text(ms).prefix(10)
            if days.last?.name != name { days.append((name, [])) }
            try append(item, to: &days[days.count - 1].content)
        }
        return days
    }

    private static func append(_ item: PeriodItem, to target: inout [UInt8]) throws(WriteError) {
        let kind: UInt8
        switch item.content {
        case .shown: kind = 0
        case .withheld: kind = 1
        case .erased: kind = 2
        }
        target.append(kind)
        target += bigEndian(item.k, width: 8)
        target += bigEndian(UInt64(item.stream), width: 4)
        switch item.content {
        case .shown(let bytes):
            guard let size = UInt32(exactly: bytes.count) else { throw .itemTooLong(k: item.k) }
            target += bigEndian(UInt64(size), width: 4)
            target += bytes
        case .withheld(let hash), .erased(let hash):
            target += hash.bytes
        }
    }

    private static func bigEndian(_ value: UInt64, width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func hashes(_ hashes: [Hash]) -> CBOR { .array(hashes.map { .bytes($0.bytes) }) }
}
