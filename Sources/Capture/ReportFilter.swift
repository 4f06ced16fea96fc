package import Readings
package import TwinModel

/// Decides which readings of points with a `ReportRule` are kept (report by exception). Pure: instants come in.
///
/// The log holds a value until the next one, so what is kept are steps: the newest value outside the band is kept as soon as
/// `min` has gone by since the last report, at its own capture instant; values that came and went in between are not. A
/// change of quality, and the beginning or end of having a value, is kept at once, after the newest change that still waited.
/// When nothing changes, the newest unchanged reading is kept every `max`.
package struct ReportFilter: Sendable {
    fileprivate struct State {
        var rule: ReportRule
        let scale: Scale
        /// The last one that was kept.
        var kept: Reading?
        /// `kept` in the point's unit, where it is a number.
        var keptNumber: ExactDecimal?
        /// When `kept` was let through, ms by the host's clock: its capture, or later when it had to wait.
        var keptAtMs: Int64 = 0
        /// The newest reading that was not kept and is newer than `kept`.
        var held: Reading?
        /// Whether `held` is outside the band.
        var heldCounts = false

        /// From when `held` is kept even if nothing new comes.
        var dueMs: Int64 { keptAtMs + (heldCounts ? rule.minMs : rule.maxMs) }
    }

    private var states: [PointNumber: State] = [:]
    /// No held reading is due before this, ms.
    private var nextDueMs = Int64.max
    /// Readings that were not kept, since the start.
    package private(set) var suppressedCount: UInt64 = 0

    package init() {}

    /// Puts rules in place; what is known of a point whose rule stays as it is, is kept. Readings that a rule that goes had held
    /// back are forgotten: the next ones are kept as they come.
    package mutating func setRules(_ rules: [PointNumber: (rule: ReportRule, scale: Scale)]) {
        var next: [PointNumber: State] = [:]
        for (point, (rule, scale)) in rules {
            if var known = states[point], known.scale == scale {
                known.rule = rule
                next[point] = known
            } else {
                next[point] = State(rule: rule, scale: scale)
            }
        }
        states = next
        nextDueMs = states.values.lazy.filter { $0.held != nil }.map(\.dueMs).min() ?? Int64.max
    }

    package var isEmpty: Bool { states.isEmpty }

    /// What is to be kept now that `reading` has come: nothing, it, or what had waited and it, oldest first.
    package mutating func take(_ reading: Reading, _ keep: (Reading) -> Void) {
        guard let at = states.index(forKey: reading.point) else { return keep(reading) }
        states.values[at].take(reading, keep, &suppressedCount, &nextDueMs)
    }

    /// What has waited long enough at `nowMs`, in order of point.
    package mutating func due(nowMs: Int64) -> [Reading] {
        guard nowMs >= nextDueMs else { return [] }
        var found: [Reading] = []
        nextDueMs = Int64.max
        for at in states.values.indices where states.values[at].held != nil {
            if states.values[at].dueMs <= nowMs {
                states.values[at].release(atMs: nowMs) { found.append($0) }
                suppressedCount -= 1
            } else {
                nextDueMs = min(nextDueMs, states.values[at].dueMs)
            }
        }
        return found.sorted { $0.point < $1.point }
    }
}

extension ReportFilter.State {
    mutating func take(
        _ reading: Reading, _ keep: (Reading) -> Void, _ suppressed: inout UInt64, _ nextDueMs: inout Int64
    ) {
        let atMs = reading.capturedAtMs
        guard let kept else { return pass(reading, atMs: atMs, keep) }
        let isOtherState = reading.quality != kept.quality || (reading.value == .none) != (kept.value == .none)
        if isOtherState {
            if heldCounts {
                release(atMs: atMs, keep)
                suppressed -= 1
            }
            return pass(reading, atMs: atMs, keep)
        }
        // A clock that was set back says nothing about spans.
        let isBack = atMs < kept.capturedAtMs
        if !isBack, held != nil, atMs > dueMs {
            release(atMs: dueMs, keep)
            suppressed -= 1
        }
        let counts = differs(reading)
        let sinceMs = atMs - keptAtMs
        if isBack || sinceMs >= rule.maxMs || (counts && sinceMs >= rule.minMs) {
            return pass(reading, atMs: atMs, keep)
        }
        held = reading
        heldCounts = counts
        suppressed += 1
        nextDueMs = min(nextDueMs, dueMs)
    }

    /// Keeps what was held.
    mutating func release(atMs: Int64, _ keep: (Reading) -> Void) {
        if let held { pass(held, atMs: max(atMs, held.capturedAtMs), keep) }
    }

    private mutating func pass(_ reading: Reading, atMs: Int64, _ keep: (Reading) -> Void) {
        kept = reading
        keptNumber = scale.engineering(reading.value)
        keptAtMs = atMs
        held = nil
        heldCounts = false
        keep(reading)
    }

    /// Texts and everything that is no number count when they are not the same.
    private func differs(_ reading: Reading) -> Bool {
        if reading.value == kept?.value { return false }
        guard let keptNumber, let number = scale.engineering(reading.value) else { return true }
        return rule.counts(number, after: keptNumber)
    }
}
