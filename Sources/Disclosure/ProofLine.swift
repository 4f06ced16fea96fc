import LedgerStore
import LogEntries

/// How far the log and its anchors have come, in interval numbers: what a reading's proof state follows from.
package struct ProofLine: Hashable, Sendable {
    /// The last interval in the log, under a submitted anchor, under an anchor that a milestone references.
    package let sealedK: UInt64?
    package let submittedK: UInt64?
    package let anchoredK: UInt64?

    package init(sealedK: UInt64?, submittedK: UInt64?, anchoredK: UInt64?) {
        self.sealedK = sealedK
        self.submittedK = submittedK
        self.anchoredK = anchoredK
    }

    /// Intervals rise with the log, so one comparison for each state is enough.
    package func state(k: UInt64) -> ProofState {
        if let anchoredK, k <= anchoredK { return .anchored }
        if let submittedK, k <= submittedK { return .submitted }
        if let sealedK, k <= sealedK { return .sealed }
        return .open
    }
}

extension Facility {
    package func proofLine() async throws -> ProofLine {
        let anchored = try await reader.anchors(AnchorQuery(isDescending: true, states: [.anchored], limit: 1)).first
        let submitted = try await reader.anchors(AnchorQuery(isDescending: true, states: [.submitted], limit: 1)).first
        let head = try await reader.head()
        var anchoredK: UInt64?
        var submittedK: UInt64?
        if let anchored { anchoredK = try await lastInterval(inSize: anchored.size) }
        if let submitted { submittedK = try await lastInterval(inSize: submitted.size) }
        return ProofLine(sealedK: head.lastSealedK, submittedK: submittedK, anchoredK: anchoredK)
    }

    /// The last interval leaf among the first `size` leaves; other leaves between two intervals are few.
    func lastInterval(inSize size: UInt64) async throws -> UInt64? {
        var end = size
        while end > 0 {
            let start = end > 32 ? end - 32 : 0
            if let found = try await reader.leaves(start..<end).last(where: { $0.type == 1 }) { return found.k }
            end = start
        }
        return nil
    }

    /// When something in interval `k` is likely to be anchored, UTC ms.
    func anchorExpected(k: UInt64) async throws -> Int64 {
        let last = try await reader.anchors(AnchorQuery(isDescending: true, limit: 1)).first
        let sealedMs = Int64(clamping: (k + 1).multipliedReportingOverflow(by: reader.identity.periodMs).partialValue)
        guard let last else { return max(nowMs, sealedMs) + facts.anchorEveryMs }
        if last.state != .anchored, let covered = try await lastInterval(inSize: last.size), covered >= k {
            return max(nowMs, Int64(clamping: last.signedMs) + Self.confirmationMs)
        }
        return max(nowMs, Int64(clamping: last.signedMs) + facts.anchorEveryMs + Self.confirmationMs)
    }

    /// From signing to a milestone, as a rule.
    static var confirmationMs: Int64 { 60_000 }
}
