/// Electrical power in whole milliwatts, so that sums are exact.
typealias Milliwatts = Int64

/// A meter's register: power times time, without rounding. Milliwatts times milliseconds are microjoules.
package struct EnergyCounter: Hashable, Sendable {
    package private(set) var microjoules: Int128

    package init(kilowattHours: Int64 = 0) { microjoules = Int128(kilowattHours) * 3_600_000_000_000 }

    /// `power` is not negative: a counter only rises.
    mutating func add(_ power: Milliwatts, ms: Int64) {
        precondition(power >= 0 && ms >= 0, "a counter only rises")
        microjoules += Int128(power) * Int128(ms)
    }

    package var wattHours: Double { Double(microjoules) / 3_600_000_000 }
    package var kilowattHours: Double { wattHours / 1_000 }
}
