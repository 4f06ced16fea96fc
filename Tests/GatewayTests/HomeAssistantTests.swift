import Foundation
import Readings
import Gateway
import Testing
import TwinModel

/// Goal: Home Assistant is told what it understands. Method: the message read back by another reader.
@Suite struct HomeAssistantTests {
    static let assistant = HomeAssistant(prefix: "homeassistant", gateway: "gw.north-1", root: "twin")

    static func point(
        _ id: String, _ type: String, _ unit: String?, _ nature: Nature = .gauge, kind: ValueKind = .float32
    ) -> Point {
        Point(
            id: id, entity: String(id.split(separator: ".")[0]), type: type, unit: unit, nature: nature,
            binding: Binding(device: "d", profilePoint: "p", profile: "f", profileHash: []), expectedSeconds: 10,
            kind: kind)
    }

    @Test(
        arguments: [
            ("kW.h", "Electric_Energy_Sensor", Nature.counter, "energy", "kWh", "total_increasing"),
            ("W", "Electric_Power_Sensor", .gauge, "power", "W", "measurement"),
            ("Cel", "Air_Temperature_Sensor", .gauge, "temperature", "°C", "measurement"),
            ("%", "Relative_Humidity_Sensor", .gauge, "humidity", "%", "measurement"),
            ("%", "Valve_Position_Sensor", .gauge, nil, "%", "measurement"),
            ("[ppm]", "CO2_Level_Sensor", .gauge, "carbon_dioxide", "ppm", "measurement"),
            ("m3", "Water_Usage_Sensor", .counter, "water", "m³", "total_increasing"),
            ("1", "Power_Factor_Sensor", .gauge, nil, nil, "measurement"),
            (nil, "On_Off_Status", .state, nil, nil, nil),
        ] as [(String?, String, Nature, String?, String?, String?)])
    func `classes and units are Home Assistant's`(
        unit: String?, type: String, nature: Nature, deviceClass: String?, shown: String?, stateClass: String?
    ) {
        let point = Self.point("m1.x", type, unit, nature)
        #expect(HomeAssistant.deviceClass(of: point) == deviceClass)
        #expect(HomeAssistant.stateClass(of: point) == stateClass)
        #expect(unit.flatMap { Unit(ucum: $0) }.flatMap { HomeAssistant.unit($0) } == shown)
    }

    @Test func `no two points share a topic, and a topic holds no more than it may`() {
        let topics = ["a.b_c", "a.b.c", "a_b.c", "a-b.c"].map { Self.assistant.topic(of: $0) }
        #expect(Set(topics).count == topics.count)
        #expect(topics[0] == "homeassistant/sensor/gw_north-1/a_b__c/config")
    }
}
