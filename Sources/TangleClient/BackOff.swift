/// How long to wait before what has failed is tried again: longer each time, and never all gateways at the same moment.
package struct BackOff: Sendable, Equatable {
    /// After the first failure, ms.
    package let firstMs: Int64
    /// However many failures there were, ms.
    package let longestMs: Int64

    package init(firstMs: Int64, longestMs: Int64) {
        self.firstMs = firstMs
        self.longestMs = longestMs
    }

    /// `firstMs` doubled with every further failure up to `longestMs`, of which up to half is taken off by chance.
    ///
    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - chance: 0 to 1; 1 takes nothing off.
    package func waitMs(failures: Int, chance: Double) -> Int64 {
        let doubled = failures > 32 ? longestMs : firstMs << Int64(max(0, failures - 1))
        let whole = min(longestMs, max(firstMs, doubled))
        let share = min(max(0, chance), 1)
        return whole - Int64(Double(whole) / 2 * (1 - share))
    }
}
