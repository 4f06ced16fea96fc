import Foundation
import Hashing
import MerkleLog
import Testing
import Witness

/// Goal: our cosignatures are those of another implementation, byte for byte. Method: its seeds, its times, its notes.
@Suite struct CosignerTests {
    struct Cosigned: Decodable {
        let name: String, cosigned_checkpoint: String, log_vkey: String, witness_vkey: String, witness_seed: String
        let timestamp: UInt64, signed_message: String, valid: Bool
    }

    struct Cases: Decodable { let vectors: [Cosigned] }

    @Test func `a cosignature has the bytes that another implementation gives it`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/log/cosignature_v1.json")
        let vectors = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file)).vectors.filter(\.valid)
        try #require(vectors.count > 3)
        for vector in vectors {
            let known = try #require(VerifierKey(vector.witness_vkey))
            let seed = try #require(bytes(hex: vector.witness_seed))
            let cosigner = try #require(Cosigner(name: known.name, seed: seed))
            #expect(cosigner.verifierKey.description == vector.witness_vkey)
            let theirs = try #require(SignedNote(vector.cosigned_checkpoint))
            let checkpoint = try #require(theirs.checkpoint)
            #expect(
                String(decoding: Cosignature.message(timestamp: vector.timestamp, text: checkpoint.text), as: UTF8.self)
                    == vector.signed_message)
            let ours = try cosigner.cosign(checkpoint, timeS: vector.timestamp)
            #expect(theirs.signatures.last == ours, "\(vector.name)")
            #expect(SignedNote(text: theirs.text, signatures: [theirs.signatures[0], ours]).note == theirs.note)
        }
    }

    @Test func `a name that no note can carry names no witness`() {
        for name in ["", "two words", "a+b", "line\nbreak"] {
            #expect(Cosigner(name: name, seed: Array(repeating: 1, count: 32)) == nil)
        }
        #expect(Cosigner(name: "w", seed: [1, 2, 3]) == nil)
    }
}
