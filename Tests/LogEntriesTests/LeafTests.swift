import CanonicalCBOR
import Hashing
import LogEntries
import Readings
import Testing
import TestTools

/// Goal: every leaf type survives the way through its bytes, and nothing but its own bytes is a leaf.
/// Method: seeded random leaves; each element replaced by every other type; noise.
@Suite struct LeafTests {
    private static func leaf(_ type: Int, _ generator: inout SeededGenerator) -> Leaf {
        func number() -> UInt64 {
            UInt64.random(in: 0...UInt64.max >> UInt64.random(in: 0...63, using: &generator), using: &generator)
        }
        func hash() -> Hash { sha256([UInt8](repeating: 7, count: Int.random(in: 0...99, using: &generator))) }
        func text() -> String { ["", "a", "gw.example/b/æ/1", "e\u{301}"].randomElement(using: &generator) ?? "" }
        func stream() -> StreamNumber { StreamNumber(UInt32.random(in: 0...UInt32.max, using: &generator)) }
        func actor() -> Bytes16 { Bytes16(hash().bytes[..<16]) ?? .zero }
        func coin() -> Bool { Bool.random(using: &generator) }
        let body: Leaf.Body =
            switch type {
            case 0:
                .genesis(
                    .init(
                        origin: text(), logKey: text(), recoveryHash: hash(),
                        previous: coin() ? .init(origin: text(), size: number(), root: hash()) : nil,
                        networkName: text(),
                        tag: Array(hash().bytes[..<20])))
            case 1:
                .interval(
                    .init(
                        k: number(), periodMs: number(), itemCount: number(), innerRoot: hash(), readingCount: number(),
                        configHash: hash()))
            case 2: .event(.init(stream: stream(), kind: text(), commitment: hash()))
            case 3: .command(.init(actor: actor(), stream: stream(), commitment: hash()))
            case 4: .config(.init(oldHash: coin() ? hash() : nil, newHash: hash(), actor: actor()))
            case 5: .access(.init(k: number(), itemCount: number(), innerRoot: hash()))
            case 6:
                .snapshot(
                    .init(
                        number: number(), modelRevision: number(), itemCount: number(), innerRoot: hash(),
                        sizeBytes: number()))
            case 7:
                .beacon(
                    .init(
                        anchorSeq: number(),
                        previous: coin() ? .init(size: number(), root: hash(), blockID: hash()) : nil,
                        milestoneIndex: number(), milestoneID: hash(), milestoneTime: number()))
            case 8:
                .boot(
                    .init(
                        reason: number(), lastSize: number(), lastRoot: hash(),
                        clockStepMs: Int64(bitPattern: number()) &- Int64(bitPattern: number())))
            case 9: .key(.init(newKey: text(), recoveryKey: text(), signature: hash().bytes + hash().bytes))
            case 10:
                .erasure(.init(stream: stream(), kFrom: number(), kTo: number(), legalBasis: number(), actor: actor()))
            case 11: .gap(.init(kFrom: number(), kTo: number(), cause: number()))
            default: .end(nextOrigin: coin() ? text() : nil)
            }
        return Leaf(wallMs: number(), bootNumber: number(), monoMs: number(), body: body)
    }

    @Test(arguments: 0...12)
    func `a leaf of every type comes back from its bytes`(type: Int) throws {
        let seed = UInt64(type) + 500
        var generator = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let leaf = Self.leaf(type, &generator)
            #expect(leaf.body.type == UInt64(type))
            #expect(try Leaf.decode(leaf.encoded()) == leaf, "seed \(seed) round \(round)")
        }
    }

    @Test(arguments: 0...12)
    func `a wrong element type or count is not canonical`(type: Int) throws {
        var generator = SeededGenerator(seed: UInt64(type) + 900)
        let leaf = Self.leaf(type, &generator)
        let elements = try #require(try CBOR.decode(leaf.encoded()).asArray)
        for at in elements.indices {
            var damaged = elements
            damaged[at] = .bytes([1])
            #expect(throws: LeafError.nonCanonical, "element \(at)") { try Leaf.decode(CBOR.array(damaged).encoded()) }
            damaged[at] = .array([.null, .null])
            #expect(throws: LeafError.nonCanonical, "element \(at)") { try Leaf.decode(CBOR.array(damaged).encoded()) }
            damaged.remove(at: at)
            #expect(throws: LeafError.self, "element \(at)") { try Leaf.decode(CBOR.array(damaged).encoded()) }
        }
        #expect(throws: LeafError.nonCanonical) { try Leaf.decode(CBOR.array(elements + [.null]).encoded()) }
        #expect(throws: LeafError.nonCanonical) { try Leaf.decode(leaf.encoded() + [0]) }
    }

    @Test func `another version or type is unknown, not malformed`() throws {
        let head: [CBOR] = [.unsigned(1), .unsigned(13), .unsigned(0), .unsigned(1), .unsigned(0)]
        #expect(throws: LeafError.unknownType) { try Leaf.decode(CBOR.array(head).encoded()) }
        let next: [CBOR] = [.unsigned(2), .unsigned(1)]
        #expect(throws: LeafError.unknownType) { try Leaf.decode(CBOR.array(next).encoded()) }
    }

    @Test func `noise is an error or comes back in the same bytes`() throws {
        let seed: UInt64 = 77
        var generator = SeededGenerator(seed: seed)
        for round in 0..<100_000 {
            var bytes = Self.leaf(round % 13, &generator).encoded()
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                switch Int.random(in: 0...3, using: &generator) {
                case 0:
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                case 1: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: bytes.count / 2)
                default: bytes[Int.random(in: 0..<min(8, bytes.count), using: &generator)] ^= 1
                }
                if bytes.isEmpty { bytes = [0x85] }
            }
            // An error is the right answer to most noise; whatever is read must be these bytes.
            if let leaf = try? Leaf.decode(bytes), leaf.encoded() != bytes {
                Issue.record("seed \(seed) round \(round)")
            }
            if let item = try? IntervalItem.decode(bytes), item.encoded() != bytes {
                Issue.record("seed \(seed) round \(round)")
            }
            _ = Payload.problems(bytes, periodMs: 60_000)
        }
    }
}
