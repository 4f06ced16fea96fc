import CanonicalCBOR
import Hashing

/// The parts with a form of their own.
extension PeriodFile {
    static func context(_ bytes: ArraySlice<UInt8>) throws(Stop) -> PeriodContext {
        let part = "02-context.cbor"
        let whole = try FileCBOR.decode(bytes, part)
        guard let fields = whole.asArray, fields.count == 2, let leaves = fields[0].asArray,
            let proofs = fields[1].asArray
        else { throw Stop(.malformed, part) }
        var context = PeriodContext(leaves: [])
        for leaf in leaves {
            guard let fields = leaf.asArray, fields.count == 4, let index = fields[0].asUnsigned,
                let bytes = fields[1].asBytes, let size = fields[2].asUnsigned, let proof = FileCBOR.hashes(fields[3])
            else { throw Stop(.malformed, part) }
            if let last = context.leaves.last, last.index >= index { throw Stop(.malformed, "the order of \(part)") }
            context.leaves.append(.init(index: index, bytes: bytes, treeSize: size, proof: proof))
        }
        for entry in proofs {
            guard let fields = entry.asArray, fields.count == 2, let seq = fields[0].asUnsigned,
                let proof = FileCBOR.hashes(fields[1])
            else { throw Stop(.malformed, part) }
            context.consistency.append(.init(seq: seq, proof: proof))
        }
        return context
    }

    static func rangeProof(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [Hash] {
        guard bytes.count.isMultiple(of: Hash.sizeBytes) else { throw Stop(.malformed, "04-range.proof") }
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: Hash.sizeBytes).compactMap {
            Hash(bytes: bytes[$0..<($0 + Hash.sizeBytes)])
        }
    }

    static func configs(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [PeriodConfig] {
        let part = "05-configs.cbor"
        guard let entries = try FileCBOR.decode(bytes, part).asArray else { throw Stop(.malformed, part) }
        var configs: [PeriodConfig] = []
        for entry in entries {
            guard let fields = entry.asArray, fields.count == 2,
                let hash = fields[0].asBytes.flatMap({ Hash(bytes: $0) }), let items = fields[1].asArray
            else { throw Stop(.malformed, part) }
            var config = PeriodConfig(hash: hash, items: [])
            for item in items {
                guard let pair = item.asArray, pair.count == 2, let content = pair[1].asBytes else {
                    throw Stop(.malformed, part)
                }
                if pair[0] == .unsigned(0) {
                    config.items.append(.shown(content))
                } else if pair[0] == .unsigned(1), let hash = Hash(bytes: content) {
                    config.items.append(.hidden(hash))
                } else {
                    throw Stop(.malformed, part)
                }
            }
            configs.append(config)
        }
        return configs
    }

    /// The records of one day, whose form was checked.
    static func items(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [PeriodItem] {
        var items: [PeriodItem] = []
        let window = ByteWindow(MemorySource(Array(bytes)), 0..<bytes.count)
        while window.remaining > 0 {
            let record = try PackedItems.Record(window, "30-items")
            guard let body = window.take(record.sizeBytes) else { throw Stop(.malformed, "30-items") }
            let content: PeriodItem.Content
            if record.kind == 0 {
                content = .shown([UInt8](body)[...])
            } else if let hash = Hash(bytes: body) {
                content = record.kind == 1 ? .withheld(hash) : .erased(hash)
            } else {
                throw Stop(.malformed, "30-items")
            }
            items.append(PeriodItem(k: record.k, stream: record.stream, content: content))
        }
        return items
    }

    /// Reads `31-openings.cbor` entry by entry.
    static func forEachOpening(
        _ source: any ByteSource, _ range: Range<Int>, _ body: (PeriodOpening) throws(Stop) -> Void
    ) throws(Stop) {
        let part = "31-openings.cbor"
        let reader = CBORReader(window: ByteWindow(source, range), part: part)
        guard case .array(let count) = try reader.head() else { throw Stop(.malformed, part) }
        for _ in 0..<count { try body(try opening(try reader.item(sizeBytesMax: openingBytesMax), part)) }
        guard reader.window.remaining == 0 else { throw Stop(.malformed, part) }
    }

    private static func opening(_ entry: CBOR, _ part: String) throws(Stop) -> PeriodOpening {
        guard let fields = entry.asArray, fields.count == 2, let index = fields[0].asUnsigned,
            let values = fields[1].asArray
        else { throw Stop(.malformed, part) }
        guard let opening = PeriodOpening(leafIndex: index, values) else { throw Stop(.malformed, part) }
        return opening
    }
}
