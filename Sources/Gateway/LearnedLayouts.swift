package import Capture
import Hashing
package import LedgerStore
package import Logging
package import Modbus
import Synchronization
package import TwinModel

/// What devices taught about how they want to be read: kept in the ledger, at most once a second, and given back at the next start.
///
/// Forgotten when the device's profile or address changes: another thing may answer then.
package final class LearnedLayouts: Sendable {
    static let saveEveryMs: UInt64 = 1_000

    private struct State {
        /// By device, what its facts are now.
        var devices: [String: (profileHash: Hash, address: String)] = [:]
        var known: [String: FieldMemory] = [:]
        /// Not in the ledger yet.
        var unsaved: Set<String> = []
    }

    private let ledger: Ledger
    private let journal: Logger
    private let clock: Clock
    private let state = Mutex(State())

    package init(_ ledger: Ledger, clock: Clock, journal: Logger) {
        self.ledger = ledger
        self.clock = clock
        self.journal = journal
    }

    /// Reads what the ledger knows; call it once, then `use`.
    package func read() async throws {
        let memories = try await ledger.fieldMemories()
        state.withLock { state in
            for memory in memories { state.known[memory.device] = memory }
        }
    }

    /// Only what was learned from these very devices holds from now on; the rest is forgotten, on disk too.
    package func use(_ building: Building) async {
        let gone = state.withLock { state in
            state.devices = [:]
            for device in building.devices {
                guard let hash = Hash(bytes: device.profileHash) else { continue }
                state.devices[device.id] = (hash, device.address.text)
            }
            let gone = state.known.values.filter { memory in
                guard let device = state.devices[memory.device] else { return true }
                return device.profileHash != memory.profileHash || device.address != memory.address
            }.map(\.device)
            for device in gone {
                state.known[device] = nil
                state.unsaved.remove(device)
            }
            return gone
        }
        do { try await ledger.forget(devices: gone) } catch {
            // The next start forgets it again.
            journal.warning("what devices taught is not forgotten on disk: \(error)")
        }
    }

    /// `nil` when nothing is known, or when it was written by another version.
    package func layout(of device: String) -> LearnedLayout? {
        state.withLock { $0.known[device].flatMap { LearnedLayout($0.layout) } }
    }

    /// Never blocks; the ledger has it within about a second.
    package func note(_ device: String, _ layout: LearnedLayout) {
        let atMs = clock.wallMs()
        state.withLock { state in
            guard let facts = state.devices[device] else { return }
            state.known[device] = FieldMemory(
                device: device, profileHash: facts.profileHash, address: facts.address, layout: layout.description,
                learnedMs: atMs)
            state.unsaved.insert(device)
        }
    }

    /// Saves what is new every second until cancelled; then once more.
    package func run() async throws {
        var isTold = false
        while !Task.isCancelled {
            // Cancelled or not, what is new is saved once more.
            try? await clock.sleepMs(Self.saveEveryMs)
            do {
                try await save()
                isTold = false
            } catch {
                // It will be learned again after a restart, so a disk that fails here ends nothing.
                if !isTold { journal.warning("what devices taught is not saved: \(error)") }
                isTold = true
            }
        }
    }

    package func save() async throws {
        let unsaved = state.withLock { state in
            defer { state.unsaved = [] }
            return state.unsaved.compactMap { state.known[$0] }
        }
        do { try await ledger.remember(unsaved) } catch {
            state.withLock { state in
                for memory in unsaved where state.known[memory.device] != nil { state.unsaved.insert(memory.device) }
            }
            throw error
        }
    }
}
