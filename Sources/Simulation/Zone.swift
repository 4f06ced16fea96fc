import Glibc

/// One room's air and walls as a single heat store, with its people, glass, radiator and fresh air.
struct Zone: Hashable, Sendable {
    let plan: RoomPlan
    /// °C.
    private(set) var temperature = 21.0
    /// ppm.
    private(set) var co2 = 430.0
    /// g of water in a kg of air.
    private(set) var moisture = 5.5
    private(set) var people = 0
    /// W of electricity that becomes heat here.
    private(set) var lights = 0.0
    private(set) var plugs = 0.0
    /// W that the radiator draws from the tank, 0 or more.
    private(set) var radiator = 0.0
    /// m³/s of supply air.
    private(set) var airFlow = 0.0

    init(_ plan: RoomPlan) { self.plan = plan }

    /// Relative humidity, % (Magnus formula).
    var humidity: Double {
        let saturation = 3.8 * exp(17.27 * temperature / (temperature + 237.7))
        return min(99, max(5, moisture / saturation * 100))
    }

    /// lx on the desks.
    var light: Double { lights / plan.area * 62 + daylight }
    private var daylight = 0.0

    mutating func live(people count: Int, weather: Weather, isOpen: Bool, base: Double) {
        people = count
        daylight = min(4_000, weather.horizontal * 120 * 0.02 * plan.glass / plan.area * 10)
        let isLit = count > 0 && daylight < 450
        lights = (isLit ? 4.0 : isOpen ? 0.6 : 0.15) * plan.area
        plugs = Double(count) * 85 + base * plan.area
    }

    /// Seconds are at most 60, so that every store stays stable.
    mutating func breathe(
        _ seconds: Double, weather: Weather, supply: Double, flow: Double, target: Double, tank: Double
    ) {
        airFlow = flow
        let isWarm = temperature > 23.5
        let hasBlindsDown = isWarm || (weather.roof > 450 && temperature > 22.5)
        let opensWindows = isWarm && weather.outdoor < temperature - 0.5
        let conductance = (opensWindows ? 0.46 + 1.6 * min(1, temperature - 23.5) : 0.46) * plan.area
        let sun = weather.roof * plan.glass * (hasBlindsDown ? 0.07 : 0.26)
        radiator = max(0, min(1, (target - temperature) / 0.8)) * max(0, tank - temperature) * 1.1 * plan.area
        let gains = Double(people) * 95 + lights + plugs + sun + radiator
        let heat = gains + conductance * (weather.outdoor - temperature) + flow * 1_210 * (supply - temperature)
        temperature += heat * seconds / (165_000 * plan.area)
        let volume = 2.9 * plan.area
        let leak = 0.05 / 3_600 * volume
        co2 += (Double(people) * 5.2 + (flow + leak) * (420 - co2)) * seconds / volume
        let outside = 3.8 * exp(17.27 * weather.outdoor / (weather.outdoor + 237.7)) * weather.humidity / 100
        moisture += (Double(people) * 0.014 / 1.2 + (flow + leak) * (outside - moisture)) * seconds / volume
    }
}
