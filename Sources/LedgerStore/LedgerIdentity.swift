package import Hashing

/// Whose log this is. Written once, when the ledger is created; never changed.
package struct LedgerIdentity: Hashable, Sendable {
    /// `<gateway name>/b/<building>/<epoch>`; also the note's key name.
    package let origin: String
    package let building: String
    /// Length of one interval in ms, 1 000 … 86 400 000; fixed within an epoch.
    package let periodMs: UInt64
    package let logKey: String
    /// SHA-256 of the recovery key's vkey text.
    package let recoveryKeyHash: Hash
    package let network: String
    /// When the ledger was created, UTC ms by this host's clock.
    package let createdMs: UInt64

    package static let periodMsRange: ClosedRange<UInt64> = 1_000...86_400_000

    package init(
        origin: String, building: String, periodMs: UInt64, logKey: String, recoveryKeyHash: Hash, network: String,
        createdMs: UInt64
    ) {
        self.origin = origin
        self.building = building
        self.periodMs = periodMs
        self.logKey = logKey
        self.recoveryKeyHash = recoveryKeyHash
        self.network = network
        self.createdMs = createdMs
    }
}
