package import Hashing
import LogEntries
import MerkleLog
import ProofOfWork
package import Tangle

/// Judges blocks and milestones by the policy card: no node is asked (tangle.md section 8).
package struct NetworkCheck {
    private let card: PolicyCard
    private let keys: [MilestoneKey]
    /// Ids of correctly signed milestones by index, and the card's own.
    private var ids: [UInt32: Hash]

    package init(card: PolicyCard) {
        self.card = card
        keys = card.milestoneKeys.map {
            MilestoneKey(publicKey: $0.key.bytes, start: $0.start, end: $0.end, holder: $0.holder)
        }
        ids = [card.milestoneIndex: card.milestoneID]
    }

    /// What the network says about one anchor.
    package struct AnchorAnswer {
        /// The statement under the log's tag; nil when the block is none or carries something else.
        package var payload: [UInt8]?
        package var blockID: Hash?
        /// nil when the milestone could not be read.
        package var milestone: Milestone?
        /// Nothing was found against it.
        package var isGood: Bool
    }

    /// Block, work, path and milestone of one anchor. `name` says in words which one.
    package mutating func anchor(
        _ name: String, block bytes: ArraySlice<UInt8>, path: ArraySlice<UInt8>, milestone: ArraySlice<UInt8>,
        into found: inout FindingList
    ) -> AnchorAnswer {
        let bytes = Array(bytes)
        guard let block = try? Block.parse(bytes), (try? block.validate()) != nil else {  // each failure: not a block
            found.add(.blockID, name)
            let time = try? Milestone.parse(Array(milestone))  // nothing else is judged, but times are still compared
            return AnchorAnswer(milestone: time, isGood: false)
        }
        var answer = AnchorAnswer(blockID: blake2b256(bytes), isGood: true)
        func fail(_ code: FindingCode, _ found: inout FindingList) {
            found.add(code, name)
            answer.isGood = false
        }
        if case .taggedData(let statement) = block.payload, statement.tag == anchorTag(origin: card.origin),
            statement.data.count == AnchorPayload.sizeBytes
        {
            answer.payload = statement.data
        } else {
            fail(.anchorMismatch, &found)
        }
        if score(ofBlockBytes: bytes)?.meets(minScore: card.minPowScore) != true { fail(.proofOfWork, &found) }
        let (read, isSigned) = self.milestone(name, milestone, into: &found)
        answer.milestone = read
        if !isSigned { answer.isGood = false }
        if let read {
            let isIncluded =
                (try? InclusionPath(bytes: Array(path))).map {  // an unreadable path leads nowhere
                    verifyInclusion(of: Block.id(of: bytes), path: $0, in: read)
                } ?? false
            if !isIncluded { fail(.inclusion, &found) }
        }
        return answer
    }

    /// Reads a milestone and judges its signatures; true when enough holders signed it.
    package mutating func milestone(
        _ name: String, _ bytes: ArraySlice<UInt8>, into found: inout FindingList
    ) -> (milestone: Milestone?, isSigned: Bool) {
        guard let milestone = try? Milestone.parse(Array(bytes)) else {  // unparsable: its own finding, no time
            found.add(.milestoneSignature, "\(name) has no milestone that can be read")
            return (nil, false)
        }
        switch milestone.verdict(keys: keys, threshold: Int(card.threshold)) {
        case .unknownSigner:
            found.add(.unknownKey, "\(name), milestone \(milestone.index)")
            return (milestone, false)
        case .invalidSignature, .tooFewHolders:
            found.add(.milestoneSignature, "\(name), milestone \(milestone.index)")
            return (milestone, false)
        case .holds:
            let id = milestone.id.hash
            if let known = ids[milestone.index], known != id {
                found.add(.milestoneFork, "milestone \(milestone.index)")
            }
            ids[milestone.index] = id
            return (milestone, true)
        }
    }
}
