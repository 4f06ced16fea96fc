import BlockingThread
package import Profiles
package import Readings
import Synchronization

/// One Modbus TCP connection and the units behind it, read block by block on a thread of its own.
///
/// A unit that does not answer is asked again with back-off and does not hold up the others. After every error but an
/// exception the connection is closed and opened again, because a late answer would be taken for the next one.
package actor ModbusConnection {
    private let thread = ThreadExecutor(name: "modbus")
    private let settings: ModbusSettings
    private let nowMs: @Sendable () -> Int64
    private let monotonicUs: @Sendable () -> Int64
    private let chance: @Sendable () -> Double
    private let deliver: @Sendable ([Reading]) -> Void
    private let report: @Sendable (ModbusEvent) -> Void
    private let interrupt = Interrupt()
    private let shared = Mutex(ModbusStatistics())
    private var polls: [UnitPoll]
    private var line: ModbusLine?
    private var lineFailures = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - units: devices on this line; unit ids differ.
    ///   - nowMs: this host's clock, milliseconds since 1970.
    ///   - monotonicUs: a clock that is never set, microseconds.
    ///   - chance: 0 ..< 1, spreads attempts to reconnect.
    ///   - deliver: takes readings and must not block.
    ///   - report: takes changes of state and must not block.
    package init(
        _ settings: ModbusSettings, units: [ModbusUnit], nowMs: @escaping @Sendable () -> Int64,
        monotonicUs: @escaping @Sendable () -> Int64 = ModbusConnection.continuousUs,
        chance: @escaping @Sendable () -> Double, deliver: @escaping @Sendable ([Reading]) -> Void,
        report: @escaping @Sendable (ModbusEvent) -> Void = { _ in }
    ) {
        self.settings = settings
        self.nowMs = nowMs
        self.monotonicUs = monotonicUs
        self.chance = chance
        self.deliver = deliver
        self.report = report
        let startMs = monotonicUs() / 1000
        polls = units.map { UnitPoll($0, nowMs: startMs) }
        shared.withLock { statistics in
            for unit in units { statistics.units[unit.id] = ModbusStatistics.UnitStatistics() }
        }
    }

    package nonisolated var statistics: ModbusStatistics { shared.withLock { $0 } }

    /// Reads until cancelled; then a read that is under way ends at once. It runs once.
    package func run() async throws {
        try await withTaskCancellationHandler {
            try await loop()
        } onCancel: {
            interrupt.pull()
        }
    }

    private func loop() async throws {
        defer { line = nil }
        while true {
            try Task.checkCancellation()
            guard let (poll, at) = next() else {
                try await Task.sleep(for: .seconds(3600))
                continue
            }
            let waitMs = at - monotonicMs
            if waitMs > 0 {
                try await Task.sleep(for: .milliseconds(waitMs))
                continue
            }
            guard let line = open() else {
                lineFailures += 1
                let waitMs = settings.backOffMs(failures: lineFailures, chance: chance())
                try await Task.sleep(for: .milliseconds(waitMs))
                continue
            }
            ask(poll, on: line)
            if settings.gapMs > 0 { try await Task.sleep(for: .milliseconds(settings.gapMs)) }
        }
    }

    private var monotonicMs: Int64 { monotonicUs() / 1000 }

    /// The unit whose turn it is and when.
    private func next() -> (poll: Int, atMs: Int64)? {
        var best: (poll: Int, atMs: Int64)?
        for (index, poll) in polls.enumerated() {
            guard let next = poll.next else { continue }
            if let known = best, known.atMs <= next.atMs { continue }
            best = (index, next.atMs)
        }
        return best
    }

    /// The line, opened when it is not; `nil` when it cannot be, and then every point is offline.
    private func open() -> ModbusLine? {
        if let line { return line }
        do throws(ModbusError) {
            let opened = try ModbusLine(settings, interrupt: interrupt)
            line = opened
            let wasUp = shared.withLock { statistics in
                defer { statistics.isUp = true }
                statistics.connects += 1
                if !statistics.isUp { statistics.sinceMs = nowMs() }
                return statistics.isUp
            }
            if !wasUp { report(.lineUp(settings.transport)) }
            lineFailures = 0
            return opened
        } catch {
            if Task.isCancelled { return nil }
            shared.withLock { statistics in
                if statistics.isUp || statistics.sinceMs == nil { statistics.sinceMs = nowMs() }
                statistics.isUp = false
                statistics.lineFailures += 1
                for id in statistics.units.keys { statistics.units[id]?.isAnswering = false }
            }
            if lineFailures == 0 { report(.lineDown(settings.transport, error, retryMs: settings.backOffMsMin)) }
            let atMs = nowMs()
            for index in polls.indices {
                polls[index].forgetIdentity()
                tell(index, .offline, atMs: atMs)
            }
            return nil
        }
    }

    /// One request and what follows from its outcome.
    private func ask(_ index: Int, on line: ModbusLine) {
        do throws(ModbusError) {
            if !polls[index].isIdentified, try !identify(index, on: line) { return }
            guard let block = polls[index].next?.index else { return }
            try read(index, block: block, on: line)
        } catch {
            if Task.isCancelled { return }
            failed(index, error)
        }
    }

    private func read(_ index: Int, block: Int, on line: ModbusLine) throws(ModbusError) {
        let request = polls[index].blocks[block].request
        polls[index].wasAsked(block, nowMs: monotonicMs)
        let answer: Answer
        do throws(ModbusError) {
            answer = try exchange(index, request.function, request.address, request.count, on: line)
        } catch .refused(let unit, let code) {
            try refused(index, block: block, unit: unit, code: code)
            return
        }
        if polls[index].answered(block) {
            report(.unitBack(device: polls[index].unit.device, unit: polls[index].unit.id))
        }
        let readings = polls[index].readings(block, answer.words, atMs: answer.atMs)
        if !readings.isEmpty { deliver(readings) }
    }

    private func refused(_ index: Int, block: Int, unit: UInt8, code: UInt8) throws(ModbusError) {
        let nowMs = monotonicMs
        switch polls[index].refused(block, code: code, nowMs: nowMs) {
        case .unitIsSilent: throw .refused(unit: unit, code: code)
        case .wait, .split: break
        case .fault(let points, let isPermanent):
            let readings = polls[index].tell(.deviceFault, points, atMs: self.nowMs())
            if readings.isEmpty { return }
            deliver(readings)
            guard isPermanent else { return }
            for point in points {
                report(
                    .pointRefused(
                        device: polls[index].unit.device, unit: unit, point: polls[index].points[point].bound.source.id,
                        code: code))
            }
        }
    }

    /// Whether the device under the unit id is the one of the profile.
    private func identify(_ index: Int, on line: ModbusLine) throws(ModbusError) -> Bool {
        let unit = polls[index].unit
        for check in unit.profile.modbus?.identify ?? [] {
            var found: [UInt16] = []
            do throws(ModbusError) {
                found = try exchange(index, check.function, check.address, check.words.count, on: line).words
            } catch .refused(let id, let code) where code == 10 || code == 11 {
                throw .refused(unit: id, code: code)
            } catch .refused {
                // A device without these registers is another device as well.
            }
            guard found != check.words else { continue }
            let isNew = polls[index].failed(nowMs: monotonicMs, backOffMs: backOffMs)
            if isNew {
                report(
                    .otherDevice(
                        device: unit.device, unit: unit.id, address: check.address, expected: check.words, found: found)
                )
            }
            tell(index, .deviceFault, atMs: nowMs())
            return false
        }
        polls[index].isIdentified = true
        return true
    }

    /// A unit did not answer as it should; the line is closed unless a gateway said so in order.
    private func failed(_ index: Int, _ error: ModbusError) {
        if case .refused = error {} else { line = nil }
        let unit = polls[index].unit
        shared.withLock { statistics in
            statistics.units[unit.id]?.isAnswering = false
            if case .lineDown = error { statistics.lineFailures += 1 }
        }
        if polls[index].failed(nowMs: monotonicMs, backOffMs: backOffMs) {
            report(.unitOffline(device: unit.device, unit: unit.id, error))
        }
        tell(index, .offline, atMs: nowMs())
    }

    private func tell(_ index: Int, _ quality: Quality, atMs: Int64) {
        let readings = polls[index].tell(quality, polls[index].points.indices, atMs: atMs)
        if !readings.isEmpty { deliver(readings) }
    }

    private func backOffMs(_ failures: Int) -> Int64 { settings.backOffMs(failures: failures, chance: chance()) }

    private struct Answer {
        let words: [UInt16]
        /// Midpoint between request and answer, milliseconds since 1970.
        let atMs: Int64
    }

    private func exchange(
        _ index: Int, _ function: ModbusFunction, _ address: UInt16, _ count: Int, on line: ModbusLine
    ) throws(ModbusError) -> Answer {
        let id = polls[index].unit.id
        let (wallMs, startUs) = (nowMs(), monotonicUs())
        do throws(ModbusError) {
            let words = Array(
                try line.read(
                    unit: id, function, address: address, count: count, withinMs: settings.responseMsMax))
            let tookUs = monotonicUs() - startUs
            let atMs = wallMs + (tookUs + 1000) / 2000
            tally(id) { unit in
                unit.answers += 1
                unit.isAnswering = true
                unit.roundTripUs = tookUs
                unit.lastAnswerAtMs = atMs
            }
            return Answer(words: words, atMs: atMs)
        } catch {
            tally(id) { unit in
                switch error {
                case .refused: unit.exceptions += 1
                case .noAnswer: unit.timeouts += 1
                case .garbled: unit.garbled += 1
                case .lineDown, .illegalRequest, .otherDevice, .notOnThisLine: break
                }
            }
            throw error
        }
    }

    /// Writes once and reads back, on the running connection between two polls. A unit that is taken for dead is tried as well.
    ///
    /// - Parameters:
    ///   - readBack: read after the write; its registers are returned as they came.
    /// - Throws: `noAnswer`, `garbled` and `lineDown` leave open whether the device took it; everything else means that it did not.
    package func write(device: String, _ write: ModbusWrite, readBack: ModbusPoint?) async throws -> [UInt16]? {
        guard let index = polls.firstIndex(where: { $0.unit.device == device }) else {
            throw ModbusError.notOnThisLine(device: device)
        }
        guard let line = open() else { throw ModbusError.lineDown(errno: 0) }
        let unit = polls[index].unit.id
        if !polls[index].isIdentified, try !identify(index, on: line) { throw ModbusError.otherDevice(unit: unit) }
        try line.write(unit: unit, write, withinMs: settings.responseMsMax)
        guard let readBack else { return nil }
        return try exchange(index, readBack.function, readBack.address, max(readBack.wordCount, 1), on: line).words
    }

    private func tally(_ unit: UInt8, _ change: (inout ModbusStatistics.UnitStatistics) -> Void) {
        shared.withLock { statistics in
            var values = statistics.units[unit] ?? ModbusStatistics.UnitStatistics()
            values.requests += 1
            change(&values)
            statistics.units[unit] = values
        }
    }

    private static let epoch = ContinuousClock().now

    /// Microseconds since the first call, by the system's monotonic clock.
    package static let continuousUs: @Sendable () -> Int64 = {
        let (seconds, attoseconds) = (ContinuousClock().now - epoch).components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
