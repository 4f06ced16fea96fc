import Foundation
import Hashing
import MerkleLog
import Synchronization
import Testing
import Witness

/// A log whose leaf i is the number i, and after `fork` another number; with the key that signs it.
struct SignedLog {
    static let origin = "gw1/b/house/1"

    let key: LogSigningKey
    let tree: MerkleTree

    init(size: UInt64, forkedAt fork: UInt64 = .max, origin: String = SignedLog.origin, seed: UInt8 = 1) throws {
        key = try #require(LogSigningKey(name: origin, seed: Array(repeating: seed, count: 32)))
        tree = MerkleTree(
            (0..<size).map { leaf in leafHash(Array("\(leaf >= fork ? leaf + 1_000_000 : leaf)".utf8)) })
    }

    func note(_ size: UInt64) throws -> SignedNote {
        try key.sign(Checkpoint(origin: key.verifierKey.name, size: size, root: tree.root(size: size)))
    }

    func request(from old: UInt64, to size: UInt64) throws -> AddCheckpointRequest {
        AddCheckpointRequest(
            oldSize: old, proof: tree.consistencyProof(from: old, to: size), note: try note(size))
    }
}

/// A store in a folder of its own, removed with it.
final class StoreFolder: Sendable {
    let path: String

    init() { path = NSTemporaryDirectory() + "witness-\(UUID().uuidString)" }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // what is left lies in the system's temporary folder

    /// Opens the store and a desk at it that follows one log; the clock says 1 700 000 000 s.
    func desk(
        _ log: SignedLog, fault: @escaping StoreFiles.Fault = { _ in }
    ) throws -> (desk: WitnessDesk, store: WitnessStore) {
        let store = try WitnessStore(path: path, name: "watch.example/w1") { Array(repeating: 7, count: $0) }
        let memory = WitnessMemory(folder: store.memory.folder, fault: fault)
        let desk = WitnessDesk(
            cosigner: store.cosigner, logs: [log.key.verifierKey.name: [log.key.verifierKey]], memory: memory,
            forks: store.forks, nowS: { 1_700_000_000 })
        return (desk, store)
    }
}

/// Fails one step of a write, once.
final class OneFault: Sendable {
    private let armed = Mutex<StoreFiles.Step?>(nil)

    func arm(_ step: StoreFiles.Step) { armed.withLock { $0 = step } }

    func strike(_ step: StoreFiles.Step) throws {
        let isNow = armed.withLock { armed in
            guard armed == step else { return false }
            armed = nil
            return true
        }
        if isNow { throw WitnessError.injected }
    }
}
