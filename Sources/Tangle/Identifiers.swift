package import Hashing

/// Names a block: BLAKE2b-256 of its bytes. Written `0x` and 64 lower-case digits. Ordered by its bytes.
package struct BlockID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let hash: Hash

    /// The id of no block: the only block that every node knows without having seen it.
    package static let genesis = BlockID(.zero)

    package init(_ hash: Hash) { self.hash = hash }

    /// nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard let hash = Hash(bytes: bytes) else { return nil }
        self.hash = hash
    }

    /// nil unless it is `0x` and 64 lower-case digits.
    package init?(_ text: String) {
        guard let hash = hashOf(prefixedText: text) else { return nil }
        self.hash = hash
    }

    package var bytes: [UInt8] { hash.bytes }
    package var text: String { "0x" + hash.hex }
    package var description: String { text }

    package static func < (a: BlockID, b: BlockID) -> Bool { a.hash < b.hash }
}

/// Names a milestone: BLAKE2b-256 of its essence. Not the id of the block that carries it.
package struct MilestoneID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let hash: Hash

    /// What the first milestone states as its predecessor.
    package static let none = MilestoneID(.zero)

    package init(_ hash: Hash) { self.hash = hash }

    /// nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard let hash = Hash(bytes: bytes) else { return nil }
        self.hash = hash
    }

    /// nil unless it is `0x` and 64 lower-case digits.
    package init?(_ text: String) {
        guard let hash = hashOf(prefixedText: text) else { return nil }
        self.hash = hash
    }

    package var bytes: [UInt8] { hash.bytes }
    package var text: String { "0x" + hash.hex }
    package var description: String { text }

    package static func < (a: MilestoneID, b: MilestoneID) -> Bool { a.hash < b.hash }
}

private func hashOf(prefixedText text: String) -> Hash? {
    text.hasPrefix("0x") ? Hash(hex: String(text.dropFirst(2))) : nil
}
