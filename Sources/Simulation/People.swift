/// Who is where: desks that are taken on workdays, meetings on the hour, coffee in between. A function of seed and instant.
struct People: Hashable, Sendable {
    let noise: Noise

    /// People in a room at an instant.
    func count(in room: RoomPlan, atMs ms: Int64) -> Int {
        let clock = OsloClock(atMs: ms)
        guard clock.isWorkday else { return 0 }
        return room.isMeetingRoom ? meeting(room, clock) : desks(room, clock)
    }

    /// Whether somebody brews coffee in this minute; more likely with more people in the house.
    func isBrewing(people: Int, atMs ms: Int64) -> Bool {
        people > 0 && noise.uniform(31, ms / 60_000) < min(0.6, 0.012 * Double(people))
    }

    private func desks(_ room: RoomPlan, _ clock: OsloClock) -> Int {
        var count = 0
        for desk in 0..<room.seats {
            let who = clock.day * 4_096 + Int64(room.number * 64 + desk)
            guard noise.uniform(20, who) < 0.8 else { continue }
            let arrives = 8.0 + 0.6 * noise.normal(21, who)
            let leaves = max(arrives + 2, 16.1 + 0.8 * noise.normal(22, who))
            let lunch = 11.5 + 0.2 * noise.normal(23, who)
            let isOut = noise.uniform(24, who * 64 + Int64(clock.hour * 2)) < 0.15
            let isThere =
                clock.hour >= arrives && clock.hour < leaves && !(clock.hour >= lunch && clock.hour < lunch + 0.5)
            if isThere && !isOut { count += 1 }
        }
        return count
    }

    private func meeting(_ room: RoomPlan, _ clock: OsloClock) -> Int {
        let hour = Int64(clock.hour)
        let slot = clock.day * 2_048 + Int64(room.number) * 32 + hour
        guard (8...15).contains(hour), hour != 11, noise.uniform(26, slot) < 0.55 else { return 0 }
        let minutes = 30 + 30 * noise.uniform(27, slot)
        guard (clock.hour - Double(hour)) * 60 < minutes else { return 0 }
        return 2 + Int(noise.uniform(28, slot) * Double(max(1, room.seats - 2)))
    }
}

/// A room as it was built.
struct RoomPlan: Hashable, Sendable {
    /// Id in the demo's building file.
    let id: String
    let number: Int
    /// m².
    let area: Double
    let seats: Int
    let isMeetingRoom: Bool
    /// m² of glass, seen from the south.
    let glass: Double

    static let house: [RoomPlan] = [
        RoomPlan(id: "room101", number: 1, area: 60, seats: 6, isMeetingRoom: false, glass: 9),
        RoomPlan(id: "room102", number: 2, area: 90, seats: 9, isMeetingRoom: false, glass: 14),
        RoomPlan(id: "room201", number: 3, area: 35, seats: 10, isMeetingRoom: true, glass: 5),
        RoomPlan(id: "room202", number: 4, area: 140, seats: 14, isMeetingRoom: false, glass: 20),
    ]

    /// Corridors, stairs, canteen: heated and lit, nobody's own.
    static let core = RoomPlan(id: "core", number: 9, area: 875, seats: 4, isMeetingRoom: false, glass: 60)
}
