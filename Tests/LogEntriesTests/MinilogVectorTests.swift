import CanonicalCBOR
import Foundation
import Hashing
import LogEntries
import MerkleLog
import Readings
import Testing

/// Goal: a whole small log made by another program is read, written and hashed alike.
@Suite struct MinilogVectorTests {
    struct Anchor: Decodable {
        let seq: UInt64, size: Int, root: String, note: String, anchor_payload: String, tag: String
    }
    struct Period: Decodable { let start: Int, end: Int, size: UInt64, proof: [String] }
    struct Erased: Decodable { let k: UInt64, stream: Int, item_leaf_hash: String, inner_root: String }
    struct Minilog: Decodable {
        let origin: String, log_vkey: String, entries: [String], entry_types: [UInt64], items: [String: [String]]
        let roots: [String: String], anchors: [Anchor], period: Period, erased: Erased
    }

    private static func logs() throws -> [Minilog] {
        let folder =
            ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors")
        let log = folder.appendingPathComponent("log")
        let names = try FileManager.default.contentsOfDirectory(atPath: log.path).filter { $0.hasSuffix(".json") }
        // A file of another name counts when it has a log's members.
        let logs = try names.compactMap { name -> Minilog? in
            let data = try Data(contentsOf: log.appendingPathComponent(name))
            let read = Result { try JSONDecoder().decode(Minilog.self, from: data) }
            return name.hasPrefix("minilog") ? try read.get() : try? read.get()
        }
        try #require(!logs.isEmpty)
        return logs
    }

    private static func octets(_ hex: String) throws -> [UInt8] { try #require(bytes(hex: hex)) }

    @Test func `leaves come back in the same bytes, with the stated types and roots`() throws {
        for log in try Self.logs() {
            let entries = try log.entries.map(Self.octets)
            for (entry, type) in zip(entries, log.entry_types) {
                let leaf = try Leaf.decode(entry)
                #expect(leaf.encoded() == entry)
                #expect(leaf.body.type == type)
                #expect(leaf.hash == leafHash(entry))
            }
            let tree = MerkleTree(entries.map { leafHash($0) })
            for (size, root) in log.roots {
                #expect(tree.root(size: try #require(UInt64(size))).hex == root, "size \(size)")
            }
            let start = UInt64(log.period.start)
            #expect(
                tree.rangeProof(start..<UInt64(log.period.end), size: log.period.size).map(\.hex) == log.period.proof)
        }
    }

    @Test func `items come back in the same bytes, keep the payload rules and lie under their interval's root`() throws
    {
        for log in try Self.logs() {
            for entry in log.entries {
                guard case .interval(let interval) = try Leaf.decode(try Self.octets(entry)).body else { continue }
                let texts = try #require(log.items[String(interval.k)])
                #expect(UInt64(texts.count) == interval.itemCount)
                let erasedPlace = interval.k == log.erased.k ? log.erased.stream - 1 : nil
                var hashes: [Hash] = []
                var readingCount: UInt64 = 0
                for (place, text) in texts.enumerated() {
                    let bytes = try Self.octets(text)
                    let item = try IntervalItem.decode(bytes)
                    #expect(item.encoded() == bytes)
                    #expect(item.k == interval.k)
                    #expect(Payload.problems(item.payload, periodMs: interval.periodMs) == [])
                    let rows = try Payload.decode(item.payload)
                    #expect(Payload.encode(rows.reversed()) == item.payload)
                    readingCount += UInt64(rows.count)
                    hashes.append(leafHash(bytes))
                    if erasedPlace == place { #expect(hashes[place].hex == log.erased.item_leaf_hash) }
                }
                #expect(MerkleTree.root(of: hashes) == interval.innerRoot)
                #expect(readingCount >= interval.readingCount)
            }
        }
    }

    @Test func `notes, payloads and tags are those of the other program`() throws {
        for log in try Self.logs() {
            let key = try #require(VerifierKey(log.log_vkey))
            for anchor in log.anchors {
                let note = try #require(SignedNote(anchor.note))
                #expect(note.note == anchor.note)
                #expect(note.isSigned(by: key))
                let payload = try #require(AnchorPayload(note, by: key))
                #expect(hexText(payload.bytes) == anchor.anchor_payload)
                #expect(payload.size == UInt64(anchor.size))
                #expect(payload.root.hex == anchor.root)
                #expect(hexText(anchorTag(origin: log.origin)) == anchor.tag)
                guard case .beacon(let beacon) = try Leaf.decode(try Self.octets(log.entries[anchor.size - 1])).body
                else {
                    Issue.record("the last leaf of anchor \(anchor.seq) is no beacon")
                    continue
                }
                #expect(beacon.anchorSeq == anchor.seq)
            }
        }
    }
}
