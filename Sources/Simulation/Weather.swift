import Glibc

/// The sky over the Trondheim fjord: a function of seed and instant, so that nobody needs to remember it.
struct Weather: Hashable, Sendable {
    static let latitude = 63.4386
    static let longitude = 10.3995

    /// °C.
    let outdoor: Double
    /// 0 clear … 1 overcast.
    let cloud: Double
    /// W/m² on the roof's plane and on a flat plane.
    let roof: Double
    let horizontal: Double
    /// Share of the solar modules' rated power, before the inverter.
    let yield: Double
    /// Relative, %.
    let humidity: Double
    let sun: Sun

    init(noise: Noise, atMs ms: Int64) {
        let sun = Sun(atMs: ms, latitude: Self.latitude, longitude: Self.longitude)
        let fronts = noise.smooth(1, atMs: ms, periodMs: 40 * 3_600_000)
        let showers = noise.smooth(2, atMs: ms, periodMs: 3 * 3_600_000)
        let gusts = noise.smooth(3, atMs: ms, periodMs: 7 * 60_000)
        let cloud = min(1, max(0, 0.55 + 0.6 * fronts + 0.25 * showers + 0.12 * gusts))
        // Kasten and Czeplak 1980: what clouds leave of a clear sky.
        let left = 1 - 0.75 * pow(cloud, 3.4)
        let year = 365.2425 * 86_400_000
        let season = cos(2 * .pi * (Double(ms).truncatingRemainder(dividingBy: year) / year - 0.062))
        let day = cos(2 * .pi * (Double(ms % 86_400_000) / 86_400_000 - 0.58))
        let mass = noise.smooth(4, atMs: ms, periodMs: 60 * 3_600_000)
        let outdoor = 5.6 - 9.2 * season + 2.6 * day * (1.2 - 0.7 * cloud) + 5.5 * mass
        let roof = sun.clearSky(planeTilt: 20, planeAzimuth: 170) * left
        self.sun = sun
        self.cloud = cloud
        self.outdoor = outdoor
        self.roof = roof
        horizontal = sun.clearSky(planeTilt: 0, planeAzimuth: 180) * left
        let cell = outdoor + roof * 0.028
        yield = max(0, roof / 1_000 * (1 - 0.0037 * (cell - 25)))
        humidity = min(99, max(25, 72 + 18 * cloud - 10 - 8 * day + 8 * showers))
    }
}
