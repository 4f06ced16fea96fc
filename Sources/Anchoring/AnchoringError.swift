/// Why an anchor did not come further now. Everything here is tried again later.
package enum AnchoringError: Error, Equatable, Sendable, CustomStringConvertible {
    case milestoneMalformed(String)
    /// The node's milestone is not signed as the policy card asks: a wrong network, or a card that is too old.
    case milestoneNotTrusted(index: UInt32, why: String)
    /// The node says that this milestone references our block, and has it no more.
    case milestoneGone(index: UInt32)
    /// The node's proof does not lead from our block to its milestone.
    case proofDoesNotHold(block: String)
    /// The tips cannot be parents of a block.
    case tipsUnusable
    /// The work that is demanded takes longer on average than parents stay young enough; nothing was tried.
    case workTooLong(Work)
    /// No configured witness can be relied on now; why, a sentence for each. Nothing was signed.
    case memorySilent([String])

    /// A demand and what it would take here.
    package struct Work: Equatable, Sendable {
        package var score: UInt32
        /// The node demands it; else the policy card does.
        package var isNodes: Bool
        /// Of the whole block.
        package var sizeBytes: Int
        /// Trailing zero trits that the score asks of a block of this size.
        package var zeros: Int
        /// Measured on this machine just before.
        package var triesPerSecond: Double
        /// On average.
        package var predictedSeconds: Double
        /// For the search, after tips were fetched.
        package var windowSeconds: Double
    }

    package var description: String {
        switch self {
        case .milestoneMalformed(let what): "the node's milestone cannot be read: \(what)"
        case .milestoneNotTrusted(let index, let why): "milestone \(index) does not count: \(why)"
        case .milestoneGone(let index): "milestone \(index) is not known there any more, and with it a block's proof"
        case .proofDoesNotHold(let block): "the node's proof for block \(block) does not hold"
        case .memorySilent(let why): "no witness can be relied on: \(why.joined(separator: "; "))"
        case .tipsUnusable: "the node's tips cannot be parents of a block"
        case .workTooLong(let work):
            "\(work.isNodes ? "the node" : "the policy card") demands score \(work.score), \(work.zeros) trailing zeros for a "
                + "block of \(work.sizeBytes) bytes; at the measured \(Self.whole(work.triesPerSecond)) tries a second that "
                + "takes \(Self.whole(work.predictedSeconds)) s on average, and its parents are too old after "
                + "\(Self.whole(work.windowSeconds)) s; another node or a faster machine is needed"
        }
    }

    /// Rounded up; what has no end is told as the largest number.
    private static func whole(_ value: Double) -> Int {
        value.isFinite && value < 1e15 ? Int(value.rounded(.up)) : Int.max
    }
}
