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

    package var description: String {
        switch self {
        case .milestoneMalformed(let what): "the node's milestone cannot be read: \(what)"
        case .milestoneNotTrusted(let index, let why): "milestone \(index) does not count: \(why)"
        case .milestoneGone(let index): "milestone \(index) is not known there any more, and with it a block's proof"
        case .proofDoesNotHold(let block): "the node's proof for block \(block) does not hold"
        case .tipsUnusable: "the node's tips cannot be parents of a block"
        }
    }
}
