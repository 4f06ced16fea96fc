import Foundation
import Modbus
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: a frame is taken for an answer only when all of it says so, and one that is not costs no connection. Method: a raw server.
@Suite(.serialized) struct ModbusFrameTests {
    private static let point = "a: {address: 100, type: u16, nature: gauge, brick: Sensor}"

    private func run(
        _ server: RawServer, until done: @escaping @Sendable (Collector.Told) -> Bool
    ) async throws -> (told: Collector.Told, statistics: ModbusStatistics) {
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point, everyMs: 5)], collector)
        try await withLine(nil, line) { #expect(await collector.wait(done)) }
        server.end()
        for reading in collector.told.readings where reading.quality == .good {
            #expect(reading.value == .integer(100))
        }
        return (collector.told, line.statistics)
    }

    @Test func `an answer with an old transaction id is dropped, counted, and the right one behind it is taken`()
        async throws
    {
        let server = try RawServer { request, number in
            var late = RawServer.honest(request)
            late[1] = late[1] &- 1
            late[10] = 99
            return (number % 2 == 1 ? late : []) + RawServer.honest(request)
        }
        let (told, statistics) = try await run(server) { $0.readings(1).count >= 40 }
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(statistics.connects == 1)
        #expect(statistics.units[1]?.timeouts == 0)
        #expect(statistics.units[1]?.lateAnswers ?? 0 >= 19)
    }

    @Test func `bytes that come one by one are an answer`() async throws {
        let server = try RawServer(drips: true) { request, _ in RawServer.honest(request) }
        let (told, statistics) = try await run(server) { $0.readings(1).count >= 20 }
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(statistics.connects == 1 && statistics.units[1]?.garbled == 0)
    }

    @Test(arguments: ["unit", "function", "short", "long", "code"])
    func `an answer that contradicts its request is no value, and the connection stays`(fault: String) async throws {
        let server = try RawServer { request, number in
            var reply = RawServer.honest(request)
            guard number % 8 == 3 else { return reply }
            switch fault {
            case "unit": reply[6] = 9
            case "function": reply[7] = 4
            case "short": reply = Array(reply[0..<4] + [0, 4, 1, 3, 1, 7])
            case "long": reply = Array(reply[0..<4] + [0, 7, 1, 3, 4, 0, 7, 0, 7])
            default: reply = RawServer.refusal(request, 0x40)
            }
            return reply
        }
        let (told, statistics) = try await run(server) { $0.readings(1).count >= 40 }
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(statistics.units[1]?.garbled ?? 0 >= 4)
        #expect(statistics.connects == 1)
    }

    @Test(arguments: ["protocol", "length", "endless", "half"])
    func `a header that makes no sense ends the connection at once, not the reading`(fault: String) async throws {
        let server = try RawServer { request, number in
            var reply = RawServer.honest(request)
            guard number % 8 == 3 else { return reply }
            switch fault {
            case "protocol": reply[3] = 1
            case "length": reply[5] = 1
            case "endless": reply[4] = 0xFF
            default: reply = Array(reply.prefix(8))
            }
            return reply
        }
        let (told, statistics) = try await run(server) { $0.readings(1).count >= 40 }
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(statistics.connects >= 3)
    }

    @Test func `a flood of foreign answers ends with the waiting time`() async throws {
        let server = try RawServer { request, number in
            guard number < 3 else { return RawServer.honest(request) }
            var late = RawServer.honest(request)
            late[0] = 0x7F
            return [[UInt8]](repeating: late, count: 500).flatMap { $0 }
        }
        let (_, statistics) = try await run(server) { $0.readings(1).count { $0.quality == .good } >= 10 }
        #expect(statistics.units[1]?.timeouts ?? 0 >= 1)
        #expect(statistics.units[1]?.lateAnswers ?? 0 >= 64)
    }

    @Test func `IPv6, a name and an address all reach the device`() async throws {
        for host in ["127.0.0.1", "localhost", "::1"] {
            let bank = RegisterBank(holding: 0...9)
            bank.update { $0.holding.set(3, [42]) }
            let server = try ModbusServer(host: host == "::1" ? "::1" : "127.0.0.1", units: [1: bank])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await server.run() }
                defer { group.cancelAll() }
                var patient = ModbusSettings(.tcp(host: host, port: server.port))
                patient.responseMsMax = 60_000
                let calm = patient
                try await blocking {
                    let session = try ModbusSession(calm)
                    let words = try session.read(unit: 1, .holdingRegisters, address: 3, count: 1)
                    #expect(words == [42])
                }
            }
        }
    }

    @Test func `a name nobody knows is said to be that`() {
        #expect(throws: ModbusError.lineDown(errno: 0)) {
            _ = try ModbusSession(ModbusSettings(.tcp(host: "no-such-host.invalid", port: 502)))
        }
    }
}
