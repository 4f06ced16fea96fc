package import LedgerStore

/// Why the log cannot go on, or cannot be signed. `description` says what to do.
package enum CaptureError: Error, Equatable, CustomStringConvertible {
    /// This host's clock is before the last milestone the log knows: whatever it sealed would be backdated.
    case clockBehindMilestone(nowMs: UInt64, milestoneMs: UInt64)
    /// An interval that was sealed early has not ended yet; a checkpoint before its end would look postdated.
    case tooEarly(untilMs: UInt64)
    /// The log on disk is not the one that was signed. Sealing goes on, signing does not.
    case signingRefused(LedgerError)
    /// The building has no stream, so there is nothing to log.
    case nothingConfigured
    /// A stream that stands in no configuration, or whose class is not `none`.
    case streamNotPublic(UInt32)
    /// Bytes that this program wrote cannot be read back.
    case unreadable(what: String)
    /// A building is being put in force already.
    case changeUnderWay
    /// Without a disk that takes anything, or with a clock behind the last milestone, no configuration can be logged.
    case cannotChangeNow
    /// The key's name is not the log's origin.
    case wrongKey(origin: String, key: String)
    /// The log was closed; a later epoch goes on.
    case ended(leaf: UInt64)
    /// A beacon waits for its checkpoint; a key or an end must not come between.
    case checkpointDue

    package var description: String {
        switch self {
        case .clockBehindMilestone(let now, let milestone):
            "the clock is \((milestone &- now) / 1_000) s behind the last milestone; set the clock, then start again"
        case .tooEarly(let until):
            "the last interval ends at \(until) ms; a checkpoint can be signed after that"
        case .signingRefused(let cause):
            "the log is not signed any more: \(cause.description)"
        case .nothingConfigured:
            "the building file has no point; add one, then start again"
        case .streamNotPublic(let number):
            "stream \(number) is not of privacy class none: its events belong into its own items"
        case .unreadable(let what): "\(what) cannot be read back; keep the data directory and restore the backup"
        case .changeUnderWay: "another change of the building is under way; ask again when it has ended"
        case .cannotChangeNow:
            "the log takes no new configuration now: the disk is full, or the clock is behind the last milestone; see plumblined status"
        case .ended(let leaf):
            "this log was ended in leaf \(leaf); finish plumblined epoch open, the next log takes its place"
        case .checkpointDue:
            "the last beacon is not signed yet; start the gateway until plumblined status shows the next anchor, then stop it and "
                + "try again"
        case .wrongKey(let origin, let key):
            "log.key signs as \(key), but this log is \(origin); put the right key in place"
        }
    }
}
