import Readings
import Testing
import TwinModel

@Suite struct TableTests {
    @Test func `every name stands once, and enough of them`() {
        let all = TypeTable.entityNames + TypeTable.pointNames
        #expect(Set(all).count == all.count)
        #expect(all.count >= 150)
        for name in all { #expect(TypeTable.kind(of: name) != nil) }
    }

    @Test func `names that look right and do not exist are refused, and the right one is named`() {
        for (wrong, right) in [
            ("Electrical_Power_Sensor", "Electric_Power_Sensor"), ("PV_Inverter", "Photovoltaic_Inverter"),
            ("Floor", "Level"),
            ("Zone_Air_Temprature_Sensor", "Zone_Air_Temperature_Sensor"), ("CO2_level_sensor", "CO2_Level_Sensor"),
        ] {
            #expect(TypeTable.kind(of: wrong) == nil)
            #expect(TypeTable.suggestion(for: wrong, kinds: [.space, .equipment, .point]) == right)
        }
        #expect(TypeTable.suggestion(for: "Qqqqqqqqqq", kinds: [.point]) == nil)
        #expect(TypeTable.suggestion(for: "Level", kinds: [.point]) != "Level")
    }

    @Test func `spaces are of REC, the rest of Brick`() {
        #expect(TypeTable.qualified("Room") == "rec:Room")
        #expect(TypeTable.qualified("AHU") == "brick:AHU")
        #expect(TypeTable.qualified("Nothing") == nil)
    }

    @Test func `units are known by their UCUM code and say their QUDT name`() {
        #expect(Unit(ucum: "kW.h")?.qudt == "KiloW-HR")
        #expect(Unit(ucum: "Cel")?.qudt == "DEG_C")
        #expect(Unit(ucum: "[ppm]")?.qudt == "PPM")
        #expect(Unit(ucum: "m3.h-1")?.qudt == "M3-PER-HR")
        #expect(Unit(ucum: "kWh") == nil)
        #expect(Set(Unit.known.map(\.ucum)).count == Unit.known.count)
        #expect(Unit.known.count >= 40)
    }

    @Test func `the nearest name is found through a swap, a case, a separator, and not at any price`() {
        #expect(NearestName.find("uint", in: ["unit", "profile"]) == "unit")
        #expect(NearestName.find("SUBMETEROF", in: ["submeterOf", "meters"]) == "submeterOf")
        #expect(NearestName.find("xyzxyz", in: ["unit", "profile"]) == nil)
        #expect(NearestName.find("", in: ["unit"]) == nil)
    }
}
