package import LedgerStore
package import Tangle

/// Whose milestones count: the keys and the threshold of the policy card.
package struct MilestonePolicy: Sendable {
    package let keys: [MilestoneKey]
    /// Holders that must have signed.
    package let threshold: Int

    package init(keys: [MilestoneKey], threshold: Int) {
        self.keys = keys
        self.threshold = threshold
    }

    /// The milestone in payload bytes, when it is well formed and signed as the card asks.
    package func check(_ payload: [UInt8]) throws(AnchoringError) -> Milestone {
        let milestone: Milestone
        do { milestone = try Milestone.parse(payload) } catch { throw .milestoneMalformed("\(error)") }
        switch milestone.verdict(keys: keys, threshold: threshold) {
        case .holds: return milestone
        case .unknownSigner:
            throw .milestoneNotTrusted(index: milestone.index, why: "a signer is not on the policy card")
        case .invalidSignature: throw .milestoneNotTrusted(index: milestone.index, why: "a signature is wrong")
        case .tooFewHolders(let have, let need):
            throw .milestoneNotTrusted(index: milestone.index, why: "\(have) of \(need) holders signed")
        }
    }

    /// What a beacon leaf cites.
    package func beacon(_ payload: [UInt8]) throws(AnchoringError) -> BeaconFacts {
        let milestone = try check(payload)
        return BeaconFacts(
            milestoneIndex: milestone.index, milestoneID: milestone.id.hash, milestoneTimeS: milestone.timestamp,
            milestone: payload)
    }
}

/// Why an anchor did not come further now. Everything here is tried again later.
package enum AnchoringError: Error, Equatable, Sendable, CustomStringConvertible {
    case milestoneMalformed(String)
    /// The node's milestone is not signed as the policy card asks: a wrong network, or a card that is too old.
    case milestoneNotTrusted(index: UInt32, why: String)
    /// The node's proof does not lead from our block to its milestone.
    case proofDoesNotHold(block: String)
    /// The tips cannot be parents of a block.
    case tipsUnusable

    package var description: String {
        switch self {
        case .milestoneMalformed(let what): "the node's milestone cannot be read: \(what)"
        case .milestoneNotTrusted(let index, let why): "milestone \(index) does not count: \(why)"
        case .proofDoesNotHold(let block): "the node's proof for block \(block) does not hold"
        case .tipsUnusable: "the node's tips cannot be parents of a block"
        }
    }
}
