package import MerkleLog

/// A key that may sign for a log, and the trees for which it may.
package struct KeyTerm: Hashable, Sendable {
    package let key: VerifierKey
    /// Numbers of leaves; a change of key is signed by both, so the terms of two keys share a size.
    package let sizes: ClosedRange<UInt64>

    package init(key: VerifierKey, sizes: ClosedRange<UInt64>) {
        self.key = key
        self.sizes = sizes
    }
}
