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

    /// What is kept of a milestone.
    struct MilestoneMark: Sendable {
        let index: UInt32
        let id: Hash
        /// Seconds since 1970.
        let time: UInt32
        /// nil when enough holders signed it.
        let failure: FindingCode?
    }

    /// What the network says about one anchor.
    package struct AnchorAnswer: Sendable {
        /// The statement under the log's tag; nil when the block is none or carries something else.
        package var payload: [UInt8]?
        package var blockID: Hash?
        /// nil when the milestone could not be read.
        package var milestone: Milestone?
        var milestoneFailure: FindingCode?
        /// Nothing was found against it.
        package var isGood: Bool
        /// The milestone was not read because the block is none: its time alone counts.
        var hasTimeAlone = false
        /// What was found, beside the milestone's.
        var failures: [FindingCode] = []
    }

    /// Block, work, path and milestone of one anchor; asks and changes nothing, so that anchors can be judged side by side.
    func judge(
        block bytes: ArraySlice<UInt8>, path: ArraySlice<UInt8>, milestone: ArraySlice<UInt8>
    ) -> AnchorAnswer {
        let bytes = Array(bytes)
        guard let block = try? Block.parse(bytes), (try? block.validate()) != nil else {  // each failure: not a block
            // Nothing else is judged, but times are still compared.
            let time = try? Milestone.parse(Array(milestone))
            return AnchorAnswer(milestone: time, isGood: false, hasTimeAlone: true, failures: [.blockID])
        }
        var answer = AnchorAnswer(blockID: blake2b256(bytes), isGood: true)
        if case .taggedData(let statement) = block.payload, statement.tag == anchorTag(origin: card.origin),
            statement.data.count == AnchorPayload.sizeBytes
        {
            answer.payload = statement.data
        } else {
            answer.failures.append(.anchorMismatch)
        }
        if score(ofBlockBytes: bytes)?.meets(minScore: card.minPowScore) != true {
            answer.failures.append(.proofOfWork)
        }
        let read = try? Milestone.parse(Array(milestone))  // unparsable: its own finding, no time
        answer.milestone = read
        answer.milestoneFailure = read.flatMap { failure(of: $0) }
        if let read {
            let isIncluded =
                (try? InclusionPath(bytes: Array(path))).map {  // an unreadable path leads nowhere
                    verifyInclusion(of: Block.id(of: bytes), path: $0, in: read)
                } ?? false
            if !isIncluded { answer.failures.append(.inclusion) }
        }
        return answer
    }

    /// nil when it cannot be read.
    func judge(milestone bytes: ArraySlice<UInt8>) -> MilestoneMark? {
        (try? Milestone.parse(Array(bytes))).map { mark($0, failure(of: $0)) }  // unparsable: its own finding
    }

    func mark(_ milestone: Milestone, _ failure: FindingCode?) -> MilestoneMark {
        MilestoneMark(index: milestone.index, id: milestone.id.hash, time: milestone.timestamp, failure: failure)
    }

    private func failure(of milestone: Milestone) -> FindingCode? {
        switch milestone.verdict(keys: keys, threshold: Int(card.threshold)) {
        case .unknownSigner: .unknownKey
        case .invalidSignature, .tooFewHolders: .milestoneSignature
        case .holds: nil
        }
    }

    /// Block, work, path and milestone of one anchor. `name` says in words which one.
    package mutating func anchor(
        _ name: String, block: ArraySlice<UInt8>, path: ArraySlice<UInt8>, milestone: ArraySlice<UInt8>,
        into found: inout FindingList
    ) -> AnchorAnswer {
        take(judge(block: block, path: path, milestone: milestone), name, into: &found)
    }

    /// Reads a milestone and judges its signatures; true when enough holders signed it.
    package mutating func milestone(
        _ name: String, _ bytes: ArraySlice<UInt8>, into found: inout FindingList
    ) -> (milestone: Milestone?, isSigned: Bool) {
        let milestone = try? Milestone.parse(Array(bytes))  // unparsable: its own finding, no time
        let isSigned = take(milestone.map { mark($0, failure(of: $0)) }, name, into: &found)
        return (milestone, isSigned)
    }

    /// Takes what was found of an anchor, in the order of the file. `name` says in words which one.
    mutating func take(_ answer: AnchorAnswer, _ name: String, into found: inout FindingList) -> AnchorAnswer {
        var answer = answer
        for code in answer.failures where code != .inclusion { found.add(code, name) }
        if !answer.failures.isEmpty { answer.isGood = false }
        guard !answer.hasTimeAlone else { return answer }
        let mark = answer.milestone.map { self.mark($0, answer.milestoneFailure) }
        if !take(mark, name, into: &found) { answer.isGood = false }
        if answer.failures.contains(.inclusion) { found.add(.inclusion, name) }
        return answer
    }

    /// The same for a milestone; true when enough holders signed it.
    mutating func take(
        _ milestone: MilestoneMark?, _ name: String, into found: inout FindingList
    ) -> Bool {
        guard let milestone else {
            found.add(.milestoneSignature, "\(name) has no milestone that can be read")
            return false
        }
        if let failure = milestone.failure {
            found.add(failure, "\(name), milestone \(milestone.index)")
            return false
        }
        if let known = ids[milestone.index], known != milestone.id {
            found.add(.milestoneFork, "milestone \(milestone.index)")
        }
        ids[milestone.index] = milestone.id
        return true
    }
}
