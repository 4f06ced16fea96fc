import Profiles

/// Finds out why a device refuses a block, with few requests that are useful by themselves: each reads points that are wanted.
///
/// The longest run of points from the block's beginning that is answered is found by halving. What comes after it, asked alone and
/// together with its neighbour, says whether it is a hole, a boundary, or too many registers. Pure; one search at a time per unit.
struct LayoutSearch {
    enum Finding: Equatable {
        /// The device refuses this point by itself; `addresses` are the registers that nothing else has shown to be there.
        case point(Int, addresses: ClosedRange<Int>)
        /// Between two points lie registers that nobody wants and the device does not have.
        case gap(ClosedRange<Int>)
        case boundary(Int)
        case countMax(Int)
        /// Everything was answered in the end.
        case nothing
        /// Nothing at all was answered, here or anywhere else in the unit: no knowledge of addresses comes from that.
        case everything
    }

    private enum Phase {
        case halving
        /// Another point of the block, because the unit has not answered anything yet.
        case elsewhere
        case alone
        case pair
        /// The shortest run that was refused, once more.
        case again
        /// The pair behind the first point, because a bound of that point's size would be a strange one.
        case other
    }

    let request: ReadRequest
    let everyMs: Int64
    /// The exception that began it; 0 for silence and for answers that are none.
    private(set) var code: UInt8
    /// When the next trial is due, monotonic milliseconds.
    var dueMs: Int64
    private(set) var busyCount = 0
    private let spans: [ClosedRange<Int>]
    private let own: [ClosedRange<Int>]
    /// Most registers that this unit has been seen to give at once by this function.
    private let countSeen: Int
    private var unitHasAnswered: Bool
    private let elsewhere: Int
    /// Points of the longest run that was answered, of the shortest that was refused.
    private var answered = 0
    private var refused: Int
    private var phase = Phase.halving
    private var silences = 0

    /// Silence of one trial, the unit itself answering in between, that counts as refusal.
    static let silenceCountMax = 2
    static let busyCountMax = 5

    /// - Parameters:
    ///   - request: its points in rising order of address.
    ///   - places: all points of the unit.
    ///   - attempt: how often the unit has refused everything before; another point is tried each time.
    init(
        _ request: ReadRequest, everyMs: Int64, places: [ModbusPoint], code: UInt8, countSeen: Int,
        unitHasAnswered: Bool,
        attempt: Int, nowMs: Int64
    ) {
        self.request = request
        self.everyMs = everyMs
        self.code = code
        self.countSeen = countSeen
        self.unitHasAnswered = unitHasAnswered
        dueMs = nowMs
        spans = request.points.map { places[$0].span }
        own = request.points.map { index in
            let first = Int(places[index].address)
            return first...first + max(places[index].wordCount, 1) - 1
        }
        refused = request.points.count
        elsewhere = refused < 2 ? 0 : refused - 1 - attempt % (refused - 1)
    }

    /// The request that brings the search on.
    var trial: ReadRequest {
        switch phase {
        case .halving: run(0..<(answered + refused) / 2)
        case .elsewhere: run(elsewhere..<elsewhere + 1)
        case .alone: run(answered..<answered + 1)
        case .pair: run(answered - 1..<answered + 1)
        case .again: run(0..<refused)
        case .other: run(1..<3)
        }
    }

    private func run(_ range: Range<Int>) -> ReadRequest {
        let first = spans[range].map(\.lowerBound).min() ?? request.span.lowerBound
        let last = spans[range].map(\.upperBound).max() ?? first
        return ReadRequest(function: request.function, span: first...last, points: Array(request.points[range]))
    }

    /// A search whose block holds one point is over before it begins.
    mutating func begin() -> Finding? { settle() }

    mutating func noteAnswer() -> Finding? {
        silences = 0
        unitHasAnswered = true
        switch phase {
        case .halving: answered = (answered + refused) / 2
        case .elsewhere: return hole(0)
        case .alone:
            phase = answered > 1 ? .pair : .again
            return nil
        case .pair:
            phase = .again
            return nil
        case .again: return .nothing
        case .other: return between()
        }
        return settle()
    }

    mutating func noteRefusal(code: UInt8) -> Finding? {
        silences = 0
        if code != 0 { self.code = code }
        switch phase {
        case .halving: refused = (answered + refused) / 2
        case .elsewhere: return .everything
        case .alone: return hole(answered)
        case .pair: return between()
        case .again: return conclusion()
        case .other: return .countMax(run(0..<1).span.count)
        }
        return settle()
    }

    /// No answer, or none that makes sense, while the unit itself goes on answering.
    mutating func noteSilence() -> Finding? {
        silences += 1
        return silences < Self.silenceCountMax ? nil : noteRefusal(code: 0)
    }

    /// - Returns: false when it has been put off too often.
    mutating func putOff(untilMs: Int64) -> Bool {
        busyCount += 1
        dueMs = untilMs
        return busyCount < Self.busyCountMax
    }

    /// What follows once the two runs lie next to each other.
    private mutating func settle() -> Finding? {
        guard refused - answered == 1 else { return nil }
        if answered > 0 {
            phase = .alone
            return nil
        }
        if unitHasAnswered { return hole(0) }
        if request.points.count < 2 { return .everything }
        phase = .elsewhere
        return nil
    }

    private func hole(_ index: Int) -> Finding {
        let known = answered > 0 ? run(0..<answered).span.upperBound : Int.min
        let first = max(own[index].lowerBound, known == Int.min ? Int.min : known + 1)
        if first <= own[index].upperBound {
            return .point(request.points[index], addresses: first...own[index].upperBound)
        }
        // Its own registers are there, so it is its scale register that is not.
        let scale = spans[index].upperBound
        return .point(request.points[index], addresses: scale...scale)
    }

    /// Both neighbours are answered alone and refused together.
    private func between() -> Finding {
        let left = run(0..<answered).span.upperBound
        let right = spans[answered].lowerBound
        return right > left + 1 ? .gap(left + 1...right - 1) : .boundary(max(right, left + 1))
    }

    /// The run is refused again, its last point is answered alone, and so is the pair, where there was one to ask.
    private mutating func conclusion() -> Finding? {
        let (good, bad) = (run(0..<answered).span.count, run(0..<refused).span.count)
        if answered > 1 {
            let edge = max(spans[answered].lowerBound, run(0..<answered).span.upperBound + 1)
            return countSeen >= bad ? .boundary(edge) : .countMax(good)
        }
        let finding = between()
        guard case .boundary = finding, countSeen < bad, spans.count > 2, run(1..<3).span.count >= bad else {
            return finding
        }
        phase = .other
        return nil
    }
}
