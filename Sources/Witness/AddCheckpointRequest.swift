package import Hashing
package import MerkleLog

/// The body of `POST …/add-checkpoint` (C2SP `tlog-witness`): the size the witness is thought to know, the proof from
/// there, an empty line, the checkpoint.
package struct AddCheckpointRequest: Hashable, Sendable {
    /// A consistency proof of a tree below 2⁶⁴ leaves has no more hashes.
    package static let proofLinesMax = 63
    /// Longest body that is read, bytes: 63 hashes are 2 835, the rest is the note's.
    package static let bodyBytesMax = 64 << 10

    package let oldSize: UInt64
    /// RFC 6962 section 2.1.2, from `oldSize` to the checkpoint's size.
    package let proof: [Hash]
    package let note: SignedNote

    package init(oldSize: UInt64, proof: [Hash], note: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.note = note
    }

    /// `nil` for every body that is not written as `body` writes it, and for more than `proofLinesMax` hashes.
    package init?(body bytes: [UInt8]) {
        guard bytes.count <= Self.bodyBytesMax,
            let gap = bytes.indices.dropLast().first(where: { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a }),
            let rest = String(validating: bytes[(gap + 2)...], as: UTF8.self), let note = SignedNote(rest)
        else { return nil }
        let lines = bytes[..<gap].split(separator: 0x0a, omittingEmptySubsequences: false)
        guard let first = lines.first, lines.count - 1 <= Self.proofLinesMax,
            let oldSize = Self.oldSize(String(decoding: first, as: UTF8.self))
        else { return nil }
        var proof: [Hash] = []
        for line in lines.dropFirst() {
            guard let decoded = Base64.decodeStrict(String(decoding: line, as: UTF8.self)),
                let hash = Hash(bytes: decoded)
            else { return nil }
            proof.append(hash)
        }
        self.init(oldSize: oldSize, proof: proof, note: note)
        // One request has one spelling: whatever was repaired while reading is refused here.
        guard body == bytes else { return nil }
    }

    package var body: [UInt8] {
        let head = "old \(oldSize)\n" + proof.map { Base64.encode($0.bytes) + "\n" }.joined()
        return Array((head + "\n" + note.note).utf8)
    }

    private static func oldSize(_ line: String) -> UInt64? {
        guard line.hasPrefix("old "), let size = UInt64(line.dropFirst(4)), line == "old \(size)" else { return nil }
        return size
    }
}
