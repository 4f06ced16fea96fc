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

    static func leaves(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [ArraySlice<UInt8>] {
        var leaves: [ArraySlice<UInt8>] = []
        var at = bytes.startIndex
        while at < bytes.endIndex {
            guard bytes.endIndex - at >= 2 else { throw Stop(.malformed, "03-leaves") }
            let size = Int(bytes[at]) << 8 | Int(bytes[at + 1])
            at += 2
            guard bytes.endIndex - at >= size else { throw Stop(.malformed, "03-leaves") }
            leaves.append(bytes[at..<(at + size)])
            at += size
        }
        return leaves
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

    static func items(_ bytes: ArraySlice<UInt8>, into items: inout [PeriodItem], _ part: String) throws(Stop) {
        let headBytes = 13
        var at = bytes.startIndex
        while at < bytes.endIndex {
            guard bytes.endIndex - at >= headBytes else { throw Stop(.malformed, part) }
            let kind = bytes[at]
            let k = bigEndian(bytes[(at + 1)..<(at + 9)])
            let stream = UInt32(truncatingIfNeeded: bigEndian(bytes[(at + 9)..<(at + headBytes)]))
            at += headBytes
            let sizeBytes: Int
            switch kind {
            case 0:
                guard bytes.endIndex - at >= 4 else { throw Stop(.malformed, part) }
                sizeBytes = Int(bigEndian(bytes[at..<(at + 4)]))
                at += 4
            case 1, 2: sizeBytes = Hash.sizeBytes
            default: throw Stop(.malformed, part)
            }
            guard bytes.endIndex - at >= sizeBytes else { throw Stop(.malformed, part) }
            let body = bytes[at..<(at + sizeBytes)]
            at += sizeBytes
            let content: PeriodItem.Content
            if kind == 0 {
                content = .shown(body)
            } else if let hash = Hash(bytes: body) {
                content = kind == 1 ? .withheld(hash) : .erased(hash)
            } else {
                throw Stop(.malformed, part)
            }
            items.append(PeriodItem(k: k, stream: stream, content: content))
        }
    }

    static func openings(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [PeriodOpening] {
        let part = "31-openings.cbor"
        guard let entries = try FileCBOR.decode(bytes, part).asArray else { throw Stop(.malformed, part) }
        return try entries.map { entry throws(Stop) in
            guard let fields = entry.asArray, fields.count == 2, let index = fields[0].asUnsigned,
                let values = fields[1].asArray
            else { throw Stop(.malformed, part) }
            guard let opening = PeriodOpening(leafIndex: index, values) else { throw Stop(.malformed, part) }
            return opening
        }
    }

    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
