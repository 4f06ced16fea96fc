internal import Hashing
package import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings

/// Beacons and signatures, in the order of `formats.md` section 5; each step is durable before the next.
extension LogWriter {
    /// Seals what has ended, appends the beacon, hashes again what is on disk, signs, swaps the checkpoint file,
    /// stores the anchor.
    ///
    /// A beacon that a crash left without its anchor is finished first, and no second one is written.
    /// - Returns: the anchor, in state `waiting`.
    package func checkpoint(with beacon: BeaconFacts?) throws -> StoredAnchor {
        if let signingRefusal { throw CaptureError.signingRefused(signingRefusal) }
        if let left = try beaconWithoutAnchor() {
            try checkIntervalsEnded()
            return try sign(size: left.leafIndex + 1, seq: left.seq, beaconLeaf: left.leafIndex)
        }
        try sealDue()
        // Readings of an ended interval are still on their way to the disk: sealing waits for them, and so must the
        // beacon.
        let nowMs = clock.wallMs()
        if nowMs / identity.periodMs > openK { throw CaptureError.tooEarly(untilMs: nowMs + 1_000) }
        try checkIntervalsEnded()
        let seq = try ledger { try $0.lastAnchorSeq() } + 1
        let beaconLeaf = try beacon.map { try appendBeacon($0, seq: seq) }
        let size = try ledger { try $0.size() }
        return try sign(size: size, seq: seq, beaconLeaf: beaconLeaf)
    }

    /// The beacon whose anchor a crash prevented.
    func beaconWithoutAnchor() throws -> StoredBeacon? {
        let lastSeq = try ledger { try $0.lastAnchorSeq() }
        guard let beacon = try ledger({ try $0.lastBeacon() }), beacon.seq > lastSeq else { return nil }
        return beacon
    }

    private func appendBeacon(_ facts: BeaconFacts, seq: UInt64) throws -> UInt64 {
        let leaf = try beaconLeaf(facts, seq: seq)
        return try ledger { try $0.appendBeacon(leaf, seq: seq, facts: facts) }
    }

    func beaconLeaf(_ facts: BeaconFacts, seq: UInt64) throws -> NewLeaf {
        let nowMs = clock.wallMs()
        let beaconMs = UInt64(facts.milestoneTimeS) * 1_000
        try checkClock(nowMs: nowMs, milestoneMs: beaconMs)
        learn(milestoneMs: beaconMs)
        let last = try ledger { try $0.lastAnchored() }
        let previous = last.flatMap { anchor in
            anchor.confirmation.map {
                Leaf.PreviousAnchor(size: anchor.size, root: anchor.root, blockID: $0.blockID)
            }
        }
        let body = Leaf.Body.beacon(
            Leaf.Beacon(
                anchorSeq: seq, previous: previous, milestoneIndex: UInt64(facts.milestoneIndex),
                milestoneID: facts.milestoneID, milestoneTime: UInt64(facts.milestoneTimeS)))
        return try leaf(body, nowMs: nowMs)
    }

    /// An interval sealed early (at a restart) must have ended before a checkpoint may cover it, and so must the time that a
    /// clock that was ahead has written into a leaf.
    private func checkIntervalsEnded() throws {
        guard clock.wallMs() >= leafMsMax else { throw CaptureError.tooEarly(untilMs: leafMsMax) }
        guard let last = try head().lastSealedK else { return }
        let endMs = (last + 1) * identity.periodMs
        guard clock.wallMs() >= endMs else { throw CaptureError.tooEarly(untilMs: endMs) }
    }

    private func sign(size: UInt64, seq: UInt64, beaconLeaf: UInt64?) throws -> StoredAnchor {
        let root = try rehash(size: size)
        let checkpoint = Checkpoint(origin: identity.origin, size: size, root: root)
        let kept = try checkpointFile.read()
        let signer = signer(of: size)
        let signed = try signatureInFile(kept, checkpoint, signer) ?? signer.sign(checkpoint)
        guard signed.isSigned(by: signer.verifierKey), let payload = AnchorPayload(signed, by: signer.verifierKey)
        else {
            throw refuse("a signature that was just made does not hold", size: size)
        }
        let note = signed.note
        let last = try ledger { try $0.lastCheckpoint() }
        if kept != note { try checkpointFile.swap(last?.note, for: note) }
        let nowMs = clock.wallMs()
        let anchor = try ledger {
            try $0.addAnchor(
                seq: seq, size: size, root: root, note: note, payload: payload.bytes, beaconLeaf: beaconLeaf,
                signedMs: nowMs)
        }
        hasSigned(size: size)
        return anchor
    }

    /// The signature of this checkpoint that an earlier try left in the file.
    private func signatureInFile(
        _ note: String?, _ checkpoint: Checkpoint, _ signer: LogSigningKey
    ) throws -> SignedNote? {
        guard let signed = note.flatMap(SignedNote.init), signed.text == checkpoint.text,
            signed.isSigned(by: signer.verifierKey)
        else { return nil }
        return signed
    }

    /// Root over the bytes on disk since the last checkpoint; refuses to sign ever after when anything there has
    /// changed.
    private func rehash(size: UInt64) throws -> Hash {
        let last = try ledger { try $0.lastCheckpoint() }
        do {
            if let last, last.size <= size {
                guard try ledger({ try $0.root(size: last.size) }) == last.root else {
                    throw refuse("the log no longer leads to its last checkpoint", size: last.size)
                }
            }
            let start = min(last?.size ?? 0, size)
            try rehashItems(start..<size)
            let root = try ledger { try $0.rehashedRoot(from: start, size: size) }
            guard try ledger({ try $0.root(size: size) }) == root else {
                throw refuse("stored Merkle nodes do not follow from the leaves", size: size)
            }
            return root
        } catch let error as LedgerError {
            if case .damaged(let what, _) = error { throw refuse(what, size: last?.size ?? 0) }
            throw error
        }
    }

    /// Every item of the intervals in `range` against its hash, and all of them against the inner root.
    private func rehashItems(_ range: Range<UInt64>) throws {
        for stored in try ledger({ try $0.leaves(range) }) where stored.type == 1 {
            guard let leaf = try? Leaf.decode(stored.bytes),  // unreadable is damaged
                case .interval(let interval) = leaf.body,
                let config = try streams(of: interval.configHash)
            else { throw refuse("interval leaf \(stored.index) cannot be read", size: range.lowerBound) }
            var hashes: [Hash] = []
            for stream in config {
                guard let item = try ledger({ try $0.item(stream: stream, k: interval.k) }),
                    item.bytes.map({ leafHash($0) == item.hash }) ?? true
                else { throw refuse("item \(stream)/\(interval.k) does not match its hash", size: range.lowerBound) }
                hashes.append(item.hash)
            }
            guard MerkleTree.root(of: hashes) == interval.innerRoot else {
                throw refuse("the items of interval \(interval.k) do not match its leaf", size: range.lowerBound)
            }
        }
    }

    private func streams(of config: Hash) throws -> [StreamNumber]? {
        if config == configuration.hash { return configuration.streams }
        return try ledger { try $0.config(config) }.map { try LogConfiguration($0).streams }
    }

    /// A memory off this box contradicts the log: nothing is signed any more (`formats.md` section 8).
    package func refuseToSign(_ what: String, size: UInt64) { _ = refuse(what, size: size) }

    private func refuse(_ what: String, size: UInt64) -> CaptureError {
        let cause = LedgerError.unlikeCheckpoint(
            what: what, size: size, file: store.directory + "/" + Ledger.fileName)
        signingRefusal = cause
        return .signingRefused(cause)
    }
}

/// At boot.
extension LogWriter {
    /// Why the log on disk may not be signed; `nil` when it reproduces the checkpoint in the file beside it.
    func compareWithCheckpoint() throws -> LedgerError? {
        let file = store.directory + "/" + Ledger.fileName
        let stored = try ledger { try $0.lastCheckpoint() }
        guard let note = try checkpointFile.read() else {
            guard let stored else { return nil }
            return .unlikeCheckpoint(what: "the file checkpoint is missing", size: stored.size, file: file)
        }
        guard let signed = SignedNote(note), let checkpoint = signed.checkpoint, checkpoint.origin == identity.origin,
            let signer = history.signer(of: signed, checkpoint)
        else { return .unlikeCheckpoint(what: "the file checkpoint is not signed by log.key", size: 0, file: file) }
        let size = checkpoint.size
        if let stored, stored.size > size {
            return .unlikeCheckpoint(
                what: "the file checkpoint is older than the ledger's last", size: stored.size, file: file)
        }
        guard try ledger({ try $0.size() }) >= size else {
            return .unlikeCheckpoint(what: "the log is shorter than what was signed", size: size, file: file)
        }
        do {
            guard try ledger({ try $0.rehashedRoot(from: 0, size: size) }) == checkpoint.root else {
                return .unlikeCheckpoint(what: "the log does not reproduce what was signed", size: size, file: file)
            }
            let whole = try ledger { try $0.size() }
            guard try ledger({ try $0.rehashedRoot(from: size, size: whole) }) == ledger({ try $0.root(size: whole) })
            else {
                return .unlikeCheckpoint(
                    what: "stored Merkle nodes do not follow from the leaves", size: size, file: file)
            }
        } catch LedgerError.damaged(let what, _) {
            return .unlikeCheckpoint(what: what, size: size, file: file)
        }
        if stored?.note != note { try adopt(signed, checkpoint, by: signer) }
        return nil
    }

    /// A crash came between swapping the file and storing the anchor: the signature is made, so it is kept.
    private func adopt(_ signed: SignedNote, _ checkpoint: Checkpoint, by signer: VerifierKey) throws {
        let note = signed.note
        // Its block is not worked on before the network's time has passed the leaves'.
        let nowMs = max(clock.wallMs(), leafMsMax)
        let lastSeq = try ledger { try $0.lastAnchorSeq() }
        let beacon = try ledger { try $0.lastBeacon() }
        guard let payload = AnchorPayload(signed, by: signer) else { return }
        let isBeacon = beacon.map { $0.leafIndex + 1 == checkpoint.size && $0.seq == lastSeq + 1 } ?? false
        _ = try ledger {
            try $0.addAnchor(
                seq: lastSeq + 1, size: checkpoint.size, root: checkpoint.root, note: note, payload: payload.bytes,
                beaconLeaf: isBeacon ? checkpoint.size - 1 : nil, signedMs: nowMs)
        }
        hasSigned(size: checkpoint.size)
    }
}
