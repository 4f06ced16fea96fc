import Profiles
import Readings

/// What is asked of one unit and when, and how it fares. Belongs to its connection.
///
/// Every outcome leaves readings and events in the outboxes, which the connection empties.
struct UnitPoll {
    struct Block {
        let request: ReadRequest
        var slots: [Slot]
        let everyMs: Int64
        /// Monotonic milliseconds.
        var dueMs: Int64
        var wasAsked = false
        /// Refusals for being busy, in a row.
        var busyCount = 0
        /// Times in a row that it alone stayed without an answer.
        var silentCount = 0
        /// Times in a row that it was refused and then answered in full.
        var momentaryCount = 0
        /// Connections lost in a row while it was asked.
        var hangUpCount = 0
        var hasAnswered = false
        /// A search for the reason of its refusal runs; until then it is not asked.
        var isSearched = false
    }

    let unit: ModbusUnit
    /// Those points of the unit that are Modbus points, in the order of `unit.points`.
    let points: [(bound: BoundPoint, place: ModbusPoint)]
    var readings: [Reading] = []
    var events: [ModbusEvent] = []
    var blocks: [Block] = []
    var breaker = Breaker()
    var layout: LearnedLayout
    /// What was last told of `layout`.
    var layoutTold: LearnedLayout
    var search: LayoutSearch?
    /// When each point that a hole hides is asked again, monotonic milliseconds; `nil` for points that are read.
    var againAtMs: [Int64?]
    var countAgainAtMs: Int64?
    /// Points that were answered since start: a refusal of one of these may pass.
    var isSeen: [Bool]
    /// How often a point that was seen has been refused since, 0 where it is read.
    var outCounts: [Int]
    /// Most registers or bits answered at once, by the function's number.
    var countSeen = [Int](repeating: 0, count: 5)
    /// Something was answered since the unit or the line came back.
    var hasAnswered = false
    /// Blocks refused in a row while nothing at all was answered.
    var everythingCount = 0
    /// The block whose failure put the unit in doubt.
    var doubted: ReadRequest?
    /// Identity checks that held since the unit last failed.
    var identityCount = 0
    /// The smallest request that should be answered.
    var probe: ReadRequest?
    /// Nothing is asked before this, monotonic milliseconds.
    var notBeforeMs: Int64 = 0
    /// Another device than the profile's answers under the unit id, and that was told.
    var isOtherDevice = false
    /// Points that are not read because the device refuses them.
    var hiddenCount = 0
    /// Their fault is to be told with the next answer.
    var isHiddenUntold = true
    let isNumbered: Bool
    /// The last request that stayed without an answer; its answer may still come.
    var unanswered: ReadRequest?
    /// Waiting time after so many failures in a row, milliseconds.
    let backOffMs: (Int) -> Int64
    /// Where in a period this unit is read, 0 ..< 1 periods before the instant it was first read: units that started together would
    /// else speak together for ever.
    let phase: Double
    /// What was last told about each point, where that was not a value.
    private var told: [Quality?]

    /// A hole is looked at again once this much later, because devices that start up refuse what they have …
    static let firstAgainMs: Int64 = 3_600_000
    /// … and then this often.
    static let againMs: Int64 = 86_400_000
    /// What helps nothing to know is left alone for so long.
    static let aloneMs: Int64 = 60_000
    /// A device that refuses everything is asked again this much later.
    static let everythingAgainMs: Int64 = 10_000
    /// Refusals of a point that was seen, each so much later, before it is a hole.
    static let outCountMax = 3
    static let busyCountMax = 3
    /// Silences in a row before a block that never answered is looked into, and one that did.
    static let silentCountMax = 2
    static let silentCountMaxLater = 8
    static let momentaryCountMax = 3
    static let hangUpCountMax = 2
    /// How long what is not urgent waits for an idle moment.
    static let graceMsMax: Int64 = 1_000
    static let againGraceMs: Int64 = 60_000

    /// - Parameters:
    ///   - isNumbered: a late answer is known by its number; without one it must differ in shape from what is asked next.
    ///   - phase: 0 ..< 1 periods that the second reading comes sooner than a period after the first.
    ///   - backOffMs: waiting time after so many failures in a row.
    init(
        _ unit: ModbusUnit, isNumbered: Bool, nowMs: Int64, phase: Double, backOffMs: @escaping (Int) -> Int64
    ) {
        self.isNumbered = isNumbered
        self.phase = min(max(phase, 0), 1)
        self.backOffMs = backOffMs
        self.unit = unit
        var points: [(bound: BoundPoint, place: ModbusPoint)] = []
        points.reserveCapacity(unit.points.count)
        for bound in unit.points { if let place = bound.source.modbus { points.append((bound, place)) } }
        self.points = points
        told = Array(repeating: nil, count: points.count)
        againAtMs = Array(repeating: nil, count: points.count)
        isSeen = Array(repeating: false, count: points.count)
        outCounts = Array(repeating: 0, count: points.count)
        layout = unit.learned ?? LearnedLayout()
        layoutTold = layout
        if layout.registerCountMax != nil { countAgainAtMs = nowMs + Self.againMs }
        plan(nowMs: nowMs, hiddenAgainMs: Self.againMs)
    }

    var checks: [IdentityCheck] { unit.profile.modbus?.identify ?? [] }
    var isIdentified: Bool { identityCount >= checks.count }

    /// Whatever answers next may be another device.
    mutating func forgetIdentity() { identityCount = 0 }

    mutating func identityHeld() {
        identityCount += 1
        if isIdentified { isOtherDevice = false }
    }

    /// What it wants next: as usual, and when nobody else is held up by it.
    func turns(nowMs: Int64) -> (usual: Turn?, spare: Turn?) {
        if points.isEmpty { return (nil, nil) }
        if breaker.isOpen {
            let ask: Turn.Ask = checks.isEmpty || !isNumbered ? .probe : .identity(identityCount)
            return (
                nil,
                Turn(
                    ask: ask, atMs: breaker.probeAtMs, isSpare: true, graceMs: min(breaker.stepMs, Self.graceMsMax),
                    isHasty: !breaker.isPatient(isNumbered: isNumbered))
            )
        }
        if breaker.isInDoubt {
            let ask: Turn.Ask = isIdentified || !isNumbered ? .probe : .identity(identityCount)
            return (Turn(ask: ask, atMs: breaker.probeAtMs, isHasty: true), nil)
        }
        if !isIdentified { return (Turn(ask: .identity(identityCount), atMs: notBeforeMs), nil) }
        var usual = nextBlock.map { Turn(ask: .block($0), atMs: blocks[$0].dueMs) }
        var spare: Turn?
        if let search {
            let trial = Turn(
                ask: .trial, atMs: search.dueMs, isSpare: search.code == 0, graceMs: Self.graceMsMax)
            if trial.isSpare { spare = trial } else if trial.atMs <= usual?.atMs ?? .max { usual = trial }
        } else {
            spare = nextAgain
        }
        return (usual, spare)
    }

    /// The block that is due first.
    private var nextBlock: Int? {
        var best: Int?
        for index in blocks.indices where !blocks[index].isSearched {
            if let known = best, blocks[known].dueMs <= blocks[index].dueMs { continue }
            best = index
        }
        return best
    }

    /// What was refused once and is asked again now and then.
    private var nextAgain: Turn? {
        var best: Turn?
        if let countAgainAtMs {
            best = Turn(ask: .countAgain, atMs: countAgainAtMs, isSpare: true, graceMs: Self.againGraceMs)
        }
        if hiddenCount > 0 {
            for (index, atMs) in againAtMs.enumerated() {
                guard let atMs, atMs < best?.atMs ?? .max else { continue }
                let graceMs = outCounts[index] > 0 ? Self.graceMsMax : Self.againGraceMs
                best = Turn(ask: .again(index), atMs: atMs, isSpare: true, graceMs: graceMs)
            }
        }
        return best
    }

    /// The registers that a turn asks for.
    func request(of ask: Turn.Ask) -> ReadRequest? {
        switch ask {
        case .block(let index): blocks[index].request
        case .identity(let index):
            ReadRequest(
                function: checks[index].function,
                span: Int(checks[index].address)...Int(checks[index].address) + checks[index].words.count - 1,
                points: [])
        case .probe: probe.map { isNumbered ? $0 : unlike($0) }
        case .trial: search?.trial
        case .again(let point): single(point)
        case .countAgain: unlimited
        }
    }

    /// A device answers in the order it was asked. So a late answer that does not fit is the worst that can come, and it is seen.
    private func unlike(_ probe: ReadRequest) -> ReadRequest {
        guard probe.function == unanswered?.function, probe.count == unanswered?.count else { return probe }
        let (first, last) = (probe.span.lowerBound, probe.span.upperBound)
        return ReadRequest(
            function: probe.function, span: last < 65_535 ? first...last + 1 : first - 1...last, points: probe.points)
    }

    func single(_ point: Int) -> ReadRequest {
        ReadRequest(function: points[point].place.function, span: points[point].place.span, points: [point])
    }

    /// The next reading on the grid of the block's period; only what is a whole period late is left out.
    mutating func wasAsked(_ index: Int, nowMs: Int64) {
        let every = blocks[index].everyMs
        guard every > 0 else {
            // As often as it can be read.
            blocks[index].dueMs = nowMs
            return
        }
        blocks[index].dueMs += blocks[index].wasAsked ? every : every - Int64(Double(every) * phase)
        blocks[index].wasAsked = true
        let late = nowMs - blocks[index].dueMs
        if late >= every { blocks[index].dueMs += late / every * every }
    }

    /// What an operator is shown beside counters.
    struct Shown: Equatable {
        var isOpen = false
        var probeAtMs: Int64 = 0
        var learned = LearnedLayout()
    }

    var lastShown = Shown()
    var shown: Shown {
        Shown(isOpen: breaker.isOpen, probeAtMs: breaker.isOpen ? breaker.probeAtMs : 0, learned: layoutTold)
    }

    // MARK: What is told

    /// Readings without value for points about which this was not told yet.
    mutating func tell(_ quality: Quality, _ indices: some Sequence<Int>, atMs: Int64) {
        for index in indices where told[index] != quality {
            told[index] = quality
            readings.append(
                Reading(point: points[index].bound.point, capturedAtMs: atMs, quality: quality, value: .none))
        }
    }

    /// Points that are not read have a fault for as long as the device answers.
    mutating func tellHidden(atMs: Int64) {
        isHiddenUntold = false
        if hiddenCount > 0 { tell(.deviceFault, points.indices.filter { againAtMs[$0] != nil }, atMs: atMs) }
    }

    /// The values in an answer to a block.
    mutating func take(block index: Int, _ words: UnsafeBufferPointer<UInt16>, atMs: Int64, nowMs: Int64) {
        readings.reserveCapacity(readings.count + blocks[index].slots.count)
        for slot in blocks[index].slots.indices {
            if blocks[index].slots[slot].everyMs > 0, !blocks[index].slots[slot].isDue(nowMs) { continue }
            take(blocks[index].slots[slot], words, atMs: atMs)
        }
    }

    /// The values in an answer to a request that is asked once.
    mutating func take(_ request: ReadRequest, _ words: UnsafeBufferPointer<UInt16>, atMs: Int64) {
        for point in request.points {
            take(Slot(point, points[point].place, in: request.span), words, atMs: atMs)
        }
    }

    /// Words that make no value of the type are told once.
    private mutating func take(_ slot: Slot, _ words: UnsafeBufferPointer<UInt16>, atMs: Int64) {
        guard slot.offset + slot.count <= words.count, slot.scaleOffset < words.count else { return }
        let (value, quality) = points[slot.point].place.decode(
            UnsafeBufferPointer(rebasing: words[slot.offset..<slot.offset + slot.count]),
            scaleWord: slot.scaleOffset < 0 ? nil : words[slot.scaleOffset])
        if quality == .suspect {
            tell(.suspect, CollectionOfOne(slot.point), atMs: atMs)
        } else {
            told[slot.point] = nil
            readings.append(
                Reading(
                    point: points[slot.point].bound.point, capturedAtMs: atMs, quality: quality, value: value))
        }
    }
}

/// Where one point's words stand in the answer to a block.
struct Slot {
    /// Index into the unit's points.
    let point: Int
    let offset: Int
    let count: Int
    /// −1 where there is no live scale register.
    let scaleOffset: Int
    /// Its own period where that is longer than the block's, otherwise 0.
    var everyMs: Int64 = 0
    private var dueMs: Int64 = .min

    init(_ point: Int, _ place: ModbusPoint, in span: ClosedRange<Int>) {
        self.point = point
        offset = Int(place.address) - span.lowerBound
        count = max(place.wordCount, 1)
        scaleOffset = place.scaleRegister.map { Int($0) - span.lowerBound } ?? -1
    }

    /// Its point is without a value, so the next answer will do.
    mutating func makeDue() { dueMs = .min }

    /// Whether its time has come; then the next one is a period later.
    mutating func isDue(_ nowMs: Int64) -> Bool {
        guard nowMs >= dueMs else { return false }
        dueMs = max(dueMs == .min ? nowMs + everyMs : dueMs + everyMs, nowMs)
        return true
    }
}
