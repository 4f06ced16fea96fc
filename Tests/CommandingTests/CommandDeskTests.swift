import CanonicalCBOR
import Commanding
import LedgerStore
import LogEntries
import Readings
import Synchronization
import Testing

/// Goal: every write has its intent on disk before it and its outcome behind it, and a request is carried out once.
/// Method: a make-believe field that looks into the ledger while it is asked; afterwards leaves, openings and list are
/// compared with each other.
struct CommandDeskTests {
    @Test func `a command is on record before it goes out and after it came back`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let answer = try await daemon.desk.command(house.request())
        guard case .ended(let intent, isReplayed: false) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(house.field.writes == [.init(device: "mb1", point: "mode", value: .integer(2), openIntents: 1)])
        let record = try await house.record()
        #expect(record.map(\.phase) == [.intent, .outcome])
        #expect(record.map(\.value) == [.unsigned(2), .unsigned(2)])
        #expect(record.map(\.resultCode) == [0, 0])
        #expect(record.map(\.reason) == ["filter change", ""])
        #expect(record.last?.intent == intent)
        #expect(house.counts.news.withLock { $0.map(\.result) } == [.done])
        let events = try await house.reader().events(after: 0).filter { $0.kind == "command" }
        #expect(events.map(\.points) == [["ahu1.mode"], ["ahu1.mode"]])
        #expect(
            events.map(\.json) == [
                #"{"id":"c-\#(intent)","point":"ahu1.mode","state":"running","intentLeaf":\#(intent),"outcomeLeaf":null}"#,
                #"{"id":"c-\#(intent)","point":"ahu1.mode","state":"done","intentLeaf":\#(intent),"outcomeLeaf":\#(intent + 1)}"#,
            ])
        await daemon.kill()
    }

    @Test(arguments: [
        (MakeBelieveField.Manner.holds(.integer(1)), CommandResult.differs, "", CBOR.unsigned(1)),
        (.takesWithoutReadBack, .notReadBack, "", .null),
        (.fails(.refused(code: 3)), .refused, "exception 3", .null),
        (.fails(.noAnswer), .noAnswer, "", .null),
        (.fails(.notSent(why: "the line is down")), .notSent, "the line is down", .null),
        (.fails(.interrupted), .interrupted, "", .null),
    ])
    func `whatever the device does, the outcome says it`(
        manner: MakeBelieveField.Manner, result: CommandResult, reason: String, value: CBOR
    ) async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        house.field.set(manner)
        _ = try await daemon.desk.command(house.request())
        let outcome = try #require(try await house.record().last)
        #expect(outcome.phase == .outcome)
        #expect(outcome.resultCode == result.rawValue)
        #expect(outcome.reason == reason)
        #expect(outcome.value == value)
        await daemon.kill()
    }

    @Test func `the same request under the same key writes once, also after a restart and a day less`() async throws {
        let house = try await CommandHouse()
        var daemon = try await house.start()
        let first = try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("4")))
        guard case .ended(let intent, _) = first else { return }
        house.time.advance(86_000_000)
        // 4, 4.0 and 0.4e1 are one value.
        let again = try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("0.4e1")))
        #expect(again == .ended(intent: intent, isReplayed: true))
        await daemon.kill()
        daemon = try await house.start()
        let later = try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("4.0")))
        #expect(later == .ended(intent: intent, isReplayed: true))
        #expect(house.field.writes.count == 1)
        await #expect(throws: CommandRefusal.keyReused) {
            try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("5")))
        }
        // Another grant has keys of its own.
        let ola = CommandActor(grant: 2, role: "facility", pseudonym: .zero)
        _ = try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("5"), actor: ola))
        #expect(house.field.writes.count == 2)
        house.time.advance(500_000_000)
        _ = try await daemon.desk.command(house.request("ahu1.level", CommandHouse.number("5")))
        #expect(house.field.writes.count == 3)
        await daemon.kill()
    }

    @Test func `a dry run checks everything and writes nothing`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let size = try await daemon.ledger.head().size
        let answer = try await daemon.desk.command(house.request(isDryRun: true))
        #expect(answer == .wouldDo(value: .integer(2)))
        await #expect(
            throws: CommandRefusal.unknownName(point: "ahu1.mode", given: "max", known: ["off", "low", "high"])
        ) {
            try await daemon.desk.command(house.request("ahu1.mode", .text("max"), isDryRun: true))
        }
        #expect(house.field.writes.isEmpty)
        #expect(try await daemon.ledger.head().size == size)
        // The key is still free.
        #expect(try await daemon.ledger.commandKey(grant: 1, key: "k1", nowMs: house.time.nowMs) == nil)
        await daemon.kill()
    }

    @Test func `one command at a time has a device to itself, another device is free`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let (stream, open) = AsyncStream.makeStream(of: Void.self)
        let (reached, tellReached) = AsyncStream.makeStream(of: Void.self)
        house.field.holdUntil {
            tellReached.yield()
            for await _ in stream { break }
        }
        let desk = daemon.desk
        let slow = house.request()
        async let first = desk.command(slow)
        for await _ in reached { break }
        house.field.holdUntil(nil)
        let intent = try #require(try await daemon.ledger.openCommands().first?.intent)
        await #expect(throws: CommandRefusal.running(device: "mb1", point: "ahu1.mode", intent: intent)) {
            try await desk.command(house.request("ahu1.enabled", .flag(true), key: "k2"))
        }
        // The same request while it runs is not an answer yet.
        await #expect(throws: CommandRefusal.running(device: "mb1", point: "ahu1.mode", intent: intent)) {
            try await desk.command(house.request())
        }
        _ = try await desk.command(house.request("ahu2.mode", .text("low"), key: "k3"))
        open.yield()
        #expect(try await first == .ended(intent: intent, isReplayed: false))
        _ = try await desk.command(house.request("ahu1.enabled", .flag(true), key: "k2"))
        #expect(house.field.writes.map(\.device) == ["mb1", "mb2", "mb1"])
        #expect(try await house.record().count == 6)
        await daemon.kill()
    }

    @Test func `many at once on one device: each is carried out or refused, none is half done`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let desk = daemon.desk
        let requests = (0..<40).map { house.request("ahu1.mode", .text("low"), key: "k\($0 % 20)") }
        let ended = await withTaskGroup(of: Bool.self) { group in
            for request in requests {
                group.addTask {
                    do { return try await desk.command(request) != .wouldDo(value: .none) } catch { return false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(ended >= 1)
        #expect(Set(house.field.writes.map(\.openIntents)) == [1])
        let record = try await house.record()
        #expect(record.count == 2 * house.field.writes.count)
        await daemon.kill()
    }

    @Test func `a critical command asks for an anchor, another does not`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        _ = try await daemon.desk.command(house.request())
        #expect(house.counts.anchors.withLock { $0 } == 0)
        _ = try await daemon.desk.command(house.request("ahu1.setpoint", CommandHouse.number("21.5"), key: "k2"))
        #expect(house.counts.anchors.withLock { $0 } == 1)
        await daemon.kill()
    }

    @Test func `a point takes one command in its time, and a clock set back holds nobody up`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let desk = daemon.desk
        _ = try await desk.command(house.request("ahu1.setpoint", CommandHouse.number("21.5")))
        house.time.advance(20_000)
        let tooSoon = CommandRefusal.tooSoon(point: "ahu1.setpoint", everyMs: 60_000, waitMs: 40_000)
        for isDryRun in [true, false] {
            await #expect(throws: tooSoon) {
                try await desk.command(
                    house.request("ahu1.setpoint", CommandHouse.number("22"), key: "k2", isDryRun: isDryRun))
            }
        }
        house.time.setBack(30_000)
        _ = try await desk.command(house.request("ahu1.setpoint", CommandHouse.number("22"), key: "k2"))
        #expect(house.field.writes.count == 2)
        await daemon.kill()
    }
}
