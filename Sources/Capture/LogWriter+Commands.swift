internal import CanonicalCBOR
package import LedgerStore
package import LogEntries
package import Readings

/// The two leaves of a command, each with what finds it again in one transaction.
extension LogWriter {
    /// Says in the log what is about to be written to a device. When this returns `added`, leaf, opening, list row and the
    /// client's key are on disk.
    ///
    /// - Throws: `streamNotPublic` for a stream of another class than `none`, `clockBehindMilestone` as every leaf.
    package func appendIntent(
        _ payload: CommandPayload, stream: StreamNumber, actor: Bytes16, key: CommandKey
    ) throws -> IntentFate {
        precondition(payload.phase == .intent, "an outcome is no intent")
        try checkIsPublic(stream)
        let opened = try opening(.command, stream, payload.encoded())
        let body = Leaf.Body.command(Leaf.Command(actor: actor, stream: stream, commitment: opened.hash))
        let command = NewCommand(
            point: payload.point, stream: stream, actor: actor.bytes, value: payload.value.encoded(),
            reason: payload.reason)
        return try ledger { [leaf = try leaf(body)] in
            try $0.appendIntent(leaf, opening: opened, command, key: key)
        }
    }

    /// Says in the log what became of a command; its stream and actor are the intent's, also when the stream has become more
    /// private since: nothing is told that the intent did not tell.
    ///
    /// - Parameters:
    ///   - readBack: what the device holds now, and when it said so, UTC ms.
    ///   - detail: the outcome's reason, empty where the result code says it all.
    /// - Returns: the leaf's index.
    package func appendOutcome(
        of command: StoredCommand, result: UInt64, readBack: (value: RawValue, atMs: UInt64)?, detail: String
    ) throws -> UInt64 {
        guard let actor = Bytes16(command.actor) else {
            throw CaptureError.unreadable(what: "the actor of the command of leaf \(command.intent)")
        }
        let payload = CommandPayload(
            phase: .outcome, intent: command.intent, point: command.point,
            value: readBack.map { CBOR($0.value) } ?? .null,
            resultCode: result, reason: detail)
        let opened = try opening(.command, command.stream, payload.encoded())
        let body = Leaf.Body.command(Leaf.Command(actor: actor, stream: command.stream, commitment: opened.hash))
        let end = CommandEnd(
            outcome: 0, endedMs: clock.wallMs(), result: result,
            readBack: readBack.map { _ in payload.value.encoded() }, readMs: readBack?.atMs, detail: detail)
        return try ledger { [leaf = try leaf(body)] in
            try $0.appendOutcome(leaf, opening: opened, intent: command.intent, end: end)
        }
    }
}
