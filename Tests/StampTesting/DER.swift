/// Writes DER by hand, so that the tests share no code with what they test.
package enum DER {
    package static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let size = content.count
        let length: [UInt8] =
            size < 0x80
            ? [UInt8(size)]
            : size < 0x100 ? [0x81, UInt8(size)] : [0x82, UInt8(size >> 8), UInt8(size & 0xff)]
        return [tag] + length + content
    }

    package static func sequence(_ parts: [UInt8]...) -> [UInt8] { node(0x30, parts.flatMap(\.self)) }
    package static func set(_ parts: [UInt8]...) -> [UInt8] { node(0x31, parts.flatMap(\.self)) }
    package static func octets(_ bytes: [UInt8]) -> [UInt8] { node(0x04, bytes) }
    package static func bits(_ bytes: [UInt8], unused: UInt8 = 0) -> [UInt8] { node(0x03, [unused] + bytes) }
    package static func boolean(_ value: Bool) -> [UInt8] { node(0x01, [value ? 0xff : 0x00]) }
    package static let null: [UInt8] = [0x05, 0x00]
    package static func time(_ text: String) -> [UInt8] { node(0x18, Array(text.utf8)) }
    package static func text(_ text: String) -> [UInt8] { node(0x0c, Array(text.utf8)) }
    /// `[number]`, constructed.
    package static func tagged(_ number: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        node(0xa0 | number, parts.flatMap(\.self))
    }

    package static func integer(_ value: UInt64) -> [UInt8] {
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
        while bytes.count > 1, bytes[0] == 0 { bytes.removeFirst() }
        return node(0x02, bytes[0] & 0x80 == 0 ? bytes : [0] + bytes)
    }

    /// From its numbers.
    package static func oid(_ numbers: Int...) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in [numbers[0] * 40 + numbers[1]] + numbers[2...] {
            var digits = [UInt8(number & 0x7f)]
            var rest = number >> 7
            while rest > 0 {
                digits.insert(UInt8(rest & 0x7f) | 0x80, at: 0)
                rest >>= 7
            }
            bytes += digits
        }
        return node(0x06, bytes)
    }

    package static let sha256 = sequence(oid(2, 16, 840, 1, 101, 3, 4, 2, 1), null)
    package static let ecdsaWithSHA256 = sequence(oid(1, 2, 840, 10_045, 4, 3, 2))
    package static let timeStampInfo = oid(1, 2, 840, 113_549, 1, 9, 16, 1, 4)
    package static let timeStamping = oid(1, 3, 6, 1, 5, 5, 7, 3, 8)

    package static func name(_ text: String) -> [UInt8] { sequence(set(sequence(oid(2, 5, 4, 3), DER.text(text)))) }
}
