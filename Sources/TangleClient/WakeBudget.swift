/// How often events may cut a pause short: a few at once, then one in a while. What is beyond is left to polling.
package struct WakeBudget: Sendable {
    /// At once, after a quiet time.
    package static let burstMax = 10
    /// One more after each of these, ms.
    package static let refillMs: Int64 = 1_000

    private var left = Self.burstMax
    private var refilledMs: Int64?

    package init() {}

    /// - Parameter nowMs: of a clock that is never set.
    /// - Returns: whether this one may; it counts then.
    package mutating func take(_ nowMs: Int64) -> Bool {
        let since = refilledMs ?? nowMs
        let more = max(0, nowMs - since) / Self.refillMs
        refilledMs = left == Self.burstMax ? nowMs : since + more * Self.refillMs
        left = min(Self.burstMax, left + Int(clamping: min(more, Int64(Self.burstMax))))
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
