import Profiles
import Readings

/// What a message says about one point.
enum Said: Hashable {
    /// Nothing: the path is absent, or the message is about something else.
    case nothing
    case value(RawValue, Quality)
}

extension JSONValue {
    /// The value at a path; `nil` when the way there is not in the message.
    func at(_ path: JSONPath) -> JSONValue? {
        var value = self
        for step in path.steps {
            switch (step, value) {
            case (.key(let name), .object(let members)):
                guard let found = members.first(where: { $0.name == name }) else { return nil }
                value = found.value
            case (.index(let index), .array(let items)):
                guard items.indices.contains(index) else { return nil }
                value = items[index]
            default: return nil
            }
        }
        return value
    }

    /// A scalar as the characters between its quotation marks, or as its token; `nil` for null, lists and objects.
    var word: String? {
        switch self {
        case .bool(let value): value ? "true" : "false"
        case .number(let token): token
        case .string(let text): text
        case .null, .array, .object: nil
        }
    }
}

extension ProfilePoint {
    /// Characters longer than this are no value of a sensor.
    private static let wordBytesMax = 1024

    /// The raw value in a scalar, captured as literally as the type allows.
    ///
    /// - Parameter word: `nil` for JSON null.
    /// - Returns: `suspect` without value for what is not of the point's type at all.
    func decode(word: String?, type: MQTTPoint.TokenType, notAvailable: [String]) -> (RawValue, Quality) {
        guard let word, !notAvailable.contains(word) else { return (.none, .noValue) }
        guard word.utf8.count <= Self.wordBytesMax else { return (.none, .suspect) }
        switch type {
        case .number:
            // What an exact decimal cannot hold would be a record that nobody can read back.
            guard JSONValue.isNumber(word), ExactDecimal(text: word) != nil else { return (.none, .suspect) }
            return (.number(word), .good)
        case .bool:
            switch word.lowercased() {
            case "true", "1", "on": return (.flag(true), .good)
            case "false", "0", "off": return (.flag(false), .good)
            default: return (.none, .suspect)
            }
        case .text: return (.text(word), .good)
        case .enum:
            if let label = labels.first(where: { $0.name == word }) { return (.integer(label.value), .good) }
            if let number = Int64(word), label(of: number) != nil { return (.integer(number), .good) }
            return (.none, .suspect)
        }
    }
}

extension MQTTPoint.SourceTime {
    /// From 2000-01-01 to 2100-01-01; a source that says anything else does not know the time.
    private static let plausibleMs: ClosedRange<Int64> = 946_684_800_000...4_102_444_800_000

    /// Milliseconds since 1970; `nil` when the message does not say, or says it without zone, or out of reason.
    func read(_ message: JSONValue) -> Int64? {
        guard let word = message.at(path)?.word else { return nil }
        let ms: Int64?
        switch form {
        case .rfc3339: ms = try? UTCTime.parse(word)  // Without zone it is not an instant; the arrival counts then.
        case .unixMs: ms = Self.whole(word, exponent: 0)
        case .unixSeconds: ms = Self.whole(word, exponent: 3)
        }
        return ms.flatMap { Self.plausibleMs.contains($0) ? $0 : nil }
    }

    /// The number times ten to `exponent`, cut to a whole one.
    private static func whole(_ word: String, exponent: Int) -> Int64? {
        guard JSONValue.isNumber(word), let value = ExactDecimal(text: word) else { return nil }
        let power = value.exponent + exponent
        guard abs(power) <= 30 else { return nil }
        var mantissa = value.mantissa
        for _ in 0..<abs(power) {
            if power < 0 {
                mantissa /= 10
            } else {
                let (product, over) = mantissa.multipliedReportingOverflow(by: 10)
                if over { return nil }
                mantissa = product
            }
        }
        return Int64(exactly: mantissa)
    }
}
