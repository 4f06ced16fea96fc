import Capture
import Disclosure
import Foundation
import Gateway
import Hashing
import LedgerStore
import Modbus
import Readings
import Synchronization
import Testing
import TwinModel

/// Goal: a reload touches the connections that changed and no other, and what devices taught follows the devices.
/// Method: a real ledger on a folder of its own and connections to ports where nobody listens: no answer is needed to see which
/// connection is which.
@Suite struct FieldSupervisorTests {
    static func ledger(_ folder: Folder) throws -> Ledger {
        try Ledger.create(
            directory: folder.path,
            identity: LedgerIdentity(
                origin: "gw1/b/house/1", building: "house", periodMs: 60_000, logKey: "key",
                recoveryKeyHash: sha256([1]), network: "dev", createdMs: 1))
    }

    static let clock = Clock(
        wallMs: { 1_772_370_000_000 }, monoMs: { 0 },
        sleepMs: { _ in
            try Task.checkCancellation()
            await Task.yield()
        })

    static func memory(_ ledger: Ledger) -> LearnedLayouts {
        LearnedLayouts(ledger, clock: clock, journal: JournalTests.logger(JournalTests.Lines()))
    }

    private func supervisor(_ plan: GatewayPlan, _ memory: LearnedLayouts) -> FieldSupervisor {
        FieldSupervisor(
            FieldPlanTests.field(plan),
            FieldSupervisor.Surroundings(
                intake: Intake(sources: [:]), memory: memory,
                journal: FieldJournal(JournalTests.logger(JournalTests.Lines())), nowMs: { 1_772_370_000_000 },
                chance: { 0 }))
    }

    /// Two lines on loopback where nobody listens.
    static let devices = """
          mb1: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:9", unit: 1}
          mb2: {profile: eastron-sdm630, modbus: "tcp://127.0.0.2:9", unit: 2}
        """
    static let points = "m1.power: {from: mb1#power.active}\nm2.power: {from: mb2#power.active}"

    @Test func `a line that did not change keeps its connection, one that did has a new one`() async throws {
        let (folder, files) = (try Folder(), try Folder())
        let ledger = try Self.ledger(folder)
        let old = try FieldPlanTests.plan(files, Self.devices, Self.points)
        let new = try FieldPlanTests.plan(
            files, Self.devices.replacing("unit: 2", with: "unit: 3"),
            Self.points + "\nm1.energy: {from: mb2#energy.active.import}")
        let supervisor = supervisor(old, Self.memory(ledger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            while await supervisor.modbusConnection(of: "mb2") == nil { await Task.yield() }
            let first = await supervisor.modbusConnection(of: "mb1")
            let second = await supervisor.modbusConnection(of: "mb2")
            let counts = await supervisor.change(to: FieldPlanTests.field(new), of: new.building)
            #expect(counts.kept == 1 && counts.changed == 1 && counts.started == 0 && counts.ended == 0)
            #expect(await supervisor.modbusConnection(of: "mb1") === first)
            let changed = await supervisor.modbusConnection(of: "mb2")
            #expect(changed !== second && changed != nil)
            #expect(await supervisor.links().map(\.id) == ["tcp://127.0.0.1:9", "tcp://127.0.0.2:9"])
            #expect(await supervisor.links().last?.units.map(\.unit) == [3])
            let gone = try FieldPlanTests.plan(
                files, String(Self.devices.split(separator: "\n")[0]), "m1.power: {from: mb1#power.active}")
            let last = await supervisor.change(to: FieldPlanTests.field(gone), of: gone.building)
            #expect(last.kept == 1 && last.ended == 1)
            #expect(await supervisor.modbusConnection(of: "mb2") == nil)
            #expect(await supervisor.modbusConnection(of: "mb1") === first)
            group.cancelAll()
            while let ended = await group.nextResult() {
                if case .failure(let error) = ended { #expect(error is CancellationError) }
            }
        }
        let after = await supervisor.change(to: FieldPlanTests.field(old), of: old.building)
        #expect(after == ReloadView.Connections(), "a gateway that ends changes nothing any more")
        await ledger.close()
    }

    @Test func `what a device taught comes back at the next start, and goes with its profile or address`() async throws
    {
        let (folder, files) = (try Folder(), try Folder())
        let ledger = try Self.ledger(folder)
        let plan = try FieldPlanTests.plan(files, Self.devices, Self.points)
        let layout = try #require(LearnedLayout("1;max=60;4:100-103"))
        let memory = Self.memory(ledger)
        await memory.use(plan.building)
        memory.note("mb1", layout)
        memory.note("mb2", layout)
        memory.note("stranger", layout)
        try await memory.save()
        #expect(try await ledger.fieldMemories().map(\.device) == ["mb1", "mb2"])

        let next = Self.memory(ledger)
        try await next.read()
        let moved = try FieldPlanTests.plan(
            files, Self.devices.replacing("127.0.0.2:9", with: "127.0.0.3:9"), Self.points)
        await next.use(moved.building)
        #expect(next.layout(of: "mb1") == layout)
        #expect(next.layout(of: "mb2") == nil)
        #expect(try await ledger.fieldMemories().map(\.device) == ["mb1"])
        await ledger.close()
    }

    @Test func `a lesson that the disk did not take is saved later`() async throws {
        let folder = try Folder()
        let plan = try FieldPlanTests.plan(try Folder(), Self.devices, Self.points)
        await (try Self.ledger(folder)).close()
        let faults = DiskFaults()
        let ledger = try Ledger.open(directory: folder.path, faults: faults)
        let memory = Self.memory(ledger)
        await memory.use(plan.building)
        memory.note("mb1", try #require(LearnedLayout("1;4:7-7")))
        faults.arm(.lost, nth: 1)
        await #expect(throws: LedgerError.self) { try await memory.save() }
        #expect(try await ledger.fieldMemories().isEmpty)
        try await memory.save()
        #expect(try await ledger.fieldMemories().map(\.layout) == ["1;4:7-7"])
        await ledger.close()
    }
}
