import Foundation
import Profiles
import Readings
import SourceYAML
import Testing

/// The profiles that are shipped, as the gateway reads them.
enum Shipped {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "DeviceProfiles")

    static func read() throws -> ProfileLibrary {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        return try ProfileLibrary(
            files: names.map { ("DeviceProfiles/" + $0, [UInt8](try Data(contentsOf: folder.appending(path: $0)))) })
    }
}

/// Goal: a shipped profile means what its maker's device says. Method: every profile decodes its own test words.
struct ShippedProfilesTests {
    let library: ProfileLibrary

    init() throws { library = try Shipped.read() }

    @Test func `the profiles of the first release are there`() {
        let expected: Set<String> = [
            "eastron-sdm630", "carlo-gavazzi-em340", "schneider-iem3155", "sunspec-inverter", "shelly-pro-3em",
            "chirpstack-milesight-am308", "tasmota-energy", "plumbline-sim-battery", "plumbline-sim-heat-pump",
            "plumbline-sim-air-handler",
        ]
        #expect(expected.subtracting(library.ids) == [])
    }

    @Test func `every profile decodes its test words to the values beside them`() throws {
        for profile in library.profiles {
            #expect(!profile.tests.isEmpty, "\(profile.id) has no test")
            for test in profile.tests {
                guard case .words(let words, let scaleWord) = test.said else { continue }
                let point = try #require(profile.point(test.point))
                let (value, quality) = try #require(point.modbus).decode(words, scaleWord: scaleWord)
                #expect(quality == (test.value == nil ? .noValue : .good), "\(profile.id) \(test.point)")
                #expect(
                    Self.agrees(point, value, test.value),
                    "\(profile.id) \(test.point): \(value), not \(test.value ?? "null")")
            }
        }
    }

    @Test func `test words cover every type that a profile uses`() {
        for profile in library.profiles where profile.modbus != nil {
            let used = Set(profile.points.compactMap { $0.modbus?.type })
            let tested = Set(profile.tests.compactMap { profile.point($0.point)?.modbus?.type })
            #expect(used.subtracting(tested) == [], "\(profile.id)")
        }
    }

    @Test func `every profile says where its facts come from and reads within the protocol's bounds`() {
        for profile in library.profiles {
            #expect(!profile.provenance.isEmpty && !profile.models.isEmpty, "\(profile.id)")
            guard let limits = profile.modbus?.limits else { continue }
            let plan = ReadPlan(points: profile.points.compactMap(\.modbus), limits: limits)
            #expect(plan.requests.allSatisfy { $0.count <= limits.registerCountMax && $0.span.upperBound <= 65_535 })
            #expect(Set(plan.requests.flatMap(\.points)).count == profile.points.count, "\(profile.id)")
        }
    }

    @Test func `hashes differ and do not change from one reading to the next`() throws {
        #expect(Set(library.profiles.map(\.hash)).count == library.profiles.count)
        #expect(try Shipped.read().profiles.map(\.hash) == library.profiles.map(\.hash))
    }

    static func agrees(_ point: ProfilePoint, _ value: RawValue, _ expected: String?) -> Bool {
        guard let expected else { return point.scale.engineering(value) == nil }
        if case .integer(let number) = value, let label = point.label(of: number) { return label == expected }
        if case .text(let text) = value { return text == expected }
        if point.kind == .flag { return value == .flag(expected == "true") }
        return point.scale.engineering(value) == ExactDecimal(text: expected)
    }
}
