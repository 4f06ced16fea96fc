/// What `--json` prints. Members stand in a fixed order, so that the text of equal values is equal.
package indirect enum ToolJSON: Hashable, Sendable, CustomStringConvertible {
    case null
    case bool(Bool)
    /// A JSON number's token.
    case number(String)
    case string(String)
    case array([ToolJSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: ToolJSON

        package init(_ name: String, _ value: ToolJSON) {
            self.name = name
            self.value = value
        }
    }

    package static func number(_ value: some BinaryInteger) -> ToolJSON { .number(String(value)) }

    package static func text(_ value: String?) -> ToolJSON { value.map { .string($0) } ?? .null }

    package static func members(_ pairs: KeyValuePairs<String, ToolJSON>) -> ToolJSON {
        .object(pairs.map { Member($0.key, $0.value) })
    }

    /// On one line.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let token): token
        case .string(let text): Self.quoted(text)
        case .array(let items): "[\(items.map(\.description).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { Self.quoted($0.name) + ":" + $0.value.description }.joined(separator: ","))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where isSteering(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Text of a device as a person may see it: what would steer a terminal is a replacement character.
package func shown(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isSteering($0) ? "\u{FFFD}" : $0 }))
}

private func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
        || (0x2066...0x2069).contains(scalar.value)
}
