import Foundation
import Hashing
import Tangle
import Testing
import TestTools

/// Goal: no bytes from outside end the program. Method: noise, cut and mutated vectors, seeded; what parses must be
/// written with the same bytes.
struct HostileInputTests {
    static let seed: UInt64 = 20_261_123

    func seeds(_ file: String, _ names: [String]) throws -> [[UInt8]] {
        let list = try #require(try JSONSerialization.jsonObject(with: vectorData(file)) as? [[String: Any]])
        return try list.flatMap { one in
            try names.compactMap { one[$0] as? String }.filter { $0.count < 4000 }.map { try hexBytes($0) }
        }
    }

    func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0xff], at: place)
            default: bytes.remove(at: place)
            }
        }
        return bytes
    }

    @Test func `mutated blocks are refused or are written as they came`() throws {
        var generator = SeededGenerator(seed: Self.seed)
        let seeds =
            try seeds("tangle/blocks.json", ["block_hex"]) + (try seeds("tangle/malformed_blocks.json", ["block_hex"]))
            + (try seeds("tangle/poi.json", ["milestone_block_hex"]))
        for round in 0..<6_000 {
            let bytes = mutated(seeds[round % seeds.count], &generator)
            if let block = try? Block.parse(bytes) {
                #expect(block.serialized() == bytes, "seed \(Self.seed) round \(round)")
            }
        }
    }

    @Test func `mutated milestones are refused or are written as they came`() throws {
        var generator = SeededGenerator(seed: Self.seed + 1)
        let seeds = try seeds("tangle/poi.json", ["milestone_payload_hex"])
        for round in 0..<6_000 {
            let bytes = mutated(seeds[round % seeds.count], &generator)
            if let milestone = try? Milestone.parse(bytes) {
                #expect(milestone.serialized() == bytes, "seed \(Self.seed + 1) round \(round)")
                _ = milestone.verdict(keys: [], threshold: 1)
            }
        }
    }

    @Test func `noise is no block, milestone, path or JSON, and ends nothing`() {
        var generator = SeededGenerator(seed: Self.seed + 2)
        for _ in 0..<4_000 {
            let count = Int.random(in: 0...200, using: &generator)
            let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? Block.parse(noise)
            _ = try? Block.parse([2, UInt8.random(in: 0...9, using: &generator)] + noise)
            _ = try? Milestone.parse([7, 0, 0, 0] + noise)
            _ = try? Milestone.parse(noise)
            _ = try? InclusionPath(bytes: noise)
            _ = try? ProtocolParameters.parse(noise)
            _ = try? JSON.parse(noise)
        }
    }

    @Test func `mutated JSON of proofs and blocks is refused or read, never fatal`() throws {
        var generator = SeededGenerator(seed: Self.seed + 3)
        let list = try #require(
            try JSONSerialization.jsonObject(with: vectorData("tangle/poi.json")) as? [[String: Any]])
        let texts = try list.map { [UInt8](try JSONSerialization.data(withJSONObject: try #require($0["bundle"]))) }
        for round in 0..<2_000 {
            let bytes = mutated(texts[round % texts.count], &generator)
            guard let json = try? JSON.parse(bytes) else { continue }
            #expect(try JSON.parse(json.bytes) == json)
            _ = try? InclusionProof(json: json)
            if let part = json["milestone"] { _ = try? Milestone(json: part) }
            if let part = json["block"] { _ = try? Block(json: part) }
        }
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "+1", "1e", "nul", "\"\\x\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\u{1}\"", "[1] 2", "{\"a\" 1}", "'a'", "-", "1e5x",
    ]) func `text that is no JSON is refused`(text: String) {
        #expect(throws: TangleError.self) { _ = try JSON.parse(text) }
    }

    @Test func `nesting without end is refused`() {
        #expect(throws: TangleError.self) { _ = try JSON.parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: TangleError.self) { _ = try JSON.parse(String(repeating: "{\"l\":", count: 100_000)) }
    }

    @Test func `JSON keeps texts and number tokens`() throws {
        let json = try JSON.parse(
            #"{"a":[1,-0.5e3,"\u00e5\ud83d\ude00\n\"\\"],"b":null,"c":true,"n":18446744073709551615}"#)
        #expect(json["a"]?.asArray?[2].asString == "å😀\n\"\\")
        #expect(json["n"]?.asInteger(UInt64.self) == .max)
        #expect(json["n"]?.asInteger(Int64.self) == nil)
        #expect(json["a"]?.asArray?[1].asDouble == -500)
        #expect(try JSON.parse(json.bytes) == json)
    }

    @Test func `a proof tree with two leaves, a stranger's leaf or anything else in it is no path`() throws {
        let id = BlockID(sha256([1]))
        let h = JSON.members(["h": .hex(sha256([2]).bytes)])
        let leaf = JSON.members(["value": .string(id.text)])
        #expect(try InclusionPath(proofJSON: leaf, of: id).steps.isEmpty)
        #expect(try InclusionPath(proofJSON: .members(["l": h, "r": leaf]), of: id).steps.map(\.side) == [.left])
        var deep = leaf
        for _ in 0..<65 { deep = .members(["l": deep, "r": h]) }
        for tree in [
            JSON.members(["l": leaf, "r": leaf]), h, .members(["l": h, "r": h]), .members(["l": leaf]), deep, .null,
            .members(["l": leaf, "r": h, "x": h]), .members(["value": .string("0x00")]),
            .members(["l": leaf, "r": .members(["h": .string("0x" + String(repeating: "A", count: 64))])]),
            .members(["value": .string(BlockID(sha256([3])).text)]),
        ] {
            #expect(throws: TangleError.self) { _ = try InclusionPath(proofJSON: tree, of: id) }
        }
    }

    @Test func `a block that is not legal cannot be made`() throws {
        let ids = (0..<9).map { BlockID(sha256([UInt8($0)])) }
        func block(_ parents: [BlockID], tag: Int = 0, data: Int = 0) throws -> Block {
            try Block(
                parents: parents,
                payload: .taggedData(
                    TaggedData(tag: [UInt8](repeating: 1, count: tag), data: [UInt8](repeating: 1, count: data))))
        }
        #expect(throws: TangleError.parentCount(0)) { _ = try block([]) }
        #expect(throws: TangleError.parentCount(9)) { _ = try block(ids) }
        #expect(throws: TangleError.parentsNotSorted) { _ = try block([ids[0], ids[0]]) }
        #expect(throws: TangleError.tagTooLong(bytes: 65)) { _ = try block([ids[0]], tag: 65) }
        #expect(throws: TangleError.tooLarge(bytes: 32_769)) { _ = try block([ids[0]], data: 32_769 - 55) }
        let largest = try block([ids[0]], data: 32_768 - 55)
        #expect(largest.sizeBytes == 32_768)
        #expect(try Block.parse(largest.serialized()) == largest)
    }

    @Test func `a cone as deep as a long day does not exhaust the stack`() {
        let ids = (0..<100_000).map { place in
            BlockID(Hash(fill: { $0.storeBytes(of: UInt64(place + 1).bigEndian, toByteOffset: 0, as: UInt64.self) }))
        }
        let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        let order = whiteFlagOrder(from: [ids[ids.count - 1]]) { id in
            places[id].map { $0 == 0 ? [.genesis] : [ids[$0 - 1]] }
        }
        #expect(order == ids)
    }
}
