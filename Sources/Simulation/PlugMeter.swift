import Readings

/// A Shelly plug (Gen2 and later) behind the kitchen's coffee machine: it says over MQTT what changed.
struct PlugMeter: Sendable {
    static let house = PlugMeter(id: "shellyplusplugs-b0a73248c180")

    /// Also the topic root.
    let id: String

    /// Topics and payloads of one moment: the notification of what changed and the whole status of the switch.
    func messages(_ physics: BuildingPhysics, atMs: Int64) -> [(topic: String, payload: String)] {
        let watts = (Double(physics.powers.coffee) / 100).rounded() / 10
        let voltage = (MeterSigns.voltages(physics)[1] * 10).rounded() / 10
        let current = (watts / voltage * 1_000).rounded() / 1_000
        let total = (physics.energy.coffee.wattHours * 1_000).rounded() / 1_000
        let minute = atMs / 60_000 * 60
        let energy = "{\"total\":\(total),\"by_minute\":[0.000,0.000,0.000],\"minute_ts\":\(minute)}"
        let status =
            "\"id\":0,\"source\":\"init\",\"output\":true,\"apower\":\(watts),\"voltage\":\(voltage),\"current\":\(current),\"aenergy\":\(energy)"
        let seconds = "\(atMs / 1_000).\(Self.twoDigits(atMs % 1_000 / 10))"
        let notification =
            "{\"src\":\"\(id)\",\"dst\":\"\(id)/events\",\"method\":\"NotifyStatus\",\"params\":{\"ts\":\(seconds),\"switch:0\":{\(status)}}}"
        return [(id + "/events/rpc", notification), (id + "/status/switch:0", "{\(status)}")]
    }

    /// What the broker keeps: the plug is there; its last will says that it is not.
    var presenceTopic: String { id + "/online" }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
