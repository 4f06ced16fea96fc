import Evidence
import Logging
import MerkleLog
import Witness
import WitnessClient

/// A log changes its key: the watcher asks it who said so, and goes by the recovery key on the card.
extension Watcher {
    /// Times in one round that a log is asked for its keys at most.
    package static let keyLooksPerRoundMax = 4

    /// Whether a key of this log signed the note and may sign a tree of its size; the log is asked when the key is not known.
    ///
    /// A key that is new counts from then on, over restarts too, once the list of keys holds in the note's tree and that tree continues
    /// what is remembered. What contradicts that is kept as evidence, as ever.
    func isKnown(_ note: SignedNote) async throws -> Bool {
        if known.signed(note) { return true }
        guard let checkpoint = note.checkpoint, checkpoint.origin == card.origin, checkpoint.size > 0,
            known.hasStranger(note), keyLooks < Self.keyLooksPerRoundMax
        else { return false }
        keyLooks += 1
        let learned: KnownKeys
        do { learned = try known.learning(try await log.keys(size: checkpoint.size), from: note) } catch {
            switch error {
            case let problem as KeyProblem: trouble("gateway \(log.name): a key that is not known: \(problem)")
            case CallError.refused(let status):
                trouble("gateway \(log.name): it does not show who changed the log key (HTTP \(status))")
            default: throw error
            }
            return false
        }
        switch try await standing(of: note) {
        case .contradicts(let latest):
            try forks.keep(known: latest, shown: note)
            return false
        case .unclear: return false
        case .first, .same, .older, .continues: break
        }
        try learned.write(keysPath)
        known = learned
        await desk.follow(card.origin, learned.terms)
        for change in learned.changes where !report.keyChanges.contains(change) {
            journal.notice(
                "the recovery key changed the log key",
                metadata: ["leaf": "\(change.leafIndex)", "key": "\(change.key)"])
        }
        report.keyChanges = learned.changes
        return true
    }
}
