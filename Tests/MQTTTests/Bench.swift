import BrokerClient
import Foundation
import MQTT
import Profiles
import Readings
import SourceYAML
import TestTools

typealias Collector = TestTools.Collector<MQTTEvent>

/// The profiles that are shipped.
func shippedProfile(_ id: String) throws -> DeviceProfile {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let file = folder.appending(path: "DeviceProfiles/\(id).yaml")
    return try DeviceProfile.load([UInt8](try Data(contentsOf: file)), file: id + ".yaml")
}

func shippedProfileNames() throws -> [String] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "DeviceProfiles")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        .map { String($0.dropLast(5)) }.sorted()
}

/// All points of a profile under numbers 1, 2, 3 … in alphabetical order.
func device(_ profile: DeviceProfile, root: String, firstNumber: UInt32 = 1) -> MQTTDevice {
    let bound = profile.points.enumerated().map {
        BoundPoint(point: PointNumber(firstNumber + UInt32($0.offset)), source: $0.element, everyMs: 0)
    }
    return MQTTDevice(device: root, root: root, profile: profile, points: bound)
}

func number(_ id: String, in profile: DeviceProfile) -> UInt32 {
    UInt32((profile.points.firstIndex { $0.id == id } ?? -2) + 1)
}

func profile(_ points: String, head: String = "") throws -> DeviceProfile {
    let text = """
        profile: bench
        vendor: Bench
        models: [one]
        transport: mqtt
        confidence: A
        provenance: [this test]
        \(head)
        points:
        \(points.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        """
    return try DeviceProfile.load(text.utf8, file: "bench.yaml")
}

func wallMs() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

func settings(_ port: UInt16, _ name: String) -> MQTTSettings {
    var settings = MQTTSettings(host: "127.0.0.1", port: port, clientID: name)
    settings.backOffMsMin = 20
    settings.backOffMsMax = 100
    settings.offlineAfterMs = 200
    return settings
}

/// A receiving connection and a publisher at one broker while `body` runs.
func withBroker(
    _ broker: Broker, _ devices: [MQTTDevice], _ collector: Collector,
    _ body: @escaping @Sendable (MQTTConnection, MQTTPublisher) async throws -> Void
) async throws {
    let connection = MQTTConnection(
        settings(broker.port, "in"), devices: devices, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
        report: { collector.add($0) })
    let publisher = MQTTPublisher(settings(broker.port, "out"), chance: { 0 })
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await connection.run() }
        group.addTask { try? await publisher.run() }
        defer { group.cancelAll() }
        _ = await collector.wait { $0.events.contains { if case .connected = $0 { true } else { false } } }
        try await body(connection, publisher)
    }
}
