package import Hashing

/// A leaf's proof as one text for tools of others, C2SP `tlog-proof@v1`: index, inclusion proof, signed checkpoint.
package struct TransparencyProof: Hashable, Sendable {
    package static let header = "c2sp.org/tlog-proof@v1"
    package static let hashCountMax = 63

    package let extra: [UInt8]?
    package let index: UInt64
    package let hashes: [Hash]
    package let note: SignedNote

    package init(extra: [UInt8]? = nil, index: UInt64, hashes: [Hash], note: SignedNote) {
        self.extra = extra
        self.index = index
        self.hashes = hashes
        self.note = note
    }

    /// `nil` for any spelling other than the one we would write.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= SignedNote.sizeBytesMax,
            let gap = bytes.indices.dropLast().first(where: { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a })
        else { return nil }
        var lines = bytes[..<gap].split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }[...]
        guard lines.popFirst() == TransparencyProof.header, var line = lines.popFirst() else { return nil }
        var extra: [UInt8]?
        if line.hasPrefix("extra ") {
            guard let decoded = Base64.decodeStrict(String(line.dropFirst(6))), let next = lines.popFirst() else {
                return nil
            }
            extra = decoded
            line = next
        }
        guard line.hasPrefix("index "), let index = UInt64(line.dropFirst(6)),
            lines.count <= TransparencyProof.hashCountMax,
            let note = SignedNote(String(decoding: bytes[(gap + 2)...], as: UTF8.self))
        else { return nil }
        var hashes: [Hash] = []
        for line in lines {
            guard let decoded = Base64.decodeStrict(line), let hash = Hash(bytes: decoded) else { return nil }
            hashes.append(hash)
        }
        self.init(extra: extra, index: index, hashes: hashes, note: note)
        guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    package var text: String {
        let extraLine = extra.map { "extra \(Base64.encode($0))\n" } ?? ""
        let hashLines = hashes.map { Base64.encode($0.bytes) + "\n" }.joined()
        return "\(TransparencyProof.header)\n\(extraLine)index \(index)\n\(hashLines)\n\(note.note)"
    }

    /// Whether the leaf is under a checkpoint that the key signed.
    package func holds(leaf: Hash, key: VerifierKey) -> Bool {
        guard note.isSigned(by: key), let checkpoint = note.checkpoint, checkpoint.origin == key.name else {
            return false
        }
        return MerkleTree.isIncluded(leaf, at: index, size: checkpoint.size, proof: hashes, root: checkpoint.root)
    }
}
