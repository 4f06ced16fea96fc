package import Profiles
import Readings

/// A few registers as they came, and every number and text that they may mean.
package struct Interpretations: Hashable, Sendable {
    /// Registers that are looked at together, at most.
    package static let wordCountMax = 8

    /// On the wire.
    package let address: UInt16
    package let words: [UInt16]
    /// By type, width and place; texts last.
    package let rows: [Row]

    /// One type at one place, in every order that makes a difference.
    package struct Row: Hashable, Sendable {
        package let type: RegisterType
        /// Of the first register, on the wire.
        package let address: UInt16
        package let wordCount: Int
        package let values: [Value]
    }

    package struct Value: Hashable, Sendable {
        /// `nil` where order makes no difference.
        package let order: WordOrder?
        package let text: String
        package let mark: Mark
    }

    package enum Mark: String, Hashable, Sendable {
        /// A size that things in a building have.
        case plausible
        /// A pattern by which devices say that they have no value.
        case notAvailable = "not-available"
        /// Can be read so, but hardly means this.
        case none
        /// Not a value of this type.
        case impossible
    }

    /// - Parameter words: 1 to `wordCountMax`; further ones are not looked at.
    package init(address: UInt16, words: [UInt16]) {
        self.address = address
        self.words = Array(words.prefix(Self.wordCountMax))
        var rows: [Row] = []
        for (types, width) in Self.widths {
            guard self.words.count >= width else { continue }
            for type in types {
                for start in 0...(self.words.count - width) {
                    rows.append(
                        Self.row(type, address &+ UInt16(start), Array(self.words[start..<start + width])))
                }
            }
        }
        rows.append(Self.row(.text, address, self.words))
        self.rows = rows
    }

    /// Shorter texts are found in too many numbers.
    private static let textLengthMin = 3

    private static let widths: [([RegisterType], Int)] = [
        ([.u16, .i16, .bcd], 1), ([.u32, .i32, .f32, .bcd], 2), ([.u64, .i64, .f64], 4),
    ]

    private static func row(_ type: RegisterType, _ address: UInt16, _ words: [UInt16]) -> Row {
        // Alone, a register has two orders of its bytes, and 16-bit devices that swap them are rare but real.
        let orders: [WordOrder] = words.count == 1 ? [.abcd, .badc] : [.abcd, .cdab, .badc, .dcba]
        return Row(
            type: type, address: address, wordCount: words.count,
            values: orders.map { value(type, words, $0) })
    }

    private static func value(_ type: RegisterType, _ words: [UInt16], _ order: WordOrder) -> Value {
        let point = ModbusPoint(
            function: .holdingRegisters, address: 0, type: type, order: order, wordCount: words.count)
        if type == .text {
            return Value(order: order, text: characters(order.normalized(words)), mark: textMark(words, order))
        }
        let (raw, _) = point.decode(words)
        let bits = order.normalized(words).reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let text = text(raw)
        if isNotAvailable(type, bits, width: 16 * words.count) {
            return Value(order: order, text: text ?? "NaN", mark: .notAvailable)
        }
        guard let text else { return Value(order: order, text: "-", mark: .impossible) }
        return Value(order: order, text: text, mark: isPlausible(raw) ? .plausible : .none)
    }

    private static func text(_ raw: RawValue) -> String? {
        switch raw {
        case .integer(let value): return "\(value)"
        case .large(let value): return "\(value)"
        case .float32(let bits): return short("\(Float(bitPattern: bits))")
        case .float64(let bits): return short("\(Double(bitPattern: bits))")
        default: return nil
        }
    }

    private static func short(_ text: String) -> String { text.hasSuffix(".0") ? String(text.dropLast(2)) : text }

    /// Every second pattern of a counter is plausible; what is wanted is that the wrong orders of a float are not.
    private static func isPlausible(_ raw: RawValue) -> Bool {
        switch raw {
        case .integer(let value): return value.magnitude <= 1_000_000_000
        case .large: return false
        case .float32(let bits): return isPlausible(Double(Float(bitPattern: bits)))
        case .float64(let bits): return isPlausible(Double(bitPattern: bits))
        default: return false
        }
    }

    private static func isPlausible(_ value: Double) -> Bool { value == 0 || (1e-6...1e9).contains(value.magnitude) }

    /// The highest bit alone, all bits, all bits but the highest; NaN.
    private static func isNotAvailable(_ type: RegisterType, _ bits: UInt64, width: Int) -> Bool {
        let top = UInt64(1) << UInt64(width - 1)
        switch type {
        case .u16, .i16, .u32, .i32, .u64, .i64: return [top, top | (top - 1), top - 1].contains(bits)
        case .f32: return Float(bitPattern: UInt32(truncatingIfNeeded: bits)).isNaN
        case .f64: return Double(bitPattern: bits).isNaN
        default: return false
        }
    }

    private static func bytes(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }

    /// Printable ASCII as it is, everything else as a dot.
    private static func characters(_ words: [UInt16]) -> String {
        String(decoding: bytes(words).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }

    private static func textMark(_ words: [UInt16], _ order: WordOrder) -> Mark {
        let said = bytes(order.normalized(words)).prefix { $0 != 0 }
        let isText = said.count >= textLengthMin && said.allSatisfy { (0x20...0x7E).contains($0) }
        return isText && said.contains { $0 > 0x2F } ? .plausible : .none
    }
}
