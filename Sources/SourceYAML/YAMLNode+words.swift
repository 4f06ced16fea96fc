/// Characters to numbers; every form that is not wholly understood is `nil`.
extension YAMLNode {
    static func whole(_ text: String) -> Int? {
        let isNegative = text.hasPrefix("-")
        let rest = isNegative ? text.dropFirst() : text[...]
        guard let magnitude = rest.hasPrefix("0x") ? hex(rest.dropFirst(2)) : digits(rest) else { return nil }
        if isNegative { return magnitude <= UInt64(Int.max) ? -Int(magnitude) : nil }
        return Int(exactly: magnitude)
    }

    static func digits(_ text: some StringProtocol) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return UInt64(text)
    }

    static func hex(_ text: some StringProtocol) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        return UInt64(text, radix: 16)
    }

    /// RFC 8259 section 6, with leading zeros allowed.
    static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func takeDigits() -> Bool {
            let before = rest.count
            rest = rest.drop { $0 >= 0x30 && $0 <= 0x39 }
            return rest.count < before
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        guard takeDigits() else { return false }
        if take("."), !takeDigits() { return false }
        if take("eE") {
            _ = take("+-")
            guard takeDigits() else { return false }
        }
        return rest.isEmpty
    }

    static func milliseconds(_ text: String) -> Int64? {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        let factors: [Substring: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let value = Int64(number), let factor = factors[text.dropFirst(number.count)] else { return nil }
        let (product, over) = value.multipliedReportingOverflow(by: factor)
        return over ? nil : product
    }

    static func spanText(_ ms: Int64) -> String {
        for (name, factor) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        where ms >= factor && ms % factor == 0 {
            return "\(ms / factor)\(name)"
        }
        return "\(ms)ms"
    }
}
