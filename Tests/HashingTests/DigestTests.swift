import Crypto
import Hashing
import Testing

/// Goal: every digest is that of another implementation, for every length around the block sizes.
@Suite struct DigestTests {
    private func sample(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

    @Test(arguments: Array(0...300) + [1_000, 4_096, 65_537])
    func `SHA-256 is swift-crypto's, by either code and in pieces`(count: Int) {
        let bytes = sample(count)
        let expected = Array(SHA256.hash(data: bytes))
        #expect(sha256(bytes).bytes == expected)
        #expect(sha256(bytes[...]).bytes == expected)
        #expect(sha256(bytes.reversed().reversed()).bytes == expected)
        #expect(sha256Portable(bytes).bytes == expected)
        #expect(sha256Leaf(bytes).bytes == Array(SHA256.hash(data: [0] + bytes)))
        for step in [1, 7, 63, 64, 65] where count <= 300 {
            var stream = SHA256Stream()
            for start in stride(from: 0, to: count, by: step) { stream.add(bytes[start..<min(start + step, count)]) }
            #expect(stream.finish().bytes == expected, "in pieces of \(step)")
            #expect(stream.finish().bytes == expected, "asked again")
        }
    }

    @Test func `a node is SHA-256 over prefix, left and right`() {
        for i in 0..<100 {
            let left = sha256([UInt8(i)])
            let right = sha256([UInt8(i), 1])
            #expect(sha256Node(left, right).bytes == Array(SHA256.hash(data: [1] + left.bytes + right.bytes)))
        }
    }

    /// Made with Python's hashlib over bytes i mod 251.
    @Test(arguments: [
        (0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
        (1, "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"),
        (63, "29e41a64fbdd2fd27612228623c0702222bf367451e7324287f181cb3dcf7237"),
        (127, "f2fe67ff342e21b8f45e8f2e0bcd1d9243245d50ee6c78042e9c491388791c72"),
        (128, "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1"),
        (129, "f7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9"),
        (255, "d9ef0fc521b4266d16df662bec231bc2ec3989e7adeaf63169c295dc239dbbea"),
        (256, "582f782226018ec33076bd8d1c42413530ac7e1126260ffc0f306ba3befc3f24"),
        (257, "227e15ed64ee8e93eb7bc53828f76eed974f2c4ab1408c3d08f212b7f8d69904"),
        (1000, "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331"),
    ])
    func `BLAKE2b-256 gives known answers, at once and in pieces`(count: Int, expected: String) {
        let bytes = sample(count)
        #expect(blake2b256(bytes).hex == expected)
        var stream = BLAKE2b256Stream()
        for byte in bytes { stream.add([byte]) }
        #expect(stream.finish().hex == expected)
    }
}

@Suite struct HashTextTests {
    @Test func `a hash has one text, and its order is that of its bytes`() {
        let hashes = (0..<200).map { sha256([UInt8($0)]) }
        for hash in hashes {
            #expect(Hash(hex: hash.hex) == hash)
            #expect(Hash(bytes: hash.bytes) == hash)
            #expect(Hash(hex: hash.hex.uppercased()) == nil || hash.hex.uppercased() == hash.hex)
        }
        #expect(hashes.sorted().map(\.bytes) == hashes.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) })
        #expect(Hash(bytes: [1, 2, 3]) == nil)
        #expect(Hash(hex: "0x") == nil)
    }

    @Test func `base64 is read back, and only in its strict form`() {
        for count in 0...70 {
            let bytes = (0..<count).map { UInt8(($0 * 37 + count) % 256) }
            #expect(Base64.decodeStrict(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
        for wrong in ["+/9=", "+/8", "-_8=", "+/8=\n", "====", "A===", "AA=A", "A", " +/8", "++8=="] {
            #expect(Base64.decodeStrict(wrong) == nil, "\(wrong)")
        }
    }
}
