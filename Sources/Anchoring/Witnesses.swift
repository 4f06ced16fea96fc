package import Hashing
package import LogEntries
package import MerkleLog
import Witness
package import WitnessClient

/// One witness of the configuration: whose signature counts, and where it answers.
package struct ConfiguredWitness: Sendable {
    /// Algorithm 4 (`cosignature/v1`).
    package let key: VerifierKey
    package let calls: any WitnessCalls

    package init(key: VerifierKey, calls: any WitnessCalls) {
        self.key = key
        self.calls = calls
    }
}

/// What the memory off the box needs to see of the log.
package struct WitnessedLog: Sendable {
    package let keys: LogKeys
    /// RFC 6962 section 2.1.2, both sizes inside the log.
    package let consistencyProof: @Sendable (_ old: UInt64, _ size: UInt64) async throws -> [Hash]
    /// Root of the first so many leaves, which the log has.
    package let root: @Sendable (_ size: UInt64) async throws -> Hash

    package init(
        keys: LogKeys, consistencyProof: @escaping @Sendable (UInt64, UInt64) async throws -> [Hash],
        root: @escaping @Sendable (UInt64) async throws -> Hash
    ) {
        self.keys = keys
        self.consistencyProof = consistencyProof
        self.root = root
    }
}

/// The memory off the box (`formats.md` section 8): every configured witness is asked at once, before a signature for what
/// it knows and after it for its cosignature.
package struct Witnesses: Sendable {
    /// Witnesses of one log at most.
    package static let witnessesMax = 8
    /// Longest wait for all witnesses together, ms: once before and once after a signature. Sealing never waits for them.
    package static let roundMsMax: Int64 = 10_000

    package let list: [ConfiguredWitness]
    private let pause: @Sendable (_ ms: Int64) async throws -> Void

    /// - Parameter pause: waits that long, or throws when cancelled.
    package init(_ list: [ConfiguredWitness], pause: @escaping @Sendable (_ ms: Int64) async throws -> Void) {
        precondition(list.count <= Self.witnessesMax)
        self.list = list
        self.pause = pause
    }

    /// What one witness said.
    package enum Word: Hashable, Sendable {
        /// It knows nothing that is not in this log, and has cosigned the checkpoint it was shown.
        case agrees(SignedNote.Signature)
        /// It shows a checkpoint that this log's key signed and this log does not have.
        case contradicts(SignedNote)
        /// Nothing that could be relied on; why, in words.
        case silent(String)
    }

    /// Shows every witness the checkpoint, which is the log's own last one or the one just signed.
    ///
    /// A witness that knows a smaller size is led up from there. One that names a larger size, or another root, must show the
    /// log's own signature for it: its word alone stops nothing for ever.
    /// - Returns: one word for each witness, in their order; `silent` for those that took longer than `roundMsMax`.
    package func show(_ note: SignedNote, knownSize: UInt64, of log: WitnessedLog) async -> [(ConfiguredWitness, Word)]
    {
        let words = await withTaskGroup(of: (Int, Word)?.self) { group in
            for (place, witness) in list.enumerated() {
                group.addTask { (place, await Self.ask(witness, note, knownSize: knownSize, of: log)) }
            }
            group.addTask { [pause] in
                // A wait that was cancelled is over too.
                try? await pause(Self.roundMsMax)
                return nil
            }
            defer { group.cancelAll() }
            var words: [Int: Word] = [:]
            while words.count < list.count, let next = await group.next() {
                guard let (place, word) = next else { break }
                words[place] = word
            }
            return words
        }
        return list.enumerated().map { place, witness in
            (witness, words[place] ?? .silent("no answer within \(Self.roundMsMax / 1_000) s"))
        }
    }

    private static func ask(
        _ witness: ConfiguredWitness, _ note: SignedNote, knownSize: UInt64, of log: WitnessedLog
    ) async -> Word {
        do {
            guard let checkpoint = note.checkpoint else { return .silent("there is no checkpoint to show") }
            var oldSize = min(knownSize, checkpoint.size)
            // Once as expected, once from the size it names.
            for _ in 0..<2 {
                let proof =
                    oldSize == 0 || oldSize == checkpoint.size
                    ? [] : try await log.consistencyProof(oldSize, checkpoint.size)
                let answer = try await witness.calls.add(
                    AddCheckpointRequest(oldSize: oldSize, proof: proof, note: note))
                switch answer {
                case .cosigned(let signatures):
                    let cosigned = SignedNote(text: note.text, signatures: signatures)
                    guard let signature = cosigned.signatures(by: witness.key).first, cosigned.isSigned(by: witness.key)
                    else { return .silent("its cosignature is not by the configured key") }
                    return .agrees(signature)
                case .otherSize(let size) where size < checkpoint.size && size != oldSize: oldSize = size
                case .otherSize(let size): return try await claim(of: witness, "size \(size)", checkpoint, log)
                case .inconsistent: return try await claim(of: witness, "another history", checkpoint, log)
                case .malformed: return .silent("it does not understand the request (400)")
                case .notSigned: return .silent("it does not take this log's signature (403); give it the policy card")
                case .unknownLog: return .silent("it does not follow this log (404); give it the policy card")
                }
            }
            return .silent("the size it knows changes while it is asked")
        } catch let error as CallError { return .silent("\(error)") } catch { return .silent("\(error)") }
    }

    /// A witness says that it knows more, or something else: does it have this log's own signature for it?
    private static func claim(
        of witness: ConfiguredWitness, _ what: String, _ checkpoint: Checkpoint, _ log: WitnessedLog
    ) async throws -> Word {
        guard let note = try await witness.calls.latest(origin: checkpoint.origin), let known = note.checkpoint,
            known.origin == checkpoint.origin, log.keys.terms.contains(where: { note.isSigned(by: $0.key) })
        else { return .silent("it claims to know \(what) and does not show this log's signature for it") }
        if known.size > checkpoint.size { return .contradicts(note) }
        let root = known.size == checkpoint.size ? checkpoint.root : try await log.root(known.size)
        if root != known.root { return .contradicts(note) }
        return .silent("it claims to know \(what) and shows a checkpoint of this very log")
    }
}
