package import Readings

/// Why a value cannot be put into a point's registers.
package enum EncodingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// A `bit` or `bits`: the register holds other things too, which a write would overwrite.
    case sharesRegister(RegisterType)
    /// The value depends on a scale register that the device may change at any time.
    case liveScale
    /// The value is of another form than the type, such as a text for a number.
    case wrongForm(RegisterType)
    /// The type cannot hold the value.
    case outOfRange(RegisterType, wordCount: Int)
    /// The words of this value are what the device says for "no value".
    case meansNoValue

    package var description: String {
        switch self {
        case .sharesRegister(let type): "a \(type.rawValue) shares its register with others and cannot be written alone"
        case .liveScale: "a value with a live scale register cannot be written"
        case .wrongForm(let type): "the value has another form than type \(type.rawValue)"
        case .outOfRange(let type, let wordCount):
            "type \(type.rawValue) in \(wordCount) register\(wordCount == 1 ? "" : "s") cannot hold the value"
        case .meansNoValue: "the device takes this value as 'no value'"
        }
    }
}

extension ModbusPoint {
    /// The registers that say a raw value, as they go on the wire; `decode` gives the same value back.
    ///
    /// - Returns: `wordCount` words, word order applied; one 0 or 1 for a point of coils or discrete inputs.
    package func encode(_ raw: RawValue) throws(EncodingProblem) -> [UInt16] {
        if type == .bit || type == .bits { throw .sharesRegister(type) }
        if scaleRegister != nil { throw .liveScale }
        if type == .text { return order.normalized(try textWords(raw)) }
        guard (1...4).contains(wordCount) else { throw .outOfRange(type, wordCount: wordCount) }
        let pattern = try pattern(raw)
        if wordCount < 4, pattern >> UInt64(16 * wordCount) != 0 { throw .outOfRange(type, wordCount: wordCount) }
        if notAvailable.contains(pattern) { throw .meansNoValue }
        let words = (0..<wordCount).map { UInt16(truncatingIfNeeded: pattern >> UInt64(16 * (wordCount - 1 - $0))) }
        return function.readsBits ? words : order.normalized(words)
    }

    /// The value's bits, the least significant right.
    private func pattern(_ raw: RawValue) throws(EncodingProblem) -> UInt64 {
        switch type {
        case .u16: return try unsigned(raw, max: UInt64(UInt16.max))
        case .u32: return try unsigned(raw, max: UInt64(UInt32.max))
        case .u64, .enum: return try unsigned(raw, max: .max)
        case .bool: return try unsigned(raw, max: 1)
        case .i16: return UInt64(UInt16(bitPattern: Int16(try signed(raw, Int64(Int16.min)...Int64(Int16.max)))))
        case .i32: return UInt64(UInt32(bitPattern: Int32(try signed(raw, Int64(Int32.min)...Int64(Int32.max)))))
        case .i64: return UInt64(bitPattern: try signed(raw, Int64.min...Int64.max))
        case .f32:
            guard case .float32(let bits) = raw else { throw .wrongForm(type) }
            guard Float(bitPattern: bits).isFinite else { throw .outOfRange(type, wordCount: wordCount) }
            return UInt64(bits)
        case .f64:
            guard case .float64(let bits) = raw else { throw .wrongForm(type) }
            guard Double(bitPattern: bits).isFinite else { throw .outOfRange(type, wordCount: wordCount) }
            return bits
        case .bcd:
            var rest = try unsigned(raw, max: 9_999_999_999_999_999)
            var pattern: UInt64 = 0
            for digit in 0..<16 {
                pattern |= (rest % 10) << UInt64(4 * digit)
                rest /= 10
            }
            return pattern
        case .bit, .bits, .text: throw .wrongForm(type)
        }
    }

    private func unsigned(_ raw: RawValue, max: UInt64) throws(EncodingProblem) -> UInt64 {
        let value: UInt64
        switch raw {
        case .integer(let number):
            guard number >= 0 else { throw .outOfRange(type, wordCount: wordCount) }
            value = UInt64(number)
        case .large(let number): value = number
        default: throw .wrongForm(type)
        }
        guard value <= max else { throw .outOfRange(type, wordCount: wordCount) }
        return value
    }

    private func signed(_ raw: RawValue, _ range: ClosedRange<Int64>) throws(EncodingProblem) -> Int64 {
        switch raw {
        case .integer(let number) where range.contains(number): return number
        case .integer, .large: throw .outOfRange(type, wordCount: wordCount)
        default: throw .wrongForm(type)
        }
    }

    /// UTF-8, two bytes a register, filled up with NUL. An empty text, one with a NUL and one that ends with a space would not
    /// come back as they went.
    private func textWords(_ raw: RawValue) throws(EncodingProblem) -> [UInt16] {
        guard case .text(let text) = raw else { throw .wrongForm(type) }
        var bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 2 * wordCount, !bytes.contains(0), bytes.last != 0x20 else {
            throw .outOfRange(type, wordCount: wordCount)
        }
        bytes += [UInt8](repeating: 0, count: 2 * wordCount - bytes.count)
        return (0..<wordCount).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    }
}
