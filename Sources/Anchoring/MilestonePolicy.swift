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
