import Readings
import Testing

struct ScaleTests {
    @Test(arguments: [
        (RawValue.integer(1_842_204), Scale(mantissa: 1, exponent: -1), "184220.4"),
        (.integer(-5), Scale(mantissa: 1, exponent: -2), "-0.05"),
        (.integer(12), Scale(mantissa: 1, exponent: 2), "1200"),
        (.float32(bits: 0x4640_E6B7), .identity, "12345.679"),
        (.number("21.50"), .identity, "21.5"),
        (.integer(250), Scale(mantissa: 1, exponent: -1, offsetMantissa: -40, offsetExponent: 0), "-15"),
        (.large(.max), .identity, "18446744073709551615"),
    ])
    func `an engineering value is exact`(raw: RawValue, scale: Scale, text: String) {
        #expect(scale.engineering(raw)?.description == text)
    }

    @Test(arguments: [
        RawValue.none, .text("12"), .float32(bits: 0x7FC0_0000), .float64(bits: 0x7FF0_0000_0000_0000),
        .number("1e99999"), .number("twelve"), .number(""), .number("-"), .number("1e"),
        .number("999999999999999999999999999999999999999999"),
    ])
    func `what is no number has no engineering value`(raw: RawValue) {
        #expect(Scale.identity.engineering(raw) == nil)
    }
}
