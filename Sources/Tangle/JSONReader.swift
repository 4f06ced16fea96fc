extension JSON {
    /// Reads exactly one value (RFC 8259): valid UTF-8, no name twice, nesting up to `depthMax`.
    package static func parse(_ bytes: [UInt8]) throws(TangleError) -> JSON {
        var reader = JSONReader(bytes)
        return try reader.document()
    }

    package static func parse(_ text: String) throws(TangleError) -> JSON { try parse(Array(text.utf8)) }
}

private struct JSONReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private static var malformed: TangleError { .json(field: "") }

    mutating func document() throws(TangleError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw Self.malformed }
        return value
    }

    private mutating func value(depth: Int) throws(TangleError) -> JSON {
        guard depth <= JSON.depthMax else { throw Self.malformed }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(TangleError) -> JSON {
        place += 1
        var members: [JSON.Member] = []
        var names: Set<[UInt8]> = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw Self.malformed }
            let name = try string()
            guard names.insert(Array(name.utf8)).inserted else { throw .json(field: name) }
            skipSpace()
            guard take(":") else { throw Self.malformed }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            guard members.count <= JSON.elementsMax else { throw Self.malformed }
            skipSpace()
        } while take(",")
        guard take("}") else { throw Self.malformed }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(TangleError) -> JSON {
        place += 1
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value(depth: depth + 1))
            guard values.count <= JSON.elementsMax else { throw Self.malformed }
            skipSpace()
        } while take(",")
        guard take("]") else { throw Self.malformed }
        return .array(values)
    }

    private mutating func number() throws(TangleError) -> String {
        let start = place
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func digits() throws(TangleError) {
        let start = place
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        guard place > start else { throw Self.malformed }
    }

    private mutating func string() throws(TangleError) -> String {
        place += 1
        var text: [UInt8] = []
        while let byte = peek {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw Self.malformed }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw Self.malformed
            default: text.append(byte)
            }
        }
        throw Self.malformed
    }

    private mutating func escape() throws(TangleError) -> [UInt8] {
        guard let byte = peek else { throw Self.malformed }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"): break
        default: throw Self.malformed
        }
        var code = try fourDigits()
        if (0xd800..<0xdc00).contains(code) {
            guard take("\\"), take("u") else { throw Self.malformed }
            let low = try fourDigits()
            guard (0xdc00..<0xe000).contains(low) else { throw Self.malformed }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Self.malformed }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func fourDigits() throws(TangleError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw Self.malformed
            }
            code = code << 4 | UInt32(digit)
            place += 1
        }
        return code
    }

    private mutating func word(_ text: String, _ value: JSON) throws(TangleError) -> JSON {
        guard bytes[place...].starts(with: text.utf8) else { throw Self.malformed }
        place += text.utf8.count
        return value
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { place += 1 }
    }
}
