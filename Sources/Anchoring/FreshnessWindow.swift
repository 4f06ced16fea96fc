/// How long a search may take after tips were fetched: when the block arrives its parents must not be older than the node's
/// limit of milestones (`tangle.md` section 4).
///
/// No node tells its milestone interval, so it is taken from the milestones that were seen.
package struct FreshnessWindow: Sendable {
    /// Between two milestones while too few were seen, s: a public network's.
    package static let intervalAssumedS = 5.0
    /// Intervals outside of this are not believed, s.
    static let intervalRangeS = 1.0...60.0
    /// Milestones between two that are compared, at least: their times are whole seconds.
    static let milestonesMin: UInt32 = 3
    /// Part of the window for the search; the rest is for tips that have some age already, and for the way to the node.
    static let searchShare = 0.8
    /// Longest search whatever the network allows, s: other anchors wait for it.
    package static let searchSecondsMax = 300.0

    private var base: (index: UInt32, timeS: UInt32)?
    package private(set) var intervalS = Self.intervalAssumedS

    package init() {}

    /// Takes a milestone into account; one that is not later than the one before changes nothing.
    package mutating func note(index: UInt32, timeS: UInt32) {
        guard let base else {
            self.base = (index, timeS)
            return
        }
        guard index > base.index, timeS > base.timeS else {
            // Another network, or one that was begun anew.
            if index < base.index { self.base = (index, timeS) }
            return
        }
        guard index - base.index >= Self.milestonesMin else { return }
        let seen = Double(timeS - base.timeS) / Double(index - base.index)
        intervalS = min(max(seen, Self.intervalRangeS.lowerBound), Self.intervalRangeS.upperBound)
        self.base = (index, timeS)
    }

    /// - Parameter belowMaxDepth: milestones after which parents are refused, as the node says.
    package func searchSeconds(belowMaxDepth: UInt8) -> Double {
        min(Self.searchSecondsMax, Double(belowMaxDepth) * intervalS * Self.searchShare)
    }
}
