package import Profiles
package import Readings

/// One point of a profile as the registers of a device give it.
package struct DecodedPoint: Hashable, Sendable {
    package let point: ProfilePoint
    package let words: [UInt16]
    package let scaleWord: UInt16?
    /// Engineering value in digits, the name of a state, a text, `true` or `false`; `nil` when there is none.
    package let value: String?
    /// `offline` when the registers are not there at all.
    package let quality: Quality

    package init(_ point: ProfilePoint, words: [UInt16], scaleWord: UInt16?) {
        self.point = point
        self.words = words
        self.scaleWord = scaleWord
        guard let place = point.modbus, !words.isEmpty else {
            (value, quality) = (nil, .offline)
            return
        }
        let (raw, quality) = place.decode(words, scaleWord: scaleWord)
        value = quality == .good ? Self.text(point, raw) : nil
        self.quality = quality
    }

    package static func text(_ point: ProfilePoint, _ raw: RawValue) -> String? {
        if case .text(let text) = raw { return text }
        if case .integer(let number) = raw, let label = point.label(of: number) { return label }
        if point.kind == .flag, case .integer(let number) = raw { return number == 0 ? "false" : "true" }
        return point.scale.engineering(raw)?.description
    }
}

extension RegisterDump {
    /// Every point of a profile in the registers of this dump, by id.
    package func decoded(_ profile: DeviceProfile) -> [DecodedPoint] {
        profile.points.compactMap { point in
            guard let place = point.modbus else { return nil }
            let words = words(place.function, place.address, count: max(place.wordCount, 1)) ?? []
            let scale = place.scaleRegister.flatMap { self.words(place.function, $0, count: 1)?.first }
            return DecodedPoint(point, words: words, scaleWord: scale)
        }
    }

    /// What the points of a profile are worth here, to be written into the dump; registers that are not there are left out.
    package func expectations(_ profile: DeviceProfile) -> [Expectation] {
        decoded(profile).filter { $0.quality != .offline }.map {
            Expectation(point: $0.point.id, value: $0.value, quality: $0.quality)
        }
    }

    /// What `expect` says otherwise than the profile, in words.
    package func differences(_ profile: DeviceProfile) -> [String] {
        let found = Dictionary(decoded(profile).map { ($0.point.id, $0) }, uniquingKeysWith: { first, _ in first })
        return expect.compactMap { wanted in
            guard let point = found[wanted.point] else { return "\(wanted.point): the profile has no such point" }
            let isSame =
                point.quality == wanted.quality
                && (point.value == wanted.value || Self.isSameNumber(point.value, wanted.value))
            if isSame { return nil }
            let (is_, was) = (Self.words(point.value, point.quality), Self.words(wanted.value, wanted.quality))
            return "\(wanted.point): is \(is_), expected \(was)"
        }
    }

    private static func isSameNumber(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b, let left = ExactDecimal(text: a), let right = ExactDecimal(text: b) else { return false }
        return left == right
    }

    private static func words(_ value: String?, _ quality: Quality) -> String {
        quality == .good ? value.map { shown($0) } ?? "nothing" : quality.name
    }
}
