import CanonicalCBOR
import Testing
import TestTools

/// Goal: what is written is read back, and no part or neighbour of it is. Method: values from a seeded generator.
@Suite struct CBORPropertyTests {
    private func value(_ generator: inout SeededGenerator, depth: Int) -> CBOR {
        let shift = UInt64.random(in: 0..<64, using: &generator)
        let number = generator.next() >> shift
        switch Int.random(in: 0..<(depth > 0 ? 6 : 5), using: &generator) {
        case 0: return .unsigned(number)
        case 1: return .int(-1 - Int64(number >> 1))
        case 2: return .bytes((0..<Int.random(in: 0...40, using: &generator)).map { UInt8(truncatingIfNeeded: $0) })
        case 3: return .text(String(repeating: "ø", count: Int.random(in: 0...20, using: &generator)))
        case 4: return .null
        default:
            let count = Int.random(in: 0...5, using: &generator)
            return .array((0..<count).map { _ in value(&generator, depth: depth - 1) })
        }
    }

    @Test func `what is written is read back; cut or with a byte behind it, it is not read`() throws {
        let seed: UInt64 = 3
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            let value = value(&generator, depth: 4)
            let bytes = value.encoded()
            #expect(try CBOR.decode(bytes) == value, "seed \(seed) round \(round)")
            #expect(throws: CBORError.self) { try CBOR.decode(bytes + [0]) }
            for cut in 0..<bytes.count {
                #expect(throws: CBORError.self, "seed \(seed) round \(round) cut at \(cut)") {
                    try CBOR.decode(Array(bytes[..<cut]))
                }
            }
        }
    }
}
