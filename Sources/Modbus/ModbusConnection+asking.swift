import Profiles
import Readings
import Synchronization

extension ModbusConnection {
    /// The line, opened; false when it cannot be, and then the time of the next attempt is set.
    func open() -> Bool {
        if line != nil { return true }
        do throws(ModbusError) {
            line = try ModbusLine(settings, transaction: transaction, interrupt: interrupt)
            shared.withLock { $0.connects += 1 }
            pace.openFailures = 0
            pace.silences = 0
            // A line that breaks again and again is up when something was answered.
            if pace.breaks == 0 { tellUp() }
            return true
        } catch {
            if interrupt.isPulled { return false }
            let wasUp = statistics.isUp
            pace.openFailures += 1
            let waitMs = settings.backOffMs(failures: pace.openFailures, chance: chance())
            pace.retryAtMs = monotonicMs + waitMs
            shared.withLock { $0.lineFailures += 1 }
            // A device that takes one connection may refuse the next until it has noticed the end of the last.
            if !wasUp || pace.openFailures > 1 { tellDown(error, retryMs: Int(waitMs)) }
            return false
        }
    }

    private func tellUp() {
        let atMs = nowMs()
        let wasUp = shared.withLock { statistics in
            defer { statistics.isUp = true }
            if !statistics.isUp { statistics.sinceMs = atMs }
            return statistics.isUp
        }
        pace.isDownTold = false
        if !wasUp { report(.lineUp(settings.transport)) }
    }

    private func tellDown(_ error: ModbusError, retryMs: Int) {
        let atMs = nowMs()
        shared.withLock { statistics in
            if statistics.isUp || statistics.sinceMs == nil { statistics.sinceMs = atMs }
            statistics.isUp = false
            for id in statistics.units.keys { statistics.units[id]?.isAnswering = false }
        }
        if !pace.isDownTold {
            pace.isDownTold = true
            report(.lineDown(settings.transport, error, retryMs: retryMs))
        }
        for index in polls.indices {
            polls[index].lineLost(UnitPoll.Instant(atMs: atMs, nowMs: monotonicMs))
            flush(index)
        }
    }

    /// One request and what follows from its outcome.
    func ask(_ index: Int, _ turn: Turn, on line: ModbusLine) {
        guard let request = polls[index].request(of: turn.ask) else {
            return polls[index].nothingToAsk(turn.ask, nowMs: monotonicMs)
        }
        if case .block(let block) = turn.ask { polls[index].wasAsked(block, nowMs: monotonicMs) }
        let unit = polls[index].unit.id
        if polls[index].breaker.isOpen { tally(unit) { $0.breaker = .probing } }
        do throws(ModbusError) {
            let answer = try exchange(unit, request, withinMs: withinMs(turn), on: line)
            polls[index].answered(turn.ask, answer.words, UnitPoll.Instant(atMs: answer.atMs, nowMs: monotonicMs))
        } catch {
            if interrupt.isPulled { return }
            failed(index, turn.ask, error)
        }
        settle(line)
        flush(index)
    }

    private func failed(_ index: Int, _ ask: Turn.Ask, _ error: ModbusError) {
        let now = UnitPoll.Instant(atMs: nowMs(), nowMs: monotonicMs)
        switch error {
        case .refused(_, let code): polls[index].refused(ask, code: code, now)
        case .lineDown: lost(index, ask, error, now)
        default: polls[index].failed(ask, error, now)
        }
    }

    /// The connection broke while this unit was asked. That is the unit's fault when it happens again and again.
    private func lost(_ index: Int, _ ask: Turn.Ask, _ error: ModbusError, _ now: UnitPoll.Instant) {
        shared.withLock { $0.lineFailures += 1 }
        pace.broke(polls[index].unit.id)
        // While one unit alone makes the connection break, the others wait no longer than they must.
        let failures = pace.brokenUnits.count > 1 ? pace.breaks - 1 : min(pace.breaks - 1, 1)
        if failures > 0 {
            let waitMs = settings.backOffMs(failures: failures, chance: chance())
            pace.retryAtMs = now.nowMs + waitMs
            if pace.isDown { tellDown(error, retryMs: Int(waitMs)) }
        }
        polls[index].hungUp(ask, error, now)
    }

    /// Closes the line when nothing good can come of it any more, and counts answers that came too late.
    func settle(_ line: ModbusLine) {
        for unit in line.takeLateUnits() {
            tally(unit) { $0.lateAnswers += 1 }
            for index in polls.indices where polls[index].unit.id == unit { polls[index].breaker.heardLate() }
        }
        let isSerial = if case .serial = settings.transport { true } else { false }
        let isSilent = pace.silences >= (isSerial ? LinePace.serialSilencesMax : LinePace.silencesMax)
        guard line.isBroken || isSilent else { return }
        transaction = line.transaction
        pace.silences = 0
        self.line = nil
    }

    /// Hands on what a unit has to tell.
    func flush(_ index: Int) {
        if !polls[index].readings.isEmpty {
            let readings = polls[index].readings
            polls[index].readings = []
            deliver(readings)
        }
        if !polls[index].events.isEmpty {
            let events = polls[index].events
            polls[index].events = []
            for event in events { report(event) }
        }
        show(index)
    }

    /// Puts what changes seldom into the statistics.
    private func show(_ index: Int) {
        let state = polls[index].shown
        guard state != polls[index].lastShown else { return }
        polls[index].lastShown = state
        let probeAtMs = state.isOpen ? nowMs() + max(0, state.probeAtMs - monotonicMs) : nil
        tally(polls[index].unit.id) { unit in
            unit.breaker = state.isOpen ? .open : .closed
            unit.nextProbeAtMs = probeAtMs
            if state.isOpen { unit.isAnswering = false }
            unit.learned = state.learned.isEmpty ? nil : state.learned
        }
    }

    struct Answer {
        /// Valid until the next request.
        let words: UnsafeBufferPointer<UInt16>
        /// Midpoint between request and answer, milliseconds since 1970.
        let atMs: Int64
    }

    func exchange(
        _ unit: UInt8, _ request: ReadRequest, withinMs: Int, on line: ModbusLine
    ) throws(ModbusError) -> Answer {
        let (wallMs, startUs) = (nowMs(), monotonicUs())
        do throws(ModbusError) {
            let words = try line.read(
                unit: unit, request.function, address: request.address, count: request.count, withinMs: withinMs)
            let tookUs = monotonicUs() - startUs
            let atMs = wallMs + (tookUs + 1000) / 2000
            pace.answered(inUs: tookUs)
            tally(unit) { unit in
                unit.requests += 1
                unit.answers += 1
                unit.isAnswering = true
                unit.roundTripUs = tookUs
                if tookUs > unit.roundTripUsMax { unit.roundTripUsMax = tookUs }
                unit.lastAnswerAtMs = atMs
            }
            if pace.isDownTold { tellUp() }
            return Answer(words: words, atMs: atMs)
        } catch {
            count(unit, error, tookUs: monotonicUs() - startUs)
            throw error
        }
    }

    func count(_ unit: UInt8, _ error: ModbusError, tookUs: Int64) {
        switch error {
        case .refused(_, let code):
            // A gateway that tells of a silent unit after its own waiting time says nothing about round trips.
            if code != 10, code != 11 { pace.answered(inUs: tookUs) } else { pace.silences = 0 }
            if pace.isDownTold { tellUp() }
        case .noAnswer: pace.silences += 1
        default: break
        }
        tally(unit) { unit in
            unit.requests += 1
            switch error {
            case .refused: unit.exceptions += 1
            case .noAnswer: unit.timeouts += 1
            case .garbled: unit.garbled += 1
            case .lineDown, .illegalRequest, .otherDevice, .notOnThisLine: break
            }
        }
    }

    func tally(_ unit: UInt8, _ change: (inout ModbusStatistics.UnitStatistics) -> Void) {
        shared.withLock { statistics in
            // An answer may name a unit that is none of ours.
            guard let index = statistics.units.index(forKey: unit) else { return }
            change(&statistics.units.values[index])
        }
    }
}
