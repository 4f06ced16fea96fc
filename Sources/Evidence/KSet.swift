/// Numbers of intervals, kept as runs: a whole year without a gap is one.
struct KSet: Sendable {
    /// Runs at most; what comes after is not kept.
    static let runsMax = 1 << 20

    /// Ascending, neither overlapping nor touching.
    private(set) var runs: [ClosedRange<UInt64>] = []
    /// True when there were more runs than are kept.
    private(set) var isFull = false

    /// False when it was there already.
    @discardableResult
    mutating func insert(_ k: UInt64) -> Bool {
        guard let last = runs.last else {
            runs.append(k...k)
            return true
        }
        if last.upperBound < k {
            if last.upperBound + 1 == k {
                runs[runs.count - 1] = last.lowerBound...k
            } else if runs.count < Self.runsMax {
                runs.append(k...k)
            } else {
                isFull = true
            }
            return true
        }
        return insertInside(k)
    }

    private mutating func insertInside(_ k: UInt64) -> Bool {
        let place = self.place(of: k)
        if runs[place].contains(k) { return false }
        let touchesNext = runs[place].lowerBound == k + 1
        let touchesPrevious = place > 0 && runs[place - 1].upperBound + 1 == k
        switch (touchesPrevious, touchesNext) {
        case (true, true):
            runs[place - 1] = runs[place - 1].lowerBound...runs[place].upperBound
            runs.remove(at: place)
        case (true, false): runs[place - 1] = runs[place - 1].lowerBound...k
        case (false, true): runs[place] = k...runs[place].upperBound
        case (false, false):
            if runs.count < Self.runsMax { runs.insert(k...k, at: place) } else { isFull = true }
        }
        return true
    }

    /// The first run that does not end before k.
    private func place(of k: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound < k { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ k: UInt64) -> Bool {
        let place = place(of: k)
        return place < runs.count && runs[place].contains(k)
    }

    mutating func formUnion(_ other: KSet) {
        isFull = isFull || other.isFull
        for run in other.runs {
            if let last = runs.last, last.upperBound < run.lowerBound, runs.count < Self.runsMax {
                if last.upperBound + 1 == run.lowerBound {
                    runs[runs.count - 1] = last.lowerBound...run.upperBound
                } else {
                    runs.append(run)
                }
            } else if runs.isEmpty {
                runs.append(run)
            } else {
                for k in run { insert(k) }
            }
        }
    }

    /// The smallest k that is here and not in the other.
    func first(notIn other: KSet) -> UInt64? {
        for run in runs {
            var k = run.lowerBound
            while true {
                let place = other.place(of: k)
                guard place < other.runs.count, other.runs[place].contains(k) else { return k }
                guard other.runs[place].upperBound < run.upperBound else { break }
                k = other.runs[place].upperBound + 1
            }
        }
        return nil
    }
}
