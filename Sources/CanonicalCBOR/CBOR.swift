/// A value of the house's encoding: RFC 8949 section 4.2.1 without maps, floats, tags and simple values other than
/// null.
package indirect enum CBOR: Hashable, Sendable {
    /// 0 … 2⁶⁴−1.
    case unsigned(UInt64)
    /// −2⁶³ … −1; build with `int` so that a number has one form.
    case negative(Int64)
    case bytes([UInt8])
    /// Valid UTF-8, never normalised: two texts are equal when their bytes are.
    case text(String)
    case array([CBOR])
    case null

    package static func int(_ value: Int64) -> CBOR {
        if let natural = UInt64(exactly: value) { .unsigned(natural) } else { .negative(value) }
    }

    package var asUnsigned: UInt64? {
        if case .unsigned(let value) = self { value } else { nil }
    }

    /// `nil` also for numbers above 2⁶³−1.
    package var asInt: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): value
        default: nil
        }
    }

    package var asBytes: [UInt8]? {
        if case .bytes(let value) = self { value } else { nil }
    }

    package var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }

    package var asArray: [CBOR]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    package static func == (a: CBOR, b: CBOR) -> Bool {
        switch (a, b) {
        case (.unsigned(let x), .unsigned(let y)): x == y
        case (.negative(let x), .negative(let y)): x == y
        case (.bytes(let x), .bytes(let y)): x == y
        case (.text(let x), .text(let y)): x.utf8.elementsEqual(y.utf8)
        case (.array(let x), .array(let y)): x == y
        case (.null, .null): true
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .unsigned(let value): hasher.combine(value)
        case .negative(let value): hasher.combine(value)
        case .bytes(let value): hasher.combine(value)
        case .text(let value): for unit in value.utf8 { hasher.combine(unit) }
        case .array(let value): hasher.combine(value)
        case .null: hasher.combine(UInt8(0xf6))
        }
    }
}
