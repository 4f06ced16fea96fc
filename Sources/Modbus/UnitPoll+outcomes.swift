import Profiles
import Readings

extension UnitPoll {
    /// The instant of an outcome by both clocks: milliseconds since 1970, and monotonic ones.
    struct Instant {
        let atMs: Int64
        let nowMs: Int64
    }

    // MARK: Answers

    mutating func answered(_ ask: Turn.Ask, _ words: UnsafeBufferPointer<UInt16>, _ now: Instant) {
        if case .identity(let index) = ask {
            guard checks[index].accepts(Array(words)) else { return identityFailed(index, Array(words), now) }
        }
        isAlive(now)
        hasAnswered = true
        everythingCount = 0
        switch ask {
        case .identity:
            identityHeld()
            doubted = nil
        case .probe: doubtSettled(now)
        case .block(let index):
            if !blocks[index].hasAnswered { saw(blocks[index].request) }
            blocks[index].wasAnswered()
            take(block: index, words, atMs: now.atMs, nowMs: now.nowMs)
            if search == nil, layout != layoutTold { tellLayout() }
        case .trial:
            guard let request = search?.trial else { return }
            saw(request)
            take(request, words, atMs: now.atMs)
            if let finding = search?.noteAnswer() { conclude(finding, now) }
        case .again(let point):
            saw(single(point))
            take(single(point), words, atMs: now.atMs)
            isThere(point, now)
        case .countAgain:
            if let request = unlimited {
                saw(request)
                take(request, words, atMs: now.atMs)
            }
            layout.registerCountMax = nil
            countAgainAtMs = nil
            plan(nowMs: now.nowMs, hiddenAgainMs: Self.againMs)
        }
    }

    private mutating func saw(_ request: ReadRequest) {
        let known = countSeen[Int(request.function.rawValue)]
        if request.count > known { countSeen[Int(request.function.rawValue)] = request.count }
        for point in request.points { isSeen[point] = true }
    }

    /// Whatever came, it came from the unit.
    private mutating func isAlive(_ now: Instant) {
        if breaker.failures > 0, breaker.answered() {
            events.append(.unitBack(device: unit.device, unit: unit.id))
        }
        unanswered = nil
        if isHiddenUntold { tellHidden(atMs: now.atMs) }
    }

    private mutating func tellLayout() {
        layoutTold = layout
        events.append(.learned(device: unit.device, layout))
    }

    /// A point that was in a hole was answered; where its function was not known at all, all of them are back.
    private mutating func isThere(_ point: Int, _ now: Instant) {
        let place = points[point].place
        let whole: ClosedRange<UInt16> = 0...UInt16.max
        outCounts[point] = 0
        if layout.holes.contains(where: { $0.function == place.function && $0.addresses == whole }) {
            layout.remove(place.function, whole)
        } else {
            layout.remove(
                place.function, UInt16(clamping: place.span.lowerBound)...UInt16(clamping: place.span.upperBound))
        }
        plan(nowMs: now.nowMs, hiddenAgainMs: Self.firstAgainMs)
    }

    // MARK: Refusals

    /// An exception, `code` 1 … 11.
    mutating func refused(_ ask: Turn.Ask, code: UInt8, _ now: Instant) {
        if code == 10 || code == 11 { return failed(ask, .refused(unit: unit.id, code: code), now) }
        let isBusy = code == 5 || code == 6
        if case .identity(let index) = ask, !isBusy {
            // A device without these registers is another device as well.
            return identityFailed(index, [], now)
        }
        isAlive(now)
        switch ask {
        case .identity: notBeforeMs = now.nowMs + backOffMs(1)
        case .probe: doubtSettled(now)
        case .block(let index): blockRefused(index, code, now)
        case .trial: trialRefused(code, now)
        case .again(let point): againRefused(point, code, now)
        case .countAgain: countAgainAtMs = now.nowMs + (isBusy ? Self.aloneMs : Self.againMs)
        }
    }

    private mutating func blockRefused(_ index: Int, _ code: UInt8, _ now: Instant) {
        switch code {
        case 1, 2, 3: startSearch(index, code: code, now)
        case 5, 6:
            // Busy is said of no value; only a device that is busy for long has a fault.
            blocks[index].busyCount += 1
            if blocks[index].busyCount >= Self.busyCountMax { fault(index, now) }
        default: fault(index, now)
        }
    }

    /// A point that was seen in this run and is refused again and again is gone for good.
    private mutating func againRefused(_ point: Int, _ code: UInt8, _ now: Instant) {
        guard (1...3).contains(code) else { return againAtMs[point] = now.nowMs + Self.aloneMs }
        guard outCounts[point] > 0 else { return againAtMs[point] = now.nowMs + Self.againMs }
        outCounts[point] += 1
        againAtMs[point] = now.nowMs + Self.everythingAgainMs
        guard outCounts[point] >= Self.outCountMax else { return }
        let place = points[point].place
        let first = Int(place.address)
        layout.add(
            LearnedLayout.Hole(
                function: place.function, addresses: Self.wire(first...first + max(place.wordCount, 1) - 1)))
        againAtMs[point] = now.nowMs + Self.againMs
        tellRefused(point, code)
        plan(nowMs: now.nowMs, hiddenAgainMs: Self.againMs)
    }

    private mutating func trialRefused(_ code: UInt8, _ now: Instant) {
        switch code {
        case 1, 2, 3: if let finding = search?.noteRefusal(code: code) { conclude(finding, now) }
        case 5, 6:
            let untilMs = now.nowMs + backOffMs((search?.busyCount ?? 0) + 1)
            let goesOn = search?.putOff(untilMs: untilMs) ?? false
            if !goesOn { abandonSearch(dueMs: now.nowMs + Self.everythingAgainMs) }
        default: abandonSearch(dueMs: now.nowMs + Self.everythingAgainMs)
        }
    }

    private mutating func identityFailed(_ index: Int, _ found: [UInt16], _ now: Instant) {
        _ = breaker.failed(nowMs: now.nowMs, atOnce: true, backOffMs: backOffMs)
        forgetIdentity()
        if !isOtherDevice {
            isOtherDevice = true
            events.append(
                .otherDevice(
                    device: unit.device, unit: unit.id, address: checks[index].address, expected: checks[index].words,
                    found: found))
        }
        tell(.deviceFault, points.indices, atMs: now.atMs)
    }

    private mutating func fault(_ index: Int, _ now: Instant) {
        tell(.deviceFault, blocks[index].request.points, atMs: now.atMs)
    }

    // MARK: Learning

    /// - Parameter code: 0 when the block stays without an answer while the unit gives others.
    private mutating func startSearch(_ index: Int, code: UInt8, _ now: Instant) {
        // One at a time; the others come with their next period.
        guard search == nil else { return }
        let block = blocks[index]
        // What was there before may be back soon: then the unit is first asked whether it refuses everything now.
        let isFirstSeen = block.request.points.count > 1 && block.request.points.first.map { isSeen[$0] } ?? false
        let started = LayoutSearch(
            block.request, everyMs: block.everyMs, places: points.map(\.place), code: code,
            countSeen: countSeen[Int(block.request.function.rawValue)], unitHasAnswered: hasAnswered && !isFirstSeen,
            attempt: everythingCount, nowMs: now.nowMs)
        search = started
        blocks[index].isSearched = true
        if let finding = search?.begin() { conclude(finding, now) }
    }

    /// Gives up without knowledge.
    private mutating func abandonSearch(dueMs: Int64) {
        search = nil
        for index in blocks.indices where blocks[index].isSearched {
            blocks[index].isSearched = false
            blocks[index].dueMs = dueMs
        }
    }

    private mutating func conclude(_ finding: LayoutSearch.Finding, _ now: Instant) {
        guard let done = search, let index = blocks.firstIndex(where: { $0.isSearched }) else { return }
        search = nil
        blocks[index].isSearched = false
        blocks[index].dueMs = now.nowMs + blocks[index].everyMs
        let function = done.request.function
        var isNew = false
        switch finding {
        case .nothing:
            blocks[index].momentaryCount += 1
            if blocks[index].momentaryCount < Self.momentaryCountMax { return }
        case .everything:
            if everythingCount == 0, done.request.points.count == 1 { tellRefused(done.request.points[0], done.code) }
            everythingCount += 1
            blocks[index].dueMs = now.nowMs + max(Self.everythingAgainMs, blocks[index].everyMs)
            return fault(index, now)
        case .point(let point, _) where isSeen[point]:
            outCounts[point] = 1
            isNew = true
        case .point(let point, let addresses):
            if done.code == 1, countSeen[Int(function.rawValue)] == 0 {
                isNew = layout.add(LearnedLayout.Hole(function: function, addresses: 0...UInt16.max))
                let pointCount = points.count { $0.place.function == function }
                events.append(
                    .functionRefused(device: unit.device, unit: unit.id, function, pointCount: pointCount))
            } else {
                isNew = layout.add(LearnedLayout.Hole(function: function, addresses: Self.wire(addresses)))
                tellRefused(point, done.code)
            }
        case .gap(let addresses):
            isNew = layout.add(LearnedLayout.Hole(function: function, addresses: Self.wire(addresses)))
        case .boundary(let address):
            isNew = layout.add(LearnedLayout.Boundary(function: function, address: UInt16(clamping: address)))
        case .countMax(let count) where function.readsBits:
            // Only registers have a bound that is kept.
            let edge = UInt16(clamping: done.request.span.lowerBound + count)
            isNew = layout.add(LearnedLayout.Boundary(function: function, address: edge))
        case .countMax(let count):
            isNew = count < layout.registerCountMax ?? 125
            if isNew { layout.registerCountMax = count }
            countAgainAtMs = now.nowMs + Self.againMs
        }
        guard isNew else {
            // Nothing follows from it that would make the next time better, so it is left alone for a while.
            blocks[index].dueMs = now.nowMs + Self.aloneMs
            return fault(index, now)
        }
        blocks[index].isSearched = true
        plan(nowMs: now.nowMs, hiddenAgainMs: Self.firstAgainMs)
        tellHidden(atMs: now.atMs)
    }

    private mutating func tellRefused(_ point: Int, _ code: UInt8) {
        events.append(
            .pointRefused(device: unit.device, unit: unit.id, point: points[point].bound.source.id, code: code))
    }

    private static func wire(_ range: ClosedRange<Int>) -> ClosedRange<UInt16> {
        UInt16(clamping: range.lowerBound)...UInt16(clamping: range.upperBound)
    }

    // MARK: Silence

    /// No answer, or none that makes sense.
    mutating func failed(_ ask: Turn.Ask, _ error: ModbusError, _ now: Instant) {
        unanswered = request(of: ask)
        switch ask {
        case .block(let index):
            blocks[index].silentCount += 1
            blocks[index].dueMs = max(
                blocks[index].dueMs,
                now.nowMs + (blocks[index].silentCount > 1 ? backOffMs(blocks[index].silentCount) : 0))
            doubted = blocks[index].request
        case .trial: doubted = search?.trial
        case .again(let point):
            againAtMs[point] = now.nowMs + (outCounts[point] > 0 ? Self.everythingAgainMs : Self.againMs)
        case .countAgain: countAgainAtMs = now.nowMs + Self.againMs
        case .identity: if !isNumbered { notBeforeMs = now.nowMs + Self.everythingAgainMs }
        case .probe: break
        }
        if breaker.failed(nowMs: now.nowMs, backOffMs: backOffMs) { opened(error, now) }
    }

    /// The connection broke before an answer came. Once may be the end of an old connection, so a block is asked again.
    mutating func hungUp(_ ask: Turn.Ask, _ error: ModbusError, _ now: Instant) {
        if case .block(let index) = ask {
            blocks[index].hangUpCount += 1
            if blocks[index].hangUpCount < Self.hangUpCountMax {
                blocks[index].dueMs = now.nowMs
                return
            }
        }
        failed(ask, error, now)
    }

    /// A turn for which nothing is left to be asked.
    mutating func nothingToAsk(_ ask: Turn.Ask, nowMs: Int64) {
        switch ask {
        case .again(let point): againAtMs[point] = nowMs + Self.againMs
        case .countAgain: countAgainAtMs = nowMs + Self.againMs
        case .trial: abandonSearch(dueMs: nowMs)
        case .block, .identity, .probe: notBeforeMs = nowMs + Self.everythingAgainMs
        }
    }

    private mutating func opened(_ error: ModbusError, _ now: Instant) {
        isOtherDevice = false
        events.append(.unitOffline(device: unit.device, unit: unit.id, error))
        rest(now)
    }

    /// The line is gone, and every unit with it.
    mutating func lineLost(_ now: Instant) { rest(now) }

    /// Everything is due when it is back, and nothing that was half known counts.
    private mutating func rest(_ now: Instant) {
        forgetIdentity()
        abandonSearch(dueMs: now.nowMs)
        doubted = nil
        hasAnswered = false
        isHiddenUntold = true
        if outCounts.contains(where: { $0 > 0 }) {
            outCounts = Array(repeating: 0, count: points.count)
            plan(nowMs: now.nowMs, hiddenAgainMs: Self.firstAgainMs)
        }
        for index in blocks.indices {
            blocks[index].silentCount = 0
            for slot in blocks[index].slots.indices { blocks[index].slots[slot].makeDue() }
            blocks[index].dueMs = min(blocks[index].dueMs, now.nowMs)
        }
        tell(.offline, points.indices, atMs: now.atMs)
    }

    /// The unit answers, so the request that put it in doubt is the trouble.
    private mutating func doubtSettled(_ now: Instant) {
        guard let request = doubted else { return }
        doubted = nil
        if search?.trial == request {
            if let finding = search?.noteSilence() { conclude(finding, now) }
            return
        }
        guard let index = blocks.firstIndex(where: { $0.request == request }), request.points != probe?.points,
            blocks[index].silentCount >= (blocks[index].hasAnswered ? Self.silentCountMaxLater : Self.silentCountMax)
        else { return }
        startSearch(index, code: 0, now)
    }
}

extension UnitPoll.Block {
    mutating func wasAnswered() {
        busyCount = 0
        silentCount = 0
        momentaryCount = 0
        hangUpCount = 0
        hasAnswered = true
    }
}
