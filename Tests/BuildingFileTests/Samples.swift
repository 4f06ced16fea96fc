import BuildingFile
import Profiles
import SourceYAML
import TwinModel

enum Sample {
    static let meter = """
        profile: test-meter
        vendor: Test
        models: [Meter]
        transport: modbus
        confidence: C
        provenance: [made up for tests]
        defaults: {function: 4, order: ABCD}
        points:
          energy.active.import: {address: 72, type: f32, unit: kW.h, nature: counter, brick: Electric_Energy_Sensor, flow: import}
          power.active: {address: 52, type: i16, scale: 0.1, unit: W, nature: gauge, brick: Electric_Power_Sensor}
          state: {address: 60, type: enum, nature: state, brick: Operating_Mode_Status, values: {0: off, 1: on}}
          strange: {address: 61, type: u16, nature: gauge, brick: Strange_Sensor}
        """

    static let sensor = """
        profile: test-sensor
        vendor: Test
        models: [Sensor]
        transport: mqtt
        confidence: C
        provenance: [made up for tests]
        defaults: {topic: "{root}/up"}
        points:
          co2: {path: $.co2, unit: "[ppm]", nature: gauge, brick: CO2_Level_Sensor, privacy: indirect}
          badge: {path: $.badge, type: text, nature: event, brick: Status, privacy: direct}
        """

    static let profiles: ProfileLibrary = {
        do {
            return try ProfileLibrary(files: [
                ("test-meter.yaml", Array(meter.utf8)), ("test-sensor.yaml", Array(sensor.utf8)),
            ])
        } catch { preconditionFailure("\(error)") }
    }()

    static let house = """
        building: bk16
        label: House 16
        timezone: Europe/Oslo
        entities:
          house:   {type: Building, label: House 16}
          floor1:  {type: Level, in: house}
          room101: {type: Room, in: floor1}
          m1:      {type: Building_Electrical_Meter, at: floor1, meters: house, metrology: {class: B, mid: true, serial: "4711"}}
          m2:      {type: Electrical_Meter, submeterOf: m1, meters: [ahu1, room101]}
          ahu1:    {type: AHU, feeds: room101}
        devices:
          mb1:   {profile: test-meter, modbus: "tcp://10.0.0.20:502", unit: 1}
          mb2:   {profile: test-meter, modbus: "tcp://10.0.0.20", unit: 2, every: 1m}
          line:  {profile: test-meter, modbus: "rtu:/dev/ttyUSB0", unit: 3, baud: 19200, mode: 8E1}
          v6:    {profile: test-meter, modbus: "tcp://[fe80::1]:1502"}
          lora1: {profile: test-sensor, mqtt: application/1/device/24e1}
        points:
          m1.energy-import: {type: Electric_Energy_Sensor, unit: kW.h, flow: import, nature: counter, privacy: none, from: mb1#energy.active.import}
          m1.power:         {from: mb1#power.active, limits: {min: -50000, max: 5.0e4}, every: 5s}
          m2.state:         {from: mb2#state, stream: plant}
          room101.co2:      {tenant: t3, from: lora1#co2}
          room101.badge:    {privacy: direct, tenant: t3, from: lora1#badge}
        """

    static func load(_ text: String) throws(SourceError) -> Building {
        try BuildingFile.load(text: text, file: "building.yaml", profiles: profiles)
    }

    /// What the file says about `house` with one text replaced by another; empty when it takes it.
    static func refusal(_ old: String, _ new: String) -> String {
        precondition(house.contains(old), "the sample does not hold \(old)")
        let range = house.range(of: old)
        var text = house
        if let range { text.replaceSubrange(range, with: new) }
        do {
            _ = try load(text)
            return ""
        } catch { return error.description }
    }
}

extension String {
    /// The first place of a text, without Foundation.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(part) }.map { $0..<index($0, offsetBy: part.count) }
    }
}
