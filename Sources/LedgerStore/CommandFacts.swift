package import Hashing
package import Readings

/// One command as the ledger lists it. What is evidence of it stands in its leaves; this row finds them.
package struct StoredCommand: Hashable, Sendable {
    /// Index of the leaf that says what was asked for; also the command's number.
    package let intent: UInt64
    package let point: PointNumber
    package let stream: StreamNumber
    /// Pseudonym of who asked, 16 bytes.
    package let actor: [UInt8]
    /// By this host's clock, UTC ms.
    package let requestedMs: UInt64
    /// The raw value asked for, in canonical CBOR as the leaf's opening holds it.
    package let value: [UInt8]
    package let reason: String
    /// `nil` while it runs, and after a crash until the next start.
    package let end: CommandEnd?
}

/// What became of a command.
package struct CommandEnd: Hashable, Sendable {
    /// Index of the leaf that says so.
    package let outcome: UInt64
    /// By this host's clock, UTC ms.
    package let endedMs: UInt64
    /// Result code of `Docs/formats.md`.
    package let result: UInt64
    /// The raw value read back, in canonical CBOR; `nil` when none was.
    package let readBack: [UInt8]?
    /// When it was read back, UTC ms.
    package let readMs: UInt64?
    /// The outcome's own words: which exception the device answered with.
    package let detail: String

    package init(
        outcome: UInt64, endedMs: UInt64, result: UInt64, readBack: [UInt8]?, readMs: UInt64?, detail: String
    ) {
        self.outcome = outcome
        self.endedMs = endedMs
        self.result = result
        self.readBack = readBack
        self.readMs = readMs
        self.detail = detail
    }
}

/// What is stored with an intent's leaf.
package struct NewCommand: Hashable, Sendable {
    package let point: PointNumber
    package let stream: StreamNumber
    package let actor: [UInt8]
    package let value: [UInt8]
    package let reason: String

    package init(point: PointNumber, stream: StreamNumber, actor: [UInt8], value: [UInt8], reason: String) {
        self.point = point
        self.stream = stream
        self.actor = actor
        self.value = value
        self.reason = reason
    }
}

/// A client's `Idempotency-Key` and what it stood on.
package struct CommandKey: Hashable, Sendable {
    package let grant: UInt64
    package let key: String
    /// Hash over what was asked for: another question under the same key is refused.
    package let question: Hash

    package init(grant: UInt64, key: String, question: Hash) {
        self.grant = grant
        self.key = key
        self.question = question
    }
}

/// What an intent became on disk.
package enum IntentFate: Hashable, Sendable {
    /// It stands in the log as this leaf.
    case added(leaf: UInt64)
    /// Nothing was written: the key was used before, for the command with this intent.
    case keptKey(KeptKey)
    /// Nothing was written: as many keys as are kept are less than a day old.
    case keysFull
}

package struct KeptKey: Hashable, Sendable {
    package let question: Hash
    package let intent: UInt64
}

/// Which commands a list asks for.
package struct CommandQuery: Hashable, Sendable {
    /// Empty: of all points.
    package var points: [PointNumber] = []
    /// UTC ms, `from` ≤ requested < `to`.
    package var fromMs: UInt64 = 0
    package var toMs: UInt64 = UInt64(Int64.max)
    /// Beyond this intent, exclusive, in the direction of the order.
    package var after: UInt64?
    package var isDescending = false
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}
