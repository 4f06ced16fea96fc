import Readings
import Simulation
import Testing

/// Goal: a make-believe building that an auditor could not fault. Method: whole days of every season, integer energies.
@Suite struct BuildingPhysicsTests {
    static let days = ["2026-01-14", "2026-03-29", "2026-06-24", "2026-10-25", "2026-12-21"]

    static func start(_ day: String) throws -> Int64 { try UTCTime.parse(day + "T00:00:00Z") }

    @Test(arguments: days, [7, 2_026] as [UInt64])
    func `energy adds up to the microjoule over a day`(day: String, seed: UInt64) throws {
        var physics = BuildingPhysics(seed: seed, startMs: try Self.start(day))
        physics.step(ms: 86_400_000)
        let before = physics
        for _ in 0..<288 { physics.step(ms: 300_000) }
        func gained(_ path: KeyPath<EnergyBook, EnergyCounter>) -> Int128 {
            physics.energy[keyPath: path].microjoules - before.energy[keyPath: path].microjoules
        }
        let loads = gained(\.heatPump) + gained(\.air) + gained(\.lightsAndPlugs) + gained(\.kitchen)
        let battery = gained(\.charged) - gained(\.discharged)
        #expect(gained(\.imported) - gained(\.exported) == loads - gained(\.solar) + battery, "seed \(seed)")
        #expect(
            battery == physics.batteryStored - before.batteryStored + physics.batteryLost - before.batteryLost,
            "seed \(seed)")
        #expect(physics.batteryLost >= before.batteryLost)
        #expect(loads > 0)
    }

    @Test(arguments: days) func `powers of one instant add up`(day: String) throws {
        var physics = BuildingPhysics(seed: 3, startMs: try Self.start(day))
        for _ in 0..<96 {
            physics.step(ms: 900_000)
            let powers = physics.powers
            #expect(powers.grid == powers.loads - powers.solar + powers.charging - powers.discharging)
            #expect(powers.charging == 0 || powers.discharging == 0)
        }
    }

    @Test func `the same seed gives the same building, another seed another`() throws {
        let startMs = try Self.start("2026-05-12")
        var a = BuildingPhysics(seed: 5, startMs: startMs)
        var b = BuildingPhysics(seed: 5, startMs: startMs)
        var c = BuildingPhysics(seed: 6, startMs: startMs)
        for _ in 0..<20 {
            a.step(ms: 1_800_000)
            b.step(ms: 1_800_000)
            c.step(ms: 1_800_000)
        }
        #expect(a == b)
        #expect(a != c)
    }

    @Test(arguments: days) func `rooms stay places where people can work`(day: String) throws {
        var physics = BuildingPhysics(seed: 11, startMs: try Self.start(day))
        physics.step(ms: 2 * 86_400_000)
        for _ in 0..<144 {
            physics.step(ms: 600_000)
            for id in ["room101", "room102", "room201", "room202"] {
                let room = try #require(physics.room(id))
                #expect((17...29).contains(room.temperature), "\(id) \(UTCTime.text(physics.nowMs))")
                #expect((400...1_600).contains(room.co2), "\(id) \(UTCTime.text(physics.nowMs))")
                #expect((5...90).contains(room.humidity), "\(id) \(UTCTime.text(physics.nowMs))")
            }
        }
        #expect(physics.room("cellar") == nil)
    }

    @Test func `in June the sun gives more than the house takes, in December it does not`() throws {
        func day(_ text: String) throws -> (solar: Double, loads: Double) {
            var physics = BuildingPhysics(seed: 1, startMs: try Self.start(text))
            physics.step(ms: 86_400_000)
            let before = physics.energy
            physics.step(ms: 4 * 86_400_000)
            let after = physics.energy
            let loads = [\EnergyBook.heatPump, \.air, \.lightsAndPlugs, \.kitchen].reduce(0.0) {
                $0 + after[keyPath: $1].kilowattHours - before[keyPath: $1].kilowattHours
            }
            return (after.solar.kilowattHours - before.solar.kilowattHours, loads)
        }
        let june = try day("2026-06-15")
        let december = try day("2026-12-14")
        #expect(june.solar > june.loads, "\(june)")
        #expect(december.solar < december.loads / 10, "\(december)")
    }

    @Test func `nobody works at night or on Sunday, many do on Tuesday`() throws {
        let night = BuildingPhysics(seed: 1, startMs: try UTCTime.parse("2026-03-03T02:00:00+01:00"))
        let sunday = BuildingPhysics(seed: 1, startMs: try UTCTime.parse("2026-03-01T11:00:00+01:00"))
        let tuesday = BuildingPhysics(seed: 1, startMs: try UTCTime.parse("2026-03-03T10:00:00+01:00"))
        #expect(night.peopleCount == 0)
        #expect(sunday.peopleCount == 0)
        #expect(tuesday.peopleCount > 8)
    }

    @Test(arguments: [
        ("2026-06-21T11:20:00Z", 50.0), ("2026-12-21T11:16:00Z", 3.1), ("2026-06-20T23:20:00Z", -3.1),
        ("2026-03-20T11:26:00Z", 26.5),
    ]) func `the sun stands over Trondheim where an almanac says`(instant: String, elevation: Double) throws {
        let measured = BuildingPhysics(seed: 1, startMs: try UTCTime.parse(instant)).sunElevation
        #expect(abs(measured - elevation) < 0.4, "\(measured)")
    }
}
