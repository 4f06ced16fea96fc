/// Somebody outside who attests that a checkpoint existed at a moment: the way to a ledger, or to a clock.
///
/// Two implementations exist: `AnchorFlow` (a Stardust Tangle) and `StampFlow` (an RFC 3161 authority). What an implementer owes:
/// - It starts from checkpoints that are signed and stored, and attests to the bytes of the note or to its payload.
/// - What comes back counts only when it holds here, by keys that were agreed before, without the other side's word; then its
///   bytes are kept in the ledger before anything is told. An auditor checks the same bytes offline.
/// - Each step is stored before the next begins, so that `round` goes on after a power cut where it stopped.
/// - A failure outside is no error: it stands in `trouble`, and is tried again with growing pauses. No implementation waits for
///   another, and none holds up capture, sealing or signing.
package protocol TimeAnchor: Actor {
    /// Begins a sentence: `Anchoring`.
    nonisolated var name: String { get }
    /// What hinders it now, as the rest of that sentence; `nil` while all is well.
    var trouble: String? { get }
    /// Takes every step that can be taken now.
    /// - Returns: ms until the next round.
    func round() async -> Int64
    /// Rounds until cancelled. Nothing else ends it.
    func run() async throws
}

extension AnchorFlow: TimeAnchor {
    package nonisolated var name: String { "Anchoring" }
    package var trouble: String? { status.trouble }
}
