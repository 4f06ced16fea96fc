internal import Evidence
internal import Hashing
internal import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Tangle
internal import TimeStamping

/// Checkpoints, cosignatures, beacons, anchors: what was signed, by whomever.
extension LogWalk {
    /// What is stored over one size of the log.
    struct SignedEnd {
        var checkpoints: [StoredCheckpoint] = []
        var anchors: [StoredAnchor] = []
        var cosignatures: [StoredCosignature] = []
        /// The note in the file beside the ledger.
        var file: SignedNote?
    }

    /// What was signed over sizes in the range, by size.
    mutating func signedEnds(_ sizes: ClosedRange<UInt64>) async throws -> [UInt64: SignedEnd] {
        var ends: [UInt64: SignedEnd] = [:]
        let words = "of sizes \(sizes.lowerBound) to \(sizes.upperBound)"
        let checkpoints = try await read(.checkpoint, "checkpoints \(words)") { try $0.checkpoints(sizes: sizes) }
        for checkpoint in checkpoints ?? [] {
            ends[checkpoint.size, default: SignedEnd()].checkpoints.append(checkpoint)
        }
        let anchors = try await read(.anchor, "anchors \(words)") { try $0.anchors(sizes: sizes) }
        for anchor in anchors ?? [] { ends[anchor.size, default: SignedEnd()].anchors.append(anchor) }
        let lines = try await read(.cosignature, "cosignatures \(words)") { try $0.cosignatures(sizes: sizes) }
        for line in lines ?? [] { ends[line.size, default: SignedEnd()].cosignatures.append(line) }
        if let note = measures.checkpointFile.flatMap({ SignedNote($0) }), let size = note.checkpoint?.size,
            sizes.contains(size)
        {
            ends[size, default: SignedEnd()].file = note
        }
        return ends
    }

    mutating func check(_ end: SignedEnd, size: UInt64) async throws {
        for checkpoint in end.checkpoints {
            counts.checkpoints += 1
            check(note: checkpoint.note, root: checkpoint.root, size: size, .checkpoint, "checkpoint \(size)")
        }
        if let file = end.file {
            check(note: file.note, root: nil, size: size, .checkpoint, "the file checkpoint")
        }
        for line in end.cosignatures {
            let name = "cosignature of \(line.witness.prefix { $0 != "+" }) over \(size)"
            guard let key = VerifierKey(line.witness), let signature = SignedNote.Signature(line: line.line),
                let text = end.checkpoints.first.flatMap({ SignedNote($0.note)?.text })
            else {
                found.add(.cosignature, name, "cannot be read, or there is no checkpoint that it signs")
                continue
            }
            if !SignedNote(text: text, signatures: [signature]).isSigned(by: key) {
                found.add(.cosignature, name, "does not hold over the checkpoint")
            }
        }
        for anchor in end.anchors { check(anchor, in: end) }
    }

    /// A note: its form, its signature, its root against the tree as it was just hashed.
    private mutating func check(note: String, root: Hash?, size: UInt64, _ kind: Damage.Kind, _ name: String) {
        guard let signed = SignedNote(note), let checkpoint = signed.checkpoint,
            checkpoint.origin == reader.identity.origin
        else {
            found.add(kind, name, "is no checkpoint of this log")
            return
        }
        if !keys.contains(where: { signed.isSigned(by: $0) }) { found.add(kind, name, "its signature does not hold") }
        if checkpoint.size != size || root.map({ $0 != checkpoint.root }) ?? false {
            found.add(kind, name, "its columns say something else than its note")
        } else if let nodes, nodes.size == size, !nodes.leads(to: checkpoint.root) {
            found.add(kind, name, "the log does not lead to its root")
        }
    }

    private mutating func check(_ anchor: StoredAnchor, in end: SignedEnd) {
        counts.anchors += 1
        let name = "anchor \(anchor.seq)"
        check(note: anchor.note, root: anchor.root, size: anchor.size, .anchor, name)
        if let note = SignedNote(anchor.note), let key = keys.first(where: { note.isSigned(by: $0) }),
            AnchorPayload(note, by: key)?.bytes != anchor.payload
        {
            found.add(.anchor, name, "its payload is not its note")
        }
        if let leaf = anchor.beaconLeaf, leaf &+ 1 != anchor.size {
            found.add(.anchor, name, "its beacon is not the last leaf it covers")
        }
        for attempt in anchor.attempts where Block.id(of: attempt.block).hash != attempt.blockID {
            found.add(.anchor, "\(name), block \(attempt.number)", "its bytes do not match its id")
        }
        if let stamp = anchor.timeStamp { checkStamp(stamp, of: anchor) }
        guard let confirmation = anchor.confirmation else { return }
        guard let block = anchor.attempts.first(where: { $0.blockID == confirmation.blockID })?.block else {
            found.add(.anchor, name, "the block that was referenced is missing")
            return
        }
        // What cannot be read is named by the judge below, too, where there is a card.
        let milestone = try? Milestone.parse(confirmation.milestone)
        if milestone?.id.hash != confirmation.milestoneID || milestone?.index != confirmation.milestoneIndex
            || milestone?.timestamp != confirmation.milestoneTimeS
        {
            found.add(.anchor, name, "its milestone is not the one that its columns name")
        }
        guard network != nil else { return }
        var findings = FindingList()
        let answer = network?.anchor(
            name, block: block[...], path: confirmation.path[...], milestone: confirmation.milestone[...],
            into: &findings)
        let faults = findings.sorted.filter { $0.code.severity == .error || $0.code.severity == .unchecked }
        if let fault = faults.first {
            found.add(.anchor, name, "its proof does not hold: \(fault.code.rawValue)")
        } else if answer?.payload != anchor.payload {
            found.add(.anchor, name, "its block carries another statement")
        }
    }

    /// Whose token it is, is asked by auditors; here only whether it still stands over this note.
    private mutating func checkStamp(_ response: [UInt8], of anchor: StoredAnchor) {
        let name = "time stamp of anchor \(anchor.seq)"
        do {
            let token = try TimeStampToken.parse(response: response)
            try token.check(statement: Array(anchor.note.utf8), nonce: nil, trust: measures.stampTrust)
        } catch .notTrusted {
            return
        } catch {
            found.add(.timeStamp, name, "does not hold: \(error)")
        }
    }

    mutating func checkBeacon(_ beacon: Leaf.Beacon, at index: UInt64) async throws {
        let seq = beacon.anchorSeq
        let name = "beacon \(seq)"
        if seq <= place.lastSeq {
            found.add(.leaf, "leaf \(index)", "is beacon \(seq) after \(place.lastSeq)")
        }
        place.lastSeq = seq
        let row = try await read(.beacon, name) { try $0.beacons(from: seq, to: seq).first } ?? nil
        guard let row else {
            found.add(.beacon, name, "is missing")
            return
        }
        // Unreadable is unlike.
        let milestone = try? Milestone.parse(row.facts.milestone)
        let isRight =
            row.leafIndex == index && UInt64(row.facts.milestoneIndex) == beacon.milestoneIndex
            && row.facts.milestoneID == beacon.milestoneID
            && UInt64(row.facts.milestoneTimeS) == beacon.milestoneTime && milestone?.id.hash == beacon.milestoneID
            && milestone.map { UInt64($0.index) } == beacon.milestoneIndex
            && milestone.map { UInt64($0.timestamp) } == beacon.milestoneTime
        if !isRight { found.add(.beacon, name, "its row is not what leaf \(index) cites") }
        if isRight, network != nil {
            var findings = FindingList()
            _ = network?.milestone(name, row.facts.milestone[...], into: &findings)
            if let fault = findings.sorted.first {
                found.add(.beacon, name, "its milestone does not hold: \(fault.code.rawValue)")
            }
        }
        let anchor = try await read(.anchor, "anchor \(seq)") { try $0.anchor(seq) } ?? nil
        // The last one may still be waiting for its signature.
        let next =
            try await read(.beacon, "beacon \(seq + 1)") { try $0.beacons(from: seq + 1, to: seq + 1).first } ?? nil
        if anchor == nil, next != nil {
            found.add(.anchor, "anchor \(seq)", "is missing, though leaf \(index) begins it")
        }
    }
}
