/// Raw value to engineering value: `raw · mantissa · 10^exponent + offsetMantissa · 10^offsetExponent`, all exact.
package struct Scale: Hashable, Sendable {
    package let mantissa: Int64
    package let exponent: Int64
    package let offsetMantissa: Int64
    package let offsetExponent: Int64

    package static let identity = Scale(mantissa: 1, exponent: 0)

    package init(mantissa: Int64, exponent: Int64, offsetMantissa: Int64 = 0, offsetExponent: Int64 = 0) {
        self.mantissa = mantissa
        self.exponent = exponent
        self.offsetMantissa = offsetMantissa
        self.offsetExponent = offsetExponent
    }

    /// The engineering value, or `nil` when there is none: no value, text, an event, NaN, infinity, or digits or exponents
    /// beyond what `ExactDecimal` holds.
    package func engineering(_ raw: RawValue) -> ExactDecimal? {
        guard let value = ExactDecimal(raw) else { return nil }
        return apply(value)
    }

    private func apply(_ value: ExactDecimal) -> ExactDecimal? {
        // The exponents may come from a file of others, where any 64 bits can stand.
        let (power, offsetPower) = (Int(clamping: exponent), Int(clamping: offsetExponent))
        guard ExactDecimal.exponents.contains(power), ExactDecimal.exponents.contains(offsetPower),
            let scaled = value.multiplied(by: ExactDecimal(mantissa: Int128(mantissa), exponent: power))
        else { return nil }
        if offsetMantissa == 0 { return scaled }
        return scaled.adding(ExactDecimal(mantissa: Int128(offsetMantissa), exponent: offsetPower))
    }
}

/// A decimal number without rounding: `mantissa · 10^exponent`.
package struct ExactDecimal: Hashable, Sendable, CustomStringConvertible {
    /// Without trailing zeros, so that equal numbers are equal values.
    package let mantissa: Int128
    /// −4096 … 4096 in what was read; beyond that by a few places in products.
    package let exponent: Int

    package static let exponentMax = 4_096
    static let exponents = -exponentMax...exponentMax

    package init(mantissa: Int128, exponent: Int) {
        var mantissa = mantissa
        var exponent = exponent
        if mantissa == 0 { exponent = 0 }
        while mantissa != 0, mantissa % 10 == 0 {
            mantissa /= 10
            exponent += 1
        }
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// The number in a raw value; a float counts as its shortest decimal that reads back the same.
    package init?(_ raw: RawValue) {
        switch raw {
        case .none, .text, .event: return nil
        case .integer(let value): self.init(mantissa: Int128(value), exponent: 0)
        case .large(let value): self.init(mantissa: Int128(value), exponent: 0)
        case .float32(let bits):
            let value = Float(bitPattern: bits)
            guard value.isFinite else { return nil }
            self.init(text: "\(value)")
        case .float64(let bits):
            let value = Double(bitPattern: bits)
            guard value.isFinite else { return nil }
            self.init(text: "\(value)")
        case .number(let token): self.init(text: token)
        }
    }

    /// Reads JSON's number form (RFC 8259 section 6); also a leading `+`. `nil` for anything else or beyond 128 bits.
    package init?(text: String) {
        var mantissa: Int128 = 0
        var exponent = 0
        var digits = 0
        /// Zeros that were read but not yet multiplied: at the end of the digits they belong to the exponent.
        var zeros = 0
        var isNegative = false
        var afterPoint = false
        var rest = Array(text.utf8)[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        while let byte = rest.first {
            if byte >= 0x30, byte <= 0x39 {
                if byte == 0x30 {
                    zeros += mantissa == 0 ? 0 : 1
                } else {
                    for _ in 0...zeros {
                        let (product, over) = mantissa.multipliedReportingOverflow(by: 10)
                        if over { return nil }
                        mantissa = product
                    }
                    let (sum, carry) = mantissa.addingReportingOverflow(Int128(byte - 0x30))
                    if carry { return nil }
                    (mantissa, zeros) = (sum, 0)
                }
                digits += 1
                if afterPoint { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !afterPoint {
                afterPoint = true
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        guard digits > 0 else { return nil }
        exponent += zeros
        if let byte = rest.first {
            guard byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E"),
                let power = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), Self.exponents.contains(power)
            else { return nil }
            exponent += power
        }
        guard Self.exponents.contains(exponent) else { return nil }
        self.init(mantissa: isNegative ? -mantissa : mantissa, exponent: exponent)
    }

    package func multiplied(by other: ExactDecimal) -> ExactDecimal? {
        let (product, over) = mantissa.multipliedReportingOverflow(by: other.mantissa)
        return over ? nil : ExactDecimal(mantissa: product, exponent: exponent + other.exponent)
    }

    package func adding(_ other: ExactDecimal) -> ExactDecimal? {
        let low = min(exponent, other.exponent)
        guard let a = shifted(to: low), let b = other.shifted(to: low) else { return nil }
        let (sum, over) = a.addingReportingOverflow(b)
        return over ? nil : ExactDecimal(mantissa: sum, exponent: low)
    }

    /// Nearest double, for sums and charts; never for what is shown as the value itself.
    package var double: Double { Double("\(mantissa)e\(exponent)") ?? .nan }

    /// Plain decimal digits, a JSON number: `184220.4`, `-0.05`, `1200`; with an exponent only beyond 40 zeros.
    package var description: String {
        if exponent == 0 { return "\(mantissa)" }
        if exponent > 40 || exponent < -80 { return "\(mantissa)e\(exponent)" }
        if exponent > 0 { return "\(mantissa)" + String(repeating: "0", count: exponent) }
        let digits = String(mantissa.magnitude)
        let places = -exponent
        let padded = digits.count > places ? digits : String(repeating: "0", count: places - digits.count + 1) + digits
        return (mantissa < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// The mantissa on the lower exponent `low`; `nil` beyond 128 bits.
    func shifted(to low: Int) -> Int128? {
        if mantissa == 0 { return 0 }
        guard exponent - low <= 38 else { return nil }
        var result = mantissa
        for _ in 0..<(exponent - low) {
            let (next, over) = result.multipliedReportingOverflow(by: 10)
            if over { return nil }
            result = next
        }
        return result
    }
}
