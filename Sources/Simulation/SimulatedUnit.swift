/// One make-believe Modbus device: which profile it speaks by, its unit id, and what it shows of the building.
package struct SimulatedUnit: Sendable {
    /// Id of the device in the demo's building file.
    package let id: String
    package let profile: String
    package let unit: UInt8
    let signs: @Sendable (BuildingPhysics) -> [String: Sign]

    /// Every Modbus device of the house.
    package static let house: [SimulatedUnit] = [
        SimulatedUnit(id: "meter-main", profile: "eastron-sdm630", unit: 1) { physics in
            MeterSigns.read(
                physics, power: physics.powers.grid, imported: physics.energy.imported, exported: physics.energy.exported,
                powerFactor: 0.97)
        },
        SimulatedUnit(id: "meter-heat-pump", profile: "eastron-sdm630", unit: 2) { physics in
            MeterSigns.read(
                physics, power: physics.powers.heatPump, imported: physics.energy.heatPump, exported: nil, powerFactor: 0.91)
        },
        SimulatedUnit(id: "meter-air", profile: "eastron-sdm630", unit: 3) { physics in
            MeterSigns.read(physics, power: physics.powers.air, imported: physics.energy.air, exported: nil, powerFactor: 0.94)
        },
        SimulatedUnit(id: "meter-floors", profile: "eastron-sdm630", unit: 4) { physics in
            let powers = physics.powers
            return MeterSigns.read(
                physics, power: powers.lights + powers.plugs, imported: physics.energy.lightsAndPlugs, exported: nil,
                powerFactor: 0.95)
        },
        SimulatedUnit(id: "meter-battery", profile: "eastron-sdm630", unit: 5) { physics in
            MeterSigns.read(
                physics, power: physics.powers.charging - physics.powers.discharging, imported: physics.energy.charged,
                exported: physics.energy.discharged, powerFactor: 0.99)
        },
        SimulatedUnit(id: "inverter", profile: "sunspec-inverter", unit: 10) { inverter($0) },
        SimulatedUnit(id: "storage", profile: "sungrow-sh", unit: 11) { storage($0) },
        SimulatedUnit(id: "heat-pump", profile: "nibe-s1255", unit: 20) { heatPump($0) },
        SimulatedUnit(id: "air-handler", profile: "systemair-save", unit: 21) { airHandler($0) },
    ]

    private static func inverter(_ physics: BuildingPhysics) -> [String: Sign] {
        let watts = Double(physics.powers.solar) / 1_000
        let voltages = MeterSigns.voltages(physics)
        var signs: [String: Double] = [
            "power.active": watts, "power.apparent": watts, "power.reactive": 0, "power.factor": 1,
            "frequency": MeterSigns.frequency(physics), "energy.active.export": physics.energy.solar.kilowattHours,
            "energy.production": physics.energy.solar.kilowattHours,
            "current": watts / (voltages.reduce(0, +) / 3), "dc.power": watts / 0.965, "power.dc": watts / 0.965,
            "dc.voltage": watts > 0 ? 640 : 0, "voltage.dc": watts > 0 ? 640 : 0, "dc.current": watts / 0.965 / 640,
            "current.dc": watts / 0.965 / 640, "temperature.cabinet": physics.inverterTemperature,
            "temperature.heat-sink": physics.inverterTemperature + 6, "status": watts > 0 ? 4 : 2, "state": watts > 0 ? 4 : 2,
        ]
        for (index, voltage) in voltages.enumerated() {
            signs["voltage.l\(index + 1)"] = voltage
            signs["current.l\(index + 1)"] = watts / 3 / voltage
        }
        return signs.mapValues { .number($0) }
    }

    private static func storage(_ physics: BuildingPhysics) -> [String: Sign] {
        let powers = physics.powers
        let watts = Double(powers.charging - powers.discharging) / 1_000
        return [
            "battery.power": .number(abs(watts)), "battery.soc": .number(physics.battery.charge),
            "battery.temperature": .number(physics.battery.temperature), "battery.soh": .number(98),
            "grid.power.export": .number(Double(-powers.grid) / 1_000), "dc.power": .number(Double(powers.solar) / 965),
            "energy.pv": .number(physics.energy.solar.kilowattHours), "grid.energy.import": .number(physics.energy.imported.kilowattHours),
        ]
    }

    private static func heatPump(_ physics: BuildingPhysics) -> [String: Sign] {
        let pump = physics.heatPump
        let share = Double(pump.power) / 11_500_000
        let room = physics.zones.first?.temperature ?? 21
        let values: [String: Double] = [
            "temperature.outdoor": physics.weather.outdoor, "temperature.supply": pump.supply, "temperature.return": pump.back,
            "temperature.brine.in": pump.brineIn, "temperature.brine.out": pump.brineOut, "temperature.dhw.top": 52.4,
            "temperature.dhw.charge": 49.8, "temperature.room": room,
            "temperature.supply.calculated": HeatPump.curve(physics.weather.outdoor),
            "power.additional-heat": 0, "operating.priority": pump.isRunning ? 30 : 10,
            "compressor.frequency": pump.isRunning ? 20 + 70 * share : 0, "compressor.starts": 4_218, "alarm.number": 0,
            "energy.pulse.be6": physics.energy.heatPump.kilowattHours, "degree-minutes": pump.isRunning ? -120 : 30,
        ]
        return values.mapValues { .number($0) }
    }

    private static func airHandler(_ physics: BuildingPhysics) -> [String: Sign] {
        let air = physics.air
        let values: [String: Double] = [
            "iaq.level": physics.zones.contains { $0.co2 > 900 } ? 1 : 0, "operating.mode": 0,
            "temperature.supply.setpoint": air.setpoint, "eco": 1, "filter.time-left": max(0, 8_760 * 3_600 - air.filterAge),
            "temperature.outdoor": physics.weather.outdoor, "temperature.supply": air.supply, "temperature.overheat": air.supply + 4,
            "humidity.extract": physics.core.humidity, "fan.supply.speed": 22 * air.speed, "fan.extract.speed": 21.6 * air.speed,
            "temperature.extract": air.extract, "fan.supply.output": air.speed, "fan.extract.output": air.speed,
            "heat-recovery.output": air.recovery, "alarm.filter": air.filterAge > 8_760 * 3_600 ? 1 : 0, "alarm.a": 0, "alarm.b": 0,
            "alarm.c": 0,
        ]
        return values.mapValues { .number($0) }
    }
}
