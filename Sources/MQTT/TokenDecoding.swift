import Profiles
package import Readings

/// What a message says about one point.
enum Said: Hashable {
    /// Nothing: the path is absent, or the message is about something else.
    case nothing
    case value(RawValue, Quality)
}

extension ProfilePoint {
    /// Characters longer than this are no value of a sensor.
    private static let wordBytesMax = 1024
    /// So many characters without exponent are within what an exact decimal holds.
    private static let plainDigitsMax = 36

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
            guard JSONText.isNumber(word), Self.isPlain(word) || ExactDecimal(text: word) != nil else {
                return (.none, .suspect)
            }
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

    /// What a value means that its sender leaves out because it is zero, false or empty.
    func omittedZero(type: MQTTPoint.TokenType) -> (RawValue, Quality) {
        switch type {
        case .number: (.number("0"), .good)
        case .bool: (.flag(false), .good)
        case .text: (.text(""), .good)
        case .enum: label(of: 0) == nil ? (.none, .suspect) : (.integer(0), .good)
        }
    }

    private static func isPlain(_ number: String) -> Bool {
        number.utf8.count <= plainDigitsMax && number.utf8.allSatisfy { $0 | 0x20 != UInt8(ascii: "e") }
    }
}

/// Rules for sources that tell local time.
package struct MQTTZones: Sendable {
    /// Of the building; `nil` makes its local times no times.
    package var building: ZoneRules?
    /// By IANA name.
    package var named: [String: ZoneRules]

    package init(building: ZoneRules? = nil, named: [String: ZoneRules] = [:]) {
        self.building = building
        self.named = named
    }

    func rules(_ zone: MQTTPoint.SourceTime.Zone?) -> ZoneRules? {
        switch zone {
        case .building?: building
        case .named(let name)?: named[name]
        case nil: nil
        }
    }
}

extension MQTTPoint.SourceTime {
    /// From 2000-01-01 to 2100-01-01; a source that says anything else does not know the time.
    static let plausibleMs: ClosedRange<Int64> = 946_684_800_000...4_102_444_800_000

    /// Milliseconds since 1970; `nil` when the word is no time, or one without zone, or out of reason.
    func read(word: String, zones: MQTTZones) -> Int64? {
        let ms: Int64?
        switch form {
        case .rfc3339: ms = try? UTCTime.parse(word)  // Without zone it is not an instant; the arrival counts then.
        case .unixMs: ms = Self.whole(word, exponent: 0)
        case .unixSeconds: ms = Self.whole(word, exponent: 3)
        case .local: ms = local(word, zones)
        }
        return ms.flatMap { Self.plausibleMs.contains($0) ? $0 : nil }
    }

    /// The instant of a wall clock, if there is exactly one. A text with `Z` or an offset is an instant already.
    private func local(_ word: String, _ zones: MQTTZones) -> Int64? {
        do throws(UTCTime.ParseError) { return try UTCTime.parse(word) } catch {
            guard error == .withoutZone, let rules = zones.rules(zone),
                // The date and time are correct, or the error would be another.
                let wall = try? UTCTime.parse(word + "Z")
            else { return nil }
            let instants = rules.instants(ofLocalMs: wall)
            return instants.count == 1 ? instants.first : nil
        }
    }

    /// The number times ten to `exponent`, cut to a whole one.
    private static func whole(_ word: String, exponent: Int) -> Int64? {
        guard JSONText.isNumber(word), let value = ExactDecimal(text: word) else { return nil }
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
