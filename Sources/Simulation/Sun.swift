import Glibc

/// Where the sun stands, by the low-precision formulas of the Astronomical Almanac (0.01 degree between 1950 and 2050).
struct Sun: Hashable, Sendable {
    /// Degrees above the horizon, without refraction.
    let elevation: Double
    /// Degrees from north over east.
    let azimuth: Double

    /// `latitude` north and `longitude` east in degrees.
    init(atMs ms: Int64, latitude: Double, longitude: Double) {
        let days = Double(ms) / 86_400_000 - 10_957.5
        let radian = Double.pi / 180
        let meanLongitude = 280.460 + 0.985_647_4 * days
        let anomaly = (357.528 + 0.985_600_3 * days) * radian
        let ecliptic = (meanLongitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) * radian
        let tilt = (23.439 - 0.000_000_4 * days) * radian
        let declination = asin(sin(tilt) * sin(ecliptic))
        let ascension = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
        let sidereal = (18.697_374_558 + 24.065_709_824_419_08 * days).truncatingRemainder(dividingBy: 24)
        let hourAngle = (sidereal * 15 + longitude) * radian - ascension
        let north = latitude * radian
        let height = asin(sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hourAngle))
        let fromSouth = atan2(sin(hourAngle), cos(hourAngle) * sin(north) - tan(declination) * cos(north))
        elevation = height / radian
        let turned = (fromSouth / radian + 180).truncatingRemainder(dividingBy: 360)
        azimuth = turned < 0 ? turned + 360 : turned
    }

    /// W/m² on a plane under a clear sky: what comes straight, by air mass, and a tenth of it from the whole sky.
    func clearSky(planeTilt: Double, planeAzimuth: Double) -> Double {
        guard elevation > 0.5 else { return 0 }
        let radian = Double.pi / 180
        let airMass = 1 / sin(elevation * radian)
        let beam = 1_361 * pow(0.7, pow(min(airMass, 38), 0.678))
        let cosine =
            sin(elevation * radian) * cos(planeTilt * radian)
            + cos(elevation * radian) * sin(planeTilt * radian) * cos((azimuth - planeAzimuth) * radian)
        return beam * max(0, cosine) + 0.1 * beam * (1 + cos(planeTilt * radian)) / 2
    }
}
