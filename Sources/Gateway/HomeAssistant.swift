import Readings
import Tangle
package import TwinModel

/// What Home Assistant is told about the points that the twin republishes, by its MQTT discovery: one retained message for each
/// point, taken back by an empty one.
package struct HomeAssistant {
    /// Topic prefix that Home Assistant listens under, `homeassistant` by default.
    let prefix: String
    let gateway: String
    /// Topic root of the twin.
    let root: String

    package init(prefix: String, gateway: String, root: String) {
        self.prefix = prefix
        self.gateway = gateway
        self.root = root
    }

    /// `PREFIX/sensor/GATEWAY/POINT/config`; a node and an object may hold letters, digits, `_` and `-` only.
    package func topic(of point: String) -> String {
        "\(prefix)/sensor/\(Self.plain(gateway))/\(Self.plain(point))/config"
    }

    /// - Parameter names: of a state's numbers, in rising order; empty for everything else.
    func configuration(of point: Point, in building: Building, names: [String]) -> String {
        let entity = building.entities.first { $0.id == point.entity }
        let unit = point.unit.flatMap { Unit(ucum: $0) }
        let deviceClass = names.isEmpty ? Self.deviceClass(of: point) : "enum"
        let state = "\(root)/\(point.id)"
        let quality =
            "{{ 'online' if value_json.quality in ['good', 'overridden'] else 'offline' }}"
        return JSON.members([
            "name": .string(point.name),
            "unique_id": .string("plumbline_\(Self.plain(gateway))_\(Self.plain(point.id))"),
            "state_topic": .string(state),
            "value_template": .string(names.isEmpty ? "{{ value_json.value }}" : "{{ value_json.text }}"),
            "json_attributes_topic": .string(state),
            "unit_of_measurement": unit.flatMap { Self.unit($0) }.map { .string($0) },
            "device_class": deviceClass.map { .string($0) },
            "state_class": names.isEmpty ? Self.stateClass(of: point).map { .string($0) } : nil,
            "options": names.isEmpty ? nil : .array(names.map { .string($0) }),
            "availability_mode": .string("all"),
            "availability": .array([
                .members(["topic": .string(root + "/gateway")]),
                .members(["topic": .string(state), "value_template": .string(quality)]),
            ]),
            "device": .members([
                "identifiers": .array([.string("plumbline_\(Self.plain(gateway))_\(Self.plain(point.entity))")]),
                "name": .string(entity?.label ?? point.entity),
                "model": entity.map { .string($0.type) },
            ]),
            "origin": .members(["name": .string("Plumbline")]),
        ]).text
    }

    /// `_` for a dot and `__` for `_`, so that two ids never meet.
    static func plain(_ id: String) -> String {
        id.replacing("_", with: "__").replacing(".", with: "_")
    }

    /// As Home Assistant writes it; `nil` for none.
    package static func unit(_ unit: Unit) -> String? {
        switch unit.ucum {
        case "1": nil
        case "L": "L"
        case "L.s-1", "L/s": "L/s"
        case "L.min-1", "L.h-1": unit.ucum == "L.min-1" ? "L/min" : "L/h"
        case "L/h": "L/h"
        default: unit.symbol.isEmpty ? nil : unit.symbol
        }
    }

    package static func stateClass(of point: Point) -> String? {
        switch (point.nature, point.kind) {
        case (_, .text), (_, .event), (.state, _), (.event, _), (.session, _), (_, .flag): nil
        case (.counter, _): "total_increasing"
        case (.gauge, _), (.setpoint, _): "measurement"
        }
    }

    /// Home Assistant's class of what is measured, where unit and Brick type leave no doubt; it refuses a class whose units it does
    /// not know.
    package static func deviceClass(of point: Point) -> String? {
        switch point.unit {
        case "W.h", "kW.h", "MW.h", "MJ", "GJ": point.nature == .counter ? "energy" : nil
        case "W", "kW", "MW": "power"
        case "V", "mV": "voltage"
        case "A", "mA": "current"
        case "Hz": "frequency"
        case "V.A": "apparent_power"
        case "var": "reactive_power"
        case "Cel", "K": "temperature"
        case "lx": "illuminance"
        case "W.m-2", "W/m2": "irradiance"
        case "Pa", "hPa", "kPa", "bar", "mbar": "pressure"
        case "%": point.type.contains("Humidity") ? "humidity" : nil
        case "[ppm]": point.type.hasPrefix("CO2") ? "carbon_dioxide" : nil
        case "ug/m3", "ug.m-3":
            point.type.hasPrefix("PM2.5") ? "pm25" : point.type.hasPrefix("PM10") ? "pm10" : nil
        case "m3", "L": point.type.contains("Water") && point.nature == .counter ? "water" : nil
        default: nil
        }
    }
}
