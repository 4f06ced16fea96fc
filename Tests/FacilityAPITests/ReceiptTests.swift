import Capture
import Disclosure
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Testing

/// Goal: anybody gets a COSE Receipt of any leaf under any tree that was signed, and of nothing else.
/// Method: the door without a token, over a log of more than 256 leaves with two signed trees; receipts judged leaf by leaf.
@Suite(.serialized) struct ReceiptTests {
    private func house(_ body: @escaping @Sendable (House, Door) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await Door.open(house) { door in try await body(house, door) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    @Test func `every leaf under a signed tree has a receipt that holds`() async throws {
        try await house { house, door in
            let meter = try await house.number("m1.energy-import")
            for step in 0..<300 {
                house.clock.advance(60_000)
                try await house.take([
                    Reading(
                        point: meter, capturedAtMs: house.clock.nowMs - 1_000, quality: .good,
                        value: .integer(Int64(step)))
                ])
                _ = try await house.writer.sealDue()
            }
            let unsigned = try await door.get("/log/receipt/200", token: nil)
            #expect(unsigned.status == 404, "only five leaves are signed")
            let size = try await house.writer.checkpoint(with: nil).size
            try #require(size > 256)
            let leaves = try await house.ledger.leaves(0..<size)
            for index in [0, 1, 4, 255, 256, size - 2, size - 1] {
                let answer = try await door.get("/log/receipt/\(index)", token: nil)
                #expect(answer.header("Content-Type") == "application/cose; cose-type=\"cose-sign1\"")
                #expect(answer.header("Cache-Control") == "public, no-cache")
                let receipt = try #require(InclusionReceipt(answer.bytes))
                #expect(receipt.size == size && receipt.leafIndex == index)
                #expect(receipt.holds(leaf: leaves[Int(index)].hash, key: house.writer.key.verifierKey))
                let fixed = try await door.get("/log/receipt/\(index)?size=\(size)", token: nil)
                #expect(fixed.bytes == answer.bytes)
                #expect(fixed.header("Cache-Control") == "public, max-age=31536000, immutable")
            }
            let older = try await door.get("/log/receipt/4?size=5", token: nil)
            let receipt = try #require(InclusionReceipt(older.bytes))
            #expect(receipt.size == 5 && receipt.holds(leaf: leaves[4].hash, key: house.writer.key.verifierKey))
            for path in ["\(size)", "5?size=5", "4?size=6", "4?size=\(size - 1)", "4?size=\(size + 1)"] {
                #expect(try await door.get("/log/receipt/\(path)", token: nil).status == 404, "\(path)")
            }
            for path in ["", "-1", "01", "+1", "x", "1.0", "18446744073709551616", "4/5", "%31%30%30%30%30"] {
                #expect(try await door.get("/log/receipt/\(path)", token: nil).status == 404, "\(path)")
            }
            for query in ["size=0", "size=-1", "size=x", "size=5&size=5", "tree=5", "size=9223372036854775808"] {
                #expect(try await door.get("/log/receipt/4?\(query)", token: nil).status == 400, "\(query)")
            }
        }
    }

    @Test func `a changed ledger gets no signature`() async throws {
        let house = try await House.open()
        let stored = try #require(try await house.ledger.lastCheckpoint())
        #expect(try await house.writer.receiptSignature(for: stored) != nil)
        let other = sha256([1])
        let key = try #require(LogSigningKey(name: "gw1/b/bk16/1", seed: [UInt8](repeating: 9, count: 32)))
        let foreign = try key.sign(Checkpoint(origin: key.verifierKey.name, size: stored.size, root: other))
        for changed in [
            StoredCheckpoint(size: stored.size, root: other, note: stored.note, signedMs: stored.signedMs),
            StoredCheckpoint(size: stored.size + 1, root: stored.root, note: stored.note, signedMs: stored.signedMs),
            StoredCheckpoint(size: stored.size, root: other, note: foreign.note, signedMs: stored.signedMs),
            StoredCheckpoint(size: stored.size, root: stored.root, note: "", signedMs: stored.signedMs),
        ] {
            #expect(try await house.writer.receiptSignature(for: changed) == nil)
        }
        await house.close()
    }

    @Test func `a minute has so many new signatures, and those that are known cost nothing`() async throws {
        let key = try #require(LogSigningKey(name: "gw1/b/bk16/1", seed: [UInt8](repeating: 3, count: 32)))
        let desk = ReceiptDesk(
            ReceiptSigning(key: key.verifierKey) { [UInt8](repeating: UInt8($0.size % 251), count: 64) })
        func tree(_ size: Int) -> StoredCheckpoint {
            StoredCheckpoint(size: UInt64(size), root: sha256([1]), note: "", signedMs: 0)
        }
        for size in 0..<ReceiptDesk.newPerMinuteMax {
            #expect(try await desk.signature(for: tree(size), nowMs: 100_000) != nil)
        }
        let busy = Refusal.busy(retryAfterSeconds: 60)
        await #expect(throws: busy) { try await desk.signature(for: tree(1_000), nowMs: 100_000) }
        #expect(try await desk.signature(for: tree(7), nowMs: 100_000) == [UInt8](repeating: 7, count: 64))
        #expect(try await desk.signature(for: tree(1_000), nowMs: 160_000) != nil)
    }
}
