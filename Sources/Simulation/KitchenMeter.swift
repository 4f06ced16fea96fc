import Readings

/// A Shelly Pro 3EM in the kitchen's board: it says over MQTT what changed, power often, energy seldom.
struct KitchenMeter: Sendable {
    static let house = KitchenMeter(id: "shellypro3em-b0a73248c180")
    /// One message in so many also tells the counters.
    static let energyEvery: UInt32 = 4

    /// Also the topic root.
    let id: String

    var topic: String { id + "/events/rpc" }

    /// The broker keeps `true` there, and `false` as the meter's last will.
    var presenceTopic: String { id + "/online" }

    /// Payloads of one moment; `number` counts them from 0.
    func messages(_ physics: BuildingPhysics, atMs: Int64, number: UInt32) -> [String] {
        let watts = (Double(physics.powers.kitchen) / 100).rounded() / 10
        let voltage = (MeterSigns.voltages(physics)[0] * 10).rounded() / 10
        let current = (watts / voltage * 1_000).rounded() / 1_000
        var messages = [
            notification(
                atMs, "em:0",
                "\"a_act_power\":\(watts),\"a_current\":\(current),\"a_voltage\":\(voltage),\"total_act_power\":\(watts)"
            )
        ]
        if number % Self.energyEvery == 0 {
            let total = (physics.energy.kitchen.wattHours * 100).rounded() / 100
            messages.append(notification(atMs, "emdata:0", "\"total_act\":\(total),\"total_act_ret\":0.0"))
        }
        return messages
    }

    private func notification(_ atMs: Int64, _ component: String, _ fields: String) -> String {
        let hundredths = atMs % 1_000 / 10
        let seconds = "\(atMs / 1_000).\(hundredths < 10 ? "0" : "")\(hundredths)"
        return """
            {"src":"\(id)","dst":"\(id)/events","method":"NotifyStatus","params":{"ts":\(seconds),\
            "\(component)":{"id":0,\(fields)}}}
            """
    }
}
