import BuildingFile
import CanonicalCBOR
import Profiles
import Readings
import SourceYAML
import Testing
import TwinModel

/// Goal: nothing can be commanded that profile and building do not both allow. Method: one point, one mistake at a time,
/// the whole message.
struct CommandSectionTests {
    private static let profile = """
        profile: test-fan
        vendor: Test
        models: [Fan]
        transport: modbus
        confidence: C
        provenance: [made up for tests]
        defaults: {function: 3, order: ABCD}
        points:
          speed:   {address: 0, type: u16, nature: gauge, brick: Speed_Sensor}
          level:   {address: 1, type: u16, scale: 0.1, unit: Cel, nature: setpoint, brick: Temperature_Setpoint, write: {function: 6, min: 5, max: 30, step: 0.5, every: 10s}}
          mode:    {address: 2, type: enum, nature: state, brick: Operating_Mode_Status, values: {0: off, 1: low, 2: high}, write: {function: 6}}
          enabled: {address: 3, function: 1, type: bool, nature: state, brick: Fan_On_Off_Status, write: {function: 5, every: 1m}}
        """

    private func building(_ point: String) throws -> Building {
        let profiles = try ProfileLibrary(files: [("test-fan.yaml", Array(Self.profile.utf8))])
        let text = """
            building: bk16
            timezone: Europe/Oslo
            entities:
              ahu1: {type: AHU}
            devices:
              mb1: {profile: test-fan, modbus: "tcp://10.0.0.20:502"}
            points:
              ahu1.it: {\(point)}
            """
        return try BuildingFile.load(text: text, file: "building.yaml", profiles: profiles)
    }

    private func refusal(_ point: String) -> String {
        do {
            _ = try building(point)
            return ""
        } catch { return "\(error)" }
    }

    @Test func `what the building does not say is the profile's`() throws {
        let rule = try #require(try building("from: mb1#level, command: {}").points.first?.command)
        #expect(
            rule
                == CommandRule(
                    min: ExactDecimal(text: "5"), max: ExactDecimal(text: "30"), step: ExactDecimal(text: "0.5"),
                    everyMs: 10_000))
    }

    @Test func `the building narrows bounds and slows down`() throws {
        let rule = try #require(
            try building("from: mb1#level, command: {min: 16.5, max: 22, every: 1m, critical: true}").points.first?
                .command)
        #expect(rule.min == ExactDecimal(text: "16.5"))
        #expect(rule.max == ExactDecimal(text: "22"))
        #expect(rule.everyMs == 60_000)
        #expect(rule.isCritical)
    }

    @Test func `names of a state come along, a flag has none`() throws {
        let mode = try #require(try building("from: mb1#mode, command: {}").points.first?.command)
        #expect(mode.labels.map(\.name) == ["off", "low", "high"])
        #expect(mode.min == nil)
        let flag = try #require(try building("from: mb1#enabled, command: {}").points.first?.command)
        #expect(flag == CommandRule(everyMs: 60_000))
    }

    @Test func `without command nothing can be commanded, whatever the profile says`() throws {
        #expect(try building("from: mb1#level").points.first?.command == nil)
    }

    @Test func `a building with commands survives its canonical bytes, one without keeps its old ones`() throws {
        let without = try building("from: mb1#level")
        let with = try building("from: mb1#level, command: {critical: true}")
        let named = try building("from: mb1#mode, command: {}")
        for each in [without, with, named] {
            #expect(try Building(canonicalBytes: each.canonical().encoded()) == each)
        }
        #expect(without.modelHash != with.modelHash)
        let change = try #require(with.changes(since: without).first)
        #expect(
            change.fields.map(\.name) == [
                "command.critical", "command.everyMs", "command.max", "command.min", "command.step",
            ])
    }

    @Test(arguments: [
        (
            "from: mb1#speed, command: {}",
            "building.yaml:8:39: point ahu1.it cannot be commanded: profile test-fan has no 'write' for speed; it has for: enabled, level, mode"
        ),
        (
            "from: mb1#level, privacy: indirect, command: {}",
            "building.yaml:8:58: point ahu1.it cannot be commanded: it is of class 'indirect'; a command stands in the log for everybody, so only points of class 'none' take one"
        ),
        (
            "from: mb1#level, command: {min: 4.5}",
            "building.yaml:8:45: 4.5 is outside what the profile allows, 5 to 30"
        ),
        (
            "from: mb1#level, command: {max: 31}",
            "building.yaml:8:45: 31 is outside what the profile allows, 5 to 30"
        ),
        (
            "from: mb1#level, command: {min: 5.2}",
            "building.yaml:8:45: min 5.2 is not 5 plus whole steps of 0.5, as the profile asks"
        ),
        ("from: mb1#level, command: {min: 20, max: 10}", "building.yaml:8:39: min 20 is above max 10"),
        (
            "from: mb1#level, command: {every: 5s}",
            "building.yaml:8:47: profile test-fan allows one write of level in 10000 ms, not more"
        ),
        (
            "from: mb1#mode, command: {min: 0}",
            "building.yaml:8:44: 'min' is for numbers without names, point ahu1.it is none"
        ),
        (
            "from: mb1#level, command: {crital: true}",
            "building.yaml:8:40: unknown key 'crital' in command of point ahu1.it; did you mean 'critical'?"
        ),
    ])
    func `what profile and building do not both allow is told with its place`(point: String, message: String) {
        #expect(refusal(point) == message)
    }
}
