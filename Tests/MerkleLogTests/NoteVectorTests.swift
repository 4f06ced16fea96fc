import Hashing
import MerkleLog
import Testing

/// Goal: notes, cosignatures and tlog-proofs are read, refused and written as other implementations do.
@Suite struct NoteVectorTests {
    struct Note: Decodable {
        let name: String, origin: String, text: String, signed_note: String, vkey: String, ed25519_seed: String
        let ed25519_public: String, valid: Bool
        let mutation: String?
    }

    @Test func `signed checkpoints hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("signed_note_checkpoint", as: Note.self) {
            let key = try #require(VerifierKey(vector.vkey), "\(vector.name)")
            #expect(key.description == vector.vkey)
            #expect(hexText(key.publicKey) == vector.ed25519_public)
            let note = SignedNote(vector.signed_note)
            let holds = note?.isSigned(by: key) == true && note?.checkpoint?.origin == vector.origin
            #expect(holds == vector.valid, "\(vector.name) \(vector.mutation ?? "")")
            guard vector.valid else { continue }
            let seed = try #require(bytes(hex: vector.ed25519_seed))
            let signer = try #require(LogSigningKey(name: vector.origin, seed: seed))
            let checkpoint = try #require(Checkpoint(text: vector.text))
            let ours = try signer.sign(checkpoint)
            #expect(ours.note == vector.signed_note)
            let payload = try #require(AnchorPayload(ours, by: signer.verifierKey))
            #expect(payload.isSigned(by: key))
            #expect(AnchorPayload(bytes: payload.bytes)?.note(origin: vector.origin).note == vector.signed_note)
        }
    }

    struct Cosigned: Decodable {
        let name: String, cosigned_checkpoint: String, log_vkey: String, witness_vkey: String, timestamp: UInt64
        let valid: Bool
    }

    @Test func `cosignatures hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("cosignature_v1", as: Cosigned.self) {
            let note = try #require(SignedNote(vector.cosigned_checkpoint))
            let witness = try #require(VerifierKey(vector.witness_vkey))
            let log = try #require(VerifierKey(vector.log_vkey))
            #expect(note.isSigned(by: log))
            #expect(note.isSigned(by: witness) == vector.valid, "\(vector.name)")
            let cosignature = try #require(note.signatures(by: witness).first.flatMap(Cosignature.init))
            if vector.valid { #expect(cosignature.timestamp == vector.timestamp) }
        }
    }

    struct Proof: Decodable { let name: String, leaf_data: String, log_vkey: String, proof_file: String, valid: Bool }

    @Test func `tlog-proofs hold exactly when another implementation says so`() throws {
        for vector in try VectorFiles.cases("tlog_proof_v1", as: Proof.self) {
            let key = try #require(VerifierKey(vector.log_vkey))
            let leaf = leafHash(try #require(bytes(hex: vector.leaf_data)))
            let proof = TransparencyProof(vector.proof_file)
            #expect((proof?.holds(leaf: leaf, key: key) == true) == vector.valid, "\(vector.name)")
            if vector.valid { #expect(proof?.text == vector.proof_file) }
        }
    }
}
