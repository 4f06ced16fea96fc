import Readings
import TwinModel

/// The query of a request: percent-decoded, in order, `+` taken literally so that an offset like `+01:00` survives unescaped.
package struct Query: Hashable, Sendable {
    package static let countMax = 256

    package let items: [(name: String, value: String)]

    package init(_ text: String?) throws(Problem) {
        var items: [(name: String, value: String)] = []
        for part in (text ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard items.count < Self.countMax, let name = percentDecoded(pair[0]),
                let value = percentDecoded(pair.count == 2 ? pair[1] : "")
            else {
                throw Problem(
                    .malformedRequest,
                    Words(
                        "The query holds a percent sign without two hex digits, bytes that are no UTF-8, or over 256 parameters.",
                        "Die Abfrage enthält ein Prozentzeichen ohne zwei Hexziffern, Bytes außerhalb von UTF-8 oder über 256 Parameter."
                    ))
            }
            items.append((name, value))
        }
        self.items = items
    }

    /// Refuses every parameter that is not `known`, naming the nearest.
    package func allow(_ known: [String]) throws(Problem) {
        for item in items where !known.contains(item.name) {
            let nearest = NearestName.find(item.name, in: known)
            throw .fault(
                .unknownParameter, parameter: item.name,
                Words(
                    "\(item.name) is not a parameter here." + (nearest.map { " Did you mean \($0)?" } ?? ""),
                    "\(item.name) ist hier kein Parameter." + (nearest.map { " Meinten Sie \($0)?" } ?? "")),
                expected: known.isEmpty ? "no parameter" : known.joined(separator: " "))
        }
    }

    package func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// The only value, or `nil`.
    package func one(_ name: String) throws(Problem) -> String? {
        let values = all(name)
        guard values.count <= 1 else {
            throw .fault(
                .malformedRequest, parameter: name,
                Words("\(name) may stand only once.", "\(name) darf nur einmal stehen."), expected: "one value")
        }
        return values.first
    }

    package func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(Problem) -> Int {
        guard let text = try one(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw .fault(
                .malformedRequest, parameter: name,
                Words(
                    "\(name) is not a whole number in its range.", "\(name) ist keine ganze Zahl im erlaubten Bereich."),
                expected: "\(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    package func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        try one(name) == nil ? nil : try integer(name, in: range, default: range.lowerBound)
    }

    /// One word of a closed list.
    package func word<Value>(_ name: String, _ known: [(String, Value)]) throws(Problem) -> Value? {
        guard let text = try one(name) else { return nil }
        return try Self.word(name, text, known)
    }

    package func words<Value>(_ name: String, _ known: [(String, Value)]) throws(Problem) -> [Value] {
        var result: [Value] = []
        for text in all(name) { result.append(try Self.word(name, text, known)) }
        return result
    }

    private static func word<Value>(_ name: String, _ text: String, _ known: [(String, Value)]) throws(Problem) -> Value
    {
        if let match = known.first(where: { $0.0 == text }) { return match.1 }
        let names = known.map(\.0)
        let nearest = NearestName.find(text, in: names)
        throw .fault(
            .malformedRequest, parameter: name,
            Words(
                "\(name) does not take \(text)." + (nearest.map { " Did you mean \($0)?" } ?? ""),
                "\(name) nimmt \(text) nicht an." + (nearest.map { " Meinten Sie \($0)?" } ?? "")),
            expected: names.joined(separator: " "))
    }

    package func instant(_ name: String) throws(Problem) -> Int64? {
        guard let text = try one(name) else { return nil }
        return try Self.instant(text, .parameter(name))
    }

    package static func instant(_ text: String, _ place: Problem.Fault.Place) throws(Problem) -> Int64 {
        let name: String
        switch place {
        case .parameter(let parameter): name = parameter
        case .pointer(let pointer): name = pointer
        }
        var problem: Problem
        do throws(UTCTime.ParseError) {
            return try UTCTime.parse(text)
        } catch {
            problem =
                switch error {
                case .withoutZone:
                    Problem(
                        .timeWithoutZone,
                        Words("\(name) needs Z or an offset.", "\(name) braucht Z oder einen Versatz."))
                case .malformed:
                    Problem(
                        .malformedRequest,
                        Words("\(name) is not a time of RFC 3339.", "\(name) ist keine Zeitangabe nach RFC 3339."))
                }
        }
        problem.faults = [
            Problem.Fault(
                place: place, detail: problem.detail, expected: "2026-03-01T13:00:00Z or 2026-03-01T14:00:00+01:00")
        ]
        throw problem
    }

    package static func == (a: Query, b: Query) -> Bool {
        a.items.elementsEqual(b.items) { $0.name == $1.name && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        for item in items {
            hasher.combine(item.name)
            hasher.combine(item.value)
        }
    }
}

/// Percent-decoding (RFC 3986 section 2.1); `nil` for a stray `%`, bytes that are no UTF-8, or a NUL.
func percentDecoded(_ text: some StringProtocol) -> String? {
    var out: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            out.append(byte)
            continue
        }
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
            rest.prefix(2).allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
        else { return nil }
        out.append(value)
        rest = rest.dropFirst(2)
    }
    guard !out.contains(0) else { return nil }
    return String(validating: out, as: UTF8.self)
}

/// Percent-encodes everything but unreserved characters and `:`; for links.
func percentEncoded(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: ":"):
            out.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            out += digits.count == 1 ? "%0" + digits : "%" + digits
        }
    }
    return out
}
