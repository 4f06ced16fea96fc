import Readings
import Testing
import TestTools

/// Goal: scaling is exact or refused, for every number a device or a file of others can hold. Method: schoolbook
/// arithmetic on decimal digits, written here, against `Scale`; and the ends of every range.
struct ScaleArithmeticTests {
    @Test func `scaling agrees with schoolbook arithmetic or gives nothing`() {
        let seed: UInt64 = 20_260_301
        var generator = SeededGenerator(seed: seed)
        var computed = 0
        for round in 0..<20_000 {
            let raw = RawValue.integer(generator.number(bits: 64))
            let scale = Scale(
                mantissa: generator.number(bits: 40), exponent: generator.number(bits: 5),
                offsetMantissa: generator.number(bits: 40), offsetExponent: generator.number(bits: 5))
            guard let value = scale.engineering(raw) else { continue }
            computed += 1
            guard case .integer(let number) = raw else { continue }
            let expected = Schoolbook(number).times(Schoolbook(scale.mantissa)).shifted(Int(scale.exponent))
                .plus(Schoolbook(scale.offsetMantissa).shifted(Int(scale.offsetExponent)))
            if Schoolbook(text: value.description) != expected {
                Issue.record("seed \(seed) round \(round): \(number) by \(scale) gives \(value), not \(expected.text)")
            }
        }
        #expect(computed > 15_000)
    }

    @Test func `a number's text reads back as the same number`() {
        var generator = SeededGenerator(seed: 7)
        for round in 0..<20_000 {
            let mantissa = Int128(generator.number(bits: 64)) * Int128(generator.number(bits: 60))
            let value = ExactDecimal(mantissa: mantissa, exponent: Int(generator.number(bits: 8)))
            #expect(ExactDecimal(text: value.description) == value, "round \(round): \(value)")
        }
    }

    @Test(arguments: [Int64.min, .min + 1, -4_097, 4_097, .max - 1, .max])
    func `exponents out of a hostile file give no value and stop nobody`(exponent: Int64) {
        for mantissa in [Int64.min, -10, 0, 1, 10, 1_000_000_000_000_000_000, .max] {
            for raw in [RawValue.integer(10), .integer(.min), .large(.max), .number("1e4096"), .number("-1e-4096")] {
                #expect(Scale(mantissa: mantissa, exponent: exponent).engineering(raw) == nil)
                let offset = Scale(mantissa: 1, exponent: 0, offsetMantissa: mantissa, offsetExponent: exponent)
                #expect(offset.engineering(raw) == nil)
            }
        }
    }

    @Test(arguments: [
        "1e-9223372036854775808", "1e9223372036854775807", "1e9223372036854775808", "1e-4097", "1e4097", "1e--1",
        "1e+-1", "1ee1", "1e1.0", "0x10", "1_0", " 1", "1 ", "٣", "1e٣", "--1", "+", ".", "e1", "NaN", "inf",
        "170141183460469231731687303715884105728",
    ])
    func `text that is no number, or one beyond the range, is refused`(text: String) {
        #expect(ExactDecimal(text: text) == nil)
        #expect(Scale.identity.engineering(.number(text)) == nil)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("0.000", "0"), ("1E2", "100"), ("1e+2", "100"), ("-12.50", "-12.5"),
        ("0.1e-1", "0.01"), ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("1e40", "1" + String(repeating: "0", count: 40)), ("1e41", "1e41"), ("1e4096", "1e4096"),
        ("1e-4096", "1e-4096"),
    ])
    func `text that is a number has one plain form`(text: String, plain: String) {
        #expect(ExactDecimal(text: text)?.description == plain)
    }

    @Test func `every float has the decimal that reads back as itself`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let bits = generator.next()
            let double = Double(bitPattern: bits)
            // Digits and exponents of every finite double are within the range.
            #expect((ExactDecimal(.float64(bits: bits)) != nil) == double.isFinite)
            if let value = ExactDecimal(.float64(bits: bits)) { #expect(value.double == double) }
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            if let value = ExactDecimal(.float32(bits: float.bitPattern)) {
                #expect(Float(value.description) == float)
            } else {
                #expect(!float.isFinite)
            }
        }
    }
}
