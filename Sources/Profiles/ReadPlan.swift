/// Bounds of one request to a device.
package struct ReadLimits: Hashable, Sendable {
    /// Registers in one request, 1 … 125.
    package let registerCountMax: Int
    /// Unneeded registers that may be read along to save a request.
    package let gap: Int
    /// Addresses that begin a region; no request crosses one.
    package let boundaries: [UInt16]

    package init(registerCountMax: Int = 125, gap: Int = 8, boundaries: [UInt16] = []) {
        self.registerCountMax = registerCountMax
        self.gap = gap
        self.boundaries = boundaries
    }
}

/// The requests that read a set of points, as few as the limits allow.
package struct ReadPlan: Hashable, Sendable, CustomStringConvertible {
    package let requests: [ReadRequest]

    package init(requests: [ReadRequest]) { self.requests = requests }

    /// - Parameter points: any order; the plan names them by their index here.
    package init(points: [ModbusPoint], limits: ReadLimits) {
        var requests: [ReadRequest] = []
        let order = points.indices.sorted {
            let (a, b) = (points[$0], points[$1])
            return (a.function.rawValue, a.span.lowerBound, a.span.upperBound, $0)
                < (b.function.rawValue, b.span.lowerBound, b.span.upperBound, $1)
        }
        for index in order {
            let point = points[index]
            let countMax = point.function.readsBits ? point.function.countMax : min(limits.registerCountMax, 125)
            if let last = requests.last, last.function == point.function,
                point.span.lowerBound - last.span.upperBound - 1 <= limits.gap,
                let joined = last.joined(point, index: index, countMax: countMax),
                !limits.boundaries.contains(where: { joined.span.dropFirst().contains(Int($0)) })
            {
                requests[requests.count - 1] = joined
            } else {
                requests.append(ReadRequest(function: point.function, span: point.span, points: [index]))
            }
        }
        self.requests = requests
    }

    /// One line per request: `4 @ 0 + 80 (24 points)`.
    package var description: String { requests.map(\.description).joined(separator: "\n") }
}

/// One block that is read at once.
package struct ReadRequest: Hashable, Sendable, CustomStringConvertible {
    package let function: ModbusFunction
    /// First and last address, on the wire.
    package let span: ClosedRange<Int>
    /// Indices into the plan's points, in rising order of address.
    package let points: [Int]

    package init(function: ModbusFunction, span: ClosedRange<Int>, points: [Int]) {
        self.function = function
        self.span = span
        self.points = points
    }

    package var address: UInt16 { UInt16(clamping: span.lowerBound) }
    package var count: Int { span.count }

    package var description: String {
        "\(function.rawValue) @ \(span.lowerBound) + \(count) (\(points.count) point\(points.count == 1 ? "" : "s"))"
    }

    func joined(_ point: ModbusPoint, index: Int, countMax: Int) -> ReadRequest? {
        let both = min(span.lowerBound, point.span.lowerBound)...max(span.upperBound, point.span.upperBound)
        guard both.count <= countMax else { return nil }
        return ReadRequest(function: function, span: both, points: points + [index])
    }

    /// Two smaller requests in place of one that the device refused; `nil` when it holds one point only.
    package func halves(of plan: [ModbusPoint]) -> [ReadRequest]? {
        guard points.count > 1 else { return nil }
        let middle = points.count / 2
        return [points[..<middle], points[middle...]].map { half in
            let spans = half.map { plan[$0].span }
            let first = spans.map(\.lowerBound).min() ?? span.lowerBound
            let last = spans.map(\.upperBound).max() ?? span.upperBound
            return ReadRequest(function: function, span: first...last, points: Array(half))
        }
    }

    /// The value of one point in the words that answered this request.
    ///
    /// - Parameter words: as many as `count`; for coils and discrete inputs 0 or 1 each.
    package func words(of point: ModbusPoint, in words: [UInt16]) -> (words: ArraySlice<UInt16>, scaleWord: UInt16?)? {
        let start = Int(point.address) - span.lowerBound
        let end = start + max(point.wordCount, 1)
        guard start >= 0, end <= words.count else { return nil }
        let scale = point.scaleRegister.map { Int($0) - span.lowerBound }
        if let scale, !words.indices.contains(scale) { return nil }
        return (words[start..<end], scale.map { words[$0] })
    }
}
