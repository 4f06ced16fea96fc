import Logging
import MQTT
import Readings
import TwinModel

/// The twin, told on a broker, for points of privacy class `none`: one retained message for each change, `ROOT/ENTITY.NAME`, with quality and capture instant.
struct TwinPublisher: Sendable {
    let root: String
    let keeper: TwinKeeper
    let publisher: MQTTPublisher

    init(root: String, keeper: TwinKeeper, settings: MQTTSettings, chance: @escaping @Sendable () -> Double) {
        self.root = root
        self.keeper = keeper
        publisher = MQTTPublisher(
            settings, will: MQTTMessage(topic: root + "/gateway", text: "offline", isRetained: true, qos: 1),
            birth: [MQTTMessage(topic: root + "/gateway", text: "online", isRetained: true, qos: 1)], chance: chance)
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [publisher] in try await publisher.run() }
            group.addTask { await tell() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func tell() async {
        for await readings in await keeper.subscribe() {
            let building = await keeper.building
            for reading in readings {
                guard let id = await keeper.id(of: reading.point), let point = building.point(id),
                    // A broker has readers that no grant names: what tells about people stays inside.
                    point.privacy == .none,
                    // The state, not the reading: a late reading does not change what is shown.
                    let state = await keeper.state(of: reading.point), state.touchedAtMs == reading.capturedAtMs
                else { continue }
                publisher.publish(
                    MQTTMessage(
                        topic: "\(root)/\(id)", text: TwinMessage.json(reading, point), isRetained: true, qos: 0))
            }
        }
    }
}
