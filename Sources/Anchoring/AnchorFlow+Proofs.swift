import CanonicalCBOR
import Capture
import LedgerStore
import LogEntries
import Logging
import Readings

/// How long what was due has been without a proof, and the alarm when that is too long.
extension AnchorFlow {
    /// What has been without a proof for longest.
    package struct Unproven: Sendable, Equatable {
        /// The oldest anchor without a proof; `nil` when the checkpoint that is due is not signed yet.
        package var seq: UInt64?
        /// When its checkpoint was due while this gateway ran, or signed in an earlier run, UTC ms.
        package var sinceMs: Int64

        package init(seq: UInt64?, sinceMs: Int64) {
            self.seq = seq
            self.sinceMs = sinceMs
        }
    }

    /// Raises the alarm, or takes it back when the proofs have come. What is told is in the log first.
    func watchProofs() async throws {
        status.unproven = try await unproven()
        let late = status.unproven.flatMap { nowMs() - $0.sinceMs > settings.lateAfterMs ? $0 : nil }
        switch (status.late, late) {
        case (nil, let late?): try await announce(late, phase: "start", isOver: false)
        case (let old?, nil): try await announce(old, phase: "end", isOver: true)
        // Another anchor is the oldest now: the same alarm goes on.
        case (_?, let late?): status.late = late
        case (nil, nil): break
        }
    }

    /// A gateway that was away is not late with what it could not make; what it had signed before is.
    private func unproven() async throws -> Unproven? {
        if let oldest = try await ledger.openAnchors().first {
            return Unproven(seq: oldest.seq, sinceMs: dueMs[oldest.seq] ?? Int64(clamping: oldest.signedMs))
        }
        let nextMs = try await ledger.lastCheckpoint().map { Int64(clamping: $0.signedMs) + settings.everyMs }
        let sinceMs = max(startedMs, nextMs ?? startedMs)
        return sinceMs < nowMs() ? Unproven(seq: nil, sinceMs: sinceMs) : nil
    }

    /// A start that a broken disk kept from the log is told again in the next round.
    private func announce(_ late: Unproven, phase: String, isOver: Bool) async throws {
        let sinceMs = late.sinceMs
        try await writer.appendOwnEvent(
            kind: Self.lateKind,
            details: [
                EventPayload.Detail(name: "phase", value: .text(phase)),
                EventPayload.Detail(name: "seq", value: late.seq.map { .unsigned($0) } ?? .null),
                EventPayload.Detail(name: "sinceMs", value: .int(sinceMs)),
            ])
        status.late = isOver ? nil : late
        let name = late.seq.map { "\($0)" } ?? "null"
        if isOver {
            journal.notice("everything due has its proof again", metadata: ["seq": "\(name)", "sinceMs": "\(sinceMs)"])
        } else {
            journal.error("what is due has no proof yet", metadata: ["seq": "\(name)", "sinceMs": "\(sinceMs)"])
        }
        let since = UTCTime.text(sinceMs)
        let event = NewEvent(
            kind: "alarm", json: #"{"alarm":"anchor","state":"\#(phase)","seq":\#(name),"since":"\#(since)"}"#)
        _ = try await ledger.addEvents([event], nowMs: UInt64(clamping: nowMs()))
    }

    /// Of the event in the log.
    package static let lateKind = "anchor-late"
}
