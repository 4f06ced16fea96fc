import Tangle

extension NodeState {
    /// Milestones, from the latest back, whose signatures are looked at after a start. The ids of those before them stand in these.
    static let signaturesCheckedMax = 100

    /// What was stored is this coordinator's network: every milestone follows from the one before it and references what it says, and
    /// the latest are signed as its keys ask.
    ///
    /// The file's own check words show damage; this shows a file, or keys, that belong somewhere else.
    func check(path: String) throws(LocalTangleError) {
        let held = cone.milestones.values.sorted { $0.milestone.index < $1.milestone.index }
        for (before, one) in zip(held, held.dropFirst()) {
            let (old, new) = (before.milestone, one.milestone)
            guard new.index == old.index + 1, new.previousMilestoneID == before.id, new.timestamp > old.timestamp else {
                throw .milestone(path: path, index: new.index, why: "does not follow from the one before it")
            }
        }
        for one in held where InclusionTree.root(one.cone) != one.milestone.inclusionRoot {
            throw .milestone(path: path, index: one.milestone.index, why: "does not reference what is stored with it")
        }
        let keys = coordinator.heldKeys
        for one in held.suffix(Self.signaturesCheckedMax) {
            guard case .holds = one.milestone.verdict(keys: keys, threshold: coordinator.threshold) else {
                throw .milestone(path: path, index: one.milestone.index, why: "is not signed by the keys beside it")
            }
        }
    }
}

extension Coordinator {
    /// The keys, good for ever, each with a holder of its own: `holder-1` and so on.
    var heldKeys: [MilestoneKey] {
        publicKeys.enumerated().map { MilestoneKey(publicKey: $1, start: 0, end: 0, holder: "holder-\($0 + 1)") }
    }
}
