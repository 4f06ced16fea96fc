import CanonicalCBOR
package import Hashing

/// Evidence for the readings of one item: one canonical CBOR array, at most 3 kB without configuration.
package struct ReadingFile: Hashable, Sendable {
    package var origin: String
    /// Bytes of the interval item.
    package var item: [UInt8]
    /// Place of the item in its interval, from 0.
    package var innerIndex: UInt64
    /// From the item's leaf hash to the interval's inner root.
    package var innerProof: [Hash]
    /// Bytes of the interval leaf.
    package var leaf: [UInt8]
    package var leafIndex: UInt64
    /// From the leaf hash to the checkpoint's root.
    package var inclusionProof: [Hash]
    /// 109 bytes: the signed checkpoint, compressed.
    package var checkpoint: [UInt8]
    package var block: [UInt8]
    /// Payload bytes from `u32 7` on.
    package var milestone: [UInt8]
    /// As in `.path` files.
    package var path: [UInt8]
    /// Head and row of the stream, with their proofs under the configuration hash; nil when none are given.
    package var config: [ConfigItem]?
    /// Text of the gateway's own policy card; nil when none is given.
    package var card: String?
    /// What became of the log's keys; nil for a log whose keys are those of its first day.
    package var keys: ReadingKeys?

    package struct ConfigItem: Hashable, Sendable {
        /// Place in the configuration, 0 for the head.
        package var index: UInt64
        package var item: [UInt8]
        package var proof: [Hash]

        package init(index: UInt64, item: [UInt8], proof: [Hash]) {
            self.index = index
            self.item = item
            self.proof = proof
        }
    }

    package init(
        origin: String, item: [UInt8], innerIndex: UInt64, innerProof: [Hash], leaf: [UInt8], leafIndex: UInt64,
        inclusionProof: [Hash], checkpoint: [UInt8], block: [UInt8], milestone: [UInt8], path: [UInt8],
        config: [ConfigItem]? = nil, card: String? = nil, keys: ReadingKeys? = nil
    ) {
        self.origin = origin
        self.item = item
        self.innerIndex = innerIndex
        self.innerProof = innerProof
        self.leaf = leaf
        self.leafIndex = leafIndex
        self.inclusionProof = inclusionProof
        self.checkpoint = checkpoint
        self.block = block
        self.milestone = milestone
        self.path = path
        self.config = config
        self.card = card
        self.keys = keys
    }

    package func encoded() -> [UInt8] {
        let config = config.map { items in
            CBOR.array(items.map { .array([.unsigned($0.index), .bytes($0.item), hashes($0.proof)]) })
        }
        var elements: [CBOR] = [
            .unsigned(1), .text("reading"), .text(origin), .bytes(item), .unsigned(innerIndex), hashes(innerProof),
            .bytes(leaf), .unsigned(leafIndex), hashes(inclusionProof), .bytes(checkpoint), .bytes(block),
            .bytes(milestone), .bytes(path), config ?? .null, card.map { .text($0) } ?? .null,
        ]
        if let keys { elements.append(keys.cbor) }
        return CBOR.array(elements).encoded()
    }

    private func hashes(_ hashes: [Hash]) -> CBOR { .array(hashes.map { .bytes($0.bytes) }) }

    package static let sizeBytesMax = 1 << 20

    /// Throws `E_MALFORMED`, `E_NONCANONICAL` or `E_VERSION`.
    package static func parse(_ file: [UInt8]) throws(Stop) -> ReadingFile {
        // The head of an array, in CBOR's major type 4.
        guard let first = file.first else { throw Stop(.malformed, "the file is empty") }
        guard first >> 5 == 4 else { throw Stop(.malformed, "neither a period file nor a reading file") }
        guard file.count <= sizeBytesMax else { throw Stop(.malformed, "a reading file has at most 1 MiB") }
        guard let fields = try FileCBOR.decode(file, "the reading file").asArray, fields.count >= 2,
            let version = fields[0].asUnsigned, fields[1] == .text("reading")
        else { throw Stop(.malformed, "the reading file") }
        guard version == 1 else { throw Stop(.version, "the reading file's version is \(version)") }
        guard (15...16).contains(fields.count), let origin = fields[2].asText, let item = fields[3].asBytes,
            let innerIndex = fields[4].asUnsigned, let innerProof = FileCBOR.hashes(fields[5]),
            let leaf = fields[6].asBytes, let leafIndex = fields[7].asUnsigned,
            let inclusionProof = FileCBOR.hashes(fields[8]), let checkpoint = fields[9].asBytes,
            let block = fields[10].asBytes, let milestone = fields[11].asBytes, let path = fields[12].asBytes,
            fields[14].isNull || fields[14].asText != nil
        else { throw Stop(.malformed, "the reading file's elements") }
        return ReadingFile(
            origin: origin, item: item, innerIndex: innerIndex, innerProof: innerProof, leaf: leaf,
            leafIndex: leafIndex, inclusionProof: inclusionProof, checkpoint: checkpoint, block: block,
            milestone: milestone, path: path, config: try config(fields[13]), card: fields[14].asText,
            keys: try fields.count == 16 ? ReadingKeys.parse(fields[15]) : nil)
    }

    private static func config(_ value: CBOR) throws(Stop) -> [ConfigItem]? {
        if value.isNull { return nil }
        guard let entries = value.asArray else { throw Stop(.malformed, "the configuration items") }
        return try entries.map { entry throws(Stop) in
            guard let fields = entry.asArray, fields.count == 3, let index = fields[0].asUnsigned,
                let item = fields[1].asBytes, let proof = FileCBOR.hashes(fields[2])
            else { throw Stop(.malformed, "the configuration items") }
            return ConfigItem(index: index, item: item, proof: proof)
        }
    }
}
