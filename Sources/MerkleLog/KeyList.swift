package import Hashing

/// What a log shows of its keys (`/log/keys`): its first leaf and every key leaf of one tree, each with the proof that it stands there.
///
/// The list is no evidence by itself: whoever reads it holds every proof against a signed root and every key leaf against the recovery
/// key.
package struct KeyList: Hashable, Sendable {
    package static let header = "plumbline-keys/v1"
    /// Leaves of one list at most, the first leaf among them.
    package static let entriesMax = 1_000
    /// Bytes of one leaf at most; a key leaf has three texts of a key's length and a signature.
    package static let leafBytesMax = 4_096
    /// An inclusion proof in a tree below 2⁶⁴ leaves has no more hashes.
    package static let proofHashesMax = 64
    /// Longest text that is read, bytes.
    package static let textBytesMax = 4 << 20

    /// One leaf and its RFC 6962 inclusion proof in the list's tree.
    package struct Entry: Hashable, Sendable {
        package let index: UInt64
        /// CBOR, as it stands in the log.
        package let leaf: [UInt8]
        package let proof: [Hash]

        package init(index: UInt64, leaf: [UInt8], proof: [Hash]) {
            self.index = index
            self.leaf = leaf
            self.proof = proof
        }

        /// `INDEX LEAF HASH…`, leaf and hashes in base64, without LF.
        package var line: String {
            (["\(index)", Base64.encode(leaf)] + proof.map { Base64.encode($0.bytes) }).joined(separator: " ")
        }

        /// `nil` for every line that is not written as `line` writes it.
        init?(line: Substring) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count >= 2, parts.count - 2 <= KeyList.proofHashesMax, let index = UInt64(parts[0]),
                let leaf = Base64.decodeStrict(String(parts[1])), leaf.count <= KeyList.leafBytesMax
            else { return nil }
            var proof: [Hash] = []
            for part in parts.dropFirst(2) {
                guard let hash = Base64.decodeStrict(String(part)).flatMap({ Hash(bytes: $0) }) else { return nil }
                proof.append(hash)
            }
            self.init(index: index, leaf: leaf, proof: proof)
            guard self.line == line else { return nil }
        }

        /// Whether the leaf stands at its place in the tree with this root.
        package func isIncluded(size: UInt64, root: Hash) -> Bool {
            MerkleTree.isIncluded(sha256Leaf(leaf), at: index, size: size, proof: proof, root: root)
        }
    }

    /// Leaves of the tree in which the entries stand.
    package let size: UInt64
    /// In the order of the log.
    package let entries: [Entry]

    package init(size: UInt64, entries: [Entry]) {
        self.size = size
        self.entries = entries
    }

    /// `plumbline-keys/v1 SIZE`, then a line for each entry; each ended by LF.
    package var text: String { "\(Self.header) \(size)\n" + entries.map { $0.line + "\n" }.joined() }

    /// Reads a list: indexes rise strictly and are below the size; `nil` for any other form.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.textBytesMax, let text = String(validating: bytes, as: UTF8.self),
            text.hasSuffix("\n")
        else { return nil }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, lines.count - 1 <= Self.entriesMax,
            let size = UInt64(first.dropFirst(Self.header.count + 1)), first == "\(Self.header) \(size)"
        else { return nil }
        var entries: [Entry] = []
        for line in lines.dropFirst() {
            guard let entry = Entry(line: line), entry.index < size,
                entries.last.map({ $0.index < entry.index }) ?? true
            else { return nil }
            entries.append(entry)
        }
        self.init(size: size, entries: entries)
    }
}
