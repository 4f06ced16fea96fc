import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Testing

/// A directory of its own, with a ledger in it.
final class Shelf {
    let directory: String

    static let identity = LedgerIdentity(
        origin: "gw.example/b/house/1", building: "house", periodMs: 60_000, logKey: "key",
        recoveryKeyHash: sha256([1]),
        network: "dev", createdMs: 1_772_370_000_000)

    init() throws {
        directory = NSTemporaryDirectory() + "plumbline-ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    var file: String { directory + "/ledger.db" }

    func create(faults: DiskFaults? = nil) throws -> Ledger {
        try Ledger.create(directory: directory, identity: Self.identity, faults: faults)
    }

    func open() throws -> Ledger { try Ledger.open(directory: directory) }
    func reader() throws -> LedgerReader { try LedgerReader.open(directory: directory) }

    /// A leaf with some bytes; the ledger does not look into it.
    static func leaf(_ number: UInt64, type: UInt8 = 2, k: UInt64? = nil) -> NewLeaf {
        NewLeaf(type: type, k: k, wallMs: 1_000 + number, bytes: Array("leaf \(number)".utf8))
    }

    static func interval(_ k: UInt64, streams: [UInt32] = [1, 2], private: Set<UInt32> = []) -> IntervalSeal {
        let items = streams.map { stream in
            let bytes = Array("item \(stream) \(k)".utf8)
            return IntervalItemRow(
                k: k, stream: StreamNumber(stream), item: StoredItem(hash: leafHash(bytes), bytes: bytes))
        }
        return IntervalSeal(
            k: k, items: items, leaf: leaf(k, type: 1, k: k), citations: [],
            privateStreams: Set(`private`.map { StreamNumber($0) }))
    }

    static func reading(_ point: UInt32, atMs: Int64, _ value: RawValue = .integer(1)) -> Reading {
        Reading(point: PointNumber(point), capturedAtMs: atMs, quality: .good, value: value)
    }
}
