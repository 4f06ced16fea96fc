import TestTools

extension SeededGenerator {
    /// Between `from` and `to`, short ones as likely as long ones on a scale of factors.
    mutating func span(_ from: Int64, _ to: Int64) -> Int64 {
        var value = from
        while value < to, Int.random(in: 0..<5, using: &self) > 0 { value = value * 8 / 5 }
        return min(to, value + Int64.random(in: 0...max(1, value / 2), using: &self))
    }
}

/// A time in which the network or the way to it does not do what it should.
struct Outage: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
        /// Nothing answers; afterwards the node has forgotten everything older.
        case pruned
        case unreachable, unhealthy
        /// No milestones are made.
        case stalled
        /// The node demands more work than is allowed.
        case demanding
        /// 503 for tips.
        case tipless
        /// Every block is refused.
        case refusing
        /// Blocks are taken and the reply is lost.
        case replyless
        /// Blocks are taken and no milestone references them.
        case ignoring
        /// Blocks are referenced and no proof is given.
        case proofless
        /// One call in three fails somehow.
        case flaky

        /// No checkpoint can be made, because no node may be used.
        var stopsCheckpoints: Bool {
            switch self {
            case .pruned, .unreachable, .unhealthy, .stalled, .demanding: true
            case .tipless, .refusing, .replyless, .ignoring, .proofless, .flaky: false
            }
        }

        /// No node takes a block.
        var takesNothing: Bool { stopsCheckpoints || self == .tipless || self == .refusing || self == .replyless }
    }

    let kind: Kind
    /// UTC ms, whole milestone intervals from the month's beginning.
    let fromMs: Int64
    /// Exclusive.
    let toMs: Int64

    /// Outages of two minutes to three days over `days`, one of them longer than a day; the last two days have none.
    static func month(from startMs: Int64, days: Int64, stepMs: Int64, dice: inout SeededGenerator) -> [Outage] {
        let endMs = startMs + (days - 2) * dayMs
        var outages: [Outage] = []
        var atMs = startMs + dice.span(20 * minuteMs, dayMs)
        let long = Int.random(in: 1...4, using: &dice)
        while true {
            var lengthMs = dice.span(2 * minuteMs, 3 * dayMs)
            if outages.count == long { lengthMs = dayMs + dice.span(minuteMs, 2 * dayMs) }
            // The long one stops everything.
            let kind = outages.count == long ? Outage.Kind.pruned : dice.pick(Kind.allCases)
            let fromMs = startMs + (atMs - startMs) / stepMs * stepMs
            let toMs = fromMs + lengthMs / stepMs * stepMs
            guard toMs < endMs else { return outages }
            outages.append(Outage(kind: kind, fromMs: fromMs, toMs: toMs))
            atMs = toMs + dice.span(20 * minuteMs, 2 * dayMs)
        }
    }

    static let minuteMs: Int64 = 60_000
    static let dayMs: Int64 = 86_400_000
}
