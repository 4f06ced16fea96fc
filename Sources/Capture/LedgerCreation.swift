internal import CanonicalCBOR
package import Hashing
internal import Glibc
package import LedgerStore
internal import LogEntries
package import MerkleLog
package import TwinModel

/// Makes a ledger for a new building: genesis, first boot, first configuration.
package enum LedgerCreation {
    /// Everything that stands in leaf 0.
    package struct Founding: Sendable {
        package let key: LogSigningKey
        /// vkey of the recovery key, made off the box; its name is the origin.
        package let recoveryKey: VerifierKey
        /// Its private half, which a log that names a previous one needs for its leaf 1.
        package let opener: LogSigningKey?
        package let network: String
        /// ms, 1 000 … 86 400 000; fixed for ever.
        package let periodMs: UInt64
        package let previous: PreviousLog?

        package init(
            key: LogSigningKey, recoveryKey: VerifierKey, network: String, periodMs: UInt64 = 60_000,
            previous: PreviousLog? = nil, opener: LogSigningKey? = nil
        ) {
            precondition((previous == nil) == (opener == nil))
            self.opener = opener
            self.key = key
            self.recoveryKey = recoveryKey
            self.network = network
            self.periodMs = periodMs
            self.previous = previous
        }
    }

    /// The last anchor of the log that this one continues.
    package struct PreviousLog: Hashable, Sendable {
        package let origin: String
        package let size: UInt64
        package let root: Hash

        package init(origin: String, size: UInt64, root: Hash) {
            self.origin = origin
            self.size = size
            self.root = root
        }
    }

    /// Writes leaves 0, 1 and 2, and a key leaf behind leaf 0 when there is a previous log, into a new ledger in `directory`, which must exist. The key's name becomes the origin.
    ///
    /// What an interrupted creation left behind is replaced; a ledger that has begun never is.
    package static func create(
        directory: String, founding: Founding, building: Building, clock: Clock, random: RandomBytes
    ) async throws -> Ledger {
        try await removeUnbegun(directory)
        let origin = founding.key.verifierKey.name
        let nowMs = clock.wallMs()
        let recoveryHash = sha256(Array(founding.recoveryKey.description.utf8))
        let identity = LedgerIdentity(
            origin: origin, building: building.id, periodMs: founding.periodMs,
            logKey: founding.key.verifierKey.description, recoveryKeyHash: recoveryHash, network: founding.network,
            createdMs: nowMs)
        let ledger = try Ledger.create(directory: directory, identity: identity)
        let numbering = try await ledger.assignNumbers(for: building)
        let revision = try await ledger.addModelRevision(
            hash: building.modelHash, bytes: building.canonical().encoded(), atMs: nowMs)
        let configuration = try LogConfiguration(
            building: building, numbering: numbering, revision: revision.revision, periodMs: founding.periodMs,
            random: random)
        let genesis = Leaf.Genesis(
            origin: origin, logKey: identity.logKey, recoveryHash: recoveryHash,
            previous: founding.previous.map { Leaf.PreviousLog(origin: $0.origin, size: $0.size, root: $0.root) },
            networkName: founding.network, tag: anchorTag(origin: origin))
        let boot = Leaf.Boot(
            reason: Leaf.Boot.first, lastSize: 0, lastRoot: MerkleTree.emptyRoot, clockStepMs: 0)
        let config = Leaf.Config(oldHash: nil, newHash: configuration.hash, actor: .zero)
        func leaf(_ body: Leaf.Body) -> NewLeaf {
            let leaf = Leaf(wallMs: nowMs, bootNumber: 1, monoMs: 0, body: body)
            return NewLeaf(type: UInt8(truncatingIfNeeded: body.type), wallMs: nowMs, bytes: leaf.encoded())
        }
        if let opener = founding.opener {
            let message = Leaf.Key.message(origin: origin, leafIndex: 1, newKey: identity.logKey)
            let statement = Leaf.Key(
                newKey: identity.logKey, recoveryKey: founding.recoveryKey.description,
                signature: try opener.sign(message))
            try await ledger.begin(
                genesis: leaf(.genesis(genesis)), key: leaf(.key(statement)), boot: leaf(.boot(boot)),
                config: leaf(.config(config)), change: configuration.change)
            return ledger
        }
        try await ledger.begin(
            genesis: leaf(.genesis(genesis)), boot: leaf(.boot(boot)), config: leaf(.config(config)),
            change: configuration.change)
        return ledger
    }

    private static func removeUnbegun(_ directory: String) async throws {
        let path = directory + "/" + Ledger.fileName
        guard access(path, F_OK) == 0 else { return }
        do {
            let ledger = try Ledger.open(directory: directory)
            let size = try await ledger.size()
            await ledger.close()
            guard size == 0 else { throw LedgerError.exists(file: path) }
        } catch LedgerError.notALedger {
            // A foreign file is not even a database: whatever that reading says, it is not ours to remove.
            guard (try? Ledger.isUnfinished(directory: directory)) == true else { throw LedgerError.exists(file: path) }
        }
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
}
