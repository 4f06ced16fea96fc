/// What a finding says to people: a title, what happened, and what to do next.
package struct FindingWords: Hashable, Sendable {
    package let title: String
    package let sentence: String
    package let nextStep: String

    init(_ title: String, _ sentence: String, _ nextStep: String) {
        self.title = title
        self.sentence = sentence
        self.nextStep = nextStep
    }
}

extension FindingCode {
    package func words(_ language: Language) -> FindingWords {
        switch language {
        case .english: english
        case .german: german
        }
    }
}

extension FindingCode {
    var english: FindingWords {
        switch self {
        case .malformed:
            FindingWords(
                "Not a whole evidence file", "The file is cut off, changed on the way, or not an evidence file.",
                "Fetch the file again from the gateway and compare its SHA-256.")
        case .nonCanonical:
            FindingWords(
                "Bytes in another form", "A part of the file is not written in the one form the format allows.",
                "Do not rely on this file. Ask for the file again; report it when the same bytes come back.")
        case .version:
            FindingWords(
                "A newer format", "The file uses a version or a kind of entry that this program does not know.",
                "Check the file with a newer plumbline.")
        case .origin:
            FindingWords(
                "Another gateway's log", "The file belongs to another log than the policy card.",
                "Use the card that was handed over for this gateway.")
        case .signature:
            FindingWords(
                "The gateway's signature does not fit",
                "A checkpoint is not signed by the log key on the policy card, or was changed after signing.",
                "Do not rely on this file. Ask the operator whether the log key was changed and see the statement of it."
            )
        case .anchorMismatch:
            FindingWords(
                "The network holds another statement",
                "The block on the network does not carry the checkpoint in this file.",
                "Do not rely on this file. Fetch the block by its id from a node and compare.")
        case .blockID:
            FindingWords(
                "Not a legal block", "The bytes given as a block of the network are not a block.",
                "Fetch the file again; do not rely on this one.")
        case .proofOfWork:
            FindingWords(
                "Too little work in the block", "A block does not reach the proof of work the policy card asks for.",
                "Ask the operator which score the network had at that time.")
        case .inclusion:
            FindingWords(
                "A proof does not lead to its root",
                "A block is not under the milestone's root, or an entry is not under the signed root of the log.",
                "Do not rely on this file. Ask for it again and check the new one.")
        case .milestoneSignature:
            FindingWords(
                "The milestone is not signed as agreed",
                "A milestone lacks valid signatures of enough holders named on the policy card.",
                "Do not rely on the times in this file. Ask the holders of the milestone keys.")
        case .unknownKey:
            FindingWords(
                "A signer not on the card", "A milestone is signed with a key that the policy card does not name.",
                "Ask for the policy card that holds the network's present keys, and check again.")
        case .milestoneFork:
            FindingWords(
                "Two milestones with one number",
                "The network's signers stated two different milestones with the same number.",
                "Do not rely on the times in this file. Ask the holders of the milestone keys which one is theirs.")
        case .beacon:
            FindingWords(
                "A beacon that does not fit",
                "A milestone written into the log, or an earlier anchor named there, is not the one in the file.",
                "Do not rely on the lower time bound. Ask for the file again.")
        case .anchorSequence:
            FindingWords(
                "A number is missing among the anchors", "The anchors in the log are not numbered one after the other.",
                "Ask the operator for the missing anchor.")
        case .equivocation:
            FindingWords(
                "Two logs of the same length", "The log key signed two different roots for one size of the log.",
                "Do not rely on this gateway's log. Keep this file: it proves that two histories were signed.")
        case .rollback:
            FindingWords(
                "The log was set back",
                "A later anchor holds a shorter log that is not a part of this one.",
                "Ask whether the gateway was restored from an old image. Keep this file.")
        case .fork:
            FindingWords(
                "Another history was anchored", "An anchor holds a log that is not a part of this one.",
                "Do not rely on this gateway's log until it is explained. Keep this file.")
        case .consistency:
            FindingWords(
                "The past was rewritten", "The log at the later anchor does not continue the log at the earlier one.",
                "Do not rely on this file. Ask for it again; keep both.")
        case .range:
            FindingWords(
                "The entries do not give the signed root",
                "An entry between the two anchors was changed, left out or added.",
                "Do not rely on this file. Ask for it again and compare.")
        case .gap:
            FindingWords(
                "Minutes are missing",
                "Intervals are missing without a declared gap, or the file covers less than was asked.",
                "Ask for a file that covers the whole time, or ask why the intervals are missing.")
        case .itemCount:
            FindingWords(
                "A stream or a reading is missing",
                "An interval holds another number of items or readings than the log states.",
                "Do not rely on these intervals. Ask for the file again.")
        case .itemHash:
            FindingWords(
                "A reading was changed", "Items of an interval do not give the root that stands in the log.",
                "Do not rely on these readings. Ask for the file again and compare.")
        case .itemMalformed:
            FindingWords(
                "Readings against the rules", "An item holds readings that break the rules of the format.",
                "The gateway wrote this itself: report it to the operator.")
        case .erasedUndeclared:
            FindingWords(
                "Removed without a declaration", "Readings are missing and no erasure in the log covers them.",
                "Ask the operator for the readings or for the declared erasure.")
        case .configUnknown:
            FindingWords(
                "The configuration does not fit",
                "Units and scales in the file are not those whose hash stands in the log.",
                "Do not rely on the values. Ask for the file again with its configurations.")
        case .backdated:
            FindingWords(
                "Older than the network allows",
                "An entry states a time before the milestone that was known when it was written.",
                "Ask about the gateway's clock. The order of the entries still holds; the stated times do not.")
        case .postdated:
            FindingWords(
                "Later than the network allows", "An entry states a time after the milestone that confirmed it.",
                "Ask about the gateway's clock. The order of the entries still holds; the stated times do not.")
        case .timeStamp:
            FindingWords(
                "A time stamp does not fit",
                "A token in the file is not over the checkpoint beside it, is not signed as it should be, or contradicts the log's own times.",
                "Do not rely on its time. Ask for the file again and compare; keep both.")
        case .policyFromFile:
            FindingWords(
                "The card came with the file",
                "Consistent with itself, not authenticated: no policy card of your own was used.",
                "Check again with --policy and the card you were given by hand.")
        case .noPolicy:
            FindingWords(
                "No policy card", "There is no policy card, neither yours nor one in the file.",
                "Check again with --policy and the card you were given by hand.")
        case .selfNetwork:
            FindingWords(
                "The operator's own network",
                "All milestone keys are held by the operator. The operator could have written all of this, including the times, today.",
                "Ask for a network with an outside holder, a witness, or a time stamp of another party.")
        case .singleSigner:
            FindingWords(
                "One signer is enough", "The policy card accepts a milestone with the signature of one holder.",
                "Ask for a card with a threshold of at least two holders.")
        case .noOutsideMemory:
            FindingWords(
                "No witness remembers this log",
                "No witness named on the policy card stands behind this file, so a log set back to an old state may go unnoticed.",
                "Ask the operator to add a witness.")
        case .anchorsUnwatched:
            FindingWords(
                "Anchors from the file only",
                "The list of anchors comes from this file; nobody watched the network for others.",
                "Compare with a watcher's list of anchors when there is one.")
        case .anchorUnchecked:
            FindingWords(
                "An anchor outside the period", "An anchor lies outside the period and no proof connects it.",
                "Ask for a file that covers the time of that anchor.")
        case .foreignAnchor:
            FindingWords(
                "An anchor that is not this log's",
                "The file lists an anchor without a valid signature of this log. It was left out.",
                "Nothing, when the rest holds: anybody can write under the tag.")
        case .unanchored:
            FindingWords(
                "A beacon without its anchor",
                "The log announces an anchor that is not in the file. The next one bounds its entries.",
                "Ask for the missing anchor when the bracket matters.")
        case .noLowerBound:
            FindingWords(
                "No lower bound in time",
                "For some entries nothing in the file shows that they were written after a known moment.",
                "Ask for a period file with its beacons' milestones when an early limit matters.")
        case .wideBracket:
            FindingWords(
                "Wide time bracket", "For some entries the two bounds are more than one hour apart.",
                "Ask why anchoring paused.")
        case .erased:
            FindingWords(
                "Erased and declared", "Some readings were erased; the erasure stands in the log.",
                "Ask for the legal basis stated with the erasure.")
        case .withheld:
            FindingWords(
                "Not disclosed to you", "Some streams are withheld from this file. That they exist is proven.",
                "Ask for them when you need them.")
        case .epochLoss:
            FindingWords(
                "A log that replaces a lost one", "This log continues after a declared loss of an earlier one.",
                "Ask for the earlier log up to its last anchor.")
        case .compromised:
            FindingWords(
                "The log key was declared stolen",
                "A statement signed with the recovery key says that the log key is compromised.",
                "Rely only on what was anchored before that statement.")
        case .derivedUnchecked:
            FindingWords(
                "Derived values not recomputed",
                "The file shows values that were computed from readings; they were not recomputed.",
                "Recompute them from the readings in the file.")
        case .timeStampUnchecked:
            FindingWords(
                "A time stamp of an unknown authority",
                "A token in the file is over the checkpoint beside it, but you have not said that you trust who signed it. It was not used.",
                "Give the authority's certificates with --tsa-ca, or ask for a card that names them.")
        }
    }
}
