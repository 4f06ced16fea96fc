import Foundation
import Profiles
import Readings
import Testing
import TestTools

/// Goal: as few requests as the device allows, and every value wholly inside one. Method: cases by hand, then seeded sets of points.
struct ReadPlanTests {
    private func point(
        _ address: UInt16, _ words: Int = 1, _ function: ModbusFunction = .holdingRegisters, scale: UInt16? = nil
    ) -> ModbusPoint {
        ModbusPoint(
            function: function, address: address, type: .u16, wordCount: words, scaleRegister: scale)
    }

    @Test func `contiguous registers take as many requests as their span needs and no more`() {
        let points = (0..<1000).map { point(UInt16($0)) }
        #expect(ReadPlan(points: points, limits: ReadLimits()).requests.count == 8)
        #expect(ReadPlan(points: points, limits: ReadLimits(registerCountMax: 80)).requests.count == 13)
    }

    @Test func `a plan can be read`() {
        let points = [point(52, 2), point(0, 2), point(60), point(10, 1, .inputRegisters)]
        #expect(
            ReadPlan(points: points, limits: ReadLimits(gap: 8)).description
                == "3 @ 0 + 2 (1 point)\n3 @ 52 + 9 (2 points)\n4 @ 10 + 1 (1 point)")
    }

    @Test func `gaps, boundaries and functions keep requests apart`() {
        #expect(ReadPlan(points: [point(0), point(9)], limits: ReadLimits(gap: 8)).requests.count == 1)
        #expect(ReadPlan(points: [point(0), point(10)], limits: ReadLimits(gap: 8)).requests.count == 2)
        #expect(
            ReadPlan(points: [point(0), point(1)], limits: ReadLimits(gap: 8, boundaries: [1])).requests.count == 2)
        #expect(
            ReadPlan(points: [point(1), point(2)], limits: ReadLimits(gap: 8, boundaries: [1])).requests.count == 1)
        #expect(ReadPlan(points: [point(0), point(0, 1, .inputRegisters)], limits: ReadLimits()).requests.count == 2)
        #expect(ReadPlan(points: [], limits: ReadLimits()).requests.isEmpty)
    }

    @Test func `a live scale register is read with its value`() throws {
        let plan = ReadPlan(points: [point(40, 1, scale: 20), point(41)], limits: ReadLimits(gap: 0))
        let request = try #require(plan.requests.first)
        #expect(plan.requests.count == 1 && request.span == 20...41)
        let words = (20...41).map { UInt16($0) }
        let found = try #require(request.words(of: point(40, 1, scale: 20), in: words))
        #expect(Array(found.words) == [40] && found.scaleWord == 20)
        #expect(request.words(of: point(42), in: words) == nil)
        #expect(request.words(of: point(19), in: words) == nil)
    }

    @Test func `halves hold the same points and no other registers`() throws {
        let points = [point(0, 2), point(4), point(10, 4)]
        let whole = try #require(ReadPlan(points: points, limits: ReadLimits()).requests.first)
        let halves = try #require(whole.halves(of: points))
        #expect(halves.map(\.description) == ["3 @ 0 + 2 (1 point)", "3 @ 4 + 10 (2 points)"])
        #expect(halves[0].halves(of: points) == nil)
    }

    @Test func `whatever the points are, each is read once and no bound is broken`() {
        var dice = SeededGenerator(seed: 42)
        for round in 0..<500 {
            let points = (0..<Int.random(in: 1...60, using: &dice)).map { _ in
                point(
                    UInt16.random(in: 0...400, using: &dice), Int.random(in: 1...4, using: &dice),
                    ModbusFunction.allCases[Int.random(in: 2...3, using: &dice)])
            }
            let limits = ReadLimits(
                registerCountMax: Int.random(in: 4...125, using: &dice), gap: Int.random(in: 0...20, using: &dice),
                boundaries: [UInt16.random(in: 0...400, using: &dice)])
            let plan = ReadPlan(points: points, limits: limits)
            #expect(plan.requests.flatMap(\.points).sorted() == Array(points.indices), "round \(round)")
            for request in plan.requests {
                #expect(request.count <= limits.registerCountMax, "round \(round)")
                for index in request.points {
                    #expect(points[index].function == request.function)
                    #expect(
                        request.span.contains(points[index].span.lowerBound)
                            && request.span.contains(points[index].span.upperBound))
                }
            }
        }
    }
}

/// Goal: the plan keeps every promise it makes, for sets of points that nobody thought of.
struct ReadPlanPropertyTests {
    /// Registers 0 … 399 of two functions, sizes 1 … 4, some with a live scale register.
    private func points(_ dice: inout SeededGenerator, countMax: Int) -> [ModbusPoint] {
        (0..<Int.random(in: 1...countMax, using: &dice)).map { _ in
            let address = UInt16.random(in: 0...399, using: &dice)
            let scale =
                Int.random(in: 0...9, using: &dice) == 0 ? address + UInt16.random(in: 4...20, using: &dice) : nil
            return ModbusPoint(
                function: Bool.random(using: &dice) ? .holdingRegisters : .inputRegisters, address: address, type: .u16,
                wordCount: Int.random(in: 1...4, using: &dice), scaleRegister: scale)
        }
    }

    @Test func `no request crosses a boundary, reads a longer hole than the gap or begins or ends with one`() {
        var dice = SeededGenerator(seed: 4711)
        for round in 0..<400 {
            let points = points(&dice, countMax: 50)
            let limits = ReadLimits(
                registerCountMax: Int.random(in: 25...125, using: &dice), gap: Int.random(in: 0...20, using: &dice),
                boundaries: (0..<Int.random(in: 0...3, using: &dice)).map { _ in .random(in: 0...420, using: &dice) })
            for request in ReadPlan(points: points, limits: limits).requests {
                let needed = Set(request.points.flatMap { points[$0].span })
                #expect(needed.contains(request.span.lowerBound) && needed.contains(request.span.upperBound))
                var hole = 0
                for register in request.span {
                    hole = needed.contains(register) ? 0 : hole + 1
                    #expect(hole <= limits.gap, "seed 4711, round \(round): \(request)")
                }
                guard request.points.count > 1 else { continue }
                for boundary in limits.boundaries where request.span.dropFirst().contains(Int(boundary)) {
                    Issue.record("seed 4711, round \(round): \(request) crosses \(boundary)")
                }
            }
        }
    }

    @Test func `values side by side take the fewest requests that can hold them`() {
        var dice = SeededGenerator(seed: 815)
        for round in 0..<300 {
            let words = Int.random(in: 1...4, using: &dice)
            let first = Int.random(in: 0...60_000, using: &dice)
            let count = Int.random(in: 1...400, using: &dice)
            let limit = Int.random(in: 4...125, using: &dice)
            let points = (0..<count).map {
                ModbusPoint(
                    function: .inputRegisters, address: UInt16(first + $0 * words), type: .u16, wordCount: words)
            }
            let plan = ReadPlan(
                points: points.shuffled(using: &dice), limits: ReadLimits(registerCountMax: limit, gap: 0))
            let each = limit / words
            #expect(plan.requests.count == (count + each - 1) / each, "seed 815, round \(round)")
            if limit.isMultiple(of: words) {
                #expect(plan.requests.count == (count * words + limit - 1) / limit, "seed 815, round \(round)")
            }
        }
    }

    @Test func `the order in which points are named does not matter`() {
        var dice = SeededGenerator(seed: 99)
        for _ in 0..<100 {
            let points = points(&dice, countMax: 40)
            let limits = ReadLimits(registerCountMax: 60, gap: 4)
            let spans = ReadPlan(points: points, limits: limits).requests.map { [$0.span] }
            #expect(ReadPlan(points: points.shuffled(using: &dice), limits: limits).requests.map { [$0.span] } == spans)
        }
    }
}
