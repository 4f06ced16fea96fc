internal import Hashing
package import LogEntries
package import Readings
internal import CanonicalCBOR

/// What somebody wants a point set to, and why.
package struct CommandRequest: Hashable, Sendable {
    package let point: String
    package let value: CommandValue
    /// For whoever reads the log later; 1 to 500 bytes.
    package let reason: String
    /// The client's `Idempotency-Key`: the same request under the same key is carried out once.
    package let key: String
    /// Check everything, write nothing.
    package let isDryRun: Bool
    package let actor: CommandActor

    package init(
        point: String, value: CommandValue, reason: String, key: String, isDryRun: Bool = false, actor: CommandActor
    ) {
        self.point = point
        self.value = value
        self.reason = reason
        self.key = key
        self.isDryRun = isDryRun
        self.actor = actor
    }

    /// What two requests must share to be the same: point, value and reason. 4, 4.0 and 0.4e1 are one value.
    var question: Hash {
        let value: CBOR =
            switch value {
            case .number(let number): .array([.unsigned(0), .text(number.description)])
            case .text(let text): .array([.unsigned(1), .text(text)])
            case .flag(let flag): .array([.unsigned(2), .unsigned(flag ? 1 : 0)])
            }
        return sha256(CBOR.array([.text("plumbline-command/v1"), .text(point), value, .text(reason)]).encoded())
    }
}

/// A value as a person or a program writes it.
package enum CommandValue: Hashable, Sendable, CustomStringConvertible {
    /// In the point's unit.
    case number(ExactDecimal)
    /// The name of a state, or a text.
    case text(String)
    case flag(Bool)

    package var description: String {
        switch self {
        case .number(let number): number.description
        case .text(let text): text
        case .flag(let flag): flag ? "true" : "false"
        }
    }
}

/// Who asks.
package struct CommandActor: Hashable, Sendable {
    /// Number of the grant; the keys of two grants never meet.
    package let grant: UInt64
    /// `facility`, `auditor`: what `CommandRules.roles` decides by.
    package let role: String
    /// This month's pseudonym, as access leaves have it.
    package let pseudonym: Bytes16

    package init(grant: UInt64, role: String, pseudonym: Bytes16) {
        self.grant = grant
        self.role = role
        self.pseudonym = pseudonym
    }
}

/// What the desk has to say to a request that it took.
package enum CommandAnswer: Hashable, Sendable {
    /// All checks hold; nothing was written anywhere. The raw value is what the device would be told.
    case wouldDo(value: RawValue)
    /// The command with this intent has its outcome on disk. `isReplayed`: an earlier request under the same key did it.
    case ended(intent: UInt64, isReplayed: Bool)
}
