import Foundation
import Gateway
import Modbus
import Readings
import Testing
import TwinModel

/// Goal: only what changed on the field side is touched by a reload.
/// Method: two texts of one building, read as the gateway reads them, and the way from one plan to the other.
@Suite struct FieldPlanTests {
    static let devices = """
          mb1: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:1502", unit: 1}
          mb2: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:1502", unit: 2}
          mb3: {profile: eastron-sdm630, modbus: "rtutcp://127.0.0.1:4001", unit: 1, timeout: 3s}
          mb4: {profile: eastron-sdm630, modbus: "rtu:/dev/ttyUSB0", unit: 9, baud: 19200, mode: 8E1}
          shelly: {profile: shelly-pro3em-mqtt, mqtt: "shellypro3em-01"}

        """
    static let points = """
          m1.power: {from: mb1#power.active, every: 1s}
          m2.power: {from: mb2#power.active, every: 1s}
          m3.power: {from: mb3#power.active, every: 1s}
          m4.power: {from: mb4#power.active, every: 1s}

        """

    /// A plan whose building has these devices and points; MQTT lines are left out, and no broker is needed then.
    static func plan(
        _ folder: Folder, _ devices: String = FieldPlanTests.devices, _ points: String = FieldPlanTests.points,
        zone: String = "Europe/Oslo",
        id: String = "house", more: String = ""
    ) throws -> GatewayPlan {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let modbus = lines(of: devices).filter { !$0.contains("mqtt:") }
        let rows = lines(of: points)
        try folder.write(
            """
            building: \(id)
            timezone: \(zone)
            entities:
              house: {type: Building}
              m1: {type: Electrical_Meter, meters: house}
              m2: {type: Electrical_Meter, submeterOf: m1}
              m3: {type: Electrical_Meter, submeterOf: m1}
              m4: {type: Electrical_Meter, submeterOf: m1}
            devices:
            \(modbus.joined(separator: "\n"))
            points:
            \(rows.joined(separator: "\n"))
            """, "building.yaml")
        try folder.write(
            "gateway: gw1\nbuilding: building.yaml\nprofiles: \(root)/DeviceProfiles\ndata: data\n\(more)",
            "plumbline.yaml")
        return try GatewayPlan.load(configurationPath: folder.path + "/plumbline.yaml")
    }

    /// Each line with two spaces in front, however it was written.
    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n").map { line in
            let bare = line.drop { $0 == " " }
            return "  \(bare)"
        }
    }

    static func field(_ plan: GatewayPlan) -> FieldPlan {
        FieldPlan(plan, numbering: numbering(plan.building))
    }

    /// A number that follows from the id alone, so that two buildings agree on it.
    static func numbering(_ building: Building) -> Numbering {
        var points: [String: PointNumber] = [:]
        for point in building.points {
            var sum: UInt32 = 7
            for byte in point.id.utf8 { sum = (sum &* 31 &+ UInt32(byte)) & 0xFFFFF }
            points[point.id] = PointNumber(sum)
        }
        return Numbering(points: points, streams: [:])
    }

    static let tcp = ModbusTransport.tcp(host: "127.0.0.1", port: 1502)
    static let rtutcp = ModbusTransport.rtuOverTCP(host: "127.0.0.1", port: 4001)

    @Test func `devices of one wire share a connection, and every wire has its own`() throws {
        let plan = Self.field(try Self.plan(try Folder()))
        #expect(
            plan.buses.keys.map(\.description).sorted() == [
                "rtu:/dev/ttyUSB0", "rtutcp://127.0.0.1:4001", "tcp://127.0.0.1:1502",
            ])
        #expect(plan.buses[Self.tcp]?.units.map(\.device) == ["mb1", "mb2"])
        #expect(plan.buses[Self.tcp]?.units.map(\.id) == [1, 2])
        guard case .serial(_, let baud, let mode) = plan.transport(of: "mb4") else {
            Issue.record("mb4 is on a serial line")
            return
        }
        #expect(baud == 19_200 && mode == SerialMode("8E1"))
        #expect(plan.transport(of: "mb2") == Self.tcp && plan.transport(of: "mb9") == nil)
    }

    @Test func `the most patient device of a wire decides`() throws {
        let plain = Self.field(try Self.plan(try Folder()))
        #expect(plain.buses[Self.rtutcp]?.settings.responseMsMax == 3_000)
        let standard = ModbusSettings(Self.tcp)
        #expect(plain.buses[Self.tcp]?.settings == standard)
        let devices = Self.devices.replacing("1502\", unit: 1", with: "1502\", unit: 1, timeout: 2s, gap: 5ms")
            .replacing("1502\", unit: 2", with: "1502\", unit: 2, timeout: 100ms, gap: 50ms")
        let patient = Self.field(try Self.plan(try Folder(), devices))
        #expect(patient.buses[Self.tcp]?.settings.responseMsMax == 2_000)
        #expect(patient.buses[Self.tcp]?.settings.gapMs == 50)
    }

    /// What was written otherwise, and the transports that are then kept, changed, started and ended.
    static let edits: [(name: String, old: String, new: String, counts: [Int])] = [
        ("nothing", "mb9:", "mb8:", [3, 0, 0, 0]),
        (
            "another period of one device", "m3.power: {from: mb3#power.active, every: 1s}",
            "m3.power: {from: mb3#power.active, every: 2s}", [2, 1, 0, 0]
        ),
        ("a point more", "  m1.power:", "  m1.energy: {from: mb1#energy.active.import}\n  m1.power:", [2, 1, 0, 0]),
        ("a port", "rtutcp://127.0.0.1:4001", "rtutcp://127.0.0.1:4002", [2, 0, 1, 1]),
        ("another framing", "rtutcp://127.0.0.1:4001", "tcp://127.0.0.1:4001", [2, 0, 1, 1]),
        ("a timeout", "timeout: 3s", "timeout: 4s", [2, 1, 0, 0]),
        ("another baud rate", "baud: 19200", "baud: 9600", [2, 0, 1, 1]),
        ("a unit id", "unit: 9", "unit: 8", [2, 1, 0, 0]),
    ]

    @Test(arguments: edits.indices) func `only what was edited changes`(_ index: Int) throws {
        let edit = Self.edits[index]
        let old = Self.field(try Self.plan(try Folder()))
        let new = Self.field(
            try Self.plan(
                try Folder(), Self.devices.replacing(edit.old, with: edit.new),
                Self.points.replacing(edit.old, with: edit.new)))
        let change = FieldChange(from: old, to: new)
        #expect(
            [change.kept.count, change.changed.count, change.started.count, change.ended.count] == edit.counts,
            "\(edit.name)")
    }

    @Test func `the way back is the same with started and ended exchanged`() throws {
        let old = Self.field(try Self.plan(try Folder()))
        let new = Self.field(
            try Self.plan(try Folder(), Self.devices.replacing("127.0.0.1:4001", with: "127.0.0.1:4002")))
        let there = FieldChange(from: old, to: new)
        let back = FieldChange(from: new, to: old)
        #expect(there.started == back.ended && there.ended == back.started && there.kept == back.kept)
        #expect(FieldChange(from: FieldPlan(), to: old).started.count == 3)
        #expect(FieldChange(from: old, to: FieldPlan()).ended.count == 3)
    }
}
