/// How much work a score asks for, in exact integers (tangle.md section 4).
///
/// Libraries use logarithms here; one of them asks for a zero too many at exact powers of three.
package enum PoWTarget {
    /// Largest block on the wire, bytes.
    package static let blockBytesMax = 32_768

    /// The smallest z with 3^z ≥ `minScore` · `size`. `size`: bytes of the whole block, 0…2³¹.
    ///
    /// A score of 0 asks for nothing.
    package static func zeros(minScore: UInt32, size: Int) -> Int {
        let wanted = UInt64(minScore) * UInt64(clamping: min(size, 1 << 31))
        var zeros = 0
        var power: UInt64 = 1
        while power < wanted {
            power *= 3  // wanted ≤ 2^63 < 3^40 < 2^64
            zeros += 1
        }
        return zeros
    }

    /// Nonces to try on average for `zeros` trailing zero trits: 3^zeros.
    package static func meanTries(zeros: Int) -> Double {
        var tries = 1.0
        for _ in 0..<max(0, zeros) { tries *= 3 }
        return tries
    }
}

/// What a block's proof of work is worth.
package struct PoWScore: Equatable, Sendable {
    /// Trailing zero trits of the Curl hash, 0…243.
    package var zeros: Int
    /// Bytes of the whole block, nonce included.
    package var sizeBytes: Int

    package init(zeros: Int, sizeBytes: Int) {
        self.zeros = zeros
        self.sizeBytes = sizeBytes
    }

    /// 3^zeros / size, for people; decisions use `meets`.
    package var value: Double {
        sizeBytes > 0 ? PoWTarget.meanTries(zeros: zeros) / Double(sizeBytes) : 0
    }

    /// Whether a node with this minimum takes the block.
    package func meets(minScore: UInt32) -> Bool {
        zeros >= PoWTarget.zeros(minScore: minScore, size: sizeBytes)
    }
}
