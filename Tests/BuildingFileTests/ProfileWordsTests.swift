import Foundation
import Profiles
import Readings
import Testing
import TwinModel

/// Goal: every point of a shipped profile can stand in a building. Method: the profiles and their schema against the twin's tables.
struct ProfileWordsTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "DeviceProfiles")

    @Test func `the twin knows every unit and Brick class that a profile names`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(names.count >= 40)
        for name in names {
            let text = try Data(contentsOf: Self.folder.appending(path: name))
            for point in try DeviceProfile.load(text, file: name).points {
                #expect(TypeTable.kind(of: point.brick) == .point, "\(name) \(point.id): \(point.brick)")
                if let unit = point.unit { #expect(Unit(ucum: unit) != nil, "\(name) \(point.id): \(unit)") }
                switch point.nature {
                case .counter, .gauge:
                    #expect(point.unit != nil || point.kind == .text, "\(name) \(point.id) is a number without a unit")
                case .state, .setpoint, .event, .session: break
                }
            }
        }
    }

    @Test func `the schema offers an editor the units and Brick classes of the twin, no more and no fewer`() throws {
        let data = try Data(contentsOf: Self.folder.appending(path: "profile.schema.json"))
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        let keys = try #require(definitions["point"]?["properties"] as? [String: [String: Any]])
        #expect(
            keys["unit"]?["enum"] as? [String] == Unit.known.map(\.ucum), "the enum of 'unit' in profile.schema.json")
        #expect(
            keys["brick"]?["enum"] as? [String] == TypeTable.pointNames, "the enum of 'brick' in profile.schema.json")
    }
}
