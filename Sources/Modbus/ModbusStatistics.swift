/// How a line and its units fare since start.
package struct ModbusStatistics: Hashable, Sendable {
    package var isUp = false
    /// When `isUp` last changed, milliseconds since 1970; `nil` before the first attempt.
    package var sinceMs: Int64?
    package var connects = 0
    package var lineFailures = 0
    package var units: [UInt8: UnitStatistics] = [:]

    package init() {}

    /// Whether a unit is asked as usual, or only now and then.
    package enum Breaker: String, Hashable, Sendable {
        /// It answers, and is asked in its periods.
        case closed
        /// It does not answer; nothing is asked before `nextProbeAtMs`.
        case open
        /// One small request is on its way to find out.
        case probing
    }

    package struct UnitStatistics: Hashable, Sendable {
        package var isAnswering = false
        package var requests = 0
        package var answers = 0
        package var timeouts = 0
        package var exceptions = 0
        package var garbled = 0
        /// Answers that came after their request was given up; they were dropped.
        package var lateAnswers = 0
        /// The last round trip, microseconds; half of it is the uncertainty of a capture instant.
        package var roundTripUs: Int64 = 0
        package var roundTripUsMax: Int64 = 0
        /// Milliseconds since 1970.
        package var lastAnswerAtMs: Int64?
        package var breaker = Breaker.closed
        /// Milliseconds since 1970, while the breaker is not closed.
        package var nextProbeAtMs: Int64?
        package var learned: LearnedLayout?

        package init() {}
    }
}
