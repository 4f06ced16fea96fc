import Hashing
package import MerkleLog

extension PeriodParts {
    /// Indexes of the leaves that the file holds as a whole: [size of A, size of B). `nil` when a note cannot be read.
    package var leafRange: Range<UInt64>? {
        guard let first = checkpoint(fromSeq)?.size, let end = checkpoint(toSeq)?.size, first <= end else { return nil }
        return first..<end
    }

    /// The log's own proof of a leaf: one of the range under B, or one of the context under the anchor that it was proven against.
    /// `nil` for a leaf that the file does not have. It is the verifier's business whether the file holds.
    package func transparencyProof(of index: UInt64) -> TransparencyProof? {
        if let range = leafRange, range.contains(index), range.count == leaves.count {
            return MerkleTree.inclusionProof(
                of: index, leaves: leaves.map { leafHash($0) }, from: range.lowerBound, rangeProof: rangeProof
            ).flatMap { proof(index, $0, toSeq) }
        }
        guard let found = context.leaves.first(where: { $0.index == index }),
            let anchor = anchors.first(where: { checkpoint($0.seq)?.size == found.treeSize })
        else { return nil }
        return proof(index, found.proof, anchor.seq)
    }

    private func proof(_ index: UInt64, _ hashes: [Hash], _ seq: UInt64) -> TransparencyProof? {
        note(seq).map { TransparencyProof(index: index, hashes: hashes, note: $0) }
    }

    private func note(_ seq: UInt64) -> SignedNote? {
        anchors.first { $0.seq == seq }.flatMap { String(validating: $0.note, as: UTF8.self) }.flatMap {
            SignedNote($0)
        }
    }

    private func checkpoint(_ seq: UInt64) -> Checkpoint? { note(seq)?.checkpoint }
}
