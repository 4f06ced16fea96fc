package import Readings
import Tangle
package import TwinModel

/// What the twin says of one point on the broker.
package enum TwinMessage {
    /// `{"at":"…Z","value":21.4,"unit":"Cel","quality":"good"}`; a text's value is a JSON string, a state with names has its
    /// name as `text` beside the number.
    ///
    /// - Parameter name: of a state's number, as the device's profile has it.
    package static func json(_ reading: Reading, _ point: Point, name: (Int64) -> String? = { _ in nil }) -> String {
        json(quality: reading.quality, atMs: reading.capturedAtMs, value: reading.value, point, name: name)
    }

    /// The state of a point: its quality now, the value only where that can be relied on, and the capture instant of the value or
    /// of the silence.
    static func json(_ state: PointState, _ point: Point, name: (Int64) -> String?) -> String? {
        guard let touchedAtMs = state.touchedAtMs else { return nil }
        let latest = state.latest
        let atMs = state.isLive ? latest?.capturedAtMs ?? touchedAtMs : touchedAtMs
        return json(quality: state.quality, atMs: atMs, value: latest?.value ?? .none, point, name: name)
    }

    private static func json(
        quality: Quality, atMs: Int64, value: RawValue, _ point: Point, name: (Int64) -> String?
    ) -> String {
        let isUsable = quality == .good || quality == .overridden
        var members = [
            JSON.Member("at", .string(UTCTime.text(atMs))),
            JSON.Member("value", isUsable ? shown(value, point) : .null),
            JSON.Member("unit", point.unit.map { .string($0) } ?? .null),
            JSON.Member("quality", .string(quality.name)),
        ]
        if isUsable, case .integer(let number) = value, let name = name(number) {
            members.insert(JSON.Member("text", .string(name)), at: 2)
        }
        return JSON.object(members).text
    }

    private static func shown(_ value: RawValue, _ point: Point) -> JSON {
        if case .text(let text) = value { return .string(text) }
        return point.engineering(value).map { .number($0.description) } ?? .null
    }
}
