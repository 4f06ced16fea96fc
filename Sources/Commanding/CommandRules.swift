internal import Profiles
internal import Readings
package import TwinModel

/// Every rule about commands that needs no clock, no disk and no device.
package enum CommandRules {
    /// Who commands. An auditor reads what others commanded.
    package static let roles: Set<String> = ["facility"]
    package static let reasonBytes = 1...500
    package static let keyBytes = 1...128
    /// Commands of one token in a minute; counted at the door, dry runs too.
    package static let perMinuteMax = 30

    static func check(role: String) throws(CommandRefusal) {
        guard roles.contains(role) else { throw .outsideGrant }
    }

    static func check(reason: String) throws(CommandRefusal) {
        guard reasonBytes.contains(reason.utf8.count) else { throw .reasonLength(allowed: reasonBytes) }
    }

    /// - Parameter lastMs: when the point was commanded last, UTC ms. A time to come (the clock was set back) holds nobody up.
    static func check(pace rule: CommandRule, of point: String, lastMs: UInt64?, nowMs: UInt64) throws(CommandRefusal) {
        guard let lastMs, lastMs <= nowMs else { return }
        let waitMs = rule.everyMs - Int64(clamping: nowMs - lastMs)
        guard waitMs <= 0 else { throw .tooSoon(point: point, everyMs: rule.everyMs, waitMs: waitMs) }
    }

    /// What the device is to be told, after every rule about values.
    static func raw(
        _ value: CommandValue, of point: Point, _ rule: CommandRule, _ source: ProfilePoint
    ) throws(CommandRefusal) -> RawValue {
        let raw = try plainRaw(value, of: point, rule)
        guard let registers = source.modbus else { return raw }
        do throws(EncodingProblem) { _ = try registers.encode(raw) } catch {
            throw .notEncodable(point: point.id, given: value.description, why: error.description)
        }
        return raw
    }

    private static func plainRaw(
        _ value: CommandValue, of point: Point, _ rule: CommandRule
    ) throws(CommandRefusal) -> RawValue {
        if !rule.labels.isEmpty { return try named(value, of: point, rule) }
        switch (point.kind, value) {
        case (.flag, .flag(let flag)): return .flag(flag)
        case (.text, .text(let text)): return .text(text)
        case (.flag, _): throw .wrongForm(point: point.id, expected: "true or false")
        case (.text, _): throw .wrongForm(point: point.id, expected: "a text")
        case (.event, _): throw .notWritable(point: point.id)
        case (_, .number(let number)): return try bounded(number, of: point, rule)
        default: throw .wrongForm(point: point.id, expected: "a number, " + rule.span)
        }
    }

    private static func named(
        _ value: CommandValue, of point: Point, _ rule: CommandRule
    ) throws(CommandRefusal) -> RawValue {
        let label: CommandRule.Label? =
            switch value {
            case .text(let name): rule.labels.first { $0.name == name }
            case .number(let number):
                rule.labels.first { ExactDecimal(mantissa: Int128($0.value), exponent: 0) == number }
            case .flag(let flag): point.kind == .flag ? rule.labels.first { $0.value == (flag ? 1 : 0) } : nil
            }
        guard let label else {
            throw .unknownName(point: point.id, given: value.description, known: rule.labels.map(\.name))
        }
        return point.kind == .numericText ? .number(String(label.value)) : .integer(label.value)
    }

    private static func bounded(
        _ number: ExactDecimal, of point: Point, _ rule: CommandRule
    ) throws(CommandRefusal) -> RawValue {
        // A number without bounds has no leave: the profile must name them.
        guard let min = rule.min, let max = rule.max else { throw .notWritable(point: point.id) }
        let given = number.description
        guard !number.isLess(than: min), !max.isLess(than: number) else {
            throw .outOfBounds(point: point.id, given: given, min: min, max: max)
        }
        let stepped = onStep(number, min: min, max: max, rule.step)
        guard stepped == number, let raw = point.scale.raw(number, for: point.kind) else {
            let nearest = stepped.flatMap { point.scale.nearest($0, for: point.kind) }
            throw .betweenSteps(point: point.id, given: given, nearest: nearest)
        }
        return raw
    }

    /// The nearest value of `min` plus whole steps that is not above `max`; the number itself without a step.
    private static func onStep(
        _ number: ExactDecimal, min: ExactDecimal, max: ExactDecimal, _ step: ExactDecimal?
    ) -> ExactDecimal? {
        guard let step else { return number }
        guard let nearest = number.subtracting(min)?.nearestMultiple(of: step)?.adding(min) else { return nil }
        return max.isLess(than: nearest) ? nearest.subtracting(step) : nearest
    }
}

extension CommandRule {
    /// What is taken, in the notation of the API: `0…3`, `off | on`, `true or false`.
    package var span: String {
        if !labels.isEmpty { return labels.map(\.name).joined(separator: " | ") }
        guard let min, let max else { return "true or false" }
        return "\(min)…\(max)"
    }
}
