package import Readings

/// A value as the API shows it: a number written exactly from raw · scale, a text, or none.
package enum ShownValue: Hashable, Sendable {
    case number(ExactDecimal)
    case text(String)
    case none

    /// Without a scale there is no point any more that explains the value: it is shown as none, its raw text stays.
    package init(_ raw: RawValue, scale: Scale?) {
        switch raw {
        case .text(let text): self = .text(text)
        case .none, .event: self = .none
        default: self = scale.flatMap { $0.engineering(raw) }.map { .number($0) } ?? .none
        }
    }
}

extension RawValue {
    /// What was captured, as text; `nil` where there is no value. Floats as the shortest decimal that reads back the same,
    /// NaN and infinity as their bits (`0x7fc00000`), events as hex.
    package var shownText: String? {
        switch self {
        case .none: nil
        case .integer(let value): String(value)
        case .large(let value): String(value)
        case .float32(let bits):
            Float(bitPattern: bits).isFinite ? "\(Float(bitPattern: bits))" : "0x" + String(bits, radix: 16)
        case .float64(let bits):
            Double(bitPattern: bits).isFinite ? "\(Double(bitPattern: bits))" : "0x" + String(bits, radix: 16)
        case .number(let token): token
        case .text(let text): text
        case .event(let bytes): bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
