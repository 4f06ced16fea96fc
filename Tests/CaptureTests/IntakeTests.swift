import Capture
import Readings
import Testing

/// Goal: a full queue loses what can be lost, and says so.
struct IntakeTests {
    private let natures: [PointNumber: Nature] = [
        PointNumber(1): .counter, PointNumber(2): .gauge, PointNumber(3): .counter,
    ]

    @Test func `readings come out in the order they came in`() {
        let intake = Intake(natures: natures)
        let readings = (0..<100).map { reading(UInt32($0 % 3) + 1, Int64($0)) }
        intake.offer(readings)
        #expect(intake.drain(60) + intake.drain(60) == readings)
        #expect(intake.length == 0)
    }

    @Test func `when it is full the oldest gauge goes, and it is counted`() {
        let intake = Intake(natures: natures, lengthMax: 4)
        intake.offer([reading(2, 0), reading(1, 1), reading(2, 2), reading(1, 3), reading(1, 4), reading(2, 5)])
        #expect(intake.drain(10).map(\.value) == [1, 3, 4, 5].map { .integer($0) })
        #expect(intake.counts.droppedGauges == 2)
        #expect(intake.counts.offered == 6)
    }

    @Test func `a counter is never lost, a newer reading carries on its total`() {
        let intake = Intake(natures: natures, lengthMax: 3)
        intake.offer((0..<50).map { reading($0 % 2 == 0 ? 1 : 3, Int64($0)) })
        let left = intake.drain(10)
        #expect(left.contains { $0.point == PointNumber(1) && $0.value == .integer(48) })
        #expect(left.contains { $0.point == PointNumber(3) && $0.value == .integer(49) })
        #expect(intake.counts.droppedGauges == 0)
        #expect(intake.counts.replaced > 0)
        #expect(intake.length <= 4)
    }

    @Test func `below the disk's floor gauges are refused and counters are not`() {
        let intake = Intake(natures: natures)
        intake.takesGauges = false
        intake.offer([reading(2, 1), reading(1, 2)])
        #expect(intake.drain(10).map(\.value) == [.integer(2)])
        #expect(intake.counts.refused == 1)
    }

    private func reading(_ point: UInt32, _ value: Int64) -> Reading {
        Reading(point: PointNumber(point), capturedAtMs: value, quality: .good, value: .integer(value))
    }
}
