import Hashing
package import MerkleLog

/// Where checkpoints are handed in: compares each with what the witness knows, keeps it, signs it. C2SP `tlog-witness`,
/// `add-checkpoint`.
///
/// Comparing and keeping happen without anybody in between, and nothing is given out before it is on disk; so whatever
/// fails or crashes, of two checkpoints that this witness cosigned one is always a prefix of the other.
package actor WitnessDesk {
    package nonisolated let key: VerifierKey
    /// The keys that may sign for each origin, with the sizes of trees for which each may.
    private var logs: [String: [KeyTerm]]
    private let cosigner: Cosigner
    private let memory: WitnessMemory
    private let forks: ForkBook
    private let nowS: @Sendable () -> UInt64

    /// - Parameters:
    ///   - logs: the keys that may sign trees of any size for each origin; `follow` says otherwise later.
    ///   - nowS: seconds since 1970.
    package init(
        cosigner: Cosigner, logs: [String: [VerifierKey]], memory: WitnessMemory, forks: ForkBook,
        nowS: @escaping @Sendable () -> UInt64
    ) {
        key = cosigner.verifierKey
        self.cosigner = cosigner
        self.logs = logs.mapValues { $0.map { KeyTerm(key: $0, sizes: 0...UInt64.max) } }
        self.memory = memory
        self.forks = forks
        self.nowS = nowS
    }

    /// These keys, and no others, sign for this origin from now on.
    package func follow(_ origin: String, _ terms: [KeyTerm]) { logs[origin] = terms }

    /// Answers one request. Throws only when the store fails; then nothing was signed.
    package func add(body: [UInt8]) throws -> AddCheckpointAnswer {
        guard let request = AddCheckpointRequest(body: body) else { return .malformed }
        return try add(request)
    }

    package func add(_ request: AddCheckpointRequest) throws -> AddCheckpointAnswer {
        // The log promises three lines without extensions, so anything else is no checkpoint of a log followed here.
        guard let checkpoint = request.note.checkpoint, request.proof.count <= AddCheckpointRequest.proofLinesMax else {
            return .malformed
        }
        guard let terms = logs[checkpoint.origin] else { return .unknownLog }
        let keys = terms.filter { $0.sizes.contains(checkpoint.size) }.map(\.key)
        guard let logSignatures = Self.signatures(of: request.note, by: keys) else { return .notSigned }
        guard request.oldSize <= checkpoint.size else { return .malformed }
        let known = try latest(of: checkpoint.origin)
        let knownSize = known?.checkpoint?.size ?? 0
        guard request.oldSize == knownSize else { return .otherSize(knownSize) }
        let knownRoot = known?.checkpoint?.root ?? MerkleTree.emptyRoot
        guard
            MerkleTree.isConsistent(
                oldSize: knownSize, oldRoot: knownRoot, size: checkpoint.size, root: checkpoint.root,
                proof: request.proof)
        else {
            // Two signed roots of one size need no proof to contradict each other; anything else may be a wrong proof.
            if let known, checkpoint.size == knownSize, checkpoint.root != knownRoot {
                try forks.keep(known: known, shown: request.note)
            }
            return .inconsistent
        }
        let cosignature = try cosigner.cosign(checkpoint, timeS: max(1, nowS()))
        // Kept before it is told, also when it is known already: whether the last write reached the disk may be unknown.
        try memory.keep(
            SignedNote(text: checkpoint.text, signatures: logSignatures + [cosignature]), of: checkpoint.origin)
        return .cosigned([cosignature])
    }

    /// The latest checkpoint cosigned, with the log's and this witness's signatures; `nil` before the first.
    package func latest(of origin: String) throws -> SignedNote? { try memory.latest(of: origin, by: key) }

    /// The same by the name under which monitors ask (`WitnessMemory.name`).
    package func latest(named name: String) throws -> SignedNote? {
        guard let origin = logs.keys.first(where: { WitnessMemory.name(origin: $0) == name }) else { return nil }
        return try latest(of: origin)
    }

    /// The signatures of trusted keys; `nil` when there is none, or when one of them does not hold (C2SP `signed-note`: such
    /// a note is malformed).
    private static func signatures(of note: SignedNote, by keys: [VerifierKey]) -> [SignedNote.Signature]? {
        let claiming = keys.filter { !note.signatures(by: $0).isEmpty }
        guard !claiming.isEmpty, claiming.allSatisfy({ note.isSigned(by: $0) }) else { return nil }
        return claiming.compactMap { note.signatures(by: $0).first }
    }
}
