/// How one configured node stands, for health, metrics and people.
package struct NodeView: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Not asked yet.
        case untried
        /// Its last answers were those of a node that may be used.
        case suitable
        /// Not to be used: why, since when (UTC ms), and when it is asked again (UTC ms).
        case failing(why: String, sinceMs: Int64, nextTryMs: Int64)
    }

    /// Its address.
    package let name: String
    package let state: State
    /// The one that is asked first.
    package let isInUse: Bool
    /// UTC ms of its last answer of any use.
    package let lastAnswerMs: Int64?
    /// Index of the latest milestone it told.
    package let milestoneIndex: UInt32?
    /// Calls since the start.
    package let calls: Int
    /// Calls that failed for a reason that lies with the node.
    package let failures: Int

    package init(
        name: String, state: State, isInUse: Bool, lastAnswerMs: Int64?, milestoneIndex: UInt32?, calls: Int,
        failures: Int
    ) {
        self.name = name
        self.state = state
        self.isInUse = isInUse
        self.lastAnswerMs = lastAnswerMs
        self.milestoneIndex = milestoneIndex
        self.calls = calls
        self.failures = failures
    }
}
