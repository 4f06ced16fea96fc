import Foundation
import Modbus
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: frames of the serial line, on a port and inside TCP, are as good as those of Modbus TCP. Method: pseudo terminals and a
/// raw server that make the frames by themselves.
@Suite(.serialized) struct ModbusSerialTests {
    private static let points = """
        a: {address: 100, type: u16, nature: gauge, brick: Sensor}
        b: {address: 500, type: u32, nature: gauge, brick: Sensor}
        """

    private func settings(_ transport: ModbusTransport) -> ModbusSettings {
        var settings = ModbusSettings(transport)
        settings.responseMsMax = 150
        settings.backOffMsMin = 20
        settings.backOffMsMax = 100
        return settings
    }

    private func serial(_ device: SerialDevice) -> ModbusSettings {
        settings(.serial(path: device.path, baud: 115_200, mode: .n1))
    }

    private func tcp(_ server: RawServer) -> ModbusSettings {
        settings(.rtuOverTCP(host: "127.0.0.1", port: server.port))
    }

    private func run(
        _ settings: ModbusSettings, _ units: [ModbusUnit], until done: @escaping @Sendable (Collector.Told) -> Bool
    ) async throws -> (told: Collector.Told, statistics: ModbusStatistics) {
        let collector = Collector()
        let line = ModbusConnection(
            settings, units: units, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        try await withLine(nil, line) { #expect(await collector.wait(seconds: 30, done)) }
        for reading in collector.told.readings where reading.quality == .good {
            let isFirst = reading.point.rawValue % 10 == 1
            #expect(reading.value == .integer(isFirst ? 100 : 500 << 16 | 501))
        }
        return (collector.told, line.statistics)
    }

    @Test func `a serial port is read`() async throws {
        let port = try SerialDevice { request, _ in SerialFrame.honest(request) }
        let (told, statistics) = try await run(serial(port), [try device(1, Self.points)]) {
            $0.readings(1).count > 20 && $0.readings(2).count > 20
        }
        port.end()
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(told.events == [.lineUp(.serial(path: port.path, baud: 115_200, mode: .n1))])
        #expect(statistics.connects == 1)
    }

    @Test func `a serial port has one reader`() throws {
        let port = try SerialDevice { request, _ in SerialFrame.honest(request) }
        let first = try ModbusSession(serial(port))
        #expect(throws: ModbusError.lineDown(errno: EBUSY)) { _ = try ModbusSession(serial(port)) }
        let seen1 = try first.read(unit: 3, .inputRegisters, address: 4, count: 2)
        #expect(seen1 == [4, 5])
        port.end()
        #expect(throws: ModbusError.lineDown(errno: ENOENT)) {
            _ = try ModbusSession(settings(.serial(path: "/dev/there-is-none", baud: 9_600, mode: .n1)))
        }
    }

    @Test func `a port and a connection carry writes and identification as well`() throws {
        let port = try SerialDevice { request, _ in SerialFrame.honest(request) }
        let server = try RawServer { request, _ in SerialFrame.honest(request) }
        for settings in [serial(port), tcp(server)] {
            let session = try ModbusSession(settings)
            try session.write(unit: 1, ModbusWrite(function: .singleRegister, address: 5, words: [7]))
            try session.write(unit: 1, ModbusWrite(function: .multipleRegisters, address: 5, words: [7, 8]))
            try session.write(unit: 1, ModbusWrite(function: .multipleCoils, address: 5, words: [1, 0, 1]))
            let objects = try session.identification(unit: 1)
            #expect(objects.map(\.text) == ["AB", "C"])
            let seen2 = try session.read(unit: 1, .holdingRegisters, address: 9, count: 125)
            #expect(seen2.last == 133)
            for unit in [0, 248] as [UInt8] {
                #expect(throws: ModbusError.illegalRequest(unit: unit)) {
                    _ = try session.read(unit: unit, .holdingRegisters, address: 9, count: 1)
                }
            }
        }
        port.end()
        server.end()
    }

    @Test func `a silent unit on a serial line leaves the others alone`() async throws {
        let port = try SerialDevice { request, _ in request[0] == 2 ? [] : SerialFrame.honest(request) }
        let units = [try device(1, Self.points), try device(2, Self.points, firstNumber: 11)]
        let (told, statistics) = try await run(serial(port), units) {
            $0.readings(1).count > 40 && $0.last(11)?.quality == .offline
        }
        port.end()
        #expect(told.readings(1).allSatisfy { $0.quality == .good })
        #expect(statistics.connects == 1 && statistics.units[2]?.breaker == .open)
    }

    @Test(arguments: [true, false])
    func `an answer without a number that comes a request too late is never the next one's`(isPort: Bool) async throws {
        // Two single registers: both requests and both answers look alike but for the address, which no answer repeats.
        let alike = """
            a: {address: 100, type: u16, nature: gauge, brick: Sensor}
            b: {address: 500, type: u16, nature: gauge, brick: Sensor}
            """
        let held = Mutex<[UInt8]>([])
        let tardy: @Sendable ([UInt8], Int) -> [UInt8] = { request, number in
            // From number 5 on every answer comes one request late, until 40.
            if number >= 40 { return SerialFrame.honest(request) }
            return held.withLock { held in
                defer { if number >= 4 { held = SerialFrame.honest(request) } }
                return number < 4 ? SerialFrame.honest(request) : held
            }
        }
        let collector = Collector()
        let port = try SerialDevice(answer: tardy)
        let server = try RawServer(answer: tardy)
        var hasty = isPort ? serial(port) : tcp(server)
        (hasty.responseMsMax, hasty.backOffMsMin, hasty.backOffMsMax) = (60, 5, 10)
        let line = ModbusConnection(
            hasty, units: [try device(1, alike, everyMs: 5)], nowMs: wallMs, chance: { 0 },
            deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait(seconds: 60) { $0.readings.count { $0.quality == .good } > 40 })
        }
        port.end()
        server.end()
        for reading in collector.told.readings where reading.quality == .good {
            #expect(reading.value == .integer(reading.point.rawValue == 1 ? 100 : 500))
        }
    }

    @Test func `inside TCP, frames of others that are under way for long after their end do not hide an answer`() throws
    {
        // Many times more than can be taken in the time, and the connection would deliver all of them before the next answer.
        let server = try RawServer { request, number in
            let foreign = SerialFrame.closed([61] + SerialFrame.honest(request).dropFirst().dropLast(2))
            let flood = [[UInt8]](repeating: foreign, count: 1_000).flatMap(\.self)
            return number > 0
                ? RawServer.Parts([SerialFrame.honest(request)]) : RawServer.Parts(repeatElement(flood, count: 1_000))
        }
        defer { server.end() }
        let session = try ModbusSession(tcp(server))
        #expect(throws: ModbusError.noAnswer(unit: 1, afterMs: 150)) {
            _ = try session.read(unit: 1, .holdingRegisters, address: 100, count: 1)
        }
        let words = try session.read(unit: 1, .holdingRegisters, address: 100, count: 1)
        #expect(words == [100])
        #expect(server.counted.connections == 2)
    }

    @Test(arguments: [1, 2, 3]) func `noise on either kind of line never becomes a value`(seed: Int) async throws {
        let dice = Mutex(SeededGenerator(seed: UInt64(seed)))
        let noisy: @Sendable ([UInt8], Int) -> [UInt8] = { request, number in
            let reply = SerialFrame.honest(request)
            if number > 60 { return reply }
            return dice.withLock { dice in
                switch Int.random(in: 0...6, using: &dice) {
                case 0: return dice.bytes(Int.random(in: 1...40, using: &dice))
                case 1: return Array(reply.prefix(Int.random(in: 0..<reply.count, using: &dice)))
                case 2:
                    var spoiled = reply
                    spoiled[Int.random(in: 0..<reply.count, using: &dice)] ^= UInt8.random(in: 1...255, using: &dice)
                    return spoiled
                case 3: return SerialFrame.closed([request[0] ^ 2] + reply.dropFirst().dropLast(2))
                case 4: return SerialFrame.refusal(request, 4)
                default: return reply
                }
            }
        }
        let port = try SerialDevice(answer: noisy)
        var hasty = serial(port)
        (hasty.responseMsMax, hasty.backOffMsMin, hasty.backOffMsMax) = (30, 1, 5)
        _ = try await run(hasty, [try device(1, Self.points, everyMs: 2)]) {
            $0.readings(1).count { $0.quality == .good } > 60 && $0.last(2)?.quality == .good
        }
        port.end()
        let server = try RawServer { request, number in number % 17 == 16 ? nil : noisy(request, number) }
        var hurried = tcp(server)
        (hurried.responseMsMax, hurried.backOffMsMin, hurried.backOffMsMax) = (30, 1, 5)
        _ = try await run(hurried, [try device(1, Self.points, everyMs: 2)]) {
            $0.readings(1).count { $0.quality == .good } > 60 && $0.last(2)?.quality == .good
        }
        server.end()
        #expect(server.counted.intruders == 0)
    }

    @Test func `frames of the serial line inside TCP come byte by byte and with pauses of the wire`() async throws {
        let server = try RawServer(drips: true) { request, _ in SerialFrame.honest(request) }
        let (told, statistics) = try await run(tcp(server), [try device(1, Self.points)]) { $0.readings(2).count > 10 }
        server.end()
        #expect(told.readings.allSatisfy { $0.quality == .good })
        #expect(statistics.connects == 1)
    }

    @Test func `a hung up connection does not end the process`() throws {
        let server = try RawServer { request, number in number % 2 == 1 ? nil : SerialFrame.honest(request) }
        let session = try ModbusSession(tcp(server))
        var (good, bad) = (0, 0)
        for _ in 0..<20 {
            do {
                _ = try session.read(unit: 1, .holdingRegisters, address: 1, count: 1)
                good += 1
            } catch {
                bad += 1
            }
        }
        server.end()
        #expect(good >= 9 && bad >= 9)
    }

    @Test func `the gap of a line lies between any two requests`() throws {
        var paced = settings(.rtuOverTCP(host: "127.0.0.1", port: 1))
        paced.gapMs = 30
        let times = Mutex<[UInt64]>([])
        let server = try RawServer { request, _ in
            times.withLock { $0.append(DispatchTime.now().uptimeNanoseconds) }
            return SerialFrame.honest(request)
        }
        paced.transport = .rtuOverTCP(host: "127.0.0.1", port: server.port)
        let session = try ModbusSession(paced)
        for _ in 0..<5 { _ = try session.read(unit: 1, .holdingRegisters, address: 1, count: 1) }
        server.end()
        let seen = times.withLock { $0 }
        for (earlier, later) in zip(seen, seen.dropFirst()) { #expect(later - earlier >= 29_000_000) }
    }
}
