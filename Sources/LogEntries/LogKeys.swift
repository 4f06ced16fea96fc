package import Hashing
package import MerkleLog

/// Which key may sign which tree of one log: the key of the first leaf, and what the recovery key put in its place.
///
/// A key leaf at index i and the beacon right behind it are written together. The old key signs that tree of i + 2 leaves, and with
/// it the change; the new key may sign the same tree and is the only one from then on.
package struct LogKeys: Sendable {
    /// One key and the sizes of trees that it may sign.
    package struct Term: Hashable, Sendable {
        package let key: VerifierKey
        package let sizes: ClosedRange<UInt64>
    }

    /// A key leaf that put another key in force.
    package struct Change: Hashable, Sendable {
        package let leafIndex: UInt64
        package let key: VerifierKey
    }

    /// In the order of the log.
    package private(set) var terms: [Term] = []
    package private(set) var changes: [Change] = []

    /// - Parameter first: the key of the first leaf; `nil` when the card holds none that can be read.
    package init(_ first: VerifierKey?) {
        if let first { terms = [Term(key: first, sizes: 0...UInt64.max)] }
    }

    /// A key leaf that holds. One that names the key in force, as in the first leaves of a later epoch, changes nothing.
    package mutating func change(to key: VerifierKey, at leafIndex: UInt64) {
        guard terms.last?.key != key else { return }
        let size = Self.sizeOfChange(leafIndex)
        if let last = terms.popLast() {
            terms.append(Term(key: last.key, sizes: min(last.sizes.lowerBound, size)...size))
        }
        terms.append(Term(key: key, sizes: size...UInt64.max))
        changes.append(Change(leafIndex: leafIndex, key: key))
    }

    /// The keys whose signature over a tree of this size counts; two at the size of a change.
    package func inForce(at size: UInt64) -> [VerifierKey] {
        terms.filter { $0.sizes.contains(size) }.map(\.key)
    }

    /// The key that signed this note of the checkpoint and may do so.
    package func signer(of note: SignedNote, _ checkpoint: Checkpoint) -> VerifierKey? {
        inForce(at: checkpoint.size).first { note.isSigned(by: $0) }
    }

    /// Number of leaves of the tree that both keys sign, after a key leaf at this index.
    package static func sizeOfChange(_ leafIndex: UInt64) -> UInt64 {
        let (size, isOver) = leafIndex.addingReportingOverflow(2)
        return isOver ? .max : size
    }

    /// The key that a leaf of type 9 puts in force; `nil` unless the recovery key with this hash signed it over its place in the
    /// log.
    package static func newKey(
        _ statement: Leaf.Key, at index: UInt64, origin: String, recoveryHash: Hash
    ) -> VerifierKey? {
        guard let recovery = recoveryKey(statement.recoveryKey, origin: origin, hash: recoveryHash),
            recovery.isSignature(
                statement.signature,
                over: Leaf.Key.message(origin: origin, leafIndex: index, newKey: statement.newKey)),
            let key = VerifierKey(statement.newKey), key.algorithm == .ed25519,
            key.name.utf8.elementsEqual(origin.utf8)
        else { return nil }
        return key
    }

    /// The recovery key behind a text, when it is the one that was pinned on the first day.
    package static func recoveryKey(_ text: String, origin: String, hash: Hash) -> VerifierKey? {
        guard sha256(Array(text.utf8)) == hash, let key = VerifierKey(text), key.algorithm == .ed25519,
            key.name.utf8.elementsEqual(origin.utf8)
        else { return nil }
        return key
    }
}
