import BrokerClient
import Foundation
import MQTT
import Modbus
import Profiles
import Readings
import Simulation
import Testing

/// Goal: both sides of the wire have one truth. Method: the simulation serves, the gateway's own Modbus room reads, and every
/// number is what the physics says, within half of the register's last digit.
@Suite struct WireTests {
    @Test(.timeLimit(.minutes(1))) func `what the gateway reads over Modbus is what the physics says`() async throws {
        let simulation = try House.simulation()
        simulation.step(ms: 5_400_000)
        let profiles = try House.profiles()
        let server = try ModbusServer(units: simulation.banks)
        var bound: [PointNumber: (unit: UInt8, point: ProfilePoint)] = [:]
        var units: [ModbusUnit] = []
        for device in SimulatedUnit.house {
            let profile = try #require(profiles.profile(device.profile))
            let shown = simulation.shown(unit: device.unit)
            var points: [BoundPoint] = []
            for point in profile.points where shown[point.id] != nil {
                let number = PointNumber(UInt32(bound.count + 1))
                bound[number] = (device.unit, point)
                points.append(BoundPoint(point: number, source: point, everyMs: 1_000))
            }
            units.append(ModbusUnit(id: device.unit, device: device.id, profile: profile, points: points))
        }
        #expect(bound.count > 100)
        let (readings, continuation) = AsyncStream.makeStream(of: [Reading].self)
        let connection = ModbusConnection(
            ModbusSettings(.tcp(host: "127.0.0.1", port: server.port)), units: units, nowMs: { 1_800_000_000_000 },
            chance: { 0.5 },
            deliver: { continuation.yield($0) })
        var latest: [PointNumber: Reading] = [:]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await connection.run() }
            for await batch in readings {
                for reading in batch { latest[reading.point] = reading }
                if latest.count == bound.count { break }
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        for (number, (unit, point)) in bound {
            let reading = try #require(latest[number])
            let wanted = try #require(simulation.shown(unit: unit)[point.id])
            let place = try #require(point.modbus)
            #expect(reading.quality == .good, "unit \(unit) \(point.id)")
            let read = try #require(point.scale.engineering(reading.value)).double
            #expect(
                abs(read - wanted) <= Self.tolerance(wanted, point, place),
                "unit \(unit) \(point.id): \(read), not \(wanted)")
        }
    }

    private static func tolerance(_ value: Double, _ point: ProfilePoint, _ place: ModbusPoint) -> Double {
        switch place.type {
        case .f32: return abs(value) * 1.2e-7 + 1e-12
        case .f64: return 0
        default:
            // Half of the last digit; a live scale register of this house is at most a hundredfold step of it.
            let step = Double(abs(point.scale.mantissa)) * pow(10, Double(point.scale.exponent))
            return step * (place.scaleRegister != nil && point.unit == "W" || point.unit == "V.A" ? 10 : 1) * 0.5 + 1e-9
        }
    }

    @Test func `a room's uplink says what the room is like, in JSON and in the sensor's own bytes`() throws {
        let simulation = try House.simulation()
        simulation.step(ms: 3_600_000)
        let message = try #require(simulation.pass(1_800_000_000_000).first { $0.topic.hasSuffix("/event/up") })
        #expect(message.topic == "application/1/device/24e124710c000101/event/up")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any])
        let object = try #require(json["object"] as? [String: Any])
        let room = try #require(simulation.physics.room("room101"))
        let temperature = try #require(object["temperature"] as? Double)
        #expect(abs(temperature - room.temperature) <= 0.0501)
        #expect(object["co2"] as? Int == Int(room.co2.rounded()))
        #expect(json["time"] as? String == UTCTime.text(1_800_000_000_000))
        let text = try #require(json["data"] as? String)
        let bytes = [UInt8](try #require(Data(base64Encoded: text)))
        #expect(bytes[3...4] == [0x03, 0x67])
        #expect(Double(Int16(bitPattern: UInt16(bytes[5]) | UInt16(bytes[6]) << 8)) / 10 == temperature)
    }

    @Test func `rooms take turns and the kitchen's meter tells its counter now and then`() throws {
        let simulation = try House.simulation()
        var topics: [String] = []
        var counters: [Double] = []
        for step in 0..<240 {
            for message in simulation.pass(1_800_000_000_000 + Int64(step) * 250) {
                topics.append(message.topic)
                let json = try #require(try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any])
                let parameters = json["params"] as? [String: Any]
                if let total = (parameters?["emdata:0"] as? [String: Any])?["total_act"] as? Double {
                    counters.append(total)
                }
            }
        }
        #expect(topics.filter { $0.contains("24e124710c000101") }.count == 4)
        #expect(Set(topics.filter { $0.hasPrefix("application/") }).count == 4)
        #expect(topics.filter { $0 == "shellypro3em-b0a73248c180/events/rpc" }.count >= 12)
        #expect(counters.count >= 3)
        #expect(counters == counters.sorted())
    }

    @Test func `a library without one of the house's profiles is refused by name`() throws {
        let empty = try ProfileLibrary(files: [])
        #expect(throws: SimulatedBuilding.Failure.missingProfile("eastron-sdm630")) {
            try SimulatedBuilding(SimulatedBuilding.Settings(seed: 1, startMs: 0), profiles: empty)
        }
    }

    @Test func `the building's time goes as fast as it is told, whatever the clock does`() throws {
        var settings = SimulatedBuilding.Settings(seed: 1, startMs: 1_781_596_800_000)
        settings.pace = 60
        let simulation = try SimulatedBuilding(settings, profiles: House.profiles())
        _ = simulation.pass(1_000_000)
        _ = simulation.pass(1_010_000)
        #expect(simulation.physics.nowMs - settings.startMs == 600_000)
        _ = simulation.pass(900_000)
        #expect(simulation.physics.nowMs - settings.startMs == 600_000)
        _ = simulation.pass(99_900_000)
        #expect(simulation.physics.nowMs - settings.startMs == 600_000 + 3_600_000)
    }
}
