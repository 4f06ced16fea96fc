import Hashing
import LedgerStore
import Testing

/// Goal: what a device taught survives a restart, is replaced by what it teaches next, and never grows without end.
struct FieldMemoryTests {
    static func memory(_ device: String, _ layout: String, atMs: UInt64 = 7) -> FieldMemory {
        FieldMemory(
            device: device, profileHash: sha256(Array(device.utf8)), address: "tcp://10.0.0.20:502 unit 1",
            layout: layout, learnedMs: atMs)
    }

    @Test func `the newest lesson of each device is kept over a restart`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        try await ledger.remember([Self.memory("mb1", "1;4:7-7"), Self.memory("mb2", "1;max=60")])
        try await ledger.remember([Self.memory("mb1", "1;4:7-9", atMs: 8)])
        await ledger.close()
        let again = try shelf.open()
        #expect(
            try await again.fieldMemories() == [
                Self.memory("mb1", "1;4:7-9", atMs: 8), Self.memory("mb2", "1;max=60"),
            ])
    }

    @Test func `what is forgotten is gone, and forgetting nobody changes nothing`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        try await ledger.remember([Self.memory("mb1", "1;4:7-7"), Self.memory("mb2", "1;max=60")])
        try await ledger.forget(devices: [])
        try await ledger.forget(devices: ["mb1", "mb9"])
        #expect(try await ledger.fieldMemories().map(\.device) == ["mb2"])
    }

    @Test func `a layout beyond the limit is left out, and the others are kept`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        let long = String(repeating: "4", count: FieldMemory.layoutBytesMax + 1)
        try await ledger.remember([Self.memory("mb1", long), Self.memory("mb2", "1")])
        #expect(try await ledger.fieldMemories().map(\.device) == ["mb2"])
    }

    @Test func `a failed write keeps the last lesson`() async throws {
        let shelf = try Shelf()
        await (try shelf.create()).close()
        let ledger = try shelf.open()
        try await ledger.remember([Self.memory("mb1", "1;4:7-7")])
        await ledger.close()
        await #expect(throws: LedgerError.self) { try await ledger.remember([Self.memory("mb1", "1")]) }
        #expect(try await shelf.open().fieldMemories() == [Self.memory("mb1", "1;4:7-7")])
    }
}
