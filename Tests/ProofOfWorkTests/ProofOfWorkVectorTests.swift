import Foundation
import Hashing
import ProofOfWork
import Testing
import TestTools

/// Goal: our work is everybody's work. Method: encodings, hashes and scores made by a Go and a Rust implementation.
struct ProofOfWorkVectorTests {
    struct Encoding: Decodable { var hex: String, trytes: String }
    struct Decoding: Decodable { var trytes: String, ok: Bool, hex: String? }
    struct Transform: Decodable { var trytes: String, hash: String }
    struct Target: Decodable { var size: Int, min_score: UInt32, required_zeros: Int }
    struct Example: Decodable {
        var message_hex: String, pow_digest: String, nonce: String, curl_input_trytes: String
        var curl_hash_trytes: String, trailing_zeros: Int, pow_score: Double
    }
    struct Block: Decodable {
        var name: String, nonce: String, block_hex: String, block_size: Int, target_score: UInt32
        var pow_digest: String, digest_b1t6_trytes: String, curl_input_trytes: String, curl_hash_trytes: String
        var trailing_zeros: Int, pow_score: Double, meets_target: Bool
    }

    @Test func `bytes become the trytes of the vectors and come back`() throws {
        for one in try vectors("tangle/b1t6.json", as: [Encoding].self) {
            let bytes = try hexBytes(one.hex)
            let trits = B1T6.encode(bytes)
            #expect(Trytes.text(trits) == one.trytes)
            #expect(Trytes.trits(one.trytes) == trits)
            #expect(B1T6.decode(trits) == bytes)
        }
    }

    @Test func `trytes that are no bytes are refused`() throws {
        for one in try vectors("tangle/b1t6_invalid.json", as: [Decoding].self) {
            let decoded = Trytes.trits(one.trytes).flatMap { B1T6.decode($0) }
            #expect(decoded.map(hexText) == (one.ok ? one.hex : nil), "\(one.trytes)")
        }
    }

    @Test func `the scalar Curl gives the hashes of the vectors`() throws {
        for one in try vectors("tangle/curl.json", as: [Transform].self) {
            let trits = try #require(Trytes.trits(one.trytes))
            #expect(Curl.hash(trits).map(Trytes.text) == one.hash)
        }
    }

    @Test func `needed zeros are exact for every score and size of the vectors`() throws {
        for one in try vectors("tangle/pow_target.json", as: [Target].self) {
            #expect(
                PoWTarget.zeros(minScore: one.min_score, size: one.size) == one.required_zeros,
                "score \(one.min_score) size \(one.size)")
        }
    }

    @Test func `the example of TIP-12 gives its digest, hash, zeros and score`() throws {
        let one = try vectors("tangle/tip12_example.json", as: Example.self)
        let bytes = try hexBytes(one.message_hex)
        let nonce = try #require(UInt64(one.nonce))
        let work = BlockWork(head: Array(bytes.dropLast(8)))
        #expect(work.digest.hex == one.pow_digest)
        #expect(Trytes.text(work.inputTrits(nonce: nonce)) == one.curl_input_trytes)
        #expect(Curl.hash(work.inputTrits(nonce: nonce)).map(Trytes.text) == one.curl_hash_trytes)
        let worth = try #require(score(ofBlockBytes: bytes))
        #expect(worth.zeros == one.trailing_zeros)
        #expect(abs(worth.value - one.pow_score) < 1e-9)
    }

    @Test func `every block of the vectors has its digest, hash, zeros and score`() throws {
        let blocks = try vectors("tangle/blocks.json", as: [Block].self)
        #expect(blocks.count > 40)
        for one in blocks {
            let bytes = try hexBytes(one.block_hex)
            let nonce = try #require(UInt64(one.nonce))
            let work = BlockWork(head: Array(bytes.dropLast(8)))
            #expect(work.sizeBytes == one.block_size)
            #expect(work.digest.hex == one.pow_digest, "\(one.name)")
            #expect(Trytes.text(B1T6.encode(work.digest.bytes)) == one.digest_b1t6_trytes)
            #expect(Trytes.text(work.inputTrits(nonce: nonce)) == one.curl_input_trytes)
            #expect(Curl.hash(work.inputTrits(nonce: nonce)).map(Trytes.text) == one.curl_hash_trytes)
            let worth = try #require(score(ofBlockBytes: bytes))
            #expect(worth.zeros == one.trailing_zeros, "\(one.name)")
            #expect(abs(worth.value - one.pow_score) <= one.pow_score * 1e-9)
            #expect(worth.meets(minScore: one.target_score) == one.meets_target, "\(one.name)")
            #expect(zeros(ofBlockBytes: bytes) == one.trailing_zeros)
        }
    }
}
