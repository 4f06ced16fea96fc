import Capture
import Hashing
import LedgerStore
import LogEntries
import Readings
import Synchronization
import Testing
import TwinModel

/// Goal: a changed building leaves readings where they were captured, and no reading stands under a meaning that it has not.
/// Method: the flow with a simulated clock, then the log as an auditor reads it.
struct ChangingTests {
    /// A change that somebody waits for.
    private final class Asked: Sendable {
        let waits = Mutex<[(fromMs: Int64, points: [String])]>([])
        let isNew = Mutex<Bool?>(nil)
    }

    private func ask(
        _ daemon: House.Daemon, _ building: Building, _ body: (Asked) async throws -> Void
    ) async throws -> Asked {
        let asked = Asked()
        let flow = daemon.flow
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let isNew = try await flow.putInForce(building) { from, points in
                    asked.waits.withLock { $0.append((from, points)) }
                }
                asked.isNew.withLock { $0 = isNew }
            }
            while await !flow.isChanging { await Task.yield() }
            try await body(asked)
            try await group.waitForAll()
        }
        return asked
    }

    /// Intervals that hold readings, with the instants of each.
    private func instants(_ house: House, _ point: UInt32) async throws -> [Int64] {
        try await LogProof(try house.reader()).readings.filter { $0.point == PointNumber(point) && $0.value != .none }
            .map(\.capturedAtMs)
    }

    @Test func `a new label is in force at once, and readings stay at their instants`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let beginMs = house.time.wallMs
        daemon.intake.offer([house.reading(1, 1), house.reading(2, 400)])
        try await daemon.flow.step()
        house.time.advance(ms: 10_000)
        let asked = try await ask(daemon, House.building(label: "Another")) { _ in try await daemon.flow.step() }
        #expect(asked.waits.withLock(\.count) == 0 && asked.isNew.withLock { $0 } == true)
        await daemon.flow.fieldHasChanged()
        #expect(daemon.writer.openK == beginMs / house.periodMs)
        daemon.intake.offer([house.reading(1, 2)])
        try await daemon.flow.step()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let began = Int64(beginMs)
        #expect(try await instants(house, 1) == [began, began + 10_000])
        await daemon.kill()
    }

    @Test func `a point that goes is in the log to the end of its interval, and the others do not notice`() async throws
    {
        let house = try await House(gauges: 3)
        let daemon = try await house.start()
        let began = Int64(house.time.wallMs)
        let endMs = (house.time.wallMs / house.periodMs + 1) * house.periodMs
        daemon.intake.offer([house.reading(1, 1), house.reading(4, 400)])
        try await daemon.flow.step()
        let asked = try await ask(daemon, House.building(gauges: 2)) { asked in
            try await daemon.flow.step()
            #expect(asked.isNew.withLock { $0 } == nil)
            // Half a second before the interval's end, at its end, and while it may still be filled.
            for atMs in [endMs - 500, endMs, endMs + 700] {
                house.time.advance(ms: atMs - house.time.wallMs)
                daemon.intake.offer([house.reading(1, 2), house.reading(4, 401)])
                try await daemon.flow.step()
            }
            #expect(await daemon.keeper.building == House.building(gauges: 3))
            house.time.advance(ms: 1_000)
            try await daemon.flow.step()
        }
        #expect(asked.isNew.withLock { $0 } == true)
        #expect(asked.waits.withLock { $0.map(\.fromMs) } == [Int64(endMs)])
        #expect(asked.waits.withLock { $0.map(\.points) } == [["room2.co2"]])
        daemon.intake.offer([house.reading(4, 402)])
        try await daemon.flow.step()
        await daemon.flow.fieldHasChanged()
        house.time.advance(ms: 62_000)
        try await daemon.flow.step()
        let end = Int64(endMs)
        #expect(try await instants(house, 1) == [began, end - 500, end, end + 700])
        #expect(try await instants(house, 4) == [began, end - 500])
        #expect(await daemon.flow.counts.superseded == 3)
        await daemon.kill()
    }

    @Test func `what an old connection still delivers is not taken for the new meaning`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let asked = try await ask(daemon, House.building(isOtherMeter: true)) { _ in try await daemon.flow.step() }
        #expect(asked.waits.withLock(\.count) == 0)
        daemon.intake.offer([house.reading(1, 100), house.reading(2, 400)])
        try await daemon.flow.step()
        house.time.advance(ms: 1_000)
        daemon.intake.offer([house.reading(1, 101)])
        await daemon.flow.fieldHasChanged()
        daemon.intake.offer([house.reading(1, 7)])
        try await daemon.flow.step()
        house.time.advance(ms: 122_000)
        try await daemon.flow.step()
        let readings = try await LogProof(try house.reader()).readings.filter { $0.value != .none }
        #expect(readings.filter { $0.point == PointNumber(1) }.map(\.value) == [.integer(7)])
        #expect(readings.filter { $0.point == PointNumber(2) }.map(\.value) == [.integer(400)])
        #expect(await daemon.flow.counts.superseded == 2)
        await daemon.kill()
    }

    @Test func `a kill while a change waits leaves the old building in force and loses nothing`() async throws {
        let house = try await House(gauges: 3)
        let first = try await house.start()
        let began = Int64(house.time.wallMs)
        first.intake.offer([house.reading(1, 1), house.reading(4, 400)])
        try await first.flow.step()
        await first.flow.change(to: House.building(gauges: 2))
        try await first.flow.step()
        #expect(await first.flow.isChanging)
        await first.kill()
        let second = try await house.start(House.building(gauges: 2))
        #expect(second.start.configChanged)
        #expect(try await instants(house, 4) == [began])
        await second.kill()
    }
}
