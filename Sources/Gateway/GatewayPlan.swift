import BuildingFile
import FoundationEssentials
import Glibc
import MQTT
package import Profiles
import Readings
package import SourceYAML
package import TwinModel

/// Configuration, profiles and building, read and checked as a whole; nothing has been started yet.
package struct GatewayPlan: Sendable {
    package let configuration: GatewayConfiguration
    package let profiles: ProfileLibrary
    package let building: Building
    /// Where it was read from; `nil` when it was not read from files.
    package private(set) var configurationPath: String?

    /// One line for people: what the building has.
    package var summary: String {
        "building \(building.id), \(building.entities.count) entities, \(building.points.count) points in "
            + "\(building.streams.count) streams from \(building.devices.count) devices, \(profiles.profiles.count) profiles"
    }

    /// Bytes of one file that a person writes, at most.
    package static let fileBytesMax = 4 << 20

    /// `plumbline.yaml` alone, checked.
    package static func configuration(at path: String) throws -> GatewayConfiguration {
        try GatewayConfiguration.parse(try read(path), file: path, folder: folder(of: path))
    }

    package static func load(configurationPath: String) throws -> GatewayPlan {
        var plan = try load(try configuration(at: configurationPath))
        plan.configurationPath = configurationPath
        return plan
    }

    /// From which relative paths of a configuration count.
    static func folder(of path: String) -> String {
        absolute(path).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    package static func load(_ configuration: GatewayConfiguration) throws -> GatewayPlan {
        let profiles = try profiles(in: configuration.profilesPath)
        let text = String(decoding: try read(configuration.buildingPath), as: UTF8.self)
        let building = try BuildingFile.load(text: text, file: configuration.buildingPath, profiles: profiles)
        let needsBroker = building.devices.first { if case .mqtt = $0.address { true } else { false } }
        if let device = needsBroker, configuration.mqtt == nil {
            throw SourceError(
                file: configuration.buildingPath,
                message: "device \(device.id) speaks MQTT, but no broker is configured",
                hint: "set mqtt.host in plumbline.yaml")
        }
        return GatewayPlan(configuration: configuration, profiles: profiles, building: building)
    }

    /// Time zone, TLS files, passwords: everything outside the three files that `run` will need.
    package func checkSurroundings() throws {
        _ = try zone()
        _ = try configuration.api.wire()
        _ = try configuration.fieldBroker()
        _ = try mqttZones()
        _ = try configuration.nodeTokens()
        _ = try configuration.stampTrust()
    }

    func zone() throws -> ZoneRules { try Self.zone(building.timeZone) }

    /// The rules for devices that tell local time.
    func mqttZones() throws -> MQTTZones {
        var zones = MQTTZones(building: try zone())
        for device in building.devices {
            for name in profiles.profile(device.profile)?.zoneNames ?? [] where zones.named[name] == nil {
                zones.named[name] = try Self.zone(name)
            }
        }
        return zones
    }

    private static func zone(_ name: String) throws -> ZoneRules {
        let path = "/usr/share/zoneinfo/" + name
        guard ZoneRules.isLegalName(name), Files.exists(path) else {
            throw GatewayError.zoneUnknown(name: name, path: path)
        }
        return try ZoneRules(name: name, tzif: try GatewayPlan.read(path))
    }

    /// Every `*.yaml` of the folder.
    package static func profiles(in folder: String) throws -> ProfileLibrary {
        // The sentence below says which folder; why it cannot be read does not matter.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw SourceError(
                file: folder, message: "the folder of device profiles cannot be read",
                hint: "set profiles: in plumbline.yaml")
        }
        let files = names.filter { $0.hasSuffix(".yaml") }.sorted()
        guard !files.isEmpty else { throw SourceError(file: folder, message: "no device profile (*.yaml) lies here") }
        return try ProfileLibrary(files: try files.map { (folder + "/" + $0, try read(folder + "/" + $0)) })
    }

    /// A whole small file; what cannot be read is told like a mistake in a file. A pipe that nobody fills is empty.
    package static func read(_ path: String, bytesMax: Int = fileBytesMax) throws(SourceError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw SourceError(file: path, message: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        // Opening must not wait for a writer; reading waits for one that is there.
        _ = fcntl(file, F_SETFL, 0)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                throw SourceError(file: path, message: "cannot be read: \(String(cString: strerror(errno)))")
            }
            bytes += buffer[..<count]
            guard bytes.count <= bytesMax else {
                throw SourceError(file: path, message: "larger than \(bytesMax) bytes")
            }
        }
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
