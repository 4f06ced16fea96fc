package import Evidence
import Hashing
package import LogEntries
package import MerkleLog
import Witness

/// Why what a log shows of its keys is not believed.
package enum KeyProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The list does not begin with the leaf that the card pins.
    case otherFirstLeaf
    case notAKeyLeaf(index: UInt64)
    /// Not signed over its place by the recovery key whose hash stands on the card.
    case notByRecoveryKey(index: UInt64)
    /// Its proof does not lead to the signed root.
    case notIncluded(index: UInt64)
    /// A change of key that this list or an earlier one of a larger tree leaves out.
    case leftOut(index: UInt64)
    /// Everything in the list holds, and the signature is by none of its keys, or by one that may not sign this size.
    case notInForce(size: UInt64)

    package var description: String {
        switch self {
        case .otherFirstLeaf: "its list of keys does not begin with the first leaf on the card"
        case .notAKeyLeaf(let index): "entry \(index) in its list of keys is no key statement"
        case .notByRecoveryKey(let index):
            "the key statement in entry \(index) is not signed by the recovery key on the card"
        case .notIncluded(let index): "the key statement in entry \(index) does not stand in the tree that was signed"
        case .leftOut(let index): "its lists of keys do not agree: one leaves out entry \(index)"
        case .notInForce(let size): "no key that the recovery key put in force signed the tree of \(size) entries"
        }
    }
}

/// The keys of a followed log: the card's, and those that the recovery key on the card put in its place.
///
/// What was learned lies in `STORE/keys`: the log's list, an empty line, and the signed checkpoint in whose tree it stands. It is judged
/// again by the card whenever it is read.
package struct KnownKeys: Sendable {
    static let fileBytesMax = KeyList.textBytesMax + SignedNote.sizeBytesMax

    let card: PolicyCard
    package private(set) var keys: LogKeys
    /// What the changes were learned from; `nil` while there is the card's key alone.
    private var list: KeyList?
    private var note: SignedNote?

    /// The card's key alone.
    package init(card: PolicyCard) {
        self.card = card
        keys = LogKeys(VerifierKey(card.logKey))
    }

    /// What was kept in a file, or the card's key alone when there is none. Throws `memoryDamaged` for anything that does not hold.
    package init(card: PolicyCard, path: String) throws {
        self.init(card: card)
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: Self.fileBytesMax) else { return }
        guard let gap = bytes.indices.dropLast().first(where: { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a }),
            let list = KeyList(Array(bytes[...gap])),
            let note = String(validating: bytes[(gap + 2)...], as: UTF8.self).flatMap({ SignedNote($0) })
        else { throw WitnessError.memoryDamaged(path: path) }
        do { self = try learning(list, from: note) } catch { throw WitnessError.memoryDamaged(path: path) }
    }

    /// When this returns, what was learned is on disk.
    package func write(_ path: String) throws {
        guard let list, let note else { return }
        try StoreFiles.replace(path, with: Array((list.text + "\n" + note.note).utf8))
    }

    /// Whether a key that is known signed this note and may sign a tree of its size.
    package func signed(_ note: SignedNote) -> Bool {
        guard let checkpoint = note.checkpoint, checkpoint.origin == card.origin else { return false }
        return keys.signer(of: note, checkpoint) != nil
    }

    /// Whether the note names a key that is not known, so that the log has to be asked for it.
    package func hasStranger(_ note: SignedNote) -> Bool {
        note.signatures.contains { signature in
            signature.name == card.origin && signature.bytes.count == 64
                && !keys.terms.contains { $0.key.keyID == signature.keyID }
        }
    }

    /// For the desk at which checkpoints are handed in.
    var terms: [KeyTerm] { keys.terms.map { KeyTerm(key: $0.key, sizes: $0.sizes) } }

    /// For the report, in the order of the log.
    package var changes: [KeyHistory.Change] {
        keys.changes.map { KeyHistory.Change(leafIndex: $0.leafIndex, key: $0.key.description) }
    }

    /// The keys by which this note is signed, when all of the list holds in the note's tree. Whether that tree continues what is known
    /// is for the caller to see.
    ///
    /// - Throws: `KeyProblem`; then nothing of the list is to be used.
    package func learning(_ list: KeyList, from note: SignedNote) throws(KeyProblem) -> KnownKeys {
        guard let checkpoint = note.checkpoint, checkpoint.origin == card.origin, checkpoint.size == list.size else {
            throw .notInForce(size: list.size)
        }
        guard let first = list.entries.first, first.index == 0, sha256Leaf(first.leaf) == card.genesis else {
            throw .otherFirstLeaf
        }
        var read = LogKeys(VerifierKey(card.logKey))
        for entry in list.entries {
            guard entry.isIncluded(size: checkpoint.size, root: checkpoint.root) else {
                throw .notIncluded(index: entry.index)
            }
            guard entry.index > 0 else { continue }
            // What cannot be read is no key leaf.
            guard let leaf = try? Leaf.decode(entry.leaf), case .key(let statement) = leaf.body else {
                throw .notAKeyLeaf(index: entry.index)
            }
            let key = LogKeys.newKey(
                statement, at: entry.index, origin: card.origin, recoveryHash: card.recoveryHash)
            guard let key else { throw .notByRecoveryKey(index: entry.index) }
            read.change(to: key, at: entry.index)
        }
        guard read.signer(of: note, checkpoint) != nil else { throw .notInForce(size: checkpoint.size) }
        for change in keys.changes where change.leafIndex < list.size && !read.changes.contains(change) {
            throw .leftOut(index: change.leafIndex)
        }
        if let known = self.list, known.size > list.size {
            let new = read.changes.first { !keys.changes.contains($0) }
            if let new { throw .leftOut(index: new.leafIndex) }
            return self
        }
        var learned = self
        learned.keys = read
        learned.list = list
        learned.note = note
        return learned
    }
}
