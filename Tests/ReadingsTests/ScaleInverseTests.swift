import Readings
import Testing
import TestTools

/// Goal: a command says the device exactly what was asked for, or is refused with the nearest value it can say.
/// Method: the way there and back for seeded scales and values, and the known edges one by one.
struct ScaleInverseTests {
    private func decimal(_ text: String) throws -> ExactDecimal { try #require(ExactDecimal(text: text)) }

    @Test func `what was read can be written back`() throws {
        let seed: UInt64 = 20_261_124
        var generator = SeededGenerator(seed: seed)
        var checked = 0
        for round in 0..<20_000 {
            let mantissa = generator.number(bits: 20)
            let scale = Scale(
                mantissa: mantissa == 0 ? 1 : mantissa, exponent: generator.number(bits: 4),
                offsetMantissa: generator.number(bits: 20), offsetExponent: generator.number(bits: 4))
            let raw = RawValue.integer(generator.number(bits: 32))
            guard let value = scale.engineering(raw) else { continue }
            guard let back = scale.raw(value, for: .integer) else { continue }
            checked += 1
            if back != raw { Issue.record("seed \(seed) round \(round): \(raw) became \(back) by \(scale)") }
            #expect(scale.nearest(value, for: .integer) == value)
        }
        #expect(checked > 19_000)
    }

    @Test(arguments: [
        ("21.5", Int64(215)), ("-18.2", -182), ("0", 0), ("1e2", 1_000),
    ])
    func `tenths of a register hold one place`(text: String, raw: Int64) throws {
        #expect(Scale(mantissa: 1, exponent: -1).raw(try decimal(text), for: .integer) == .integer(raw))
    }

    @Test(arguments: [("21.55", "21.6"), ("21.54", "21.5"), ("-0.04", "0"), ("-21.55", "-21.6")])
    func `between two steps there is no raw value, and the nearest is named`(text: String, nearest: String) throws {
        let scale = Scale(mantissa: 1, exponent: -1)
        #expect(scale.raw(try decimal(text), for: .integer) == nil)
        #expect(scale.nearest(try decimal(text), for: .integer) == ExactDecimal(text: nearest))
    }

    @Test func `a scale that is no power of ten divides where it divides`() throws {
        let scale = Scale(mantissa: 4, exponent: 0, offsetMantissa: -40, offsetExponent: 0)
        #expect(scale.raw(try decimal("-36"), for: .integer) == .integer(1))
        #expect(scale.raw(try decimal("-35"), for: .integer) == nil)
        #expect(scale.nearest(try decimal("-35"), for: .integer) == ExactDecimal(text: "-36"))
        #expect(scale.raw(try decimal("-35"), for: .numericText) == .number("1.25"))
        #expect(Scale(mantissa: 3, exponent: 0).raw(try decimal("1"), for: .numericText) == nil)
    }

    @Test func `a float is taken only when it reads back as the same decimal`() throws {
        let scale = Scale.identity
        #expect(scale.raw(try decimal("0.1"), for: .float32) == .float32(bits: Float(0.1).bitPattern))
        #expect(scale.raw(try decimal("21.5"), for: .float64) == .float64(bits: Double(21.5).bitPattern))
        #expect(scale.raw(try decimal("12345.6789"), for: .float32) == nil)
        #expect(scale.nearest(try decimal("12345.6789"), for: .float32) == ExactDecimal(text: "12345.679"))
        #expect(scale.raw(try decimal("1e300"), for: .float32) == nil)
        #expect(scale.nearest(try decimal("1e300"), for: .float32) == nil)
    }

    @Test func `flags are 0 and 1, and texts hold no number`() throws {
        #expect(Scale.identity.raw(try decimal("1"), for: .flag) == .integer(1))
        #expect(Scale.identity.raw(try decimal("2"), for: .flag) == nil)
        #expect(Scale.identity.raw(try decimal("1"), for: .text) == nil)
        #expect(Scale.identity.raw(try decimal("1"), for: .event) == nil)
    }

    @Test func `beyond 64 bits there is no register`() throws {
        #expect(Scale.identity.raw(try decimal("18446744073709551615"), for: .integer) == .large(.max))
        #expect(Scale.identity.raw(try decimal("18446744073709551616"), for: .integer) == nil)
        #expect(Scale.identity.raw(try decimal("-9223372036854775808"), for: .integer) == .integer(.min))
    }

    @Test(arguments: [Int64.min, -4_097, 4_097, .max])
    func `exponents out of a hostile file give no value and stop nobody`(exponent: Int64) throws {
        for mantissa in [Int64.min, -1, 0, 7, .max] {
            for scale in [
                Scale(mantissa: mantissa, exponent: exponent),
                Scale(mantissa: mantissa, exponent: 0, offsetMantissa: mantissa, offsetExponent: exponent),
            ] {
                for text in ["0", "1", "-170141183460469231731687303715884105727", "1e4096", "1e-4096"] {
                    for kind in ValueKind.allCases {
                        _ = scale.raw(try decimal(text), for: kind)
                        _ = scale.nearest(try decimal(text), for: kind)
                    }
                }
            }
        }
    }
}
