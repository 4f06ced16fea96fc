import Readings
import Testing
import TestTools
import TwinModel

@Suite struct TwinTests {
    let building = Sample.building([
        Sample.point("m1.power", limits: Limits(min: ExactDecimal(text: "0"), max: ExactDecimal(text: "100"))),
        Sample.point("m1.event", nature: .event, expected: nil),
    ])
    let power = PointNumber(2)
    let event = PointNumber(1)

    func twin() -> Twin { Twin(building: building, numbering: Sample.numbering(building), listeningSinceMs: 1_000) }

    func reading(_ at: Int64, _ value: Int64 = 900, quality: Quality = .good) -> Reading {
        Reading(point: power, capturedAtMs: at, quality: quality, value: .integer(value))
    }

    @Test func `a point that was never heard is offline since the twin listens`() {
        let state = twin().states[power]
        #expect(state?.quality == .offline)
        #expect(state?.sinceMs == 1_000)
        #expect(state?.latest == nil)
    }

    @Test func `a good value beyond the limits is out of range in the point's unit, and the limits are inside`() {
        var twin = twin()
        // raw · 0.1 − 40: 400 is 0, 1400 is 100.
        #expect(twin.apply(reading(2_000, 400)).reading.quality == .good)
        #expect(twin.apply(reading(3_000, 399)).reading.quality == .outOfRange)
        #expect(twin.apply(reading(4_000, 1400)).reading.quality == .good)
        #expect(twin.apply(reading(5_000, 1401)).reading.quality == .outOfRange)
        #expect(twin.apply(reading(6_000, 1401, quality: .deviceFault)).reading.quality == .deviceFault)
    }

    @Test func `a reading that is not newer leaves the state alone`() {
        var twin = twin()
        #expect(twin.apply(reading(5_000)).fate == .applied)
        let before = twin
        #expect(twin.apply(reading(5_000, 901)).fate == .late)
        #expect(twin.apply(reading(4_000, 901)).fate == .late)
        #expect(twin == before)
    }

    @Test func `a point of another revision is named unknown and changes nothing`() {
        var twin = twin()
        let before = twin
        let change = twin.apply(
            Reading(point: PointNumber(99), capturedAtMs: 5_000, quality: .good, value: .integer(1)))
        #expect(change.fate == .unknownPoint)
        #expect(twin == before)
    }

    @Test func `silence is stale after three expected spans, offline after ten, each told once`() {
        var twin = twin()
        _ = twin.apply(reading(100_000))
        #expect(twin.silence(130_000).isEmpty)
        let stale = twin.silence(130_001)
        #expect(stale == [Reading(point: power, capturedAtMs: 130_001, quality: .stale, value: .none)])
        for reading in stale { #expect(twin.apply(reading).changesQuality) }
        #expect(twin.silence(140_000).isEmpty)
        #expect(twin.silence(200_000).isEmpty)
        let offline = twin.silence(200_001)
        #expect(offline.map(\.quality) == [.offline])
        for reading in offline { _ = twin.apply(reading) }
        #expect(twin.silence(900_000).isEmpty)
        #expect(twin.states[power]?.sinceMs == 130_001)
        #expect(twin.states[power]?.latest?.capturedAtMs == 100_000)
    }

    @Test func `a point that was never heard is told offline once`() {
        var twin = twin()
        let first = twin.silence(200_000)
        #expect(first.map(\.quality) == [.offline])
        #expect(first.map(\.point) == [power])
        for reading in first { _ = twin.apply(reading) }
        #expect(twin.silence(300_000).isEmpty)
    }

    @Test func `a device that answers without a value is not silent`() {
        var twin = twin()
        _ = twin.apply(reading(100_000))
        _ = twin.apply(Reading(point: power, capturedAtMs: 125_000, quality: .noValue, value: .none))
        #expect(twin.silence(150_000).isEmpty)
        #expect(twin.states[power]?.quality == .noValue)
        #expect(twin.states[power]?.sinceMs == 125_000)
        #expect(twin.states[power]?.latest?.capturedAtMs == 100_000)
    }

    @Test func `a device fault stays one until something else is told`() {
        var twin = twin()
        _ = twin.apply(reading(100_000))
        _ = twin.apply(Reading(point: power, capturedAtMs: 101_000, quality: .deviceFault, value: .none))
        #expect(twin.silence(900_000).isEmpty)
        #expect(twin.states[power]?.quality == .deviceFault)
        _ = twin.apply(reading(901_000))
        #expect(twin.states[power]?.quality == .good)
        #expect(twin.silence(931_001).map(\.quality) == [.stale])
    }

    @Test func `a clock that fell back does not make silence`() {
        var twin = twin()
        _ = twin.apply(reading(100_000))
        #expect(twin.silence(50_000).isEmpty)
    }

    /// Goal: the log is enough to know the building. Method: random readings and silences, in whatever order they come;
    /// only what the twin gave back to be stored is applied to a new twin.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `a twin rebuilt from the readings equals the twin`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let points = (0..<12).map {
            Sample.point(
                "e\($0).p", limits: Limits(min: nil, max: ExactDecimal(text: "50")),
                expected: $0 % 4 == 0 ? nil : UInt32($0))
        }
        let building = Sample.building(points)
        let numbering = Sample.numbering(building)
        var twin = Twin(building: building, numbering: numbering, listeningSinceMs: 0)
        var stored: [Reading] = []
        var nowMs: Int64 = 0
        for _ in 0..<4_000 {
            nowMs += Int64.random(in: 0...4_000, using: &random)
            let point = PointNumber(UInt32.random(in: 1...13, using: &random))
            let value: RawValue =
                Int.random(in: 0...9, using: &random) == 0
                ? .none : .integer(Int64.random(in: 0...1200, using: &random))
            let late = Int64.random(in: 0...20, using: &random) == 0 ? Int64(9_000) : 0
            let reading = Reading(
                point: point, capturedAtMs: nowMs - late, quality: value == .none ? .noValue : .good, value: value)
            for reading in twin.silence(nowMs) + [reading] {
                let change = twin.apply(reading)
                if change.fate != .unknownPoint { stored.append(change.reading) }
            }
        }
        var rebuilt = Twin(building: building, numbering: numbering, listeningSinceMs: 0)
        for reading in stored { #expect(rebuilt.apply(reading).reading == reading, "seed \(seed)") }
        #expect(rebuilt == twin, "seed \(seed)")
        #expect(
            Set(stored.map(\.quality)).isSuperset(of: [.good, .stale, .offline, .outOfRange, .noValue]), "seed \(seed)")
    }

    @Test func `a new revision keeps the states of the points that stay`() {
        var twin = twin()
        _ = twin.apply(reading(5_000))
        let next = Sample.building([Sample.point("m1.power"), Sample.point("m1.extra")])
        let numbering = Numbering(points: ["m1.power": power, "m1.extra": PointNumber(7)], streams: [:])
        twin.replace(building: next, numbering: numbering, nowMs: 9_000)
        #expect(twin.states.points == [power, PointNumber(7)])
        #expect(twin.states[power]?.latest?.capturedAtMs == 5_000)
        #expect(twin.states[PointNumber(7)]?.sinceMs == 9_000)
    }
}
