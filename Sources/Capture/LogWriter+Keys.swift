package import LedgerStore
package import LogEntries
package import MerkleLog

/// The private halves that a start is given.
package struct SigningKeys: Sendable {
    /// The key that the log's last key leaf names, or its first leaf.
    package let current: LogSigningKey
    /// The key before it, when it has not signed its replacement yet.
    package let former: LogSigningKey?
    /// Called once the former key is of no use any more.
    let retireFormer: @Sendable () -> Void

    package init(
        current: LogSigningKey, former: LogSigningKey? = nil, retireFormer: @escaping @Sendable () -> Void = {}
    ) {
        self.current = current
        self.former = former
        self.retireFormer = retireFormer
    }
}

/// Keys, and the end of a log.
extension LogWriter {
    /// Who may sign which tree: the first leaf's key, and what the key leaves say.
    package static func history(of ledger: Ledger) async throws -> LogKeys {
        history(ledger.identity, try await ledger.keyLeaves())
    }

    package static func history(_ identity: LedgerIdentity, _ leaves: [StoredLeaf]) -> LogKeys {
        var history = LogKeys(VerifierKey(identity.logKey))
        for stored in leaves {
            guard case .key(let statement) = try? Leaf.decode(stored.bytes).body,  // unreadable: no statement
                let key = LogKeys.newKey(
                    statement, at: stored.index, origin: identity.origin, recoveryHash: identity.recoveryKeyHash)
            else { continue }
            history.change(to: key, at: stored.index)
        }
        return history
    }

    /// Number of leaves of the tree that the former key still signs; `nil` before the first change.
    package static func sizeOfLastChange(_ history: LogKeys) -> UInt64? {
        history.changes.last.map { LogKeys.sizeOfChange($0.leafIndex) }
    }

    /// Puts another log key in force: the key leaf, signed by the recovery key, and the beacon right behind it, in one
    /// transaction. This writer signs nothing from then on; the next start knows both keys.
    ///
    /// Throws `checkpointDue` while an earlier beacon waits for its checkpoint.
    /// - Returns: index of the key leaf.
    package func changeKey(to new: VerifierKey, by recovery: LogSigningKey, beacon facts: BeaconFacts) throws -> UInt64
    {
        let index = try ledger { try $0.size() }
        let message = Leaf.Key.message(origin: identity.origin, leafIndex: index, newKey: new.description)
        let statement = Leaf.Key(
            newKey: new.description, recoveryKey: recovery.verifierKey.description,
            signature: try recovery.sign(message))
        return try appendAndStop(.key(statement), facts)
    }

    /// Ends the log: the end leaf and the beacon right behind it, in one transaction. Nothing else may follow but erasures.
    package func end(nextOrigin: String?, beacon facts: BeaconFacts) throws -> UInt64 {
        try appendAndStop(.end(nextOrigin: nextOrigin), facts)
    }

    private func appendAndStop(_ body: Leaf.Body, _ facts: BeaconFacts) throws -> UInt64 {
        if let signingRefusal { throw CaptureError.signingRefused(signingRefusal) }
        guard try beaconWithoutAnchor() == nil else { throw CaptureError.checkpointDue }
        let seq = try ledger { try $0.lastAnchorSeq() } + 1
        let beacon = try beaconLeaf(facts, seq: seq)
        let first = try leaf(body)
        return try ledger { try $0.append(first, beacon: beacon, seq: seq, facts: facts) }
    }

    /// Whose signature a tree of this size needs now.
    func signer(of size: UInt64) -> LogSigningKey {
        guard let former, let last = Self.sizeOfLastChange(history), size <= last else { return key }
        return former
    }

    /// A checkpoint of this size is signed and stored.
    func hasSigned(size: UInt64) {
        owesNewSignature = false
        guard former != nil, let last = Self.sizeOfLastChange(history), size >= last else { return }
        former = nil
        owesNewSignature = true
        retireFormer()
    }
}
