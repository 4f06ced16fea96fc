/// Chance that can be asked for any instant in any order: the same seed, name and instant give the same answer on every machine.
struct Noise: Hashable, Sendable {
    let seed: UInt64

    /// 0 ..< 1 for one whole number, such as a day or a person on a day.
    func uniform(_ name: UInt64, _ index: Int64) -> Double {
        Double(Self.mix(seed ^ Self.mix(name) ^ Self.mix(UInt64(bitPattern: index) &+ 0x51_7C_C1_B7)) >> 11) * 0x1p-53
    }

    /// About the normal distribution, mean 0, deviation 1, never beyond ±3.46: twelve-fold sums are close enough for people and weather.
    func normal(_ name: UInt64, _ index: Int64) -> Double {
        var sum = 0.0
        for part: Int64 in 0..<12 { sum += uniform(name, index &* 12 &+ part) }
        return (sum - 6) * 0.577_35 * 1.732_05
    }

    /// −1 … 1, changing smoothly: one independent value each `periodMs`, eased between.
    func smooth(_ name: UInt64, atMs ms: Int64, periodMs: Int64) -> Double {
        let index = ms >= 0 ? ms / periodMs : (ms - periodMs + 1) / periodMs
        let part = Double(ms - index * periodMs) / Double(periodMs)
        let eased = part * part * (3 - 2 * part)
        let a = uniform(name, index) * 2 - 1
        let b = uniform(name, index + 1) * 2 - 1
        return a + (b - a) * eased
    }

    /// SplitMix64's finishing steps.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
