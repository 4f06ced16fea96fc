import BuildingFile
import Foundation
import Profiles
import SourceYAML
import Testing
import TwinModel

/// Goal: one look at a building file tells every mistake that does not follow from another. Method: the demo's building, spoiled.
struct BuildingReviewTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private let text: String
    private let profiles: ProfileLibrary

    init() throws {
        text = String(
            decoding: try Data(contentsOf: Self.root.appending(path: "Deploy/demo-building.yaml")), as: UTF8.self
        )
        .replacing("@MODBUS_PORT@", with: "1502").replacing("@MQTT_PORT@", with: "1883")
        let folder = Self.root.appending(path: "DeviceProfiles")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        profiles = try ProfileLibrary(
            files: names.map { ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0)))) })
    }

    private func mistakes(_ changes: [(String, String)], broken: Set<String> = []) -> [String] {
        let text = changes.reduce(text) { text, change in
            #expect(text.contains(change.0), "\(change.0)")
            return text.replacing(change.0, with: change.1, maxReplacements: 1)
        }
        return BuildingReview(text: text, file: "b.yaml", profiles: profiles, broken: broken).mistakes.map(\.message)
    }

    @Test func `a good building has no mistake`() {
        #expect(mistakes([]) == [])
        #expect(BuildingReview(text: text, file: "b.yaml", profiles: profiles).building?.id == "kai7")
    }

    @Test func `mistakes of all sections are told together, and nothing that follows from them`() {
        let found = mistakes([
            ("type: RoofLevel", "type: RofLevel"),
            ("label: Brattøra kai 7\ntimezone", "lable: Brattøra kai 7\ntimezone"),
            ("profile: plumbline-sim-battery", "profile: plumbline-sim-batery"),
        ])
        #expect(
            found == [
                "unknown key 'lable' in the building file", "unknown type 'RofLevel'",
                "unknown profile 'plumbline-sim-batery'",
            ])
    }

    @Test func `a device whose profile is broken is not wrong for that`() throws {
        let fewer = try ProfileLibrary(files: [])
        let review = BuildingReview(
            text: text, file: "b.yaml", profiles: fewer, broken: Set(profiles.ids))
        #expect(review.mistakes == [])
        #expect(BuildingReview(text: "a: [", file: "b.yaml", profiles: fewer).mistakes.count == 1)
    }
}
