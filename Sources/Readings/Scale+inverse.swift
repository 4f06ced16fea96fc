/// The way back: from a value in the point's unit to what the device is told.
extension Scale {
    /// The raw value that means exactly this, so that `engineering` of it gives `value` again.
    ///
    /// - Returns: `nil` when the kind has no such value: between two steps of a register, beyond its 64 bits, no float whose
    ///   shortest decimal it is, or a kind that holds no number. A register may be narrower than 64 bits; its own encoding
    ///   tells that.
    package func raw(_ value: ExactDecimal, for kind: ValueKind) -> RawValue? {
        guard let plain = unscaled(value) else { return nil }
        switch kind {
        case .integer: return plain.wholeRaw
        case .flag: return plain.mantissa == 0 || plain == ExactDecimal(mantissa: 1, exponent: 0) ? plain.wholeRaw : nil
        case .float32:
            guard let number = Float("\(plain.mantissa)e\(plain.exponent)"), number.isFinite else { return nil }
            let raw = RawValue.float32(bits: number.bitPattern)
            return ExactDecimal(raw) == plain ? raw : nil
        case .float64:
            guard let number = Double("\(plain.mantissa)e\(plain.exponent)"), number.isFinite else { return nil }
            let raw = RawValue.float64(bits: number.bitPattern)
            return ExactDecimal(raw) == plain ? raw : nil
        case .numericText: return .number(plain.description)
        case .text, .event: return nil
        }
    }

    /// The value nearest to `value` that `raw` takes, for people who asked for one between two steps; `nil` when there is none.
    package func nearest(_ value: ExactDecimal, for kind: ValueKind) -> ExactDecimal? {
        if raw(value, for: kind) != nil { return value }
        switch kind {
        case .integer:
            guard let rest = withoutOffset(value), let step = step, step.mantissa != 0,
                let multiple = rest.nearestMultiple(of: step)
            else { return nil }
            let found = multiple.adding(ExactDecimal(mantissa: Int128(offsetMantissa), exponent: Int(offsetExponent)))
            return found.flatMap { raw($0, for: kind) == nil ? nil : $0 }
        case .float32: return engineering(.float32(bits: Float(approximate(value)).bitPattern))
        case .float64: return engineering(.float64(bits: approximate(value).bitPattern))
        case .flag, .numericText, .text, .event: return nil
        }
    }

    /// One count of the device, in the point's unit; `nil` for exponents that no profile has.
    private var step: ExactDecimal? {
        let powers = Int64(-ExactDecimal.exponentMax)...Int64(ExactDecimal.exponentMax)
        guard powers.contains(exponent), powers.contains(offsetExponent) else { return nil }
        return ExactDecimal(mantissa: Int128(mantissa), exponent: Int(exponent))
    }

    private func withoutOffset(_ value: ExactDecimal) -> ExactDecimal? {
        guard step != nil else { return nil }
        if offsetMantissa == 0 { return value }
        return value.subtracting(ExactDecimal(mantissa: Int128(offsetMantissa), exponent: Int(offsetExponent)))
    }

    private func unscaled(_ value: ExactDecimal) -> ExactDecimal? {
        guard let rest = withoutOffset(value), let step else { return nil }
        return rest.divided(by: step)
    }

    private func approximate(_ value: ExactDecimal) -> Double {
        guard let rest = withoutOffset(value), let step else { return .nan }
        return rest.double / step.double
    }
}

extension ExactDecimal {
    package func subtracting(_ other: ExactDecimal) -> ExactDecimal? {
        let (negated, over) = Int128(0).subtractingReportingOverflow(other.mantissa)
        return over ? nil : adding(ExactDecimal(mantissa: negated, exponent: other.exponent))
    }

    /// The quotient where it has finitely many digits, else `nil`; also for 0 as divisor.
    package func divided(by other: ExactDecimal) -> ExactDecimal? {
        guard other.mantissa != 0, other.mantissa != .min, mantissa != .min else { return nil }
        let shared = Self.commonDivisor(mantissa.magnitude, other.mantissa.magnitude)
        var numerator = Int128(mantissa.magnitude / shared)
        var rest = other.mantissa.magnitude / shared
        var power = exponent - other.exponent
        // A decimal is finite when nothing but twos and fives is left below the line: n/2 = 5n/10.
        for (factor, partner) in [(UInt128(2), Int128(5)), (5, 2)] {
            while rest % factor == 0 {
                rest /= factor
                let (product, over) = numerator.multipliedReportingOverflow(by: partner)
                if over { return nil }
                numerator = product
                power -= 1
            }
        }
        guard rest == 1, Self.exponents.contains(power) else { return nil }
        return ExactDecimal(mantissa: (mantissa < 0) == (other.mantissa < 0) ? numerator : -numerator, exponent: power)
    }

    /// The multiple of `step` nearest to this number, away from zero in the middle; `nil` beyond 128 bits and for 0 as step.
    package func nearestMultiple(of step: ExactDecimal) -> ExactDecimal? {
        let low = min(exponent, step.exponent)
        guard step.mantissa != 0, let number = shifted(to: low), let width = step.shifted(to: low), width != .min,
            number != .min
        else { return nil }
        let size = Int128(width.magnitude)
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: size)
        let isNearerOutside = Int128(remainder.magnitude) >= size - Int128(remainder.magnitude) && remainder != 0
        let count = quotient + (isNearerOutside ? (number < 0 ? -1 : 1) : 0)
        let (product, over) = count.multipliedReportingOverflow(by: size)
        return over ? nil : ExactDecimal(mantissa: product, exponent: low)
    }

    /// The number as a register's; `nil` for a fraction or beyond 64 bits.
    fileprivate var wholeRaw: RawValue? {
        guard exponent >= 0, let number = shifted(to: 0) else { return nil }
        if let small = Int64(exactly: number) { return .integer(small) }
        return UInt64(exactly: number).map { .large($0) }
    }

    private static func commonDivisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return max(a, 1)
    }
}
