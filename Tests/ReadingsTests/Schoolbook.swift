import TestTools

/// Decimal numbers as lists of digits, as slow as on paper. For tests only; shares nothing with `ExactDecimal`.
struct Schoolbook: Equatable {
    private var isNegative: Bool
    /// Lowest place first, 0...9, without zeros at either end.
    private var digits: [Int]
    /// The power of ten of `digits[0]`.
    private var place: Int

    init(_ number: Int64) { self.init(number < 0, String(number.magnitude).utf8.reversed().map { Int($0) - 0x30 }, 0) }

    /// Digits, at most one point, and an `e` with an exponent.
    init(text: String) {
        let parts = text.split(separator: "e")
        let pieces = parts[0].split(separator: "-").joined().split(separator: ".", omittingEmptySubsequences: false)
        let fraction = pieces.count > 1 ? pieces[1] : ""
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        self.init(
            text.hasPrefix("-"), (pieces[0] + fraction).utf8.reversed().map { Int($0) - 0x30 }, power - fraction.count)
    }

    private init(_ isNegative: Bool, _ digits: [Int], _ place: Int) {
        let low = digits.firstIndex { $0 != 0 } ?? digits.count
        let high = digits.lastIndex { $0 != 0 } ?? -1
        self.digits = high < low ? [] : Array(digits[low...high])
        self.place = self.digits.isEmpty ? 0 : place + low
        self.isNegative = isNegative && !self.digits.isEmpty
    }

    func shifted(_ places: Int) -> Schoolbook { Schoolbook(isNegative, digits, place + places) }

    func times(_ other: Schoolbook) -> Schoolbook {
        var sum = [Int](repeating: 0, count: digits.count + other.digits.count + 1)
        for (i, a) in digits.enumerated() {
            for (j, b) in other.digits.enumerated() { sum[i + j] += a * b }
        }
        return Schoolbook(isNegative != other.isNegative, Self.carried(sum), place + other.place)
    }

    func plus(_ other: Schoolbook) -> Schoolbook {
        let low = min(place, other.place)
        let (a, b) = (lowered(to: low), other.lowered(to: low))
        var sum = (0..<max(a.count, b.count) + 1).map { place in
            (place < a.count ? a[place] : 0) + (place < b.count ? b[place] : 0)
        }
        let isBelow = (sum.last { $0 != 0 } ?? 0) < 0
        if isBelow { sum = sum.map { -$0 } }
        return Schoolbook(isBelow, Self.carried(sum), low)
    }

    var text: String { (isNegative ? "-" : "") + digits.reversed().map(String.init).joined() + "e\(place)" }

    /// Signed digits from the place `low` on.
    private func lowered(to low: Int) -> [Int] {
        [Int](repeating: 0, count: max(0, place - low)) + digits.map { isNegative ? -$0 : $0 }
    }

    /// Every place between 0 and 9; the whole is not negative.
    private static func carried(_ sum: [Int]) -> [Int] {
        var (result, carry) = ([Int](), 0)
        for digit in sum {
            let value = digit + carry
            let rest = ((value % 10) + 10) % 10
            result.append(rest)
            carry = (value - rest) / 10
        }
        return result + (carry > 0 ? [carry] : [])
    }
}

extension SeededGenerator {
    /// A signed number of at most so many bits, short ones as often as long ones.
    mutating func number(bits: Int) -> Int64 {
        (Int64(truncatingIfNeeded: next()) >> (64 - bits)) >> Int64.random(in: 0..<Int64(bits), using: &self)
    }
}
