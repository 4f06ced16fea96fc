import Foundation
import Modbus
import Profiles
import Synchronization
import Testing
import TestTools

/// Goal: what an answer is, whose it is, and when the wait is over. Method: a raw server, and a session that asks once.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ModbusTCPTests {
    private static let responseMsMax = 300
    private static let tooLate = ModbusError.noAnswer(unit: 1, afterMs: responseMsMax)

    /// The register at address 100, which holds 100; what a session learns by asking for it again and again.
    private func ask(
        _ server: RawServer, count: Int = 1, times: Int
    ) async throws -> [Result<[UInt16], ModbusError>] {
        defer { server.end() }
        let outcomes = Mutex<[Result<[UInt16], ModbusError>]>([])
        var settings = settings(server.port)
        settings.responseMsMax = Self.responseMsMax
        try await blocking { [settings] in
            let session = try ModbusSession(settings)
            for _ in 0..<times {
                let outcome = Result { () throws(ModbusError) in
                    try session.read(unit: 1, .holdingRegisters, address: 100, count: count)
                }
                outcomes.withLock { $0.append(outcome) }
            }
        }
        return outcomes.withLock { $0 }
    }

    /// An honest answer under another transaction id, with another value.
    private static func foreign(_ request: [UInt8]) -> [UInt8] {
        var late = RawServer.honest(request)
        late[0] ^= 0x40
        late[10] = 99
        return late
    }

    @Test func `an answer that comes after its time-out is not taken for the next one's, and the connection stays`()
        async throws
    {
        let kept = Mutex<[UInt8]>([])
        let server = try RawServer { request, number in
            var reply = RawServer.honest(request)
            defer { kept.withLock { $0 = reply } }
            guard number == 1 else {
                reply[10] = 99
                return number == 0 ? [] : RawServer.honest(request)
            }
            return kept.withLock { $0 } + reply
        }
        let outcomes = try await ask(server, times: 3)
        #expect(outcomes == [.failure(Self.tooLate), .success([100]), .success([100])])
        #expect(server.counted.connections == 1)
    }

    @Test func `answers of others without end do not outlast the waiting time, and end the connection`() async throws {
        // Many times more than can be taken in the time.
        let server = try RawServer { request, number in
            number > 0
                ? RawServer.Parts([RawServer.honest(request)])
                : RawServer.Parts(repeatElement(Self.foreign(request), count: 1_000_000))
        }
        let outcomes = try await ask(server, times: 2)
        #expect(outcomes == [.failure(Self.tooLate), .success([100])])
        #expect(server.counted.connections == 2)
    }

    @Test func `the answer of another request gives this one no more time`() async throws {
        // Each of them comes well before the waiting time is over again, and the right one at ten times the waiting time.
        let server = try RawServer(pauseMs: 100) { request, number in
            let late = repeatElement(Self.foreign(request), count: number == 0 ? 30 : 0)
            return RawServer.Parts(Array(late) + [RawServer.honest(request)])
        }
        #expect(try await ask(server, times: 1) == [.failure(Self.tooLate)])
    }

    @Test func `an answer that is there counts even when the time is over before anybody has looked`() async throws {
        // The next request's answer comes with the first one's, so it waits when nobody has any time left to wait for it.
        let server = try RawServer { request, number in
            let reply = RawServer.honest(request)
            guard number == 0 else { return [] }
            var next = reply
            next[1] &+= 1
            next[10] = 101
            return reply + next
        }
        defer { server.end() }
        let settings = settings(server.port)
        let words = Mutex<[[UInt16]]>([])
        try await blocking {
            let session = try ModbusSession(settings)
            for withinMs in [Self.responseMsMax, 0] {
                let word = try session.read(
                    unit: 1, .holdingRegisters, address: 100, count: 1, withinMs: withinMs)
                words.withLock { $0.append(word) }
            }
        }
        #expect(words.withLock { $0 } == [[100], [101]])
    }

    @Test(arguments: [1, 9, 10]) func `bytes that drip get no more time than others`(beforeDrips: Int) async throws {
        let server = try RawServer(pauseMs: 200) { request, number in
            let reply = RawServer.honest(request)
            if number > 0 { return RawServer.Parts([reply]) }
            return RawServer.Parts([Array(reply.prefix(beforeDrips))] + reply.dropFirst(beforeDrips).map { [$0] })
        }
        let outcomes = try await ask(server, count: 8, times: 2)
        #expect(outcomes == [.failure(Self.tooLate), .success(Array(100..<108))])
        #expect(server.counted.connections == 2)
    }

    /// What one frame may get wrong, whether the line learns where the next one begins, and what is said of it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var staysOpen = true
        let spoil: @Sendable (inout [UInt8]) -> Void
    }

    static let faults = [
        Fault(testDescription: "another unit") { $0[6] = 2 },
        Fault(testDescription: "a count smaller than the answer") { $0[8] = 2 },
        Fault(testDescription: "a count larger than the answer", staysOpen: false) { $0[8] = 40 },
        Fault(testDescription: "a count no frame has room for", staysOpen: false) { $0[8] = 255 },
        Fault(testDescription: "a length of nothing", staysOpen: false) { $0[5] = 0 },
        Fault(testDescription: "a length below an exception's", staysOpen: false) { $0[5] = 2 },
        Fault(testDescription: "a length smaller than the count", staysOpen: false) { $0[5] -= 2 },
        Fault(testDescription: "a length above the protocol's", staysOpen: false) { $0[4] = 0x7F },
        Fault(testDescription: "another protocol", staysOpen: false) { $0[2] = 1 },
    ]

    @Test(arguments: faults) func `a frame that contradicts itself or its request is no answer`(fault: Fault)
        async throws
    {
        let server = try RawServer { request, number in
            var reply = RawServer.honest(request)
            if number == 0 { fault.spoil(&reply) }
            return reply
        }
        let outcomes = try await ask(server, count: 4, times: 2)
        #expect(outcomes == [.failure(.garbled(unit: 1)), .success([100, 101, 102, 103])])
        #expect(server.counted.connections == (fault.staysOpen ? 1 : 2))
    }

    @Test(arguments: [0, 1, 7, 8, 9, 16]) func `a connection that closes within a frame is gone, and made anew`(
        size: Int
    ) async throws {
        let server = try RawServer { request, number in
            let reply = RawServer.honest(request)
            return number == 0
                ? RawServer.Parts([Array(reply.prefix(size)), RawServer.hangUp]) : RawServer.Parts([reply])
        }
        let outcomes = try await ask(server, count: 4, times: 2)
        #expect(outcomes == [.failure(.lineDown(errno: ECONNRESET)), .success([100, 101, 102, 103])])
    }

    @Test func `an answer whose length only its header tells is gathered whole, and nothing of it is left over`()
        async throws
    {
        let objects = [(UInt8(0), "Bench"), (1, String(repeating: "x", count: 180)), (2, "7")]
        let server = try RawServer(drips: true) { request, _ in
            guard request[7] == 43 else { return RawServer.honest(request) }
            let body = objects.flatMap { [$0.0, UInt8($0.1.utf8.count)] + Array($0.1.utf8) }
            let pdu = [43, 14, request[9], 1, 0, 0, UInt8(objects.count)] + body
            return Array(request[0..<4]) + [0, UInt8(pdu.count + 1), request[6]] + pdu
        }
        defer { server.end() }
        try await blocking {
            let session = try ModbusSession(settings(server.port))
            for _ in 0..<3 {
                let told = try session.identification(unit: 1)
                #expect(told.map(\.id) == objects.map(\.0) && told.map(\.text) == objects.map(\.1))
                #expect(try session.read(unit: 1, .holdingRegisters, address: 100, count: 2) == [100, 101])
            }
        }
        #expect(server.counted.connections == 1)
    }

    @Test func `what waits for an answer ends when it is interrupted`() async throws {
        let asked = AsyncStream<Void>.makeStream()
        let server = try RawServer { _, _ in
            asked.continuation.yield()
            return []
        }
        defer { server.end() }
        var settings = settings(server.port)
        settings.responseMsMax = 600_000
        let collector = Collector()
        let line = ModbusConnection(
            settings, units: [try device(1, "a: {address: 1, type: u16, nature: gauge, brick: Sensor}")],
            nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) { for await _ in asked.stream { break } }
    }
}
