import Capture
import Readings
import Testing
import TestTools
import TwinModel

/// Goal: report by exception leaves out what may be left out and nothing else. Method: random walks with jumps through random
/// rules; what the filter lets through is held, as the log holds it, and compared with what was measured.
struct ReportFilterTests {
    private let point = PointNumber(1)
    private static let scale = Scale(mantissa: 1, exponent: -1)

    private func filter(_ rule: ReportRule) -> ReportFilter {
        var filter = ReportFilter()
        filter.setRules([point: (rule, Self.scale)])
        return filter
    }

    private func reading(_ atMs: Int64, _ tenths: Int64, _ quality: Quality = .good) -> Reading {
        Reading(point: point, capturedAtMs: atMs, quality: quality, value: .integer(tenths))
    }

    private func rule(_ band: String?, min: Int64 = 0, max: Int64 = 60_000) throws -> ReportRule {
        ReportRule(
            band: try band.map { try #require(ReportRule.Band(text: $0)) }, minMs: min, maxMs: max)
    }

    private func kept(_ filter: inout ReportFilter, _ readings: [Reading]) -> [Reading] {
        var kept: [Reading] = []
        for reading in readings { filter.take(reading) { kept.append($0) } }
        return kept
    }

    @Test func `a value that has moved by the band is not kept, one that has moved further is`() throws {
        var filter = filter(try rule("0.5"))
        let said = [
            reading(0, 200), reading(1_000, 205), reading(2_000, 195), reading(3_000, 206), reading(4_000, 201),
        ]
        #expect(kept(&filter, said) == [said[0], said[3]])
        #expect(filter.suppressedCount == 3)
    }

    @Test func `a band in percent is of the last kept value, and from zero every change counts`() throws {
        var filter = filter(try rule("2%"))
        let said = [
            reading(0, 1_000), reading(1, 1_020), reading(2, 979), reading(3, 0), reading(4, 1), reading(5, -1),
        ]
        #expect(kept(&filter, said) == [said[0], said[2], said[3], said[4], said[5]])
    }

    @Test func `without a band every change counts, and a text is one when it is another`() throws {
        var filter = filter(try rule(nil))
        let texts = ["a", "a", "b", "b", "a"].enumerated().map {
            Reading(point: point, capturedAtMs: Int64($0.offset), quality: .good, value: .text($0.element))
        }
        #expect(kept(&filter, texts) == [texts[0], texts[2], texts[4]])
    }

    @Test func `a changed quality is kept at once, and before it the change that still waited`() throws {
        var filter = filter(try rule("1", min: 10_000))
        let said = [reading(0, 200), reading(1_000, 300), reading(2_000, 310), reading(3_000, 310, .suspect)]
        #expect(kept(&filter, said) == [said[0], said[2], said[3]])
        let silent = Reading(point: point, capturedAtMs: 4_000, quality: .offline, value: .none)
        #expect(kept(&filter, [silent]) == [silent])
        #expect(kept(&filter, [reading(5_000, 310)]) == [reading(5_000, 310)])
    }

    @Test func `a change that came too soon is kept when the least span is over, with its own instant`() throws {
        var filter = filter(try rule("1", min: 10_000))
        #expect(kept(&filter, [reading(0, 200), reading(3_000, 400)]) == [reading(0, 200)])
        #expect(filter.due(nowMs: 9_999) == [])
        #expect(filter.due(nowMs: 10_000) == [reading(3_000, 400)])
        #expect(filter.due(nowMs: 90_000) == [])
        // The next least span counts from the report, not from the capture.
        #expect(kept(&filter, [reading(14_000, 600)]) == [])
        #expect(filter.due(nowMs: 20_000) == [reading(14_000, 600)])
    }

    @Test func `an unchanged value gives a sign of life, even when the device falls silent`() throws {
        var filter = filter(try rule("1", max: 60_000))
        let said = stride(from: Int64(0), through: 55_000, by: 5_000).map { reading($0, 200) }
        #expect(kept(&filter, said) == [said[0]])
        #expect(filter.due(nowMs: 60_000) == [reading(55_000, 200)])
    }

    @Test func `a clock that was set back does not hold anything back`() throws {
        var filter = filter(try rule("1", min: 1_000))
        let said = [reading(1_000_000, 200), reading(10_000, 200), reading(20_000, 300)]
        #expect(kept(&filter, said) == said)
    }

    @Test func `a point without a rule passes, and a rule that goes lets everything pass again`() throws {
        var filter = filter(try rule("1"))
        let other = Reading(point: PointNumber(2), capturedAtMs: 1, quality: .good, value: .integer(1))
        #expect(kept(&filter, [other, other]) == [other, other])
        _ = kept(&filter, [reading(0, 200), reading(1, 200)])
        filter.setRules([:])
        #expect(kept(&filter, [reading(2, 200)]) == [reading(2, 200)])
        #expect(filter.due(nowMs: .max) == [])
    }

    @Test func `a new revision with the same rule goes on where it was`() throws {
        var filter = filter(try rule("1"))
        _ = kept(&filter, [reading(0, 200)])
        filter.setRules([point: (try rule("1"), Self.scale)])
        #expect(kept(&filter, [reading(1, 200)]) == [])
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func `what is held is never off by more than the band for longer than min, one report a min, one in every max`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let band = Int64.random(in: 0...20, using: &random)
        let minMs = ([0, 1_000, 5_000, 20_000] as [Int64]).randomElement(using: &random) ?? 0
        let maxMs = max(minMs, ([30_000, 60_000, 300_000] as [Int64]).randomElement(using: &random) ?? 0)
        let rule = ReportRule(
            band: .absolute(ExactDecimal(mantissa: Int128(band), exponent: -1)), minMs: minMs, maxMs: maxMs)
        var filter = filter(rule)
        var value: Int64 = 200
        var shown: Int64?
        var reportMs: [Int64] = []
        var captured: [Int64] = []
        var offSinceMs: Int64?
        func report(_ readings: [Reading], nowMs: Int64) {
            for reading in readings {
                guard case .integer(let number) = reading.value else { continue }
                shown = number
                reportMs.append(nowMs)
                captured.append(reading.capturedAtMs)
            }
        }
        // Measured every second; looked at every 100 ms, as the flow does between two readings.
        for tick in 0..<20_000 {
            let nowMs = Int64(tick) * 100
            if tick % 10 == 0 {
                value += Int64.random(in: -3...3, using: &random)
                if Int.random(in: 0..<40, using: &random) == 0 { value += Int64.random(in: -200...200, using: &random) }
                report(kept(&filter, [reading(nowMs, value)]), nowMs: nowMs)
            }
            report(filter.due(nowMs: nowMs), nowMs: nowMs)
            let isOff = shown.map { abs($0 - value) > band } ?? true
            offSinceMs = isOff ? offSinceMs ?? nowMs : nil
            // A value captured up to a period before the span was over may be the one that is shown after it.
            if let offSinceMs { #expect(nowMs - offSinceMs <= minMs + 1_000, "seed \(seed) at \(nowMs)") }
        }
        for (before, after) in zip(reportMs, reportMs.dropFirst()) {
            #expect(after - before >= minMs, "seed \(seed)")
            #expect(after - before <= maxMs, "seed \(seed)")
        }
        #expect(captured == captured.sorted(), "seed \(seed)")
        #expect(Set(captured).count == captured.count, "seed \(seed)")
        #expect(UInt64(2_000 - captured.count) == filter.suppressedCount, "seed \(seed)")
    }
}
