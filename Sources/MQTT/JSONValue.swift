/// A JSON value whose numbers stay the characters they came as (RFC 8259).
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The literal token, such as `21.50`.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order of the text; names differ.
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue
    }
}

/// What is wrong with a text that should be JSON, and at which byte.
package struct JSONError: Error, Hashable {
    package let offset: Int
    package let reason: Reason

    package enum Reason: Hashable {
        case unexpected, unfinished, tooDeep, tooLarge, notUTF8, nameTwice
    }
}

extension JSONValue {
    static let depthMax = 32
    static let valueCountMax = 20_000

    /// Reads exactly one value. Equal names in one object, lone surrogates, and anything RFC 8259 does not allow are refused.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.error(.unexpected) }
        return value
    }

    /// Whether a text is a number in JSON's form.
    static func isNumber(_ text: String) -> Bool {
        // Why it is no number does not matter here.
        guard case .number(let token) = try? parse(Array(text.utf8)) else { return false }
        return token.utf8.count == text.utf8.count
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var offset = 0
    private var valueCount = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func error(_ reason: JSONError.Reason) -> JSONError { JSONError(offset: offset, reason: reason) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let isThere = word.withUTF8Buffer { bytes[offset...].starts(with: $0) }
        guard isThere else { throw error(.unexpected) }
        offset += word.utf8CodeUnitCount
        return value
    }

    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.depthMax else { throw error(.tooDeep) }
        valueCount += 1
        guard valueCount <= JSONValue.valueCountMax else { throw error(.tooLarge) }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try expect("true", .bool(true))
        case UInt8(ascii: "f"): return try expect("false", .bool(false))
        case UInt8(ascii: "n"): return try expect("null", .null)
        case nil: throw error(.unfinished)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error(next == nil ? .unfinished : .unexpected) }
            let name = try string()
            guard names.insert(name).inserted else { throw error(.nameTwice) }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error(.unexpected) }
            skipSpace()
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw error(next == nil ? .unfinished : .unexpected) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var items: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw error(next == nil ? .unfinished : .unexpected) }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = next, byte >= 0x30, byte <= 0x39 { offset += 1 }
        guard offset > start else { throw error(next == nil ? .unfinished : .unexpected) }
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw error(.notUTF8) }
                return result
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error(.unexpected)
            default: text.append(byte)
            }
        }
        throw error(.unfinished)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error(.unfinished) }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try hex())
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error(.notUTF8) }
                let low = UInt32(try hex())
                guard (0xDC00..<0xE000).contains(low) else { throw error(.notUTF8) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error(.notUTF8) }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw error(.unexpected)
        }
    }

    private mutating func hex() throws(JSONError) -> UInt16 {
        guard offset + 4 <= bytes.count else { throw error(.unfinished) }
        var value: UInt16 = 0
        for byte in bytes[offset..<offset + 4] {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: throw error(.unexpected)
            }
            value = value << 4 | UInt16(digit)
        }
        offset += 4
        return value
    }
}
