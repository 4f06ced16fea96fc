/// A small positive-energy office on the Trondheim fjord: sun, cloud, people, heat, air, battery and exact meters.
///
/// Pure: the same seed, start and steps give the same building. Instants are simulated UTC milliseconds.
package struct BuildingPhysics: Hashable, Sendable {
    /// Longest piece of a step, so that every heat store stays stable.
    static let pieceMsMax: Int64 = 30_000
    /// Rated power of the solar modules, mW, and what the inverter passes at most.
    static let solarRated = 92_000_000.0
    static let inverterMax = 75_000_000.0

    package private(set) var nowMs: Int64
    package private(set) var energy = EnergyBook()
    private(set) var flow = PowerFlow()
    private(set) var weather: Weather
    private(set) var zones = RoomPlan.house.map { Zone($0) }
    private(set) var core = Zone(RoomPlan.core)
    private(set) var heatPump = HeatPump()
    private(set) var air = AirHandler()
    private(set) var battery = BatteryStore()
    /// °C.
    private(set) var inverterTemperature = 24.0
    let noise: Noise
    private let people: People

    /// µJ in the battery, and µJ that it turned into heat since the start.
    package var batteryStored: Int128 { battery.stored }
    package var batteryLost: Int128 { battery.lost }
    package var powers: PowerFlow { flow }
    package var outdoorTemperature: Double { weather.outdoor }
    /// Degrees above the horizon.
    package var sunElevation: Double { weather.sun.elevation }
    package var peopleCount: Int { zones.reduce(core.people) { $0 + $1.people } }

    /// Takes what somebody has written into the registers of a device, by point of its profile, in the point's unit.
    mutating func obey(device: String, _ written: [String: Double]) {
        if device == "air-handler", let setpoint = written["setpoint.supply"] { air.hold(setpoint: setpoint) }
    }

    /// A room's air: °C, ppm, % and people; `nil` when the house has no such room.
    package func room(_ id: String) -> (temperature: Double, co2: Double, humidity: Double, people: Int)? {
        zones.first { $0.plan.id == id }.map { ($0.temperature, $0.co2, $0.humidity, $0.people) }
    }

    package init(seed: UInt64, startMs: Int64) {
        nowMs = startMs
        noise = Noise(seed: seed)
        people = People(noise: noise)
        weather = Weather(noise: noise, atMs: startMs)
        advance(ms: 0)
    }

    /// Lets the simulated time go on; 0 … 400 days at once.
    package mutating func step(ms: Int64) {
        precondition((0...400 * 86_400_000).contains(ms), "a step goes forward, at most 400 days")
        var left = ms
        while left > 0 {
            let piece = min(left, Self.pieceMsMax)
            advance(ms: piece)
            left -= piece
        }
    }

    private mutating func advance(ms: Int64) {
        let seconds = Double(ms) / 1_000
        weather = Weather(noise: noise, atMs: nowMs)
        let clock = OsloClock(atMs: nowMs)
        let isOpen = clock.isWorkday && clock.hour >= 6 && clock.hour < 18
        let target = isOpen ? 21.3 : 20.2
        for index in zones.indices {
            zones[index].live(
                people: people.count(in: zones[index].plan, atMs: nowMs), weather: weather, isOpen: isOpen, base: 1.1)
        }
        let present = zones.reduce(0) { $0 + $1.people }
        core.live(people: min(4, present / 7), weather: weather, isOpen: isOpen && present > 0, base: 0.9)
        breathe(seconds, isOpen: isOpen, target: target)
        let isBrewing = people.isBrewing(people: present, atMs: nowMs)
        flow = balance(kitchen: isBrewing ? 1_465_000 : 47_300, ms: ms)
        energy.add(flow, heat: Milliwatts(heatPump.heat * 1_000), ms: ms)
        inverterTemperature +=
            (weather.outdoor * 0.3 + 18 + Double(flow.solar) / 2_500_000 - inverterTemperature) * min(1, seconds / 600)
        nowMs += ms
    }

    private mutating func breathe(_ seconds: Double, isOpen: Bool, target: Double) {
        let every = zones + [core]
        let asked = every.map { AirHandler.wanted($0, isOpen: isOpen) }
        let total = asked.reduce(0, +)
        let area = every.reduce(0) { $0 + $1.plan.area }
        let extract = every.reduce(0) { $0 + $1.temperature * $1.plan.area } / area
        air.run(seconds, outdoor: weather.outdoor, extract: extract, wanted: total)
        let share = air.flow / max(total, 0.001)
        for index in zones.indices {
            zones[index].breathe(
                seconds, weather: weather, supply: air.supply, flow: asked[index] * share, target: target,
                tank: heatPump.tank)
        }
        core.breathe(
            seconds, weather: weather, supply: air.supply, flow: (asked.last ?? 0) * share, target: target - 0.6,
            tank: heatPump.tank)
        let draw = zones.reduce(core.radiator) { $0 + $1.radiator } + air.coil
        heatPump.run(seconds, outdoor: weather.outdoor, draw: draw)
    }

    /// Puts the loads against sun and battery; the grid is what is left, to the milliwatt.
    private mutating func balance(kitchen: Milliwatts, ms: Int64) -> PowerFlow {
        var flow = PowerFlow()
        let every = zones + [core]
        flow.heatPump = heatPump.power
        flow.air = air.power
        flow.kitchen = kitchen
        flow.lights = Milliwatts(every.reduce(0) { $0 + $1.lights } * 1_000)
        let jitter = 1 + 0.04 * noise.smooth(40, atMs: nowMs, periodMs: 90_000)
        flow.plugs = Milliwatts((every.reduce(0) { $0 + $1.plugs } * jitter + 350) * 1_000)
        flow.solar = Milliwatts(min(Self.inverterMax, Self.solarRated * weather.yield * 0.965))
        battery.run(surplus: flow.solar - flow.loads, ms: ms)
        flow.charging = battery.charging
        flow.discharging = battery.discharging
        return flow
    }
}

/// Where power goes at one instant, mW.
package struct PowerFlow: Hashable, Sendable {
    package internal(set) var heatPump: Int64 = 0
    package internal(set) var air: Int64 = 0
    package internal(set) var lights: Int64 = 0
    package internal(set) var plugs: Int64 = 0
    /// Coffee machine and refrigerator, behind the kitchen's own meter.
    package internal(set) var kitchen: Int64 = 0
    package internal(set) var solar: Int64 = 0
    package internal(set) var charging: Int64 = 0
    package internal(set) var discharging: Int64 = 0

    package var loads: Int64 { heatPump + air + lights + plugs + kitchen }
    /// Positive is import.
    package var grid: Int64 { loads - solar + charging - discharging }
}

/// Every meter of the house, each adding up what passed through it.
package struct EnergyBook: Hashable, Sendable {
    package private(set) var imported = EnergyCounter(kilowattHours: 38_412)
    package private(set) var exported = EnergyCounter(kilowattHours: 51_977)
    package private(set) var solar = EnergyCounter(kilowattHours: 88_240)
    package private(set) var charged = EnergyCounter(kilowattHours: 11_306)
    package private(set) var discharged = EnergyCounter(kilowattHours: 10_377)
    package private(set) var heatPump = EnergyCounter(kilowattHours: 21_905)
    package private(set) var air = EnergyCounter(kilowattHours: 6_118)
    package private(set) var lightsAndPlugs = EnergyCounter(kilowattHours: 44_020)
    package private(set) var kitchen = EnergyCounter(kilowattHours: 212)
    /// Heat that the heat pump made, not part of the electrical balance.
    package private(set) var heat = EnergyCounter(kilowattHours: 76_640)

    mutating func add(_ flow: PowerFlow, heat power: Milliwatts, ms: Int64) {
        heat.add(power, ms: ms)
        imported.add(max(0, flow.grid), ms: ms)
        exported.add(max(0, -flow.grid), ms: ms)
        solar.add(flow.solar, ms: ms)
        charged.add(flow.charging, ms: ms)
        discharged.add(flow.discharging, ms: ms)
        heatPump.add(flow.heatPump, ms: ms)
        air.add(flow.air, ms: ms)
        lightsAndPlugs.add(flow.lights + flow.plugs, ms: ms)
        kitchen.add(flow.kitchen, ms: ms)
    }
}
