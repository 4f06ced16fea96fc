import Foundation
import Hashing
import Tangle
import Testing
import TestTools

/// Goal: a milestone and a path made elsewhere convince us, a damaged one does not. Method: proofs of inclusion by
/// other implementations, valid and tampered, cones and roots by theirs.
struct MilestoneVectorTests {
    func list(_ file: String) throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: vectorData(file)) as? [[String: Any]])
    }

    func json(_ value: Any?) throws -> JSON {
        try JSON.parse([UInt8](try JSONSerialization.data(withJSONObject: try #require(value))))
    }

    func keys(_ one: [String: Any]) throws -> [MilestoneKey] {
        try #require(one["keys"] as? [String]).map { MilestoneKey(publicKey: try hexBytes($0), holder: $0) }
    }

    /// What an auditor does with a proof: all of it, or nothing.
    func holds(_ one: [String: Any]) throws -> Bool {
        guard let proof = try? InclusionProof(json: try json(one["bundle"])) else { return false }
        let threshold = try #require(one["threshold"] as? Int)
        guard case .holds = proof.milestone.verdict(keys: try keys(one), threshold: threshold) else { return false }
        return proof.isIncluded
    }

    @Test func `every proof of the vectors is judged as expected`() throws {
        let all = try list("tangle/poi.json")
        #expect(all.count >= 20)
        for one in all { #expect(try holds(one) == (one["expect"] as? String == "valid"), "\(one["name"] ?? "")") }
    }

    @Test func `milestones of the vectors have their bytes, ids and JSON`() throws {
        for one in try list("tangle/poi.json") where one["expect"] as? String == "valid" {
            let bytes = try hexBytes(try #require(one["milestone_payload_hex"] as? String))
            let milestone = try Milestone.parse(bytes)
            #expect(milestone.serialized() == bytes)
            #expect(milestone.id.hash.hex == one["milestone_id"] as? String)
            let bundle = try #require(one["bundle"] as? [String: Any])
            #expect(try Milestone(json: try json(bundle["milestone"])) == milestone)
            #expect(try Milestone(json: try JSON.parse(try milestone.json().bytes)) == milestone)
            let blockBytes = try hexBytes(try #require(one["milestone_block_hex"] as? String))
            let block = try Block.parse(blockBytes)
            #expect(block.payload == .milestone(milestone))
            #expect(block.serialized() == blockBytes)
            #expect(block.id.hash.hex == one["milestone_block_id"] as? String)
            #expect(block.parents == milestone.parents)
            #expect(try Block(json: try JSON.parse(try block.json().bytes)) == block)
        }
    }

    @Test func `paths of the vectors are rebuilt from the leaves, as bytes and as a tree`() throws {
        for one in try list("tangle/poi.json") where one["expect"] as? String == "valid" {
            let leaves = try #require(one["leaf_ids"] as? [String]).map { try #require(BlockID("0x" + $0)) }
            let index = try #require(one["index"] as? Int)
            let path = try #require(InclusionTree.path(leaves, index: index))
            let proof = try InclusionProof(json: try json(one["bundle"]))
            #expect(proof.path == path)
            #expect(proof.block.id == leaves[index])
            #expect(proof.block.serialized() == (try hexBytes(try #require(one["block_hex"] as? String))))
            #expect(InclusionTree.root(leaves).hex == one["root"] as? String)
            #expect(path.root(from: leaves[index]).hex == one["root"] as? String)
            #expect(try InclusionPath(bytes: path.bytes) == path)
            #expect(try InclusionPath(proofJSON: path.proofJSON(of: leaves[index]), of: leaves[index]) == path)
        }
    }

    @Test func `inclusion roots of the vectors come out, and every leaf has a path to them`() throws {
        for one in try list("tangle/merkle.json") {
            let ids = try #require(one["ids"] as? [String]).map { try #require(BlockID("0x" + $0)) }
            let root = InclusionTree.root(ids)
            #expect(root.hex == one["root"] as? String)
            for (index, id) in ids.enumerated() {
                let path = try #require(InclusionTree.path(ids, index: index))
                #expect(path.root(from: id) == root)
            }
            #expect(InclusionTree.path(ids, index: ids.count) == nil)
            #expect(InclusionTree.path(ids, index: -1) == nil)
        }
    }

    @Test func `cones of the vectors are referenced in white-flag order`() throws {
        for one in try list("tangle/whiteflag.json") {
            var cone: [BlockID: [BlockID]] = [:]
            for (id, parents) in try #require(one["blocks"] as? [String: [String]]) {
                cone[try #require(BlockID(id))] = try parents.map { try #require(BlockID($0)) }
            }
            let parents = try #require(one["milestone_parents"] as? [String]).map { try #require(BlockID($0)) }
            let order = whiteFlagOrder(from: parents) { cone[$0] }
            #expect(order.map(\.text) == one["order"] as? [String])
            #expect("0x" + InclusionTree.root(order).hex == one["inclusion_root"] as? String)
            let milestone = try Milestone(json: try json(one["milestone"]))
            #expect(milestone.inclusionRoot == InclusionTree.root(order))
            let keys = milestone.signatures.map { MilestoneKey(publicKey: $0.publicKey, holder: hexText($0.publicKey)) }
            #expect(milestone.verdict(keys: keys, threshold: keys.count) == .holds(holders: Set(keys.map(\.holder))))
        }
    }

    @Test func `network ids and parameter bytes of the vectors come out, and parse`() throws {
        for one in try list("tangle/network.json") {
            let parameters = ProtocolParameters(networkName: try #require(one["name"] as? String))
            #expect(String(parameters.networkID) == one["network_id"] as? String)
            let bytes = try parameters.serialized()
            #expect(hexText(bytes) == one["protocol_params_hex"] as? String)
            #expect(try ProtocolParameters.parse(bytes) == parameters)
        }
    }
}
