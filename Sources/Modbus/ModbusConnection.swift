import BlockingThread
import Profiles
package import Readings
import Synchronization

/// One Modbus line and the units behind it, read block by block on a thread of its own.
///
/// A unit that does not answer is asked again with back-off and does not hold up the others. Never more than one connection is
/// open, because many devices take no second one. Whatever happens, it goes on by itself.
package actor ModbusConnection {
    private let thread = ThreadExecutor(name: "modbus")
    let settings: ModbusSettings
    let nowMs: @Sendable () -> Int64
    let monotonicUs: @Sendable () -> Int64
    let chance: @Sendable () -> Double
    let deliver: @Sendable ([Reading]) -> Void
    let report: @Sendable (ModbusEvent) -> Void
    let interrupt = Interrupt()
    let shared = Mutex(ModbusStatistics())
    var polls: [UnitPoll]
    var line: ModbusLine?
    var pace = LinePace()
    /// Of the last request on any connection of this line.
    var transaction: UInt16 = 0

    /// Somebody who wants to write waits no longer than this for requests that are all due, microseconds.
    private static let busyUsMax: Int64 = 1_000

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - units: devices on this line; unit ids differ.
    ///   - nowMs: this host's clock, milliseconds since 1970.
    ///   - monotonicUs: a clock that is never set, microseconds.
    ///   - chance: 0 ..< 1, spreads attempts to reconnect, and the units over their period.
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
        let isNumbered = if case .tcp = settings.transport { true } else { false }
        polls = units.map { unit in
            UnitPoll(unit, isNumbered: isNumbered, nowMs: startMs, phase: chance()) {
                settings.backOffMs(failures: $0, chance: chance())
            }
        }
        shared.withLock { statistics in
            for unit in units {
                statistics.units[unit.id] = ModbusStatistics.UnitStatistics()
                statistics.units[unit.id]?.learned = unit.learned
            }
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
        var freeUs = monotonicUs()
        while true {
            try Task.checkCancellation()
            let nowMs = monotonicMs
            switch choose(nowMs) {
            case .wait(let ms):
                try await thread.sleep(ms: ms)
                freeUs = monotonicUs()
            case .ask(let poll, let turn):
                if line == nil {
                    let waitMs = pace.retryAtMs - nowMs
                    if waitMs > 0 {
                        try await thread.sleep(ms: waitMs)
                        continue
                    }
                    guard open() else { continue }
                }
                if let line { ask(poll, turn, on: line) }
                let endUs = monotonicUs()
                if endUs - freeUs >= Self.busyUsMax {
                    await Task.yield()
                    freeUs = monotonicUs()
                }
            }
        }
    }

    var monotonicMs: Int64 { monotonicUs() / 1000 }

    private enum Choice {
        case ask(Int, Turn)
        case wait(ms: Int64)
    }

    private static let idleMs: Int64 = 3_600_000

    /// Whose turn it is. What might take long comes when nobody else is due meanwhile, or when it has waited long enough.
    private func choose(_ nowMs: Int64) -> Choice {
        var usual: (poll: Int, turn: Turn)?
        var spare: (poll: Int, turn: Turn)?
        for index in polls.indices {
            let turns = polls[index].turns(nowMs: nowMs)
            if let turn = turns.usual, turn.atMs < usual?.turn.atMs ?? .max { usual = (index, turn) }
            if let turn = turns.spare, turn.atMs < spare?.turn.atMs ?? .max { spare = (index, turn) }
        }
        let usualMs = usual?.turn.atMs ?? .max
        var spareMs = spare?.turn.atMs ?? .max
        if let spare, spareMs <= nowMs {
            let fits = usualMs == .max || usualMs - nowMs >= Int64(withinMs(spare.turn))
            if fits || nowMs - spareMs >= spare.turn.graceMs { return .ask(spare.poll, spare.turn) }
            spareMs += spare.turn.graceMs
        }
        if let usual, usualMs <= nowMs { return .ask(usual.poll, usual.turn) }
        let untilMs = min(usualMs, spareMs)
        return .wait(ms: untilMs == .max ? Self.idleMs : min(max(untilMs - nowMs, 1), Self.idleMs))
    }

    func withinMs(_ turn: Turn) -> Int {
        turn.isHasty ? pace.hastyMs(max: settings.responseMsMax) : settings.responseMsMax
    }

    /// Microseconds of a clock that is never set.
    package static let continuousUs: @Sendable () -> Int64 = { monotonicNowUs() }
}

/// How the line as a whole fares: what decides about connections and about patience.
struct LinePace {
    /// No attempt to connect before this, monotonic milliseconds.
    var retryAtMs: Int64 = 0
    /// Attempts to connect that failed, in a row.
    var openFailures = 0
    /// Connections lost in a row without an answer in between.
    private(set) var breaks = 0
    /// The units that were asked meanwhile.
    private(set) var brokenUnits: Set<UInt8> = []
    /// Requests without any answer, in a row, over all units.
    var silences = 0
    /// The operator knows that the line is down.
    var isDownTold = false
    private var roundTripUs: Int64 = 0

    /// A connection that the other side has forgotten is silent like a dead unit; after so many silences it is made anew.
    static let silencesMax = 3
    /// A serial port is opened anew more seldom: some devices restart with its signals.
    static let serialSilencesMax = 30
    /// Lost connections in a row that mean a line that is down.
    private static let breaksMax = 3
    /// A probe waits for this many of the slowest round trips of late, and at least so many milliseconds.
    private static let roundTripFactor: Int64 = 8
    private static let hastyMsMin: Int64 = 100

    /// The slowest round trip of late; it fades by a 64th with each answer.
    mutating func answered(inUs tookUs: Int64) {
        roundTripUs = max(tookUs, roundTripUs - roundTripUs >> 6)
        silences = 0
        if breaks > 0 {
            breaks = 0
            brokenUnits = []
        }
    }

    mutating func broke(_ unit: UInt8) {
        breaks += 1
        brokenUnits.insert(unit)
    }

    /// The connection breaks whoever is asked.
    var isDown: Bool { breaks >= Self.breaksMax && brokenUnits.count > 1 }

    /// As long as a probe waits; everything while nothing is known.
    func hastyMs(max limitMs: Int) -> Int {
        if roundTripUs == 0 { return limitMs }
        return min(limitMs, Int(max(Self.hastyMsMin, Self.roundTripFactor * roundTripUs / 1000)))
    }
}
