import Hashing
import MerkleLog
import Testing

/// Goal: one statement has one signature form, and no key that signs everything is accepted.
@Suite struct KeyTests {
    private func signer() throws -> LogSigningKey {
        try #require(LogSigningKey(name: "gw.example/b/1", seed: Array(repeating: 5, count: 32)))
    }

    @Test func `a signature with S plus the group order is refused`() throws {
        let order: [UInt8] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        let signer = try signer()
        var signature = try signer.sign([1, 2, 3])
        #expect(signer.verifierKey.isSignature(signature, over: [1, 2, 3]))
        #expect(!signer.verifierKey.isSignature(signature, over: [1, 2]))
        var carry = 0
        for i in 0..<32 {
            let sum = Int(signature[32 + i]) + Int(order[i]) + carry
            signature[32 + i] = UInt8(sum & 255)
            carry = sum >> 8
        }
        #expect(!signer.verifierKey.isSignature(signature, over: [1, 2, 3]))
        #expect(!signer.verifierKey.isSignature([], over: [1, 2, 3]))
    }

    @Test(arguments: [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ])
    func `a key of small order or with an unreduced y is refused`(hex: String) throws {
        let key = try #require(bytes(hex: hex))
        #expect(VerifierKey(name: "a", publicKey: key) == nil)
    }

    @Test func `a vkey is read in its strict form only`() throws {
        let text = try signer().verifierKey.description
        #expect(VerifierKey(text)?.description == text)
        for at in text.utf8.indices {
            var characters = Array(text.utf8)
            characters[text.utf8.distance(from: text.utf8.startIndex, to: at)] ^= 1
            #expect(VerifierKey(String(decoding: characters, as: UTF8.self)) == nil)
        }
        for wrong in ["", "+", "++", "a+00000000+", " " + text, text + "\n", text + "="] {
            #expect(VerifierKey(wrong) == nil)
        }
    }

    @Test func `each byte of an anchor's payload counts`() throws {
        let signer = try signer()
        let note = try signer.sign(Checkpoint(origin: "gw.example/b/1", size: 42, root: sha256([1])))
        let payload = try #require(AnchorPayload(note, by: signer.verifierKey))
        #expect(payload.bytes.count == AnchorPayload.sizeBytes)
        #expect(payload.isSigned(by: signer.verifierKey))
        for at in payload.bytes.indices {
            var bytes = payload.bytes
            bytes[at] ^= 3
            #expect(AnchorPayload(bytes: bytes)?.isSigned(by: signer.verifierKey) != true, "byte \(at)")
        }
        #expect(AnchorPayload(bytes: payload.bytes.dropLast()) == nil)
        #expect(AnchorPayload(bytes: payload.bytes + [0]) == nil)
        let statement = try AnchorPayload(compromisedAt: payload.checkpoint(origin: "gw.example/b/1"), by: signer)
        #expect(AnchorPayload(bytes: statement.bytes) == statement)
        #expect(statement.isSigned(by: signer.verifierKey))
        #expect(statement.signature != payload.signature)
    }

    @Test func `a checkpoint has one spelling`() throws {
        let text = Checkpoint(origin: "a", size: 7, root: .zero).text
        #expect(Checkpoint(text: text)?.size == 7)
        for wrong in [
            text + "extension\n", String(text.dropLast()), text.replacing("7", with: "07"),
            text.replacing("7", with: "+7"),
            text.replacing("7", with: "-7"), text.replacing("7", with: "18446744073709551616"),
            text.replacing("=", with: ""),
            "a b" + text.dropFirst(), "\n7\n\(Base64.encode(Hash.zero.bytes))\n", text + "\n",
        ] {
            #expect(Checkpoint(text: wrong) == nil, "\(wrong)")
        }
    }
}
