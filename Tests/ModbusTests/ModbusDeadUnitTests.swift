import Foundation
import Modbus
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: a unit that is dead costs the others nothing, and is back by itself. Method: counts of samples and of requests.
@Suite(.serialized) struct ModbusDeadUnitTests {
    private static let point = "a: {address: 0, type: u16, nature: gauge, brick: Sensor}"

    @Test func `nine of ten units keep their period while one is silent for longer than the period`() async throws {
        let banks = Dictionary(uniqueKeysWithValues: (1...10).map { (UInt8($0), RegisterBank(holding: 0...9)) })
        let dead = try #require(banks[4])
        dead.update { $0.manner = .silent }
        let server = try ModbusServer(units: banks)
        var slow = settings(server.port)
        // As long as the period itself, like one second at one second.
        slow.responseMsMax = 100
        slow.backOffMsMin = 250
        slow.backOffMsMax = 30_000
        let units = try (1...10).map { try device(UInt8($0), Self.point, everyMs: 100, firstNumber: UInt32($0)) }
        let collector = Collector()
        let line = ModbusConnection(
            slow, units: units, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        try await withLine(server, line) {
            #expect(await collector.wait { $0.readings(1).count >= 60 })
        }
        for number in [1, 2, 3, 5, 6, 7, 8, 9, 10] as [UInt32] {
            let samples = collector.told.readings(number)
            #expect(samples.allSatisfy { $0.quality == .good })
            let first = try #require(samples.first)
            let last = try #require(samples.last)
            let periods = Double(last.capturedAtMs - first.capturedAtMs) / 100
            // A tenth is for hiccups of a machine that tests ten times as fast as a house is read; a dead unit that holds the others
            // up costs half.
            #expect(Double(samples.count) >= periods * 0.9, "unit \(number): \(samples.count) of \(periods)")
        }
        #expect(collector.told.readings(4).map(\.quality) == [.offline])
        // One request, one in doubt, then one each after 250, 500, 1000, 2000 and 4000 ms.
        #expect(dead.current.requestCount <= 7)
        #expect(line.statistics.connects == 1)
        let shown = try #require(line.statistics.units[4])
        #expect(shown.breaker == .open && !shown.isAnswering)
        #expect((shown.nextProbeAtMs ?? 0) > wallMs() - 10_000)
        #expect(line.statistics.units[1]?.breaker == .closed)
    }

    @Test func `one lost answer is no event`() async throws {
        let server = try RawServer { request, number in number % 10 == 5 ? [] : RawServer.honest(request) }
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point)], collector)
        try await withLine(nil, line) { #expect(await collector.wait { $0.readings(1).count >= 40 }) }
        server.end()
        #expect(collector.told.readings.allSatisfy { $0.quality == .good })
        #expect(collector.told.events == [.lineUp(.tcp(host: "127.0.0.1", port: server.port))])
        #expect(line.statistics.units[1]?.timeouts ?? 0 >= 4)
        #expect(line.statistics.connects == 1)
    }

    @Test func `a unit slower than its waiting time is dead, and alive again when it is not`() async throws {
        let held = Mutex<[UInt8]>([])
        let isSlow = Mutex(true)
        // Every answer of unit 2 comes with the next answer of unit 1.
        let server = try RawServer { request, _ in
            if isSlow.withLock({ $0 }), request[6] == 2 {
                held.withLock { $0 = RawServer.honest(request) }
                return []
            }
            let late = held.withLock { held in
                defer { held = [] }
                return held
            }
            return late + RawServer.honest(request)
        }
        let collector = Collector()
        let units = [try device(1, Self.point), try device(2, Self.point, firstNumber: 10)]
        let line = connection(server.port, units, collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(10)?.quality == .offline && $0.readings(1).count > 30 })
            isSlow.withLock { $0 = false }
            #expect(await collector.wait { $0.last(10)?.quality == .good })
        }
        server.end()
        #expect(collector.told.readings(1).allSatisfy { $0.quality == .good })
        let shown = try #require(line.statistics.units[2])
        #expect(shown.lateAnswers >= 2)
        #expect(line.statistics.connects == 1)
    }

    @Test func `a gateway that names a silent unit by exception is believed, and its connection kept`() async throws {
        let isDead = Mutex(true)
        let server = try RawServer { request, number in
            request[6] == 2 && isDead.withLock { $0 }
                ? RawServer.refusal(request, number % 2 == 0 ? 10 : 11) : RawServer.honest(request)
        }
        let collector = Collector()
        let units = [try device(1, Self.point), try device(2, Self.point, firstNumber: 10)]
        let line = connection(server.port, units, collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(10)?.quality == .offline && $0.readings(1).count > 20 })
            isDead.withLock { $0 = false }
            #expect(await collector.wait { $0.events.contains(.unitBack(device: "mb2", unit: 2)) })
            #expect(await collector.wait { $0.last(10)?.quality == .good })
        }
        server.end()
        #expect(line.statistics.connects == 1)
        #expect(collector.told.readings(10).count { $0.quality == .offline } == 1)
    }

    @Test func `a device that hangs up on one unit is not held against the others`() async throws {
        let server = try RawServer { request, _ in request[6] == 2 ? nil : RawServer.honest(request) }
        let collector = Collector()
        let units = [try device(1, Self.point), try device(2, Self.point, firstNumber: 10)]
        let line = connection(server.port, units, collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(10)?.quality == .offline && $0.readings(1).count > 50 })
        }
        server.end()
        #expect(collector.told.readings(1).allSatisfy { $0.quality == .good })
        #expect(!collector.told.events.contains { if case .lineDown = $0 { true } else { false } })
    }

    @Test func `no second connection is made while one is open, whatever goes wrong`() async throws {
        let dice = Mutex(SeededGenerator(seed: 7))
        let server = try RawServer { request, number in
            if number > 120 { return RawServer.honest(request) }
            return dice.withLock { dice in
                switch Int.random(in: 0..<5, using: &dice) {
                case 0: nil
                case 1: []
                case 2: dice.bytes(20)
                default: RawServer.honest(request)
                }
            }
        }
        let collector = Collector()
        var hasty = settings(server.port)
        hasty.responseMsMax = 60
        hasty.backOffMsMin = 1
        hasty.backOffMsMax = 2
        let units = [try device(1, Self.point, everyMs: 1), try device(2, Self.point, everyMs: 1, firstNumber: 10)]
        let line = ModbusConnection(
            hasty, units: units, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
            report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait(seconds: 60) { $0.readings.count { $0.quality == .good } > 200 })
        }
        server.end()
        #expect(server.counted.connections > 5)
        #expect(server.counted.intruders == 0)
    }

    @Test func `busy is never a value and never an end`() async throws {
        let isBusy = Mutex(true)
        let server = try RawServer { request, number in
            isBusy.withLock { $0 } ? RawServer.refusal(request, number % 2 == 0 ? 5 : 6) : RawServer.honest(request)
        }
        let collector = Collector()
        let line = connection(server.port, [try device(1, Self.point)], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(1)?.quality == .deviceFault })
            isBusy.withLock { $0 = false }
            #expect(await collector.wait { $0.last(1)?.quality == .good })
        }
        server.end()
        #expect(collector.told.readings(1).filter { $0.quality != .good }.map(\.value) == [.none])
        #expect(line.statistics.units[1]?.breaker == .closed && line.statistics.connects == 1)
    }
}
