import CanonicalCBOR
import Commanding
import LedgerStore
import LogEntries
import Readings
import Synchronization
import Testing

/// Goal: whatever step of the disk fails, and whether it was done or not, no value goes out without an intent on disk before
/// it, no intent stays without an outcome, and no request is carried out twice.
///
/// Method: one command, once for every step that it takes: the nth write or commit fails, both ways. Then the client asks
/// again under its key, or the process dies there and starts again and the client asks then; at the end the whole record is
/// checked.
struct CommandFaultTests {
    enum Ending: CaseIterable { case goesOn, dies }

    @Test(arguments: [DiskFaults.Fault.lost, .reportedFailed], Ending.allCases)
    func `a failing step leaves no write without intent and no intent without outcome`(
        fault: DiskFaults.Fault, ending: Ending
    ) async throws {
        var nth = 1
        while try await story(fault, nth: nth, ending) { nth += 1 }
        #expect(nth > 12, "the story has more steps than \(nth)")
    }

    private func story(_ fault: DiskFaults.Fault, nth: Int, _ ending: Ending) async throws -> Bool {
        let house = try await CommandHouse()
        var daemon = try await house.start()
        house.faults.arm(fault, nth: nth)
        var failed = false
        do { _ = try await daemon.desk.command(house.request()) } catch is CommandRefusal { failed = true }
        let struck = house.faults.hasFired
        house.faults.disarm()
        if ending == .dies, failed {
            await daemon.kill()
            daemon = try await house.start()
        }
        let answer = try await daemon.desk.command(house.request())
        guard case .ended = answer else {
            Issue.record("\(answer)")
            return false
        }
        #expect(house.field.writes.count <= 1, "\(fault), step \(nth)")
        #expect(house.field.writes.allSatisfy { $0.openIntents == 1 }, "\(fault), step \(nth)")
        let record = try await house.record()
        #expect(record.map(\.phase) == [.intent, .outcome], "\(fault), step \(nth), \(ending): \(record)")
        let result = try #require(record.last.flatMap { CommandResult(rawValue: $0.resultCode) })
        if house.field.writes.isEmpty {
            // Without a write nothing may be called done; a crash may make it unknown.
            #expect(result == .notSent || result == .interrupted, "\(fault), step \(nth): \(result)")
        } else if ending == .goesOn || !failed {
            #expect(result == .done, "\(fault), step \(nth): \(result)")
        } else {
            #expect(result == .done || result == .interrupted, "\(fault), step \(nth): \(result)")
        }
        await daemon.kill()
        return struck
    }

    @Test func `a crash between write and outcome leaves an interrupted command, and its key gives that answer`()
        async throws
    {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let ledger = daemon.ledger
        // The device takes the value, and then the power fails.
        house.field.holdUntil { await ledger.close() }
        await #expect(throws: CommandRefusal.self) {
            try await daemon.desk.command(house.request("ahu1.setpoint", CommandHouse.number("21")))
        }
        house.field.holdUntil(nil)
        #expect(try await house.record().map(\.phase) == [.intent])
        let again = try await house.start()
        let record = try await house.record()
        #expect(record.map(\.phase) == [.intent, .outcome])
        #expect(record.last?.resultCode == CommandResult.interrupted.rawValue)
        #expect(record.last?.value == .null)
        #expect(house.counts.anchors.withLock { $0 } == 1)
        let answer = try await again.desk.command(house.request("ahu1.setpoint", CommandHouse.number("21")))
        let row = try #require(try await again.ledger.command(intent: record.last?.intent ?? 0))
        #expect(answer == .ended(intent: row.intent, isReplayed: true))
        #expect(house.field.writes.count == 1)
        await again.kill()
    }

    @Test func `an outcome that the full disk did not take is put on record when there is space`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let faults = house.faults
        house.field.holdUntil { faults.armDiskFull(nth: 1) }
        do {
            _ = try await daemon.desk.command(house.request())
            Issue.record("the disk was full")
        } catch CommandRefusal.cannotRecord(isDiskFull: true, let intent) {
            #expect(intent != nil)
        }
        house.field.holdUntil(nil)
        #expect(try await house.record().map(\.phase) == [.intent])
        // Still full: nothing new is taken either.
        await #expect(throws: CommandRefusal.self) {
            try await daemon.desk.command(house.request("ahu2.mode", .text("low"), key: "k2"))
        }
        faults.disarm()
        let desk = daemon.desk
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await desk.run() }  // it ends by being cancelled only
            for _ in 0..<2_000 {
                if let count = try? await daemon.ledger.openCommands().count, count == 0 { break }
                await Task.yield()
            }
            group.cancelAll()
        }
        let record = try await house.record()
        #expect(record.map(\.phase) == [.intent, .outcome])
        #expect(record.last?.resultCode == CommandResult.done.rawValue)
        #expect(house.field.writes.count == 1)
        await daemon.kill()
    }

    @Test func `the list pages both ways and filters by point and time`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let startMs = house.time.nowMs
        for round in 0..<5 {
            _ = try await daemon.desk.command(house.request("ahu1.mode", .text("low"), key: "a\(round)"))
            _ = try await daemon.desk.command(house.request("ahu2.mode", .text("off"), key: "b\(round)"))
            house.time.advance(1_000)
        }
        let reader = try house.reader()
        let all = try await reader.commands(CommandQuery(limit: 100))
        #expect(all.count == 10)
        var query = CommandQuery(limit: 3)
        query.isDescending = true
        query.after = all[8].intent
        #expect(try await reader.commands(query).map(\.intent) == [7, 6, 5].map { all[$0].intent })
        let point = try #require(all.first?.point)
        query = CommandQuery(limit: 100)
        query.points = [point]
        #expect(try await reader.commands(query).count == 5)
        query.fromMs = startMs + 1_000
        query.toMs = startMs + 3_000
        #expect(try await reader.commands(query).count == 2)
        #expect(try await reader.command(intent: all[3].intent) == all[3])
        #expect(try await reader.command(intent: 0) == nil)
        await daemon.kill()
    }
}
