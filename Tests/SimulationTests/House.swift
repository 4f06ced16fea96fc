import BuildingFile
import Foundation
import Profiles
import Simulation
import TwinModel

/// The files that ship, as the demo uses them.
enum House {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func profiles() throws -> ProfileLibrary {
        let folder = root.appendingPathComponent("DeviceProfiles")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        return try ProfileLibrary(
            files: names.map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) })
    }

    static func building(modbusPort: UInt16 = 1502, mqttPort: UInt16 = 1883) throws -> Building {
        let file = root.appendingPathComponent("Deploy/demo-building.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
            .replacingOccurrences(of: "@MODBUS_PORT@", with: String(modbusPort))
            .replacingOccurrences(of: "@MQTT_PORT@", with: String(mqttPort))
        return try BuildingFile.load(text: text, file: "demo-building.yaml", profiles: profiles())
    }

    /// Tuesday, 16 June 2026, 10:00 in Trondheim: sun, people, everything at work.
    static func simulation() throws -> SimulatedBuilding {
        let simulation = SimulatedBuilding.Settings(seed: 4, startMs: 1_781_596_800_000)
        return try SimulatedBuilding(simulation, profiles: profiles())
    }
}
