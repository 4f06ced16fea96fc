import Foundation
import Hashing
import ProofOfWork
import Tangle
import Testing
import TestTools

/// Goal: our blocks are everybody's blocks. Method: bytes, ids and JSON made by iota.go, iota-sdk and a third program.
struct BlockVectorTests {
    struct Case {
        var fields: [String: Any]
        func text(_ name: String) throws -> String { try #require(fields[name] as? String) }
    }

    func cases(_ file: String) throws -> [Case] {
        let list = try #require(try JSONSerialization.jsonObject(with: vectorData(file)) as? [[String: Any]])
        return list.map(Case.init)
    }

    func json(_ value: Any?) throws -> JSON {
        try JSON.parse([UInt8](try JSONSerialization.data(withJSONObject: try #require(value))))
    }

    @Test func `every block parses, has its id and is written with the same bytes`() throws {
        for one in try cases("tangle/blocks.json") {
            let name = try one.text("name")
            let bytes = try hexBytes(try one.text("block_hex"))
            let block = try Block.parse(bytes)
            #expect(block.serialized() == bytes, "\(name)")
            #expect(block.id.hash.hex == (try one.text("block_id")), "\(name)")
            #expect(block.sizeBytes == bytes.count)
            #expect(String(block.nonce) == (try one.text("nonce")))
            #expect(block.parents.map(\.hash.hex) == (one.fields["parents"] as? [String]), "\(name)")
            #expect(block.work.digest.hex == (try one.text("pow_digest")))
            #expect(block.score.zeros == one.fields["trailing_zeros"] as? Int)
            if case .taggedData(let tagged) = block.payload {
                #expect(hexText(tagged.tag) == (try one.text("tag")), "\(name)")
                #expect(hexText(tagged.data) == (try one.text("data")), "\(name)")
                #expect(
                    block.sizeBytes
                        == Block.sizeBytes(parents: block.parents.count, tag: tagged.tag.count, data: tagged.data.count)
                )
            } else {
                #expect(one.fields["has_payload"] as? Bool == false)
            }
        }
    }

    @Test func `every block has the vectors' JSON form, both ways`() throws {
        for one in try cases("tangle/blocks.json") {
            let name = try one.text("name")
            let block = try Block.parse(try hexBytes(try one.text("block_hex")))
            let expected = try json(one.fields["block_json"])
            #expect(try Block(json: expected) == block, "\(name)")
            #expect(sorted(try block.json()) == sorted(expected), "\(name)")
        }
    }

    @Test func `malformed blocks are refused when parsed and legal ones are not`() throws {
        for one in try cases("tangle/malformed_blocks.json") {
            let name = try one.text("name")
            let bytes = try hexBytes(try one.text("block_hex"))
            let block = try? Block.parse(bytes)
            #expect((block != nil) == (one.fields["iota_go_accepts"] as? Bool), "\(name)")
            #expect(Block.id(of: bytes).hash.hex == (try one.text("block_id")), "\(name)")
            if let block { #expect(block.serialized() == bytes, "\(name)") }
        }
    }

    @Test func `a version the network does not speak parses and does not validate`() throws {
        for one in try cases("tangle/malformed_blocks.json") where try one.text("name") == "version_1" {
            let block = try Block.parse(try hexBytes(try one.text("block_hex")))
            #expect(throws: TangleError.protocolVersion(1)) { try block.validate() }
            return
        }
        Issue.record("no version_1 among the vectors")
    }

    @Test func `each malformed block is refused for its own reason`() throws {
        let reasons: [String: TangleError] = [
            "duplicate_parents": .parentsNotSorted, "zero_parents": .parentCount(0), "nine_parents": .parentCount(9),
            "tag_65": .tagTooLong(bytes: 65), "unknown_payload_type_0": .payloadType(0),
            "unknown_payload_type_8": .payloadType(8), "one_byte": .truncated,
            "max_size_plus_1": .tooLarge(bytes: 32_769),
        ]
        for one in try cases("tangle/malformed_blocks.json") {
            guard let reason = reasons[try one.text("name")] else { continue }
            let bytes = try hexBytes(try one.text("block_hex"))
            #expect(throws: reason) { _ = try Block.parse(bytes) }
        }
    }

    /// Members by name, so that two writers' orders do not matter.
    func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(members.map { .init($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
        case .array(let values): .array(values.map(sorted))
        default: json
        }
    }
}
