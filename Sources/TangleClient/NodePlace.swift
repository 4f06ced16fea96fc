/// One node of a roster, and what is known of it. Times are UTC ms.
struct NodePlace: Sendable {
    let node: any TangleNode
    private(set) var state = NodeView.State.untried
    private(set) var lastError: NodeError?
    private(set) var failuresInARow = 0
    private var checkedAtMs: Int64?
    private var lastAnswerMs: Int64?
    private var milestoneIndex: UInt32?
    private var failures = 0
    var calls = 0

    init(node: any TangleNode) { self.node = node }

    var isSuitable: Bool { state == .suitable }

    /// Whether it may be asked now: always, but for one that failed and whose back-off has not passed.
    func isDue(_ nowMs: Int64) -> Bool {
        guard case .failing(_, _, let nextTryMs) = state else { return true }
        // A clock that was set back must not put a node off for long.
        return nowMs >= nextTryMs || nextTryMs - nowMs > NodeRoster.backOff.longestMs
    }

    /// Whether it was found suitable within the last `withinMs`, and has not failed since.
    func isChecked(_ nowMs: Int64, within withinMs: Int64) -> Bool {
        guard isSuitable, let checkedAtMs else { return false }
        return abs(nowMs - checkedAtMs) < withinMs
    }

    mutating func checked(_ nowMs: Int64, milestoneIndex index: UInt32) {
        (state, checkedAtMs, lastAnswerMs, milestoneIndex) = (.suitable, nowMs, nowMs, index)
        // The back-off goes on where it was until the node has been of use: it may fail again at the same call.
    }

    /// It answered a call, though with a refusal.
    mutating func answered(_ nowMs: Int64) { lastAnswerMs = nowMs }

    mutating func succeeded(_ nowMs: Int64) {
        (lastAnswerMs, failuresInARow) = (nowMs, 0)
    }

    mutating func failed(_ error: NodeError, nowMs: Int64, waitMs: Int64) {
        var since = nowMs
        if case .failing(_, let sinceMs, _) = state { since = sinceMs }
        state = .failing(why: "\(error)", sinceMs: since, nextTryMs: nowMs + waitMs)
        lastError = error
        failures += 1
        failuresInARow += 1
    }

    func view(isInUse: Bool) -> NodeView {
        NodeView(
            name: node.name, state: state, isInUse: isInUse, lastAnswerMs: lastAnswerMs, milestoneIndex: milestoneIndex,
            calls: calls, failures: failures)
    }
}
