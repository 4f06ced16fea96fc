package import Readings

extension ModbusPoint {
    /// The raw value in the registers of this point, and what it is worth.
    ///
    /// - Parameters:
    ///   - words: `wordCount` registers as they came, or one 0 or 1 for a coil or discrete input. Fewer give `suspect`.
    ///   - scaleWord: the live scale register, where the point has one.
    /// - Returns: `noValue` for a pattern of `notAvailable` and for NaN, which keeps its bits; `suspect` for words that are not
    ///   of the type at all.
    package func decode(_ words: some BidirectionalCollection<UInt16>, scaleWord: UInt16? = nil) -> (RawValue, Quality)
    {
        guard words.count == wordCount else { return (.none, .suspect) }
        if type == .text { return text(order.normalized(words)) }
        guard words.count <= 4 else { return (.none, .suspect) }
        return value(of: bits(words), scaleWord: scaleWord)
    }

    /// The same for the registers of an answer, without making any array; thousands of points a second go through here.
    package func decode(_ words: UnsafeBufferPointer<UInt16>, scaleWord: UInt16?) -> (RawValue, Quality) {
        guard words.count == wordCount else { return (.none, .suspect) }
        if type == .text { return text(order.normalized(words)) }
        guard words.count <= 4 else { return (.none, .suspect) }
        return value(of: bits(words), scaleWord: scaleWord)
    }

    @inline(__always)
    private func bits(_ words: some BidirectionalCollection<UInt16>) -> UInt64 {
        var bits: UInt64 = 0
        switch order {
        case .abcd: for word in words { bits = bits << 16 | UInt64(word) }
        case .cdab: for word in words.reversed() { bits = bits << 16 | UInt64(word) }
        case .badc: for word in words { bits = bits << 16 | UInt64(word.byteSwapped) }
        case .dcba: for word in words.reversed() { bits = bits << 16 | UInt64(word.byteSwapped) }
        }
        return bits
    }

    private func value(of bits: UInt64, scaleWord: UInt16?) -> (RawValue, Quality) {
        if !notAvailable.isEmpty, notAvailable.contains(bits) { return (.none, .noValue) }
        let (value, quality) = number(bits)
        guard scaleRegister != nil else { return (value, quality) }
        guard let scaleWord, let power = Self.power(scaleWord) else { return (.none, .noValue) }
        return (scaled(value, power: power), quality)
    }

    private func number(_ bits: UInt64) -> (RawValue, Quality) {
        switch type {
        case .u16, .u32, .u64, .enum: return (.unsigned(bits), .good)
        case .i16: return (.integer(Int64(Int16(truncatingIfNeeded: bits))), .good)
        case .i32: return (.integer(Int64(Int32(truncatingIfNeeded: bits))), .good)
        case .i64: return (.integer(Int64(bitPattern: bits)), .good)
        case .f32:
            let pattern = UInt32(truncatingIfNeeded: bits)
            return (.float32(bits: pattern), Float(bitPattern: pattern).isFinite ? .good : .noValue)
        case .f64: return (.float64(bits: bits), Double(bitPattern: bits).isFinite ? .good : .noValue)
        case .bool: return (.flag(bits != 0), .good)
        case .bit: return (.flag(bits >> UInt64(self.bits?.lowerBound ?? 0) & 1 == 1), .good)
        case .bits:
            let range = self.bits ?? 0...63
            let mask = range.count >= 64 ? UInt64.max : (1 << UInt64(range.count)) - 1
            return (.unsigned(bits >> UInt64(range.lowerBound) & mask), .good)
        case .bcd:
            var value: UInt64 = 0
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = bits >> UInt64(shift) & 0xF
                guard digit <= 9 else { return (.none, .suspect) }
                value = value * 10 + digit
            }
            return (.unsigned(value), .good)
        case .text: return (.none, .suspect)
        }
    }

    private func text(_ words: [UInt16]) -> (RawValue, Quality) {
        var bytes = words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        bytes = Array(bytes.prefix { $0 != 0 })
        while bytes.last == 0x20 { bytes.removeLast() }
        guard !bytes.isEmpty else { return (.none, .noValue) }
        guard let text = String(validating: bytes, as: UTF8.self) else { return (.none, .suspect) }
        return (.text(text), .good)
    }

    /// The SunSpec range; 0x8000 says that there is no scale and so no value.
    private static func power(_ word: UInt16) -> Int? {
        let power = Int(Int16(bitPattern: word))
        return (-10...10).contains(power) ? power : nil
    }

    /// Both registers in one token that is a JSON number and loses nothing of either: 2301 and −1 are `2301e-1`.
    private func scaled(_ value: RawValue, power: Int) -> RawValue {
        let digits: String
        switch value {
        case .integer(let number): digits = String(number)
        case .large(let number): digits = String(number)
        default: return value
        }
        return .number(power == 0 ? digits : "\(digits)e\(power)")
    }
}
