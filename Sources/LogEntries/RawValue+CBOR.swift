package import CanonicalCBOR
package import Readings

extension CBOR {
    /// A value as it stands in a payload: registers as integers, IEEE 754 as 4 or 8 bytes big-endian, number tokens
    /// as text.
    package init(_ value: RawValue) {
        switch value {
        case .none: self = .null
        case .integer(let number): self = .int(number)
        case .large(let number): self = .unsigned(number)
        case .float32(let bits): self = .bytes(CBOR.bigEndian(UInt64(bits), count: 4))
        case .float64(let bits): self = .bytes(CBOR.bigEndian(bits, count: 8))
        case .number(let token), .text(let token): self = .text(token)
        case .event(let payload): self = .bytes(payload)
        }
    }

    private static func bigEndian(_ bits: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * (count - 1 - $0))) }
    }
}

extension RawValue {
    /// The value of a payload for a point of `kind`; `nil` when it has a form that the kind does not permit.
    ///
    /// Without a kind the form decides: 4 and 8 bytes are floats, other bytes an event, text is text.
    package init?(_ value: CBOR, kind: ValueKind?) {
        switch (value, kind) {
        case (.null, _):
            self = .none
        case (.unsigned(let number), .integer?), (.unsigned(let number), nil):
            self = .unsigned(number)
        case (.unsigned(let number), .flag?) where number <= 1:
            self = .unsigned(number)
        case (.negative(let number), .integer?), (.negative(let number), nil):
            self = .integer(number)
        case (.bytes(let payload), .event?):
            self = .event(payload)
        case (.bytes(let payload), .float32?) where payload.count == 4:
            self = .float32(bits: payload.reduce(0) { $0 << 8 | UInt32($1) })
        case (.bytes(let payload), .float64?) where payload.count == 8:
            self = .float64(bits: payload.reduce(0) { $0 << 8 | UInt64($1) })
        case (.bytes(let payload), nil):
            switch payload.count {
            case 4: self = .float32(bits: payload.reduce(0) { $0 << 8 | UInt32($1) })
            case 8: self = .float64(bits: payload.reduce(0) { $0 << 8 | UInt64($1) })
            default: self = .event(payload)
            }
        case (.text(let token), .numericText?):
            self = .number(token)
        case (.text(let text), .text?), (.text(let text), nil):
            self = .text(text)
        default:
            return nil
        }
    }
}
