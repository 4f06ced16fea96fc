import Foundation
import Modbus
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: an answer that is late, foreign or noise never becomes a value. Method: a raw socket server that lies.
@Suite(.serialized) struct ModbusNoiseTests {
    private static let points = """
        a: {address: 100, type: u16, nature: gauge, brick: Sensor}
        b: {address: 500, type: u16, nature: gauge, brick: Sensor}
        """

    private func hasty(_ port: UInt16) -> ModbusSettings {
        var hasty = settings(port)
        hasty.responseMsMax = 50
        hasty.backOffMsMin = 1
        hasty.backOffMsMax = 2
        return hasty
    }

    private func run(_ server: RawServer, until done: @escaping @Sendable (Collector.Told) -> Bool) async throws
        -> Collector
    {
        let collector = Collector()
        let unit = try device(1, Self.points, everyMs: 1)
        let line = ModbusConnection(
            hasty(server.port), units: [unit], nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        try await withLine(nil, line) { #expect(await collector.wait(seconds: 60, done)) }
        server.end()
        for reading in collector.told.readings where reading.quality == .good {
            #expect(reading.value == .integer(reading.point.rawValue == 1 ? 100 : 500))
        }
        return collector
    }

    @Test func `an answer that comes a request too late is never taken for the next one`() async throws {
        let last = Mutex<[UInt8]>([])
        let server = try RawServer { request, number in
            let late = last.withLock { stored in
                defer { stored = RawServer.honest(request) }
                return stored
            }
            return number < 60 ? late : RawServer.honest(request)
        }
        _ = try await run(server) { $0.readings(1).count { $0.quality == .good } > 5 && $0.last(2)?.quality == .good }
    }

    @Test func `silence is told as offline and survived`() async throws {
        let server = try RawServer { request, number in number < 6 ? [] : RawServer.honest(request) }
        let collector = try await run(server) { $0.last(1)?.quality == .good && $0.last(2)?.quality == .good }
        #expect(collector.told.readings.contains { $0.quality == .offline })
    }

    @Test func `a device that hangs up is survived`() async throws {
        let count = Mutex(0)
        let server = try RawServer { request, _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number < 40 && number % 3 != 0 ? nil : RawServer.honest(request)
        }
        _ = try await run(server) { $0.readings.count { $0.quality == .good } > 40 && $0.last(2)?.quality == .good }
    }

    @Test(arguments: [1, 2, 3]) func `noise is survived`(seed: Int) async throws {
        let dice = Mutex(SeededGenerator(seed: UInt64(seed)))
        let server = try RawServer { request, number in
            if number >= 150 { return RawServer.honest(request) }
            return dice.withLock { dice -> [UInt8]? in
                var reply = RawServer.honest(request)
                switch Int.random(in: 0...5, using: &dice) {
                case 0: return dice.bytes(Int.random(in: 1...300, using: &dice))
                case 1: return Array(reply.prefix(Int.random(in: 1...reply.count, using: &dice)))
                case 2: return reply + dice.bytes(Int.random(in: 1...40, using: &dice))
                case 3:
                    // The value itself is beyond what a line without checksum can protect, so only the header is spoiled.
                    reply[Int.random(in: 0..<min(9, reply.count), using: &dice)] ^= UInt8.random(
                        in: 1...255, using: &dice)
                    return reply
                case 4: return Array(reply.prefix(7)) + [0x83, UInt8.random(in: 0...255, using: &dice)]
                default: return number % 7 == 0 ? [] : reply
                }
            }
        }
        _ = try await run(server) { $0.readings.count { $0.quality == .good } > 100 }
    }
}
