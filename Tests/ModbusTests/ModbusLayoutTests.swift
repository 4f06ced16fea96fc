import Foundation
import Modbus
import Profiles
import Readings
import Synchronization
import Testing
import TestTools

/// Goal: whatever a device refuses, every point that it has is read, what it refuses is asked no more, and both are remembered.
/// Method: devices with holes and bounds, and the requests that they see.
@Suite(.serialized) struct ModbusLayoutTests {
    /// `count` single registers from `first`, in order of their names.
    private func registers(_ count: Int, from first: Int = 0, step: Int = 1) -> String {
        (0..<count).map {
            "p\(String(format: "%03d", $0)): {address: \(first + $0 * step), type: u16, nature: gauge, brick: Sensor}\n"
        }.joined()
    }

    private func learned(_ told: Collector.Told) -> LearnedLayout? {
        told.events.reversed().lazy.compactMap { if case .learned(_, let layout) = $0 { layout } else { nil } }.first
    }

    @Test func `a refused register is a hole of exactly that register, asked once, remembered by the next run`()
        async throws
    {
        let asked = Mutex<[ClosedRange<Int>]>([])
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            asked.withLock { $0.append(first...first + count - 1) }
            return (first..<first + count).contains(37) ? RawServer.refusal(request, 2) : RawServer.honest(request)
        }
        let collector = Collector()
        let text = registers(100)
        let line = connection(server.port, [try device(1, text)], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.readings(1).count > 5 && $0.readings(100).count > 5 })
        }
        let layout = try #require(learned(collector.told))
        #expect(layout.description == "1;3:37-37")
        #expect(collector.told.readings(38).map(\.quality) == [.deviceFault])
        #expect(collector.told.events.contains(.pointRefused(device: "mb1", unit: 1, point: "p037", code: 2)))
        #expect(collector.told.events.count { if case .learned = $0 { true } else { false } } == 1)
        #expect(line.statistics.units[1]?.learned == layout)
        #expect(line.statistics.units[1]?.breaker == .closed && line.statistics.connects == 1)
        let touching = asked.withLock { $0.count { $0.contains(37) } }
        #expect(touching <= 2 + 7, "\(touching) requests held the hole")
        #expect(asked.withLock { Set($0.suffix(6)) } == [0...36, 38...99])

        asked.withLock { $0 = [] }
        let again = Collector()
        let next = connection(server.port, [try device(1, text, learned: layout)], again)
        try await withLine(nil, next) {
            #expect(await again.wait { $0.readings(1).count > 5 && $0.last(100) != nil && $0.last(38) != nil })
        }
        server.end()
        #expect(asked.withLock { Set($0) } == [0...36, 38...99])
        #expect(again.told.readings(38).map(\.quality) == [.deviceFault])
        #expect(learned(again.told) == nil)
    }

    @Test(arguments: [2, 3]) func `a bound on registers is found whatever the exception, and then no request is wasted`(
        code: Int
    ) async throws {
        let counts = Mutex<[Int]>([])
        let server = try RawServer { request, _ in
            let count = RawServer.span(request).count
            counts.withLock { $0.append(count) }
            return count > 60 ? RawServer.refusal(request, UInt8(code)) : RawServer.honest(request)
        }
        let collector = Collector()
        let line = connection(server.port, [try device(1, registers(180))], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.readings(1).count > 3 && $0.readings(180).count > 3 })
        }
        server.end()
        #expect(learned(collector.told)?.description == "1;max=60")
        #expect(counts.withLock { $0.suffix(6) } == [60, 60, 60, 60, 60, 60])
        #expect(counts.withLock { $0.count { $0 > 60 } } < 10)
        #expect(!collector.told.readings.contains { $0.quality != .good })
    }

    @Test(arguments: [true, false])
    func `a device that is silent or talks nonsense when asked for much is asked for less`(
        isSilent: Bool
    ) async throws {
        let server = try RawServer { request, _ in
            let count = RawServer.span(request).count
            if count <= 16 { return RawServer.honest(request) }
            // The right header, but only as many registers as it likes to give.
            return isSilent ? [] : RawServer.honest(Array(request[0..<10]) + [0, 10])
        }
        let collector = Collector()
        let line = connection(server.port, [try device(1, registers(40))], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait(seconds: 60) { $0.readings(1).count > 3 && $0.readings(40).count > 3 })
        }
        server.end()
        #expect(learned(collector.told)?.description == "1;max=16")
        #expect(!collector.told.events.contains { if case .unitOffline = $0 { true } else { false } })
    }

    @Test func `a unit that is silent for everything is dead, and nothing is learned from that`() async throws {
        let server = try RawServer { request, number in number > 3 && number < 20 ? [] : RawServer.honest(request) }
        let collector = Collector()
        let line = connection(server.port, [try device(1, registers(100))], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.events.contains { if case .unitOffline = $0 { true } else { false } } })
            #expect(
                await collector.wait(seconds: 60) { $0.last(100)?.quality == .good && $0.last(1)?.quality == .good })
        }
        server.end()
        #expect(learned(collector.told) == nil)
    }

    @Test func `a gap that nobody wants and the device does not have is read around`() async throws {
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            return (first..<first + count).contains(11) ? RawServer.refusal(request, 2) : RawServer.honest(request)
        }
        let collector = Collector()
        let text = registers(10) + "q: {address: 14, type: u16, nature: gauge, brick: Sensor}\n"
        let line = connection(server.port, [try device(1, text, head: "read: {gap: 20}")], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.readings(11).count > 3 && $0.readings(1).count > 3 })
        }
        server.end()
        #expect(learned(collector.told)?.description == "1;3:10-13")
        #expect(!collector.told.readings.contains { $0.quality != .good })
    }

    @Test func `a function that a device does not know costs a handful of requests, and the rest is read`() async throws
    {
        let refusedCount = Mutex(0)
        let server = try RawServer { request, _ in
            guard request[7] == 4 else { return RawServer.honest(request) }
            refusedCount.withLock { $0 += 1 }
            return RawServer.refusal(request, 1)
        }
        let collector = Collector()
        let foreign = (0..<80).map {
            "x\($0 + 100): {function: 4, address: \($0 + 1000), type: u16, nature: gauge, brick: Sensor}\n"
        }.joined()
        let text = registers(5) + foreign
        let line = connection(server.port, [try device(1, text)], collector)
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.readings(1).count > 5 && $0.last(85)?.quality == .deviceFault })
        }
        server.end()
        #expect(learned(collector.told)?.description == "1;4:0-65535")
        #expect(refusedCount.withLock { $0 } < 12)
        #expect(
            collector.told.events.contains(
                .functionRefused(device: "mb1", unit: 1, .inputRegisters, pointCount: 80)))
        #expect(!collector.told.events.contains { if case .pointRefused = $0 { true } else { false } })
    }

    @Test func `a device that starts up and refuses everything teaches nothing`() async throws {
        let clock = SkippingClock()
        let isReady = Mutex(false)
        let server = try RawServer { request, _ in
            isReady.withLock { $0 } ? RawServer.honest(request) : RawServer.refusal(request, 2)
        }
        let collector = Collector()
        let line = ModbusConnection(
            settings(server.port), units: [try device(1, registers(50))], nowMs: wallMs, monotonicUs: { clock.us },
            chance: { 0 }, deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(50)?.quality == .deviceFault })
            isReady.withLock { $0 = true }
            clock.skip(seconds: 11)
            #expect(await collector.wait { $0.last(50)?.quality == .good && $0.last(1)?.quality == .good })
        }
        server.end()
        #expect(learned(collector.told) == nil)
    }

    @Test func `what worked and is refused for a while comes back soon, and nothing is learned`() async throws {
        let clock = SkippingClock()
        let refused = Mutex<ClosedRange<Int>?>(nil)
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            let isRefused = refused.withLock { $0?.overlaps(first...first + count - 1) ?? false }
            return isRefused ? RawServer.refusal(request, 1) : RawServer.honest(request)
        }
        let collector = Collector()
        let line = ModbusConnection(
            settings(server.port), units: [try device(1, registers(50))], nowMs: wallMs, monotonicUs: { clock.us },
            chance: { 0 }, deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(50) != nil })
            for range in [0...100, 7...7] {
                refused.withLock { $0 = range }
                #expect(await collector.wait { $0.last(8)?.quality == .deviceFault })
                refused.withLock { $0 = nil }
                clock.skip(seconds: 12)
                #expect(await collector.wait { $0.last(8)?.quality == .good && $0.last(1)?.quality == .good })
            }
        }
        server.end()
        #expect(learned(collector.told) == nil)
        #expect(!collector.told.events.contains { if case .pointRefused = $0 { true } else { false } })
    }

    @Test func `what worked and is refused again and again is a hole`() async throws {
        let clock = SkippingClock()
        let isGone = Mutex(false)
        let refusedCount = Mutex(0)
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            guard isGone.withLock({ $0 }), (first..<first + count).contains(7) else { return RawServer.honest(request) }
            refusedCount.withLock { $0 += 1 }
            return RawServer.refusal(request, 2)
        }
        let collector = Collector()
        let line = ModbusConnection(
            settings(server.port), units: [try device(1, registers(50))], nowMs: wallMs, monotonicUs: { clock.us },
            chance: { 0 }, deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(50) != nil })
            isGone.withLock { $0 = true }
            #expect(await collector.wait { $0.last(8)?.quality == .deviceFault && $0.last(9)?.quality == .good })
            for _ in 0..<3 where learned(collector.told) == nil {
                let count = collector.told.readings(1).count
                clock.skip(seconds: 12)
                #expect(await collector.wait { $0.readings(1).count > count + 3 })
            }
            #expect(await collector.wait { learned($0)?.description == "1;3:7-7" })
        }
        server.end()
        #expect(collector.told.events.contains(.pointRefused(device: "mb1", unit: 1, point: "p007", code: 2)))
        #expect(refusedCount.withLock { $0 } < 16)
    }

    @Test func `a hole is looked at again, and what is there by then is read`() async throws {
        let clock = SkippingClock()
        let isThere = Mutex(false)
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            let isRefused = !isThere.withLock { $0 } && (first..<first + count).contains(5)
            return isRefused ? RawServer.refusal(request, 2) : RawServer.honest(request)
        }
        let collector = Collector()
        let line = ModbusConnection(
            settings(server.port), units: [try device(1, registers(10))], nowMs: wallMs, monotonicUs: { clock.us },
            chance: { 0 }, deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait { learned($0)?.description == "1;3:5-5" })
            isThere.withLock { $0 = true }
            clock.skip(seconds: 3_700)
            #expect(await collector.wait { $0.last(6)?.quality == .good && learned($0)?.description == "1" })
        }
        server.end()
    }

    @Test func `a bound on registers is tried again after a day`() async throws {
        let clock = SkippingClock()
        let server = try RawServer { request, _ in RawServer.honest(request) }
        let collector = Collector()
        let unit = try device(1, registers(100), learned: LearnedLayout("1;max=10"))
        let line = ModbusConnection(
            settings(server.port), units: [unit], nowMs: wallMs, monotonicUs: { clock.us }, chance: { 0 },
            deliver: { collector.add($0) }, report: { collector.add($0) })
        try await withLine(nil, line) {
            #expect(await collector.wait { $0.last(100) != nil })
            #expect(learned(collector.told) == nil)
            clock.skip(seconds: 86_500)
            #expect(await collector.wait { learned($0)?.description == "1" })
        }
        server.end()
    }

    @Test func `a slow point inside a fast block rides along and keeps its own period`() async throws {
        let asked = Mutex<Set<ClosedRange<Int>>>([])
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            asked.withLock { _ = $0.insert(first...first + count - 1) }
            return RawServer.honest(request)
        }
        let fast = try device(1, registers(3), everyMs: 10)
        let points = fast.points.map {
            BoundPoint(point: $0.point, source: $0.source, everyMs: $0.source.id == "p001" ? 100 : 10)
        }
        let unit = ModbusUnit(id: 1, device: "mb1", profile: fast.profile, points: points)
        let collector = Collector()
        let line = connection(server.port, [unit], collector)
        try await withLine(nil, line) { #expect(await collector.wait { $0.readings(1).count >= 60 }) }
        server.end()
        #expect(asked.withLock { $0 } == [0...2])
        let slow = collector.told.readings(2)
        #expect(slow.count >= 2 && slow.count <= 60 / 4)
        for (earlier, later) in zip(slow, slow.dropFirst()) {
            #expect(later.capturedAtMs - earlier.capturedAtMs >= 80)
        }
    }

    @Test(arguments: 0..<24) func `a device with any holes, any bound and any edge is read to the last point it has`(
        seed: Int
    ) async throws {
        var dice = SeededGenerator(seed: UInt64(seed))
        let holes = Set((0..<Int.random(in: 0...6, using: &dice)).map { _ in Int.random(in: 0..<150, using: &dice) })
        let countMax = Bool.random(using: &dice) ? 125 : Int.random(in: 3...100, using: &dice)
        let edge = Bool.random(using: &dice) ? 0 : Int.random(in: 1..<150, using: &dice)
        let addresses = (0..<150).filter { _ in Int.random(in: 0..<4, using: &dice) > 0 }
        let misses = Mutex(0)
        let server = try RawServer { request, _ in
            let (first, count) = RawServer.span(request)
            let range = first..<first + count
            var code: UInt8 = 0
            if count > countMax { code = 3 }
            if !holes.isDisjoint(with: range) || range.dropFirst().contains(edge) { code = 2 }
            if code == 0 { return RawServer.honest(request) }
            misses.withLock { $0 += 1 }
            return RawServer.refusal(request, code)
        }
        let text = addresses.map {
            "p\(String(format: "%03d", $0)): {address: \($0), type: u16, nature: gauge, brick: Sensor}\n"
        }.joined()
        let collector = Collector()
        let line = connection(server.port, [try device(1, text, head: "read: {gap: 4}")], collector)
        let wanted = addresses.enumerated().map {
            (number: UInt32($0.offset + 1), isThere: !holes.contains($0.element))
        }
        try await withLine(nil, line) {
            #expect(
                await collector.wait(seconds: 60) { told in
                    guard told.readings.count > 3 * wanted.count else { return false }
                    return wanted.allSatisfy { told.last($0.number)?.quality == ($0.isThere ? .good : .deviceFault) }
                }, "seed \(seed)")
            // There comes a time from which on nothing that was learned is asked again.
            var isSettled = false
            for _ in 0..<20 where !isSettled {
                let before = misses.withLock { $0 }
                let count = collector.told.readings.count
                #expect(await collector.wait { $0.readings.count > count + 3 * wanted.count })
                isSettled = misses.withLock { $0 } == before
            }
            #expect(isSettled, "seed \(seed)")
        }
        server.end()
        for reading in collector.told.readings where reading.quality == .good {
            #expect(reading.value == .integer(Int64(addresses[Int(reading.point.rawValue) - 1])))
        }
        #expect(learned(collector.told)?.holes.allSatisfy { $0.addresses.count <= 5 } ?? true)
    }
}

/// The system's monotonic clock, put forward by a test.
final class SkippingClock: Sendable {
    private let aheadUs = Mutex<Int64>(0)
    var us: Int64 { ModbusConnection.continuousUs() + aheadUs.withLock { $0 } }
    func skip(seconds: Int64) { aheadUs.withLock { $0 += seconds * 1_000_000 } }
}
