import LogEntries
import Readings
import TestTools
import TwinModel

/// What of the building changes in a history.
struct HistoryBuilding {
    /// Where `m1.power` stands; the class stays the same.
    var powerStream: String?
    var energyExponent: Int64 = -1
    var hasTemperature = true
    var hasNewDevice = false
    var label = "House"

    mutating func change(_ dice: inout SeededGenerator) {
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: powerStream = powerStream == nil ? "mb2/none" : nil
        case 1: energyExponent = energyExponent == -1 ? 2 : -1
        case 2: hasTemperature.toggle()
        case 3: hasNewDevice.toggle()
        default: label += "'"
        }
    }

    var building: Building {
        var points = [
            Self.point("m1.energy", "mb1", .none, .counter, .integer, exponent: energyExponent),
            Self.point("m1.power", "mb1", .none, .gauge, .float32, stream: powerStream),
            Self.point("hp1.cop", "mb2", .none, .gauge, .float64),
            Self.point("room1.co2", "lora1", .indirect, .gauge, .numericText),
            Self.point("room1.motion", "lora1", .indirect, .state, .flag),
            Self.point("ev1.word", "cs1", .direct, .state, .text, expected: nil),
            Self.point("ev1.session", "cs1", .direct, .event, .event, expected: nil),
        ]
        if hasTemperature { points.append(Self.point("hp1.temperature", "mb3", .none, .gauge, .integer)) }
        if hasNewDevice { points.append(Self.point("new1.level", "new1", .none, .gauge, .integer)) }
        return Building(
            id: "house", label: label, timeZone: "Europe/Oslo",
            entities: ["house", "m1", "hp1", "room1", "ev1", "new1"].map { Entity(id: $0, type: "Room", label: $0) },
            devices: [], points: points)
    }

    private static func point(
        _ id: String, _ device: String, _ privacy: PrivacyClass, _ nature: Nature, _ kind: ValueKind,
        exponent: Int64 = 0, expected: UInt32? = 90, stream: String? = nil
    ) -> Point {
        Point(
            id: id, entity: String(id.prefix { $0 != "." }), type: "Sensor", unit: "W", nature: nature,
            privacy: privacy,
            binding: Binding(
                device: device, profilePoint: "value", profile: "profile", profileHash: Array(repeating: 1, count: 32)),
            expectedSeconds: expected, kind: kind, scale: Scale(mantissa: 1, exponent: exponent), stream: stream)
    }
}

/// What tells one captured reading from all others, wherever and whenever it stands in the log.
struct HistoryKey: Hashable {
    let point: PointNumber
    let value: RawValue
    /// Only of values that cannot be told apart themselves.
    let sourceMs: Int64?

    init(_ reading: Reading) {
        point = reading.point
        value = reading.value
        switch reading.value {
        case .none: sourceMs = reading.sourceAtMs
        case .integer(0), .integer(1): sourceMs = reading.sourceAtMs
        default: sourceMs = nil
        }
    }
}

extension HistoryBuilding {
    /// The `serial`-th reading of a history: its value, or its source's time, occurs once.
    static func reading(
        _ point: PointNumber, _ kind: ValueKind, serial: Int64, nowMs: Int64, longMs: Int64,
        _ dice: inout SeededGenerator
    ) -> Reading {
        let stamp = 1_000_000_000_000 + serial
        var quality = Quality.good
        if dice.isOne(of: 8) { quality = dice.pick([.overridden, .suspect, .estimated, .deviceFault]) }
        var atMs = nowMs - dice.ms(0...2_000)
        if dice.isOne(of: 12) { atMs = nowMs - dice.ms(0...longMs) }
        if dice.isOne(of: 40) { atMs = nowMs + dice.ms(0...longMs) }
        var value = RawValue.none
        if dice.isOne(of: 12) {
            quality = .noValue
        } else {
            switch kind {
            case .integer:
                value = dice.pick([.integer(serial + 2), .integer(-serial - 2), .large(UInt64.max - UInt64(serial))])
            case .float32:
                let isNaN = dice.isOne(of: 6)
                value = .float32(bits: isNaN ? 0x7FC0_0000 | UInt32(serial) : Float(serial).bitPattern)
                if isNaN { quality = .suspect }
            case .float64: value = .float64(bits: (Double(serial) / 7).bitPattern)
            case .flag: value = .flag(dice.isOne(of: 2))
            case .text: value = .text("wörd \(serial)")
            case .numericText: value = .number("\(serial).50")
            case .event:
                value = .event(EventPayload(kind: "session-\(serial)", point: point, details: []).encoded())
            }
        }
        let isStamped = value == .none || kind == .flag || dice.isOne(of: 10)
        return Reading(
            point: point, capturedAtMs: atMs, sourceAtMs: isStamped ? stamp : nil, quality: quality, value: value)
    }
}
