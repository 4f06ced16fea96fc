extension CBOR {
    /// The only encoding of this value.
    package func encoded() -> [UInt8] {
        var target: [UInt8] = []
        encode(into: &target)
        return target
    }

    package func encode(into target: inout [UInt8]) {
        switch self {
        case .unsigned(let value):
            CBOR.encodeHead(major: 0, value, into: &target)
        case .negative(let value):
            // −1 − n is stored as n; the complement cannot overflow.
            CBOR.encodeHead(major: 1, UInt64(bitPattern: ~value), into: &target)
        case .bytes(let value):
            CBOR.encodeHead(major: 2, UInt64(value.count), into: &target)
            target.append(contentsOf: value)
        case .text(let value):
            CBOR.encodeHead(major: 3, UInt64(value.utf8.count), into: &target)
            target.append(contentsOf: value.utf8)
        case .array(let items):
            CBOR.encodeHead(major: 4, UInt64(items.count), into: &target)
            for item in items { item.encode(into: &target) }
        case .null:
            target.append(0xf6)
        }
    }

    /// Shortest head of a major type (RFC 8949 section 3).
    private static func encodeHead(major: UInt8, _ argument: UInt64, into target: inout [UInt8]) {
        let type = major << 5
        let width: Int
        switch argument {
        case 0..<24:
            target.append(type | UInt8(argument))
            return
        case 24...0xff: width = 1
        case 0x100...0xffff: width = 2
        case 0x1_0000...0xffff_ffff: width = 4
        default: width = 8
        }
        target.append(type | (24 + UInt8(width.trailingZeroBitCount)))
        for shift in stride(from: 8 * (width - 1), through: 0, by: -8) {
            target.append(UInt8(truncatingIfNeeded: argument >> UInt64(shift)))
        }
    }
}

/// Writing without building a value first, for long arrays: the bytes are those of `encoded()`.
extension CBOR {
    /// An array's head; its `count` elements must follow.
    package static func append(arrayOf count: Int, to target: inout [UInt8]) {
        encodeHead(major: 4, UInt64(count), into: &target)
    }

    package static func append(unsigned value: UInt64, to target: inout [UInt8]) {
        encodeHead(major: 0, value, into: &target)
    }

    package static func append(int value: Int64, to target: inout [UInt8]) {
        if value >= 0 {
            encodeHead(major: 0, UInt64(value), into: &target)
        } else {
            encodeHead(major: 1, UInt64(bitPattern: ~value), into: &target)
        }
    }

    package static func append(text value: String, to target: inout [UInt8]) {
        encodeHead(major: 3, UInt64(value.utf8.count), into: &target)
        target.append(contentsOf: value.utf8)
    }

    package static func append(bytes value: [UInt8], to target: inout [UInt8]) {
        encodeHead(major: 2, UInt64(value.count), into: &target)
        target.append(contentsOf: value)
    }

    /// `count` bytes, big-endian, as a byte string: how IEEE 754 values stand in items.
    package static func append(bigEndian bits: UInt64, count: Int, to target: inout [UInt8]) {
        encodeHead(major: 2, UInt64(count), into: &target)
        for shift in stride(from: 8 * (count - 1), through: 0, by: -8) {
            target.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
    }

    package static func appendNull(to target: inout [UInt8]) { target.append(0xf6) }
}
