import Capture
import LedgerStore
import Readings
import Testing
import TwinModel

/// Goal: an old value is never shown as a live one. Method: the real flow; after every step the twin is asked as the API asks.
struct SilenceTests {
    private func quality(_ daemon: House.Daemon, _ id: String) async -> Quality? {
        await daemon.keeper.state(of: id)?.quality
    }

    private func isLive(_ daemon: House.Daemon, _ id: String) async -> Bool {
        await daemon.keeper.state(of: id)?.isLive ?? false
    }

    @Test func `a point that falls silent is stale after three of its spans and offline after ten`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        // room0.co2 is expected every 30 s.
        daemon.intake.offer([house.reading(2, 400)])
        var seen: [Quality] = []
        for _ in 0..<330 {
            try await daemon.flow.step()
            if let now = await quality(daemon, "room0.co2"), now != seen.last { seen.append(now) }
            house.time.advance(ms: 1_000)
        }
        #expect(seen == [.good, .stale, .offline])
        let state = try #require(await daemon.keeper.state(of: "room0.co2"))
        #expect(state.latest?.value == .integer(400))
        #expect(!state.isLive)
        await daemon.kill()
    }

    @Test func `a connection that tells makes its points offline in the same round`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer([house.reading(2, 400)])
        try await daemon.flow.step()
        #expect(await isLive(daemon, "room0.co2"))
        house.time.advance(ms: 10)
        daemon.intake.offer([
            Reading(
                point: PointNumber(2), capturedAtMs: Int64(house.time.wallMs), quality: .offline, value: .none)
        ])
        try await daemon.flow.step()
        #expect(await quality(daemon, "room0.co2") == .offline)
        await daemon.kill()
    }

    @Test func `a full queue and a disk that is short never keep a device's silence back`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let intake = Intake(sources: [PointNumber(2): .init(nature: .gauge)], lengthMax: 4)
        intake.takesGauges = false
        let silent = Reading(point: PointNumber(2), capturedAtMs: 1, quality: .offline, value: .none)
        intake.offer([silent])
        #expect(intake.drain(10) == [silent])
        intake.takesGauges = true
        intake.offer([silent] + (0..<20).map { house.reading(2, $0) })
        #expect(intake.drain(10).contains(silent))
        await daemon.kill()
    }

    @Test func `a point that never answered is offline, and stands so in the log`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        #expect(await quality(daemon, "room1.co2") == .offline)
        try await daemon.flow.step()
        #expect(await quality(daemon, "room1.co2") == .offline)
        house.time.advance(ms: 301_000)
        try await daemon.flow.step()
        #expect(try await daemon.ledger.latestValues()[PointNumber(3)]?.newest.quality == .offline)
        #expect(await daemon.keeper.state(of: "room1.co2")?.latest == nil)
        await daemon.kill()
    }

    @Test(arguments: [(100_000, Quality.stale), (400_000, .offline), (86_400_000, .offline)] as [(UInt64, Quality)])
    func `a restart does not make an old value live`(offMs: UInt64, expected: Quality) async throws {
        let house = try await House()
        let first = try await house.start()
        first.intake.offer([house.reading(2, 400)])
        try await first.flow.step()
        await first.kill()
        house.time.advance(ms: offMs)
        let second = try await house.start()
        #expect(await quality(second, "room0.co2") == .offline)
        // The old value and the silence after it come in one step: nobody sees one without the other.
        let watched = Watch(keeper: second.keeper, id: "room0.co2")
        let watching = Task { await watched.untilKnown() }
        try await second.flow.step()
        #expect(await watching.value == expected)
        #expect(await second.keeper.state(of: "room0.co2")?.latest?.value == .integer(400))
        #expect(try await second.ledger.latestValues()[PointNumber(2)]?.newest.quality == expected)
        await second.kill()
    }

    /// Asks again and again, as a client in a hurry does.
    private struct Watch {
        let keeper: TwinKeeper
        let id: String

        /// The quality the first time there is a value.
        func untilKnown() async -> Quality? {
            while true {
                if let state = await keeper.state(of: id), state.latest != nil { return state.quality }
                await Task.yield()
            }
        }
    }
}
