/// Finds quadruples in the bytes of an interval item without building the whole item: a month of one point is some ten
/// thousand items, of which each holds little that is asked for.
///
/// It reads what `LogEntries.IntervalItem` and `Payload` wrote and checks only what it steps over; proofs and audits
/// use those.
package struct ItemScan {
    /// One quadruple; its value is decoded when it is asked for.
    package struct Row {
        package let position: UInt64
        package let point: UInt64
        package let dtMs: UInt64
        package let quality: UInt64
        /// `false` when the value stands in a pair with a time of its own.
        package let isPlain: Bool
        /// CBOR of the fourth element.
        package let element: ArraySlice<UInt8>
    }

    package enum ScanError: Error { case malformed }

    private let bytes: [UInt8]
    private var at: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        at = 0
    }

    /// Tells `row` every quadruple, in order.
    package static func each(_ item: [UInt8], row: (Row) throws -> Void) throws {
        var scan = ItemScan(item)
        guard try scan.head(major: 4) == 5 else { throw ScanError.malformed }
        for _ in 0..<4 { try scan.skip() }
        let length = try scan.head(major: 2)
        guard length == UInt64(scan.bytes.count - scan.at) else { throw ScanError.malformed }
        let elements = try scan.head(major: 4)
        guard elements.isMultiple(of: 4), elements <= UInt64(scan.bytes.count) else { throw ScanError.malformed }
        for position in 0..<(elements / 4) {
            let point = try scan.head(major: 0)
            let dtMs = try scan.head(major: 0)
            let quality = try scan.head(major: 0)
            let begin = scan.at
            let isPlain = begin < scan.bytes.count && scan.bytes[begin] >> 5 != 4
            try scan.skip()
            try row(
                Row(
                    position: position, point: point, dtMs: dtMs, quality: quality, isPlain: isPlain,
                    element: scan.bytes[begin..<scan.at]))
        }
        guard scan.at == scan.bytes.count else { throw ScanError.malformed }
    }

    /// Major type and argument of the element at hand; RFC 8949 section 3.
    private mutating func head() throws -> (major: UInt8, argument: UInt64) {
        guard at < bytes.count else { throw ScanError.malformed }
        let first = bytes[at]
        at += 1
        let low = first & 0x1F
        if low < 24 { return (first >> 5, UInt64(low)) }
        guard low <= 27 else { throw ScanError.malformed }
        let count = 1 << Int(low - 24)
        guard bytes.count - at >= count else { throw ScanError.malformed }
        var argument: UInt64 = 0
        for byte in bytes[at..<(at + count)] { argument = argument << 8 | UInt64(byte) }
        at += count
        return (first >> 5, argument)
    }

    private mutating func head(major: UInt8) throws -> UInt64 {
        let found = try head()
        guard found.major == major else { throw ScanError.malformed }
        return found.argument
    }

    private mutating func skip(depth: Int = 0) throws {
        let found = try head()
        switch found.major {
        case 0, 1, 7: break
        case 2, 3:
            guard found.argument <= UInt64(bytes.count - at) else { throw ScanError.malformed }
            at += Int(found.argument)
        case 4 where depth < 4:
            guard found.argument <= UInt64(bytes.count - at) else { throw ScanError.malformed }
            for _ in 0..<found.argument { try skip(depth: depth + 1) }
        default: throw ScanError.malformed
        }
    }
}
