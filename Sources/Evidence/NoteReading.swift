package import Hashing
package import LogEntries
import MerkleLog

/// What the note of a listed anchor says.
package enum NoteReading: Sendable {
    /// A checkpoint of this log that a key in force signed. `isPayloadOther`: the block carries another statement.
    case good(size: UInt64, root: Hash, isPayloadOther: Bool)
    /// `E_SIG` or `E_ORIGIN`; only for A and B this ends the run.
    case bad(Stop)

    /// `payload`: what the block carries; nil when it is not a block or carries something else, which has its own finding.
    package init(_ text: String, payload: [UInt8]?, origin: String, keys: LogKeys, name: String) {
        guard let note = SignedNote(text), let checkpoint = note.checkpoint else {
            self = .bad(Stop(.signature, "\(name) is not a signed checkpoint"))
            return
        }
        guard checkpoint.origin.utf8.elementsEqual(origin.utf8) else {
            self = .bad(Stop(.origin, name))
            return
        }
        guard let key = keys.signer(of: note, checkpoint), let expanded = AnchorPayload(note, by: key) else {
            self = .bad(Stop(.signature, name))
            return
        }
        self = .good(
            size: checkpoint.size, root: checkpoint.root, isPayloadOther: payload.map { $0 != expanded.bytes } ?? false)
    }
}
