import CanonicalCBOR

/// Reads a CBOR part that is too large for a tree in memory: the same encoding and the same refusals as `CBOR.decode`.
struct CBORReader {
    let window: ByteWindow
    /// The part's name, for messages.
    let part: String

    enum Head: Hashable {
        case unsigned(UInt64)
        case negative(Int64)
        case bytes(UInt64)
        case text(UInt64)
        case array(UInt64)
        case null
    }

    private var malformed: Stop { Stop(.malformed, part) }
    private var nonCanonical: Stop { Stop(.nonCanonical, part) }

    func head() throws(Stop) -> Head {
        guard let first = window.take(1)?[0] else { throw malformed }
        if first == 0xf6 { return .null }
        let major = first >> 5
        guard major <= 4 else { throw nonCanonical }
        let argument = try argument(first & 31)
        switch major {
        case 0: return .unsigned(argument)
        case 1:
            guard argument <= UInt64(Int64.max) else { throw nonCanonical }
            return .negative(~Int64(argument))
        case 2: return .bytes(argument)
        case 3: return .text(argument)
        default: return .array(argument)
        }
    }

    private func argument(_ small: UInt8) throws(Stop) -> UInt64 {
        if small < 24 { return UInt64(small) }
        guard small < 28 else { throw nonCanonical }
        let width = 1 << Int(small - 24)
        guard let bytes = window.take(width) else { throw malformed }
        let value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
        let least: UInt64 = width == 1 ? 24 : 1 << UInt64(4 * width)
        guard value >= least else { throw nonCanonical }
        return value
    }

    /// The content of a text or of bytes.
    func content(_ count: UInt64) throws(Stop) -> [UInt8] {
        guard let size = Int(exactly: count), let bytes = window.take(size) else { throw malformed }
        return [UInt8](bytes)
    }

    func text() throws(Stop) -> String {
        guard case .text(let count) = try head() else { throw malformed }
        guard let text = String(validating: try content(count), as: UTF8.self) else { throw nonCanonical }
        return text
    }

    /// Reads one whole item and keeps nothing of it.
    func pass(depth: Int = 0) throws(Stop) {
        switch try head() {
        case .unsigned, .negative, .null: return
        case .bytes(let count):
            guard let size = Int(exactly: count), window.skip(size) else { throw malformed }
        case .text(let count):
            guard String(validating: try content(count), as: UTF8.self) != nil else { throw nonCanonical }
        case .array(let count):
            guard depth < CBOR.depthMax, count <= UInt64(window.remaining) else { throw malformed }
            for _ in 0..<count { try pass(depth: depth + 1) }
        }
    }

    /// One whole item as a tree; it has at most `sizeBytesMax` bytes.
    func item(sizeBytesMax: Int) throws(Stop) -> CBOR {
        let start = window.at
        try pass()
        let size = window.at - start
        guard size <= sizeBytesMax else { throw malformed }
        window.move(to: start)
        guard let bytes = window.take(size) else { throw malformed }
        return try FileCBOR.decode([UInt8](bytes), part)
    }
}
