import CanonicalCBOR
import Testing
import TestTools

/// Goal: one value has one encoding, and nothing else is read.
@Suite struct CBORTests {
    @Test(
        arguments: [
            (CBOR.unsigned(0), [0x00]), (.unsigned(23), [0x17]), (.unsigned(24), [0x18, 24]),
            (.unsigned(256), [0x19, 1, 0]), (.unsigned(65_536), [0x1a, 0, 1, 0, 0]),
            (.unsigned(.max), [0x1b, 255, 255, 255, 255, 255, 255, 255, 255]), (.int(-1), [0x20]),
            (.int(-25), [0x38, 24]),
            (.int(.min), [0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255]), (.bytes([1, 2]), [0x42, 1, 2]),
            (.text("ü"), [0x62, 0xc3, 0xbc]), (.array([.null, .array([])]), [0x82, 0xf6, 0x80]),
        ] as [(CBOR, [UInt8])])
    func `values have the bytes of RFC 8949`(value: CBOR, bytes: [UInt8]) throws {
        #expect(value.encoded() == bytes)
        #expect(try CBOR.decode(bytes) == value)
    }

    @Test(
        arguments: [
            [], [0x18, 23], [0x19, 0, 255], [0x1a, 0, 0, 255, 255], [0x1b, 0, 0, 0, 0, 255, 255, 255, 255], [0x1c],
            [0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], [0x41], [0x61, 0xff], [0x62, 0xc0, 0x80], [0x63, 0xed, 0xa0, 0x80],
            [0x81],
            [0x9b, 255, 255, 255, 255, 255, 255, 255, 255], [0x5b, 255, 255, 255, 255, 255, 255, 255, 255], [0xa0],
            [0xc0, 0],
            [0xf4], [0xf5], [0xf7], [0xf8, 22], [0xf9, 0, 0], [0x9f, 0xff], [0x5f, 0xff], [0x00, 0x00], [0xff],
        ] as [[UInt8]])
    func `anything else is an error`(bytes: [UInt8]) {
        #expect(throws: CBORError.self) { try CBOR.decode(bytes) }
    }

    @Test func `depth and size are bounded`() throws {
        let deepest = [UInt8](repeating: 0x81, count: CBOR.depthMax) + [0]
        #expect(try CBOR.decode(deepest).encoded() == deepest)
        #expect(throws: CBORError.self) { try CBOR.decode([0x81] + deepest) }
        #expect(throws: CBORError.tooLarge(sizeBytes: 3)) { try CBOR.decode([0x42, 1, 2], sizeBytesMax: 2) }
    }

    @Test func `texts are equal when their bytes are, not when they look alike`() {
        #expect(CBOR.text("\u{e9}") != CBOR.text("e\u{301}"))
        #expect(Set([CBOR.text("\u{e9}"), .text("e\u{301}")]).count == 2)
    }

    @Test func `noise is an error or comes back in the same bytes`() throws {
        let seed: UInt64 = 20_261
        var generator = SeededGenerator(seed: seed)
        let heads: [UInt8] = [0x00, 0x18, 0x19, 0x1b, 0x20, 0x41, 0x44, 0x61, 0x80, 0x82, 0x84, 0xf6]
        var readCount = 0
        for round in 0..<100_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? heads[Int.random(in: 0..<heads.count, using: &generator)]
                    : UInt8.random(in: 0...255, using: &generator)
            }
            // An error is the right answer to most noise.
            guard let value = try? CBOR.decode(bytes) else { continue }
            readCount += 1
            if value.encoded() != bytes { Issue.record("seed \(seed) round \(round): \(bytes)") }
        }
        #expect(readCount > 100)
    }
}
