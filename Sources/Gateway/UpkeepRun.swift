import Capture
import LedgerStore
import Logging

/// What the ledger still owes to the secrecy of items, in the background: erasures whose pages a reader was in the way of, and items
/// that an older program stored in the open.
struct UpkeepRun {
    /// How often it is looked for, in ms.
    static let everyMs: UInt64 = 60_000

    let ledger: Ledger
    let clock: Clock
    let journal: Logger

    /// Runs until cancelled. A disk that fails is tried again in the next round.
    func run() async throws {
        while true {
            do {
                let isDone = try await ledger.carryOnSealing()
                let isErased = try await ledger.carryOnErasing()
                if !isDone || !isErased {
                    journal.notice("a reader holds an old view of the ledger; pages are freed later")
                }
            } catch let error as LedgerError {
                journal.warning("what is to be erased or encrypted waits: \(error)")
            }
            try await clock.sleepMs(Self.everyMs)
        }
    }
}
