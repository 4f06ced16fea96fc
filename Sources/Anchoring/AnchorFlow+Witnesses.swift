import Capture
import Hashing
import LedgerStore
import Logging
import MerkleLog
import Witness
import WitnessClient

/// The memory off the box, before and after a signature.
extension AnchorFlow {
    /// The checkpoint in the file `contradiction` of the data folder, longest, bytes.
    private static let noteBytesMax = 16 << 10

    /// Asks every witness for what it knows. Returns when the log may be signed: one of them agrees, and none contradicts.
    ///
    /// - Throws: `memorySilent` when none can be relied on now; it is tried again. A contradiction is kept in the data folder
    ///   and ends signing for ever.
    func askWitnesses() async throws {
        // What is refused already is told by the writer.
        guard let witnesses, !witnesses.list.isEmpty, await writer.signingRefusal == nil else { return }
        let last = try await ledger.lastCheckpoint()
        // Before the first signature the empty tree is shown: it is the beginning of every log, whatever comes.
        let shown =
            try last.flatMap { SignedNote($0.note) }
            ?? writer.key.sign(
                Checkpoint(origin: writer.identity.origin, size: 0, root: MerkleTree.emptyRoot))
        let size = last?.size ?? 0
        let words = await witnesses.show(shown, knownSize: size, of: witnessedLog)
        for case (let witness, .contradicts(let note)) in words { try await stop(note, by: witness) }
        try await keep(words, size: size)
        guard words.contains(where: { if case .agrees = $0.1 { true } else { false } }) else {
            throw AnchoringError.memorySilent(status.witnessTroubles)
        }
    }

    /// Asks every witness for its cosignature of a checkpoint that was just signed; those that do not answer are asked
    /// again before the next signature.
    func cosign(_ anchor: StoredAnchor, knownSize: UInt64) async {
        guard let witnesses, !witnesses.list.isEmpty, let note = SignedNote(anchor.note) else { return }
        let words = await witnesses.show(note, knownSize: knownSize, of: witnessedLog)
        do {
            for case (let witness, .contradicts(let note)) in words { try await stop(note, by: witness) }
            try await keep(words, size: anchor.size)
        } catch {
            // The checkpoint is signed and stored; what a witness said of it is asked for again before the next.
            journal.error("what the witnesses said cannot be kept: \(error)")
        }
    }

    /// A contradiction that an earlier run was shown counts for ever.
    func rememberContradiction() async throws {
        let path = ledger.directory + "/contradiction"
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: Self.noteBytesMax) else { return }
        let size = SignedNote(String(decoding: bytes, as: UTF8.self))?.checkpoint?.size ?? 0
        await writer.refuseToSign("\(path) holds a checkpoint that this log signed and does not have", size: size)
    }

    private var witnessedLog: WitnessedLog {
        let ledger = ledger
        return WitnessedLog(
            keys: writer.history, consistencyProof: { try await ledger.consistencyProof(from: $0, to: $1) },
            root: { try await ledger.root(size: $0) })
    }

    private func stop(_ note: SignedNote, by witness: ConfiguredWitness) async throws {
        let size = note.checkpoint?.size ?? 0
        try StoreFiles.replace(ledger.directory + "/contradiction", with: Array(note.note.utf8))
        await writer.refuseToSign(
            "witness \(witness.key.name) knows a checkpoint that this log signed and does not have", size: size)
        journal.critical(
            "the log is not signed any more: a witness shows what this log has signed and does not have",
            metadata: ["witness": "\(witness.key.name)", "size": "\(size)"])
    }

    /// Keeps the cosignatures and tells of silence, once for each change.
    private func keep(_ words: [(ConfiguredWitness, Witnesses.Word)], size: UInt64) async throws {
        var troubles: [String] = []
        for (witness, word) in words {
            switch word {
            case .agrees(let signature):
                // The empty tree is nobody's checkpoint.
                guard size > 0 else { continue }
                try await ledger.keep(
                    StoredCosignature(size: size, witness: witness.key.description, line: signature.line))
            case .contradicts: continue
            case .silent(let why): troubles.append("witness \(witness.calls.name): \(why)")
            }
        }
        for trouble in troubles where !status.witnessTroubles.contains(trouble) { journal.warning("\(trouble)") }
        status.witnessTroubles = troubles
    }
}
