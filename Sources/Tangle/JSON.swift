/// A JSON value as nodes speak it. Numbers keep their token, so that none loses digits.
package indirect enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// The token as it stands in the text.
    case number(String)
    case string(String)
    case array([JSON])
    /// Members in the order of the text; no name twice.
    case object([Member])

    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// Deepest nesting read: twice what the deepest proof tree needs.
    package static let depthMax = 136
    /// Longest array read.
    package static let elementsMax = 100_000

    package static func number(_ value: some FixedWidthInteger) -> JSON { .number(String(value)) }

    /// Members whose value is nil are left out.
    package static func members(_ pairs: KeyValuePairs<String, JSON?>) -> JSON {
        .object(pairs.compactMap { pair in pair.value.map { Member(pair.key, $0) } })
    }

    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    package var asString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var asArray: [JSON]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    package var asBool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// An integer token that fits; nil for a fraction, an exponent, or one out of range.
    package func asInteger<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) -> Integer? {
        guard case .number(let token) = self else { return nil }
        return Integer(token)
    }

    /// The value of a number token, for rates and scores.
    package var asDouble: Double? {
        guard case .number(let token) = self else { return nil }
        return Double(token)
    }

    /// The text without spaces; members in their order.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .null: out += Array("null".utf8)
        case .bool(let value): out += Array((value ? "true" : "false").utf8)
        case .number(let token): out += Array(token.utf8)
        case .string(let text): Self.write(text, to: &out)
        case .array(let values):
            out.append(UInt8(ascii: "["))
            for (place, value) in values.enumerated() {
                if place > 0 { out.append(UInt8(ascii: ",")) }
                value.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (place, member) in members.enumerated() {
                if place > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
