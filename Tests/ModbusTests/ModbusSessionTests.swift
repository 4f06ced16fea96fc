import Foundation
import Modbus
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: what is written is what the device holds, and what a device says about itself arrives. Method: libmodbus' own server.
@Suite(.serialized) struct ModbusSessionTests {
    private func with(
        _ bank: RegisterBank, _ body: @escaping @Sendable (ModbusSession) throws -> Void
    ) async throws {
        let server = try ModbusServer(units: [1: bank])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await server.run() }
            defer { group.cancelAll() }
            // The server may find its thread late when much is tested at once.
            var patient = settings(server.port)
            patient.responseMsMax = 60_000
            let calm = patient
            try await blocking { try body(ModbusSession(calm)) }
        }
    }

    @Test func `all four functions write`() async throws {
        let bank = RegisterBank(holding: 0...199, coils: 0...99)
        try await with(bank) { session in
            try session.write(unit: 1, ModbusWrite(function: .singleCoil, address: 3, words: [1]))
            try session.write(unit: 1, ModbusWrite(function: .singleRegister, address: 5, words: [0xABCD]))
            try session.write(
                unit: 1, ModbusWrite(function: .multipleCoils, address: 10, words: [1, 0, 1, 1, 0, 0, 0, 0, 1]))
            try session.write(unit: 1, ModbusWrite(function: .multipleRegisters, address: 20, words: [1, 2, 0xFFFF]))
            let seen1 = try session.read(unit: 1, .coils, address: 10, count: 9)
            #expect(seen1 == [1, 0, 1, 1, 0, 0, 0, 0, 1])
            let seen2 = try session.read(unit: 1, .holdingRegisters, address: 20, count: 3)
            #expect(seen2 == [1, 2, 0xFFFF])
            try session.write(unit: 1, ModbusWrite(function: .singleCoil, address: 10, words: [0]))
            let all = ModbusWrite(function: .multipleRegisters, address: 50, words: Array(1...123))
            try session.write(unit: 1, all)
            #expect(throws: ModbusError.refused(unit: 1, code: 2)) {
                try session.write(unit: 1, ModbusWrite(function: .singleRegister, address: 500, words: [1]))
            }
        }
        let state = bank.current
        #expect(state.coils.word(3) == 1 && state.coils.word(10) == 0 && state.coils.word(12) == 1)
        #expect(state.holding.word(5) == 0xABCD && state.holding.word(22) == 0xFFFF && state.holding.word(172) == 123)
    }

    @Test func `what the protocol has no room for is not sent`() async throws {
        let bank = RegisterBank(holding: 0...9)
        try await with(bank) { session in
            let impossible = [
                ModbusWrite(function: .singleRegister, address: 0, words: []),
                ModbusWrite(function: .singleRegister, address: 0, words: [1, 2]),
                ModbusWrite(function: .multipleRegisters, address: 0, words: [UInt16](repeating: 0, count: 124)),
                ModbusWrite(function: .multipleRegisters, address: 65_535, words: [1, 2]),
                ModbusWrite(function: .multipleCoils, address: 0, words: [UInt16](repeating: 0, count: 1969)),
            ]
            for write in impossible {
                #expect(throws: ModbusError.illegalRequest(unit: 1)) { try session.write(unit: 1, write) }
            }
            for (address, count) in [(0, 0), (0, 126), (65_535, 2)] {
                #expect(throws: ModbusError.illegalRequest(unit: 1)) {
                    _ = try session.read(unit: 1, .holdingRegisters, address: UInt16(address), count: count)
                }
            }
        }
        #expect(bank.current.requestCount == 0)
    }

    @Test func `a device says who it is, over as many answers as it takes`() async throws {
        let bank = RegisterBank(holding: 0...9)
        let long = String(repeating: "x", count: 190)
        bank.update { $0.identification = [0: "Maker", 1: "M-1", 2: "1.0", 4: long, 5: long] }
        try await with(bank) { session in
            let objects = try session.identification(unit: 1)
            #expect(objects.map(\.id) == [0, 1, 2, 4, 5])
            #expect(objects.map(\.text) == ["Maker", "M-1", "1.0", long, long])
            let seen3 = try session.read(unit: 1, .holdingRegisters, address: 0, count: 10)
            #expect(seen3.count == 10)
        }
    }

    @Test func `a device without identification says so and can be read after that`() async throws {
        let bank = RegisterBank(holding: 0...9)
        try await with(bank) { session in
            for _ in 0..<3 {
                #expect(throws: ModbusError.refused(unit: 1, code: 1)) { _ = try session.identification(unit: 1) }
                let seen4 = try session.read(unit: 1, .holdingRegisters, address: 0, count: 10)
                #expect(seen4.count == 10)
            }
        }
    }

    @Test func `an identification that lies about its lengths or never ends is survived`() throws {
        let lies: [[UInt8]] = [
            [0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 200, 65], [0x2B, 0x0E, 1, 1, 0, 0, 255, 0, 1, 65],
            [0x2B, 0x0D, 1, 1, 0, 0, 0],
            [0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 1, 65, 66], [0x2B, 0x0E],
        ]
        for lie in lies {
            let server = try RawServer { request, _ in
                Array(request[0..<4]) + [0, UInt8(lie.count + 1), request[6]] + lie
            }
            let session = try ModbusSession(settings(server.port))
            #expect(throws: ModbusError.garbled(unit: 1)) { _ = try session.identification(unit: 1) }
            server.end()
        }
        let server = try RawServer { request, number in
            let pdu: [UInt8] = [0x2B, 0x0E, 1, 1, 0xFF, 0, 1, 0, 1, UInt8(65 + number % 20)]
            return Array(request[0..<4]) + [0, UInt8(pdu.count + 1), request[6]] + pdu
        }
        let session = try ModbusSession(settings(server.port))
        let seen5 = try session.identification(unit: 1)
        #expect(seen5.map(\.text) == ["A"])
        server.end()
    }

    @Test func `a session opens again what the other side has closed`() throws {
        let server = try RawServer { request, number in number == 1 ? nil : RawServer.honest(request) }
        let session = try ModbusSession(settings(server.port))
        let seen6 = try session.read(unit: 1, .holdingRegisters, address: 7, count: 1)
        #expect(seen6 == [7])
        #expect(throws: ModbusError.lineDown(errno: ECONNRESET)) {
            _ = try session.read(unit: 1, .holdingRegisters, address: 7, count: 1)
        }
        var words: [UInt16] = []
        try session.read(unit: 1, .holdingRegisters, address: 8, count: 2, into: &words)
        #expect(words == [8, 9])
        server.end()
    }
}

/// Goal: a command goes out once, between two polls, and only to the device that is meant.
@Suite(.serialized) struct ModbusWritingTests {
    private static let point = "a: {address: 0, type: u16, nature: gauge, brick: Sensor}"

    @Test func `a write and its read-back pass between polls of a line that is never idle`() async throws {
        let bank = RegisterBank(holding: 0...99)
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(1, Self.point, everyMs: 0)
        let place = try #require(unit.profile.points.first?.modbus)
        let line = connection(server.port, [unit], collector)
        try await withLine(server, line) {
            #expect(await collector.wait { $0.readings(1).count > 100 })
            for value in 1...20 as ClosedRange<UInt16> {
                let write = ModbusWrite(function: .multipleRegisters, address: 0, words: [value])
                let readBack = try await line.write(device: "mb1", write, readBack: place)
                #expect(readBack == [value])
            }
            #expect(await collector.wait { $0.last(1)?.value == .integer(20) })
            let write = ModbusWrite(function: .singleRegister, address: 9, words: [1])
            let nothing = try await line.write(device: "mb1", write, readBack: nil)
            #expect(nothing == nil)
        }
    }

    @Test func `a write is refused in the device's own words, or for want of the device`() async throws {
        let bank = RegisterBank(holding: 0...9)
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point)], collector)
        try await withLine(server, line) {
            let write = ModbusWrite(function: .singleRegister, address: 50, words: [1])
            await #expect(throws: ModbusError.refused(unit: 1, code: 2)) {
                _ = try await line.write(device: "mb1", write, readBack: nil)
            }
            await #expect(throws: ModbusError.notOnThisLine(device: "mb9")) {
                _ = try await line.write(device: "mb9", write, readBack: nil)
            }
        }
        #expect(bank.current.holding.words.allSatisfy { $0 == 0 })
    }

    @Test func `nothing is written to another device than the profile's`() async throws {
        let bank = RegisterBank(holding: 0...9)
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(1, Self.point, head: "identify: [{address: 1, words: [7]}]")
        let line = connection(server.port, [unit], collector)
        let write = ModbusWrite(function: .singleRegister, address: 0, words: [5])
        try await withLine(server, line) {
            await #expect(throws: ModbusError.otherDevice(unit: 1)) {
                _ = try await line.write(device: "mb1", write, readBack: nil)
            }
            #expect(bank.current.holding.word(0) == 0)
            bank.update { $0.holding.set(1, [7]) }
            _ = try await line.write(device: "mb1", write, readBack: nil)
            #expect(bank.current.holding.word(0) == 5)
        }
    }

    @Test func `a write that is not answered goes out once`() async throws {
        let writes = Mutex(0)
        let server = try RawServer { request, _ in
            if request[7] != 6 { return RawServer.honest(request) }
            writes.withLock { $0 += 1 }
            return []
        }
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point)], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.readings(1).count > 3 })
            await #expect(throws: ModbusError.noAnswer(unit: 1, afterMs: 200)) {
                let write = ModbusWrite(function: .singleRegister, address: 0, words: [5])
                _ = try await line.write(device: "mb1", write, readBack: nil)
            }
            let count = collector.told.readings(1).count
            #expect(await collector.wait { $0.readings(1).count > count + 3 })
        }
        server.end()
        #expect(writes.withLock { $0 } == 1)
    }
}
