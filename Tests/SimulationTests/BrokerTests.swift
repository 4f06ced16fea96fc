import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import Simulation
import Testing
import TestTools
import TwinModel

/// Goal: rooms and kitchen arrive in the gateway as they are. Method: a real mosquitto on a loopback port, the simulation on one
/// side, the gateway's own MQTT room with the demo's building file on the other.
@Suite struct BrokerTests {
    @Test(.timeLimit(.minutes(2))) func `every MQTT point of the demo's building arrives, good and in its limits`()
        async throws
    {
        let broker = try await Broker()
        defer { broker.end() }
        let port = broker.port
        let building = try House.building(mqttPort: port)
        let profiles = try House.profiles()
        let simulation = try SimulatedBuilding(Self.hasty(), profiles: profiles)
        var points: [PointNumber: Point] = [:]
        var devices: [MQTTDevice] = []
        for device in building.devices {
            guard case .mqtt(let root) = device.address else { continue }
            let profile = try #require(profiles.profile(device.profile))
            var bound: [BoundPoint] = []
            for point in building.points where point.binding.device == device.id {
                let number = PointNumber(UInt32(points.count + 1))
                points[number] = point
                bound.append(
                    BoundPoint(
                        point: number, source: try #require(profile.point(point.binding.profilePoint)), everyMs: 1_000))
            }
            devices.append(MQTTDevice(device: device.id, root: root, profile: profile, points: bound))
        }
        #expect(points.count == 14)
        let (readings, continuation) = AsyncStream.makeStream(of: [Reading].self)
        let wallMs: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }
        let connection = MQTTConnection(
            MQTTSettings(host: "127.0.0.1", port: port, clientID: "test-gateway"), devices: devices, nowMs: wallMs,
            chance: { 0.5 }, deliver: { continuation.yield($0) })
        var latest: [PointNumber: Reading] = [:]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            group.addTask {
                try await simulation.run(modbusPort: 0, mqttHost: "127.0.0.1", mqttPort: port, wallMs: wallMs) {
                    modbusPort in
                    #expect(modbusPort > 0)
                }
            }
            for await batch in readings {
                for reading in batch where reading.quality == .good { latest[reading.point] = reading }
                if latest.count == points.count { break }
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        for (number, point) in points {
            let reading = try #require(latest[number], "\(point.id)")
            let value = try #require(point.engineering(reading.value), "\(point.id)")
            #expect(point.limits.contains(value), "\(point.id) \(value)")
            #expect(abs((reading.sourceAtMs ?? 0) - reading.capturedAtMs) < 10_000, "\(point.id)")
        }
    }

    /// Every device speaks several times a second.
    private static func hasty() -> SimulatedBuilding.Settings {
        var settings = SimulatedBuilding.Settings(seed: 9, startMs: 1_781_596_800_000)
        settings.uplinkEveryMs = 400
        settings.meterEveryMs = 250
        return settings
    }
}
