import Profiles

extension UnitPoll {
    /// Fewest requests per scan class around everything that the device refuses. Blocks that stay the same keep their place in time.
    ///
    /// A point of a slower class whose registers are read for a faster one anyway rides along.
    mutating func plan(nowMs: Int64, hiddenAgainMs: Int64) {
        hide(nowMs: nowMs, againMs: hiddenAgainMs)
        let before = blocks
        blocks = []
        for everyMs in Set(points.map(\.bound.everyMs)).sorted() {
            var members: [Int] = []
            for index in points.indices where againAtMs[index] == nil && points[index].bound.everyMs == everyMs {
                if !ride(index) { members.append(index) }
            }
            for request in requests(for: members, registerCountMax: layout.registerCountMax) {
                var block = Block(
                    request: request, slots: request.points.map { Slot($0, points[$0].place, in: request.span) },
                    everyMs: everyMs, dueMs: nowMs)
                if let same = before.first(where: { $0.everyMs == everyMs && $0.request == request && !$0.isSearched })
                {
                    block.dueMs = same.dueMs
                    block.wasAsked = same.wasAsked
                    block.silentCount = same.silentCount
                    block.momentaryCount = same.momentaryCount
                    block.hasAnswered = same.hasAnswered
                }
                blocks.append(block)
            }
        }
        let smallest = blocks.flatMap(\.request.points).min {
            points[$0].place.span.count < points[$1].place.span.count
        }
        probe = (smallest ?? points.indices.first).map { single($0) }
    }

    /// The plan's request that is longer than what the device gave at once before.
    var unlimited: ReadRequest? {
        guard let countMax = layout.registerCountMax else { return nil }
        let members = points.indices.filter { againAtMs[$0] == nil }
        return requests(for: members, registerCountMax: nil).first { !$0.function.readsBits && $0.count > countMax }
    }

    /// Puts a point into a faster block that reads its registers along.
    private mutating func ride(_ index: Int) -> Bool {
        let place = points[index].place
        for block in blocks.indices
        where blocks[block].request.function == place.function
            && blocks[block].request.span.lowerBound <= place.span.lowerBound
            && blocks[block].request.span.upperBound >= place.span.upperBound
        {
            var slot = Slot(index, place, in: blocks[block].request.span)
            slot.everyMs = points[index].bound.everyMs
            blocks[block].slots.append(slot)
            return true
        }
        return false
    }

    private func requests(for members: [Int], registerCountMax learned: Int?) -> [ReadRequest] {
        guard let limits = unit.profile.modbus?.limits else { return [] }
        var requests: [ReadRequest] = []
        for function in ModbusFunction.allCases {
            let own = members.filter { points[$0].place.function == function }
            if own.isEmpty { continue }
            // Whoever begins before a hole and ends behind its first address crosses it.
            let learnedBounds =
                layout.holes.filter { $0.function == function }.map(\.addresses.lowerBound)
                + layout.boundaries.filter { $0.function == function }.map(\.address)
                + points.indices.filter { outCounts[$0] > 0 && points[$0].place.function == function }.map {
                    points[$0].place.address
                }
            let around = ReadLimits(
                registerCountMax: min(limits.registerCountMax, learned ?? limits.registerCountMax), gap: limits.gap,
                boundaries: limits.boundaries + learnedBounds)
            requests += ReadPlan(points: own.map { points[$0].place }, limits: around).requests.map { request in
                ReadRequest(function: function, span: request.span, points: request.points.map { own[$0] })
            }
        }
        return requests
    }

    /// Notes which points lie in holes now.
    private mutating func hide(nowMs: Int64, againMs: Int64) {
        hiddenCount = 0
        for index in points.indices {
            let (place, span) = (points[index].place, points[index].place.span)
            let isInHole = layout.holes.contains {
                $0.function == place.function && Int($0.addresses.lowerBound) <= span.upperBound
                    && Int($0.addresses.upperBound) >= span.lowerBound
            }
            if isInHole {
                outCounts[index] = 0
                againAtMs[index] = againAtMs[index] ?? nowMs + againMs
            } else if outCounts[index] > 0 {
                againAtMs[index] = againAtMs[index] ?? nowMs + Self.everythingAgainMs
            } else {
                againAtMs[index] = nil
            }
            if againAtMs[index] != nil { hiddenCount += 1 }
        }
    }
}
