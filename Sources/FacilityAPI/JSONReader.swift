/// A JSON text from outside, read strictly (RFC 8259): one value, no duplicate member, bounded depth.
package enum JSONValue: Hashable, Sendable {
    case null
    case flag(Bool)
    /// The number's own token; nothing is rounded.
    case number(String)
    case text(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue
    }

    package static let depthMax = 16

    package enum ParseError: Error, Equatable {
        /// `at`: byte from the beginning.
        case malformed(at: Int)
        case tooDeep
        case duplicateMember(String)
    }

    package init(parsing bytes: [UInt8]) throws(ParseError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var asText: String? { if case .text(let text) = self { text } else { nil } }
    package var asArray: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    package var asInt: Int? { if case .number(let token) = self { Int(token) } else { nil } }
}

private struct JSONParser {
    let bytes: [UInt8]
    var index = 0

    mutating func document() throws(JSONValue.ParseError) -> JSONValue {
        let result = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw .malformed(at: index) }
        return result
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func value(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        guard depth <= JSONValue.depthMax else { throw .tooDeep }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONValue.ParseError) -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw .malformed(at: index) }
        index += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        index += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if peek == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw .malformed(at: index) }
            let name = try string()
            guard !members.contains(where: { $0.name == name }) else { throw .duplicateMember(name) }
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw .malformed(at: index) }
            index += 1
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            guard members.count <= 1_000 else { throw .tooDeep }
            if try ends(with: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        index += 1
        var items: [JSONValue] = []
        skipSpace()
        if peek == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            items.append(try value(depth: depth + 1))
            if try ends(with: UInt8(ascii: "]")) { return .array(items) }
        }
    }

    /// Steps over a comma (false) or the closing byte (true).
    private mutating func ends(with close: UInt8) throws(JSONValue.ParseError) -> Bool {
        skipSpace()
        guard let byte = peek, byte == close || byte == UInt8(ascii: ",") else { throw .malformed(at: index) }
        index += 1
        return byte == close
    }

    private mutating func number() throws(JSONValue.ParseError) -> JSONValue {
        let start = index
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
        if peek == UInt8(ascii: "-") { index += 1 }
        guard isDigit(peek) else { throw .malformed(at: index) }
        if peek == 0x30 { index += 1 } else { while isDigit(peek) { index += 1 } }
        if peek == UInt8(ascii: ".") {
            index += 1
            guard isDigit(peek) else { throw .malformed(at: index) }
            while isDigit(peek) { index += 1 }
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            index += 1
            if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") { index += 1 }
            guard isDigit(peek) else { throw .malformed(at: index) }
            while isDigit(peek) { index += 1 }
        }
        return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func string() throws(JSONValue.ParseError) -> String {
        index += 1
        var out: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else { throw .malformed(at: index) }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw .malformed(at: index - 1)
            default: out.append(byte)
            }
        }
        throw .malformed(at: index)
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONValue.ParseError) {
        guard let byte = peek else { throw .malformed(at: index) }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if code >= 0xD800, code <= 0xDBFF {
                guard peek == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "u") else {
                    throw .malformed(at: index)
                }
                index += 2
                let low = try hex4()
                guard low >= 0xDC00, low <= 0xDFFF else { throw .malformed(at: index) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw .malformed(at: index) }
            out.append(contentsOf: String(Character(scalar)).utf8)
        default: throw .malformed(at: index - 1)
        }
    }

    private mutating func hex4() throws(JSONValue.ParseError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw .malformed(at: index)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
