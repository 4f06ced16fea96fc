/// Trits written as trytes: three balanced trits, least significant first, to one of `9ABCDEFGHIJKLMNOPQRSTUVWXYZ`
/// (A = +1 … M = +13, N = −13 … Z = −1).
package enum Trytes {
    private static let alphabet: [UInt8] = Array("9ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    /// Text of `trits`, each −1, 0 or +1; missing trits of the last tryte count as 0.
    package static func text(_ trits: [Int8]) -> String {
        var letters: [UInt8] = []
        letters.reserveCapacity((trits.count + 2) / 3)
        for start in stride(from: 0, to: trits.count, by: 3) {
            var value = 0
            for place in (start..<min(start + 3, trits.count)).reversed() {
                value = value * 3 + Int(trits[place].signum())
            }
            letters.append(alphabet[(value + 27) % 27])
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// Three trits per letter; nil for a letter outside the alphabet.
    package static func trits(_ text: String) -> [Int8]? {
        var trits: [Int8] = []
        trits.reserveCapacity(text.utf8.count * 3)
        for letter in text.utf8 {
            guard let place = alphabet.firstIndex(of: letter) else { return nil }
            trits += balancedTrits(of: place > 13 ? place - 27 : place, count: 3)
        }
        return trits
    }
}

/// b1t6 (TIP-5): one byte, taken as int8, to six balanced trits, least significant first.
package enum B1T6 {
    package static func encode(_ bytes: some Collection<UInt8>) -> [Int8] {
        var trits: [Int8] = []
        trits.reserveCapacity(bytes.count * 6)
        for byte in bytes {
            trits += balancedTrits(of: Int(Int8(bitPattern: byte)), count: 6)
        }
        return trits
    }

    /// The bytes of `trits`; nil unless their number divides by six, each is −1, 0 or +1, and each group of six is a
    /// value −128…127.
    package static func decode(_ trits: [Int8]) -> [UInt8]? {
        guard trits.count.isMultiple(of: 6) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(trits.count / 6)
        for start in stride(from: 0, to: trits.count, by: 6) {
            var value = 0
            for trit in trits[start..<(start + 6)].reversed() {
                guard (-1...1).contains(trit) else { return nil }
                value = value * 3 + Int(trit)
            }
            guard let byte = Int8(exactly: value) else { return nil }
            bytes.append(UInt8(bitPattern: byte))
        }
        return bytes
    }
}

private func balancedTrits(of value: Int, count: Int) -> [Int8] {
    var trits = [Int8](repeating: 0, count: count)
    var rest = value
    for place in 0..<count {
        var trit = rest % 3
        if trit == 2 { trit = -1 }
        if trit == -2 { trit = 1 }
        trits[place] = Int8(trit)
        rest = (rest - trit) / 3
    }
    return trits
}
