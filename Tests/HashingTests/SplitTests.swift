import Hashing
import Testing

/// Goal: pieces never change a digest. Method: every boundary of messages around the block sizes.
@Suite struct SplitTests {
    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 191, 192, 256, 257])
    func `a message in two pieces has the digest of the whole`(count: Int) {
        let bytes = (0..<count).map { UInt8($0 % 251) }
        let (whole, wholeBlake) = (sha256(bytes), blake2b256(bytes))
        for boundary in 0...count {
            var stream = SHA256Stream()
            var blake = BLAKE2b256Stream()
            for piece in [bytes[..<boundary], [], bytes[boundary...]] {
                stream.add(piece)
                blake.add(piece)
            }
            #expect(stream.finish() == whole, "split at \(boundary)")
            #expect(blake.finish() == wholeBlake, "split at \(boundary)")
        }
    }
}
