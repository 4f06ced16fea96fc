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
                physics, power: physics.powers.grid, imported: physics.energy.imported,
                exported: physics.energy.exported,
                powerFactor: 0.97)
        },
        SimulatedUnit(id: "meter-heat-pump", profile: "eastron-sdm630", unit: 2) { physics in
            MeterSigns.read(
                physics, power: physics.powers.heatPump, imported: physics.energy.heatPump, exported: nil,
                powerFactor: 0.91)
        },
        SimulatedUnit(id: "meter-floors", profile: "eastron-sdm630", unit: 4) { physics in
            let powers = physics.powers
            return MeterSigns.read(
                physics, power: powers.lights + powers.plugs, imported: physics.energy.lightsAndPlugs, exported: nil,
                powerFactor: 0.95)
        },
        SimulatedUnit(id: "inverter", profile: "sunspec-inverter", unit: 10) { inverter($0) },
        SimulatedUnit(id: "battery", profile: "plumbline-sim-battery", unit: 11) { battery($0) },
        SimulatedUnit(id: "heat-pump", profile: "plumbline-sim-heat-pump", unit: 20) { heatPump($0) },
        SimulatedUnit(id: "air-handler", profile: "plumbline-sim-air-handler", unit: 21) { airHandler($0) },
    ]

    private static func inverter(_ physics: BuildingPhysics) -> [String: Sign] {
        let watts = Double(physics.powers.solar) / 1_000
        let isAwake = watts > 0
        let voltages = MeterSigns.voltages(physics)
        var signs: [String: Double] = [
            "power.active": watts, "power.apparent": watts, "power.reactive": 0, "power.factor": 100,
            "frequency": MeterSigns.frequency(physics), "energy.active.export": physics.energy.solar.kilowattHours,
            "current": watts / (voltages.reduce(0, +) / 3), "power.dc": watts / 0.965, "voltage.dc": isAwake ? 640 : 0,
            "current.dc": watts / 0.965 / 640, "temperature.cabinet": physics.inverterTemperature,
            "temperature.heat-sink": physics.inverterTemperature + 6, "state": isAwake ? 4 : 2,
        ]
        for (index, voltage) in voltages.enumerated() {
            signs["voltage.l\(index + 1)"] = voltage
            signs["current.l\(index + 1)"] = watts / 3 / voltage
        }
        return signs.mapValues { Sign.number($0) }.merging(
            ["manufacturer": .text("Plumbline"), "model": .text("Simulated 75"), "serial": .text("SIM-PV-0001")],
            uniquingKeysWith: { first, _ in first })
    }

    private static func battery(_ physics: BuildingPhysics) -> [String: Sign] {
        let powers = physics.powers
        let mode = powers.charging > 0 ? 1 : powers.discharging > 0 ? 2 : 0
        return [
            "charge.level": .number(physics.battery.charge),
            "power.active": .number(Double(powers.charging - powers.discharging) / 1_000),
            "energy.charge": .number(physics.energy.charged.kilowattHours),
            "energy.discharge": .number(physics.energy.discharged.kilowattHours),
            "temperature": .number(physics.battery.temperature), "mode": .number(Double(mode)),
        ]
    }

    private static func heatPump(_ physics: BuildingPhysics) -> [String: Sign] {
        let pump = physics.heatPump
        return [
            "power.thermal": .number(pump.heat), "power.active": .number(Double(pump.power) / 1_000),
            "temperature.supply": .number(pump.supply), "temperature.return": .number(pump.back),
            "mode": .number(pump.isRunning ? 1 : 0), "compressor.running": .number(pump.isRunning ? 1 : 0),
            "fault": .number(0),
            "energy.thermal": .number(physics.energy.heat.kilowattHours),
            "energy.active.import": .number(physics.energy.heatPump.kilowattHours),
        ]
    }

    private static func airHandler(_ physics: BuildingPhysics) -> [String: Sign] {
        let air = physics.air
        return [
            "running": .number(1), "fan.level": .number(air.speed), "temperature.supply": .number(air.supply),
            "temperature.return": .number(air.extract), "temperature.outside": .number(physics.weather.outdoor),
            "filter.pressure": .number(air.filterPressure), "air.flow": .number(air.flow * 3_600),
            "setpoint.supply": .number(air.setpoint), "heat.recovery": .number(air.recovery),
            "power.active": .number(Double(air.power) / 1_000),
            "energy.active.import": .number(physics.energy.air.kilowattHours),
        ]
    }
}
