package import BrokerClient
package import Modbus
package import Profiles
import Synchronization

/// A make-believe building on real wires: Modbus TCP units, LoRaWAN room sensors and a kitchen meter behind a broker.
///
/// The physics does not know the wires; the registers are the profiles read backwards.
package final class SimulatedBuilding: Sendable {
    package struct Settings: Hashable, Sendable {
        package var seed: UInt64
        /// Simulated instant at which it begins, UTC ms.
        package var startMs: Int64
        /// Simulated seconds in a real second, 0.001 … 86 400.
        package var pace: Double
        /// Real milliseconds between two uplinks of one room sensor.
        package var uplinkEveryMs: Int64 = 15_000
        /// Real milliseconds between two messages of the kitchen meter.
        package var meterEveryMs: Int64 = 5_000

        package init(seed: UInt64, startMs: Int64, pace: Double = 1) {
            self.seed = seed
            self.startMs = startMs
            self.pace = min(86_400, max(0.001, pace))
        }
    }

    package enum Failure: Error, Hashable, Sendable {
        /// The house has a device of this profile, and the library has not.
        case missingProfile(String)
    }

    /// Real time between two updates of the registers, ms.
    static let tickMs: Int64 = 250

    private struct State {
        var physics: BuildingPhysics
        /// Simulated time that was owed and is not a whole millisecond yet.
        var rest = 0.0
        var lastTickMs: Int64?
        var uplinksSent: UInt32 = 0
        var nextUplinkMs: Int64?
        var nextMeterMs: Int64?
        var meterMessages: UInt32 = 0
    }

    private let settings: Settings
    private let images: [(unit: SimulatedUnit, image: RegisterImage)]
    private let state: Mutex<State>

    package init(_ settings: Settings, profiles: ProfileLibrary) throws(Failure) {
        self.settings = settings
        var images: [(unit: SimulatedUnit, image: RegisterImage)] = []
        for unit in SimulatedUnit.house {
            guard let profile = profiles.profile(unit.profile) else { throw .missingProfile(unit.profile) }
            images.append((unit, RegisterImage(profile)))
        }
        self.images = images
        state = Mutex(State(physics: BuildingPhysics(seed: settings.seed, startMs: settings.startMs)))
        show()
    }

    /// The registers of every unit, for a Modbus server.
    package var banks: [UInt8: RegisterBank] {
        Dictionary(images.map { ($0.unit.unit, $0.image.bank) }, uniquingKeysWith: { first, _ in first })
    }

    /// What a unit shows now, by point of its profile, in the point's unit; texts are left out.
    package func shown(unit: UInt8) -> [String: Double] {
        guard let device = images.first(where: { $0.unit.unit == unit })?.unit else { return [:] }
        return device.signs(physics).compactMapValues { if case .number(let value) = $0 { value } else { nil } }
    }

    /// The building as it is now.
    package var physics: BuildingPhysics { state.withLock { $0.physics } }

    /// Lets simulated time pass and shows it in the registers.
    package func step(ms: Int64) {
        state.withLock { $0.physics.step(ms: ms) }
        show()
    }

    /// Serves both wires until cancelled.
    ///
    /// - Parameters:
    ///   - modbusPort: 0 takes a free one.
    ///   - wallMs: this host's clock, UTC ms: paces the simulation and stamps what the MQTT devices say.
    ///   - ready: called once with the Modbus port, when it listens.
    package func run(
        modbusPort: UInt16, mqttHost: String, mqttPort: UInt16, wallMs: @escaping @Sendable () -> Int64,
        ready: @Sendable (UInt16) -> Void
    ) async throws {
        let server = try ModbusServer(port: modbusPort, units: banks)
        let presence = KitchenMeter.house.presenceTopic
        let noise = Noise(seed: settings.seed)
        let publisher = MQTTPublisher(
            MQTTSettings(host: mqttHost, port: mqttPort, clientID: "plumbline-simulation-\(settings.seed)"),
            will: MQTTMessage(topic: presence, text: "false", isRetained: true),
            birth: [MQTTMessage(topic: presence, text: "true", isRetained: true)],
            chance: { noise.uniform(70, wallMs()) })
        ready(server.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await publisher.run() }
            group.addTask {
                while true {
                    for message in self.pass(wallMs()) { publisher.publish(message) }
                    try await Task.sleep(for: .milliseconds(Self.tickMs))
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Takes the real instant in, moves the building on and returns what its MQTT devices have to say now.
    package func pass(_ wallMs: Int64) -> [MQTTMessage] {
        let messages = state.withLock { state -> [MQTTMessage] in
            // A clock that jumps moves the building by a minute of real time at most.
            let elapsed = min(60_000, max(0, wallMs - (state.lastTickMs ?? wallMs)))
            state.lastTickMs = wallMs
            let owed = Double(elapsed) * settings.pace + state.rest
            let whole = owed.rounded(.down)
            state.rest = owed - whole
            state.physics.step(ms: min(86_400_000, Int64(whole)))
            return due(&state, wallMs)
        }
        show()
        return messages
    }

    private func due(_ state: inout State, _ wallMs: Int64) -> [MQTTMessage] {
        var messages: [MQTTMessage] = []
        let sensors = RoomSensor.house
        // The rooms take turns, so that their uplinks do not come in one burst.
        let turnMs = max(1, settings.uplinkEveryMs / Int64(sensors.count))
        if wallMs >= state.nextUplinkMs ?? wallMs {
            state.nextUplinkMs = wallMs + turnMs
            let number = Int(state.uplinksSent % UInt32(sensors.count))
            let zone = state.physics.zones[number]
            let text = sensors[number].uplink(
                zone, atMs: wallMs, frame: state.uplinksSent / UInt32(sensors.count))
            messages.append(MQTTMessage(topic: sensors[number].topic, text: text))
            state.uplinksSent &+= 1
        }
        if wallMs >= state.nextMeterMs ?? wallMs {
            state.nextMeterMs = wallMs + max(1, settings.meterEveryMs)
            let meter = KitchenMeter.house
            for text in meter.messages(state.physics, atMs: wallMs, number: state.meterMessages) {
                messages.append(MQTTMessage(topic: meter.topic, text: text))
            }
            state.meterMessages &+= 1
        }
        return messages
    }

    private func show() {
        let physics = physics
        for (unit, image) in images {
            let written = image.show(unit.signs(physics))
            if !written.isEmpty { state.withLock { $0.physics.obey(device: unit.id, written) } }
        }
    }
}
