import Capture
import CMemory
import LedgerStore
import Logging

/// Tells the journal what changes while the gateway runs and no other part tells: disk, queue, refusal to sign.
struct GatewayWatch: Sendable {
    static let everyMs: UInt64 = 1_000
    /// Rounds between two times that memory is given back: after reading the configuration, after large seals.
    static let trimRounds = 15

    let writer: LogWriter
    let capture: CaptureFlow
    let journal: Logger
    let clock: Clock

    /// Runs until cancelled.
    func run() async throws {
        var disk = CaptureFlow.DiskState.enough
        var dropped: UInt64 = 0
        // What holds at the start was told with the start.
        var refusal = await writer.signingRefusal
        for round in 0... {
            if round % Self.trimRounds == 2 { plumbline_give_back_memory() }
            let now = await capture.diskState
            if now != disk { tell(now) }
            disk = now
            let refused = await writer.signingRefusal
            if let refused, refusal == nil { journal.error("nothing will be signed any more: \(refused)") }
            refusal = refused
            let counts = capture.intake.counts
            if counts.droppedGauges > 0, dropped == 0 {
                journal.warning("the queue is full: the oldest gauge readings are dropped")
            }
            dropped = counts.droppedGauges
            try await clock.sleepMs(Self.everyMs)
        }
    }

    private func tell(_ state: CaptureFlow.DiskState) {
        switch state {
        case .enough: journal.notice("the disk has space again: everything is taken")
        case .short: journal.warning("the disk is nearly full: gauges are not taken, counters and the log go on")
        case .full: journal.error("the disk is full: nothing is taken until there is space again")
        }
    }
}
