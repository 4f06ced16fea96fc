import LogEntries

/// A leaf of type 12: the log was closed, for another one or for ever.
package struct LogEnd: Hashable, Sendable {
    package let leafIndex: UInt64
    /// Origin of the log that follows.
    package let nextOrigin: String?

    package init(leafIndex: UInt64, nextOrigin: String?) {
        self.leafIndex = leafIndex
        self.nextOrigin = nextOrigin
    }
}

// Step 5, its end.
extension CoreAudit {
    /// Behind an end stand only beacons, so that it is anchored, and erasures, which the law may ask for later. Anything else is a
    /// second history beside the log that follows: `E_FORK`.
    mutating func checkEnd() {
        for (index, leaf) in outcome.leaves {
            if let end = outcome.end {
                switch leaf.body {
                case .beacon, .erasure: continue
                default: found.add(.fork, "leaf \(index) after the end of the log in leaf \(end.leafIndex)")
                }
            } else if case .end(let nextOrigin) = leaf.body {
                outcome.end = LogEnd(leafIndex: index, nextOrigin: nextOrigin)
            }
        }
    }
}
