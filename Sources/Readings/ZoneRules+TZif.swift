/// Reads the blocks of a TZif file (RFC 8536 section 3). Every count is bounded by the bytes that are there.
struct TZifReader {
    struct Counts {
        let version: Int
        let isUTC: Int
        let isStandard: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        func bodyBytes(width: Int) -> Int {
            times * width + times + types * 6 + characters + leaps * (width + 4) + isStandard + isUTC
        }
    }

    struct Body {
        var starts: [Int64] = []
        var offsets: [Int] = []
        var firstOffset = 0
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func header() throws(ZoneRules.ZoneError) -> Counts {
        let magic = try take(4)
        guard magic.elementsEqual("TZif".utf8) else { throw .malformed }
        let version = Int(try take(1).first ?? 0)
        guard version == 0 || (version >= 0x32 && version <= 0x39) else { throw .malformed }
        _ = try take(15)
        var numbers: [Int] = []
        for _ in 0..<6 { numbers.append(Int(try number(4))) }
        guard numbers.allSatisfy({ $0 >= 0 && $0 <= bytes.count }) else { throw .malformed }
        return Counts(
            version: version == 0 ? 1 : version - 0x30, isUTC: numbers[0], isStandard: numbers[1], leaps: numbers[2],
            times: numbers[3], types: numbers[4], characters: numbers[5])
    }

    mutating func body(_ counts: Counts, width: Int) throws(ZoneRules.ZoneError) -> Body {
        guard counts.types >= 1 else { throw .malformed }
        var body = Body()
        for _ in 0..<counts.times {
            let at = try number(width)
            // Instants are milliseconds in 64 bits: what lies beyond a hundred thousand years is a mark, not a time.
            let bounded = min(max(at, -3_155_760_000_000), 3_155_760_000_000)
            guard bounded >= body.starts.last ?? bounded else { throw .malformed }
            body.starts.append(bounded)
        }
        let types = Array(try take(counts.times))
        var offsetOfType: [Int] = []
        for _ in 0..<counts.types {
            let offset = Int(try number(4))
            guard abs(offset) <= 93_599 else { throw .malformed }
            offsetOfType.append(offset)
            _ = try take(2)
        }
        for type in types {
            guard Int(type) < offsetOfType.count else { throw .malformed }
            body.offsets.append(offsetOfType[Int(type)])
        }
        body.firstOffset = offsetOfType[0]
        try skip(counts.characters + counts.leaps * (width + 4) + counts.isStandard + counts.isUTC)
        return body
    }

    /// The text between two line feeds after the second body.
    mutating func footer() throws(ZoneRules.ZoneError) -> [UInt8] {
        guard try take(1).first == 0x0A else { throw .malformed }
        guard let end = bytes[index...].firstIndex(of: 0x0A), end - index <= 256 else { throw .malformed }
        return Array(bytes[index..<end])
    }

    mutating func skip(_ count: Int) throws(ZoneRules.ZoneError) { _ = try take(count) }

    private mutating func take(_ count: Int) throws(ZoneRules.ZoneError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - index else { throw .malformed }
        defer { index += count }
        return bytes[index..<index + count]
    }

    private mutating func number(_ width: Int) throws(ZoneRules.ZoneError) -> Int64 {
        var value: UInt64 = 0
        for byte in try take(width) { value = value << 8 | UInt64(byte) }
        return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
}
