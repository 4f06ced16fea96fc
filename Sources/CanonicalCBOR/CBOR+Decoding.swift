/// Why bytes are not one item in the house's encoding. `at` is the offset of the first byte that is wrong.
package enum CBORError: Error, Equatable {
    case truncated(at: Int)
    /// Bytes follow the item.
    case trailing(at: Int)
    /// A head that has a shorter form.
    case notShortest(at: Int)
    /// A map, tag, float, indefinite length, other simple value, or an integer below −2⁶³.
    case unsupported(at: Int)
    case notUTF8(at: Int)
    /// Arrays inside arrays beyond `CBOR.depthMax`.
    case tooDeep(at: Int)
    /// More bytes than the caller allows.
    case tooLarge(sizeBytes: Int)
}

extension CBOR {
    /// Arrays inside arrays.
    package static let depthMax = 16
    package static let sizeBytesMax = 64 << 20

    /// Reads one item that fills `bytes` to the end and is encoded in the only permitted way.
    package static func decode(_ bytes: [UInt8], sizeBytesMax: Int = CBOR.sizeBytesMax) throws(CBORError) -> CBOR {
        guard bytes.count <= sizeBytesMax else { throw .tooLarge(sizeBytes: bytes.count) }
        var decoder = Decoder(bytes: bytes)
        let item = try decoder.item(depth: 0)
        guard decoder.at == bytes.count else { throw .trailing(at: decoder.at) }
        return item
    }
}

private struct Decoder {
    let bytes: [UInt8]
    var at = 0

    mutating func item(depth: Int) throws(CBORError) -> CBOR {
        let start = at
        guard start < bytes.count else { throw .truncated(at: start) }
        let first = bytes[start]
        if first == 0xf6 {
            at += 1
            return .null
        }
        let argument = try head()
        switch first >> 5 {
        case 0:
            return .unsigned(argument)
        case 1:
            guard argument <= UInt64(Int64.max) else { throw .unsupported(at: start) }
            return .negative(~Int64(argument))
        case 2:
            return .bytes(Array(try take(argument)))
        case 3:
            guard let text = String(validating: try take(argument), as: UTF8.self) else { throw .notUTF8(at: start) }
            return .text(text)
        case 4:
            return .array(try items(count: argument, depth: depth + 1))
        default:
            throw .unsupported(at: start)
        }
    }

    private mutating func items(count: UInt64, depth: Int) throws(CBORError) -> [CBOR] {
        guard depth <= CBOR.depthMax else { throw .tooDeep(at: at) }
        // Every item takes a byte at least, so a lying count cannot reserve memory.
        guard count <= UInt64(bytes.count - at) else { throw .truncated(at: bytes.count) }
        var items: [CBOR] = []
        items.reserveCapacity(Int(min(count, 1_024)))
        for _ in 0..<count { items.append(try item(depth: depth)) }
        return items
    }

    private mutating func head() throws(CBORError) -> UInt64 {
        let start = at
        let first = bytes[start]
        at += 1
        let small = first & 31
        if small < 24 { return UInt64(small) }
        guard small < 28, first >> 5 <= 4 else { throw .unsupported(at: start) }
        let width = 1 << Int(small - 24)
        guard bytes.count - at >= width else { throw .truncated(at: bytes.count) }
        var value: UInt64 = 0
        for _ in 0..<width {
            value = value << 8 | UInt64(bytes[at])
            at += 1
        }
        let least: UInt64 = width == 1 ? 24 : 1 << UInt64(4 * width)
        guard value >= least else { throw .notShortest(at: start) }
        return value
    }

    private mutating func take(_ count: UInt64) throws(CBORError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - at) else { throw .truncated(at: bytes.count) }
        let taken = bytes[at..<(at + Int(count))]
        at += Int(count)
        return taken
    }
}
