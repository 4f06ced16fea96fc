/// What became of a command. The numbers stand in the log and never change (`Docs/formats.md` section 2); the names are the API's.
package enum CommandResult: UInt64, Hashable, Sendable, CaseIterable {
    /// Written, and the device holds the value.
    case done = 0
    /// Written, and the device holds another value.
    case differs = 1
    /// The device refused; the outcome's reason says with which exception.
    case refused = 2
    /// No answer: unknown whether the device took it.
    case noAnswer = 3
    /// Written, but what the device holds could not be read back.
    case notReadBack = 4
    /// The gateway ended in between: unknown whether the device took it.
    case interrupted = 5
    /// Nothing was sent to the device.
    case notSent = 6

    package var name: String {
        switch self {
        case .done: "done"
        case .differs: "differs"
        case .refused: "refused"
        case .noAnswer: "no-answer"
        case .notReadBack: "not-read-back"
        case .interrupted: "interrupted"
        case .notSent: "not-sent"
        }
    }

    /// Whether the device said nothing, so that the API answers `device-no-answer`.
    package var isSilence: Bool { self == .noAnswer || self == .notSent }
}
