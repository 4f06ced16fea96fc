import Foundation
import Modbus
import Profiles
import Readings
import Testing
import TestTools

/// Goal: what a device holds arrives as it is. Method: libmodbus' own server over TCP on loopback.
@Suite(.serialized) struct ModbusReadingTests {
    @Test(arguments: WordOrder.allCases) func `every type arrives in every order of words`(order: WordOrder)
        async throws
    {
        let cases: [(type: String, words: [UInt16], value: RawValue)] = [
            ("u16", [0xFFFE], .integer(65_534)), ("i16", [0xFFFE], .integer(-2)),
            ("u32", [0x8000, 0x0001], .integer(2_147_483_649)), ("i32", [0xFFFF, 0xFFFE], .integer(-2)),
            ("u64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], .large(UInt64.max)),
            ("i64", [0x8000, 0, 0, 0x0001], .integer(Int64.min + 1)),
            ("f32", [0x4640, 0xE6B7], .float32(bits: 0x4640_E6B7)),
            ("f64", [0x40C8, 0x1CD6, 0xC8B4, 0x3958], .float64(bits: 0x40C8_1CD6_C8B4_3958)),
            ("bool", [0x0001], .integer(1)), ("text, words: 2", [0x4142, 0x4300], .text("ABC")),
            ("bcd, words: 2", [0x0012, 0x3456], .integer(123_456)),
            ("bits, bits: [4, 7]", [0x0A50], .integer(5)), ("bit, bit: 3", [0x0008], .integer(1)),
            ("enum", [0x0007], .integer(7)),
        ]
        let bank = RegisterBank(holding: 0...999)
        var text = ""
        for (index, item) in cases.enumerated() {
            let name = "p\(String(format: "%02d", index))"
            text += "\(name): {address: \(index * 10), type: \(item.type), nature: gauge, brick: Sensor}\n"
            let sent = order.normalized(item.words)
            bank.update { $0.holding.set(UInt16(index * 10), sent) }
        }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(1, text, head: "defaults: {order: \(order.rawValue)}")
        try await withLine(server, connection(server.port, [unit], collector)) {
            #expect(await collector.wait { told in cases.indices.allSatisfy { told.last(UInt32($0) + 1) != nil } })
        }
        for (index, item) in cases.enumerated() {
            let reading = try #require(collector.told.last(UInt32(index) + 1))
            #expect(reading.value == item.value && reading.quality == .good, "\(item.type): \(reading.value)")
            #expect(abs(reading.capturedAtMs - wallMs()) < 60_000)
        }
    }

    @Test func `a unit's second reading comes sooner by its phase, and the next one a period later`() async throws {
        let server = try ModbusServer(units: [1: RegisterBank(holding: 0...9)])
        let collector = Collector()
        let unit = try device(1, "a: {address: 1, type: u16, nature: gauge, brick: Sensor}", everyMs: 2_000)
        let line = ModbusConnection(
            settings(server.port), units: [unit], nowMs: wallMs, chance: { 0.9 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        try await withLine(server, line) { #expect(await collector.wait { $0.readings(1).count >= 3 }) }
        let atMs = collector.told.readings(1).map(\.capturedAtMs)
        #expect(atMs[1] - atMs[0] < 1_000 && atMs[2] - atMs[1] > 1_000, "read at \(atMs)")
    }

    @Test func `coils and input registers are read by their own functions`() async throws {
        let bank = RegisterBank(holding: 0...9, input: 0...9, coils: 0...20)
        bank.update { state in
            state.input.set(3, [77])
            state.coils.set(13, [1])
        }
        let server = try ModbusServer(units: [9: bank])
        let collector = Collector()
        let unit = try device(
            9,
            """
            a: {function: 1, address: 12, nature: state, brick: Status}
            b: {function: 1, address: 13, nature: state, brick: Status}
            c: {function: 4, address: 3, type: u16, nature: gauge, brick: Sensor}
            """)
        try await withLine(server, connection(server.port, [unit], collector)) {
            #expect(await collector.wait { $0.last(3) != nil && $0.last(1) != nil })
        }
        #expect(collector.told.last(1)?.value == .integer(0))
        #expect(collector.told.last(2)?.value == .integer(1))
        #expect(collector.told.last(3)?.value == .integer(77))
    }

    @Test func `not available is no value and NaN keeps its bits`() async throws {
        let bank = RegisterBank(holding: 0...9)
        bank.update { state in
            state.holding.set(0, [0x8000])
            state.holding.set(1, [0x7FC0, 0x0001])
            state.holding.set(3, [2301, 0xFFFF])
            state.holding.set(5, [2301, 0x8000])
        }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(
            1,
            """
            a: {address: 0, type: i16, notAvailable: [0x8000], nature: gauge, brick: Sensor}
            b: {address: 1, type: f32, nature: gauge, brick: Sensor}
            c: {address: 3, type: u16, scaleRegister: 4, nature: gauge, brick: Sensor}
            d: {address: 5, type: u16, scaleRegister: 6, nature: gauge, brick: Sensor}
            """)
        try await withLine(server, connection(server.port, [unit], collector)) {
            #expect(await collector.wait { $0.last(4) != nil })
        }
        let told = collector.told
        #expect(told.last(1)?.value == RawValue.none && told.last(1)?.quality == .noValue)
        #expect(told.last(2)?.value == .float32(bits: 0x7FC0_0001) && told.last(2)?.quality == .noValue)
        #expect(told.last(3)?.value == .number("2301e-1") && told.last(3)?.quality == .good)
        #expect(told.last(4)?.value == RawValue.none && told.last(4)?.quality == .noValue)
    }

    @Test func `registers changed together are never read half`() async throws {
        let bank = RegisterBank(holding: 0...1)
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(1, "a: {address: 0, type: u32, nature: gauge, brick: Sensor}", everyMs: 1)
        try await withLine(server, connection(server.port, [unit], collector)) {
            for value in 1...3000 { bank.update { $0.holding.set(0, [UInt16(value), UInt16(value)]) } }
            #expect(await collector.wait { $0.readings.count > 200 })
        }
        for reading in collector.told.readings {
            guard case .integer(let value) = reading.value else { continue }
            #expect(value >> 16 == value & 0xFFFF)
        }
    }
}

/// Goal: whatever a device or a line does, the others go on and it comes back by itself.
@Suite(.serialized) struct ModbusTroubleTests {
    private static let point = "a: {address: 0, type: u16, nature: gauge, brick: Sensor}"

    @Test func `a unit that is silent is told once and does not hold up the others`() async throws {
        let (alive, dead) = (RegisterBank(holding: 0...9), RegisterBank(holding: 0...9))
        dead.update { $0.manner = .silent }
        let server = try ModbusServer(units: [1: alive, 2: dead])
        let collector = Collector()
        let units = [try device(1, Self.point), try device(2, Self.point, firstNumber: 10)]
        let line = connection(server.port, units, collector)
        try await withLine(server, line) {
            #expect(await collector.wait { $0.readings(1).count > 30 && $0.last(10)?.quality == .offline })
            let before = collector.told.readings(10).count
            #expect(before == 1)
            dead.update { state in
                state.manner = .answers
                state.holding.set(0, [5])
            }
            #expect(await collector.wait { $0.last(10)?.value == .integer(5) })
            #expect(await collector.wait { $0.events.contains(.unitBack(device: "mb2", unit: 2)) })
        }
        #expect(line.statistics.units[2]?.timeouts ?? 0 > 0)
        #expect(line.statistics.units[1]?.timeouts == 0)
        #expect(
            collector.told.events.count { if case .unitOffline(device: "mb2", _, _) = $0 { true } else { false } } == 1)
    }

    @Test func `an exception is a fault told once and the block is read around what is refused`() async throws {
        let bank = RegisterBank(holding: 0...9)
        bank.update { $0.holding.set(0, [1, 2, 3]) }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(
            1,
            """
            a: {address: 0, type: u16, nature: gauge, brick: Sensor}
            b: {address: 2, type: u16, nature: gauge, brick: Sensor}
            c: {address: 12, type: u16, nature: gauge, brick: Sensor}
            """, head: "read: {gap: 20}")
        let line = connection(server.port, [unit], collector)
        try await withLine(server, line) {
            #expect(await collector.wait { $0.readings(1).count > 5 && $0.readings(2).count > 5 && $0.last(3) != nil })
        }
        #expect(collector.told.readings(3).map(\.quality) == [.deviceFault])
        #expect(collector.told.last(2)?.value == .integer(3))
        #expect(collector.told.events.contains(.pointRefused(device: "mb1", unit: 1, point: "c", code: 2)))
        #expect(line.statistics.connects == 1)
    }

    @Test func `a fault of the device is told once and ends with the next value`() async throws {
        let bank = RegisterBank(holding: 0...9)
        bank.update { $0.manner = .refuses(4) }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point)], collector)
        try await withLine(server, line) {
            #expect(await collector.wait { $0.last(1)?.quality == .deviceFault })
            bank.update { $0.manner = .answers }
            #expect(await collector.wait { $0.last(1)?.quality == .good })
        }
        #expect(collector.told.readings(1).count { $0.quality == .deviceFault } == 1)
    }

    @Test func `a server that dies makes its points offline and comes back by itself`() async throws {
        let bank = RegisterBank(holding: 0...9)
        let first = try ModbusServer(units: [1: bank])
        let port = first.port
        let collector = Collector()
        let line = connection(port, [try device(1, Self.point)], collector)
        try await withLine(nil, line) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await first.run() }
                #expect(await collector.wait { $0.last(1)?.quality == .good })
                group.cancelAll()
            }
            #expect(await collector.wait { $0.last(1)?.quality == .offline })
            #expect(await collector.wait { $0.events.contains { if case .lineDown = $0 { true } else { false } } })
            let second = try ModbusServer(port: port, units: [1: bank])
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await second.run() }
                #expect(await collector.wait { $0.last(1)?.quality == .good })
                group.cancelAll()
            }
        }
        #expect(line.statistics.connects >= 2)
        let ups = collector.told.events.count { if case .lineUp = $0 { true } else { false } }
        #expect(ups == 2)
    }

    @Test func `another device than the profile's is refused`() async throws {
        let bank = RegisterBank(holding: 0...9)
        bank.update { $0.holding.set(0, [7, 8, 9]) }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        let unit = try device(1, Self.point, head: "identify: [{address: 1, words: [1, 2]}]")
        try await withLine(server, connection(server.port, [unit], collector)) {
            #expect(
                await collector.wait {
                    !$0.events.filter { $0 != .lineUp(.tcp(host: "127.0.0.1", port: server.port)) }.isEmpty
                })
            #expect(await collector.wait { $0.last(1)?.quality == .deviceFault })
            bank.update { $0.holding.set(1, [1, 2]) }
            #expect(await collector.wait { $0.last(1)?.value == .integer(7) })
        }
        #expect(
            collector.told.events.contains(
                .otherDevice(device: "mb1", unit: 1, address: 1, expected: [1, 2], found: [8, 9])))
    }

    @Test func `a connection ends at once although a device is silent`() async throws {
        let bank = RegisterBank(holding: 0...9)
        bank.update { $0.manner = .silent }
        let server = try ModbusServer(units: [1: bank])
        let collector = Collector()
        var patient = settings(server.port)
        patient.responseMsMax = 60_000
        let line = ModbusConnection(
            patient, units: [try device(1, Self.point)], nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        let start = ContinuousClock().now
        try await withLine(server, line) {
            #expect(await collector.wait { $0.events.contains { if case .lineUp = $0 { true } else { false } } })
        }
        #expect(ContinuousClock().now - start < .seconds(20))
    }
}
