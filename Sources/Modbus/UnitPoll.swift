import Profiles
import Readings

/// What is asked of one unit and when, and how it fares. Belongs to its connection.
struct UnitPoll {
    struct Block {
        var request: ReadRequest
        let everyMs: Int64
        /// Monotonic milliseconds.
        var dueMs: Int64
        /// Refusals for being busy, in a row.
        var busyCount = 0
    }

    let unit: ModbusUnit
    /// Those points of the unit that are Modbus points, in the order of `unit.points`.
    let points: [(bound: BoundPoint, place: ModbusPoint)]
    private(set) var blocks: [Block] = []
    /// Failures in a row; 0 while the unit answers.
    private(set) var failures = 0
    /// No request before this, monotonic milliseconds.
    private(set) var notBeforeMs: Int64 = 0
    /// The words of `identify` were seen since the unit last failed.
    var isIdentified: Bool
    /// What was last told about each point, where that was not a value.
    private var told: [Quality?]

    /// A single point that the device refuses is tried again this much later.
    private static let refusedEveryMs: Int64 = 60_000
    private static let busyCountMax = 3

    init(_ unit: ModbusUnit, nowMs: Int64) {
        self.unit = unit
        points = unit.points.compactMap { bound in bound.source.modbus.map { (bound, $0) } }
        told = Array(repeating: nil, count: points.count)
        isIdentified = unit.profile.modbus?.identify.isEmpty ?? true
        plan(nowMs: nowMs)
    }

    /// The block that is due first and when; `nil` when nothing is wanted of the unit.
    var next: (index: Int, atMs: Int64)? {
        guard let index = blocks.indices.min(by: { blocks[$0].dueMs < blocks[$1].dueMs }) else { return nil }
        return (index, max(blocks[index].dueMs, notBeforeMs))
    }

    /// The next reading on the grid of the block's period; only what is a whole period late is left out.
    mutating func wasAsked(_ index: Int, nowMs: Int64) {
        let every = max(blocks[index].everyMs, 1)
        blocks[index].dueMs += every
        let late = nowMs - blocks[index].dueMs
        if late >= every { blocks[index].dueMs += late / every * every }
    }

    /// - Returns: true when the unit had not answered before.
    mutating func answered(_ index: Int) -> Bool {
        blocks[index].busyCount = 0
        defer { failures = 0 }
        return failures > 0
    }

    /// - Returns: true when the unit had answered before.
    mutating func failed(nowMs: Int64, backOffMs: (Int) -> Int64) -> Bool {
        failures += 1
        notBeforeMs = nowMs + backOffMs(failures)
        forgetIdentity()
        plan(nowMs: nowMs)
        return failures == 1
    }

    /// Whatever answers next may be another device.
    mutating func forgetIdentity() { isIdentified = unit.profile.modbus?.identify.isEmpty ?? true }

    enum Refusal {
        /// The unit behind a gateway does not answer.
        case unitIsSilent
        /// Busy: nothing is said, the next time will do.
        case wait
        /// The block was split; its parts are due at once.
        case split
        /// These points have a fault.
        case fault([Int], isPermanent: Bool)
    }

    /// What an exception means for a block.
    mutating func refused(_ index: Int, code: UInt8, nowMs: Int64) -> Refusal {
        let block = blocks[index]
        switch code {
        case 10, 11: return .unitIsSilent
        case 5, 6:
            blocks[index].busyCount += 1
            return block.busyCount + 1 < Self.busyCountMax ? .wait : .fault(block.request.points, isPermanent: false)
        case 1, 2, 3:
            if let halves = block.request.halves(of: points.map(\.place)) {
                blocks.remove(at: index)
                blocks += halves.map { Block(request: $0, everyMs: block.everyMs, dueMs: nowMs) }
                return .split
            }
            blocks[index].dueMs = nowMs + max(Self.refusedEveryMs, block.everyMs)
            return .fault(block.request.points, isPermanent: true)
        default: return .fault(block.request.points, isPermanent: false)
        }
    }

    /// Readings without value for points about which this was not told yet.
    mutating func tell(_ quality: Quality, _ indices: some Sequence<Int>, atMs: Int64) -> [Reading] {
        var readings: [Reading] = []
        for index in indices where told[index] != quality {
            told[index] = quality
            readings.append(
                Reading(point: points[index].bound.point, capturedAtMs: atMs, quality: quality, value: .none))
        }
        return readings
    }

    /// The values in an answer. Words that make no value of the type are told once.
    mutating func readings(_ index: Int, _ words: [UInt16], atMs: Int64) -> [Reading] {
        let request = blocks[index].request
        var readings: [Reading] = []
        for point in request.points {
            let place = points[point].place
            guard let found = request.words(of: place, in: words) else { continue }
            let (value, quality) = place.decode(found.words, scaleWord: found.scaleWord)
            if quality == .suspect {
                readings += tell(.suspect, [point], atMs: atMs)
            } else {
                told[point] = nil
                readings.append(
                    Reading(point: points[point].bound.point, capturedAtMs: atMs, quality: quality, value: value))
            }
        }
        return readings
    }

    /// Fewest requests per scan class, all due now. Starts anew after a failure, because a device that starts up may refuse what
    /// it has.
    private mutating func plan(nowMs: Int64) {
        guard let limits = unit.profile.modbus?.limits else { return }
        blocks = []
        for everyMs in Set(points.map(\.bound.everyMs)).sorted() {
            let members = points.indices.filter { points[$0].bound.everyMs == everyMs }
            for request in ReadPlan(points: members.map { points[$0].place }, limits: limits).requests {
                let mapped = ReadRequest(
                    function: request.function, span: request.span, points: request.points.map { members[$0] })
                blocks.append(Block(request: mapped, everyMs: everyMs, dueMs: nowMs))
            }
        }
    }
}
