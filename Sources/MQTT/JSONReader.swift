/// Reads a JSON text once, from its first byte to its last, and notes where each value stands.
struct JSONReader {
    private(set) var nodes: [JSONText.Node] = []
    private let bytes: [UInt8]
    private var offset = 0

    /// Objects of up to this many members are searched for equal names without a set.
    private static let pairsMax = 24

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        nodes.reserveCapacity(min(bytes.count / 8 + 1, 64))
    }

    mutating func readAll() throws(JSONError) {
        guard bytes.count <= Int(Int32.max) else { throw error(.tooLarge) }
        if bytes.contains(where: { $0 >= 0x80 }), String(validating: bytes, as: UTF8.self) == nil {
            throw error(.notUTF8)
        }
        skipSpace()
        try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw error(.unexpected) }
    }

    private func error(_ reason: JSONError.Reason) -> JSONError { JSONError(offset: offset, reason: reason) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(JSONError) {
        let isThere = word.withUTF8Buffer { bytes[offset...].starts(with: $0) }
        guard isThere else { throw error(.unexpected) }
        offset += word.utf8CodeUnitCount
    }

    /// - Returns: the value's place among the nodes.
    @discardableResult
    private mutating func value(depth: Int) throws(JSONError) -> Int {
        guard depth < JSONText.depthMax else { throw error(.tooDeep) }
        guard nodes.count < JSONText.valueCountMax else { throw error(.tooLarge) }
        let place = nodes.count
        nodes.append(JSONText.Node(kind: .null, start: Int32(offset)))
        switch next {
        case UInt8(ascii: "{"):
            nodes[place].kind = .object
            try object(place, depth: depth)
        case UInt8(ascii: "["):
            nodes[place].kind = .array
            try array(depth: depth)
        case UInt8(ascii: "\""):
            let (start, end, hasEscapes) = try string()
            nodes[place].kind = .string
            nodes[place].start = start
            nodes[place].end = end
            nodes[place].hasEscapes = hasEscapes
            nodes[place].next = Int32(nodes.count)
            return place
        case UInt8(ascii: "t"):
            nodes[place].kind = .yes
            try expect("true")
        case UInt8(ascii: "f"):
            nodes[place].kind = .no
            try expect("false")
        case UInt8(ascii: "n"): try expect("null")
        case nil: throw error(.unfinished)
        default:
            nodes[place].kind = .number
            let wrong = bytes.withUnsafeBufferPointer { Self.skipNumber($0, &offset) }
            if let wrong { throw error(wrong) }
        }
        nodes[place].end = Int32(offset)
        nodes[place].next = Int32(nodes.count)
        return place
    }

    private mutating func object(_ place: Int, depth: Int) throws(JSONError) {
        offset += 1
        var count = 0
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error(next == nil ? .unfinished : .unexpected) }
            let (start, end, hasEscapes) = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error(.unexpected) }
            skipSpace()
            let member = try value(depth: depth + 1)
            nodes[member].nameStart = start
            nodes[member].nameEnd = end
            nodes[member].nameHasEscapes = hasEscapes
            count += 1
            skipSpace()
            if take(UInt8(ascii: "}")) { break }
            guard take(UInt8(ascii: ",")) else { throw error(next == nil ? .unfinished : .unexpected) }
        }
        if hasEqualNames(place, count) { throw error(.nameTwice) }
    }

    private mutating func array(depth: Int) throws(JSONError) {
        offset += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            skipSpace()
            try value(depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw error(next == nil ? .unfinished : .unexpected) }
        }
    }

    /// Digits, point and exponent from `offset` on; what is wrong there, `nil` when it is a number.
    static func skipNumber(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: inout Int) -> JSONError.Reason? {
        func isNext(_ byte: UInt8) -> Bool { offset < bytes.count && bytes[offset] == byte }
        func digits() -> JSONError.Reason? {
            let start = offset
            while offset < bytes.count, bytes[offset] >= 0x30, bytes[offset] <= 0x39 { offset += 1 }
            return offset > start ? nil : offset < bytes.count ? .unexpected : .unfinished
        }
        if isNext(UInt8(ascii: "-")) { offset += 1 }
        if isNext(UInt8(ascii: "0")) {
            offset += 1
        } else if let wrong = digits() {
            return wrong
        }
        if isNext(UInt8(ascii: ".")) {
            offset += 1
            if let wrong = digits() { return wrong }
        }
        if isNext(UInt8(ascii: "e")) || isNext(UInt8(ascii: "E")) {
            offset += 1
            if isNext(UInt8(ascii: "+")) || isNext(UInt8(ascii: "-")) { offset += 1 }
            if let wrong = digits() { return wrong }
        }
        return nil
    }

    // MARK: - Strings

    /// Where the characters between the quotation marks stand.
    private mutating func string() throws(JSONError) -> (start: Int32, end: Int32, hasEscapes: Bool) {
        offset += 1
        let start = Int32(offset)
        var hasEscapes = false
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let end = Int32(offset)
                offset += 1
                return (start, end, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0..<0x20: throw error(.unexpected)
            default: offset += 1
            }
        }
        throw error(.unfinished)
    }

    private mutating func skipEscape() throws(JSONError) {
        offset += 1
        guard let byte = next else { throw error(.unfinished) }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let code = try hex()
            if (0xDC00..<0xE000).contains(code) { throw error(.notUTF8) }
            guard (0xD800..<0xDC00).contains(code) else { return }
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error(.notUTF8) }
            guard (0xDC00..<0xE000).contains(try hex()) else { throw error(.notUTF8) }
        default: throw error(.unexpected)
        }
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw error(.unfinished) }
        guard let value = Self.hex(bytes[offset..<offset + 4]) else { throw error(.unexpected) }
        offset += 4
        return value
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for byte in digits {
            guard let digit = hexDigit(byte) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The characters of a string that was read; anything `string` would not have let through ends it.
    static func unescaped(_ raw: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                text.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var code = hex(rest.prefix(4)) ?? 0xFFFD
                rest = rest.dropFirst(4)
                if (0xD800..<0xDC00).contains(code) {
                    let low = hex(rest.dropFirst(2).prefix(4)) ?? 0xDC00
                    rest = rest.dropFirst(6)
                    code = 0x10000 + (code - 0xD800) << 10 + (low &- 0xDC00) & 0x3FF
                }
                text += Array(String(Character(Unicode.Scalar(code) ?? "\u{FFFD}")).utf8)
            default: text.append(kind)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Names

    private func hasEqualNames(_ object: Int, _ count: Int) -> Bool {
        guard count > 1 else { return false }
        if count > Self.pairsMax {
            var names: Set<String> = []
            var at = object + 1
            while at < nodes.count {
                if !names.insert(name(nodes[at])).inserted { return true }
                at = Int(nodes[at].next)
            }
            return false
        }
        var first = object + 1
        while first < nodes.count {
            var second = Int(nodes[first].next)
            while second < nodes.count {
                if isSameName(nodes[first], nodes[second]) { return true }
                second = Int(nodes[second].next)
            }
            first = Int(nodes[first].next)
        }
        return false
    }

    private func isSameName(_ a: JSONText.Node, _ b: JSONText.Node) -> Bool {
        if a.nameHasEscapes || b.nameHasEscapes { return name(a) == name(b) }
        let size = Int(a.nameEnd - a.nameStart)
        guard size == Int(b.nameEnd - b.nameStart) else { return false }
        let (x, y) = (Int(a.nameStart), Int(b.nameStart))
        for index in 0..<size where bytes[x + index] != bytes[y + index] { return false }
        return true
    }

    private func name(_ node: JSONText.Node) -> String {
        let raw = bytes[Int(node.nameStart)..<Int(node.nameEnd)]
        return node.nameHasEscapes ? Self.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }
}
