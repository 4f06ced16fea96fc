/// A value for every point, found by the point's number.
///
/// Numbers are given one after the other, so a point's place is mostly its number less the first one's, and a look there finds it;
/// otherwise the numbers are searched. Values lie close together: a table costs 8 bytes a point beside them.
/// Points come in, and none leaves: whoever wants fewer makes a new table.
///
/// Public because only then is it made for its values where it is used: the compiler leaves what is `package` generic there.
public struct PointTable<Value> {
    /// Rising.
    @usableFromInline var sorted: [PointNumber] = []
    /// Where the value of each of `sorted` stands.
    @usableFromInline var places: [UInt32] = []
    /// In the order in which the points came in.
    @usableFromInline var stored: [Value] = []

    @inlinable public init() {}

    @inlinable public var count: Int { sorted.count }
    @inlinable public var isEmpty: Bool { sorted.isEmpty }
    /// Rising.
    @inlinable public var points: [PointNumber] { sorted }
    /// In the order in which the points came in.
    @inlinable public var values: [Value] { stored }

    @inlinable public mutating func reserveCapacity(_ count: Int) {
        sorted.reserveCapacity(count)
        places.reserveCapacity(count)
        stored.reserveCapacity(count)
    }

    /// The place of a point's value, for `subscript(at:)`; it never changes. `nil` when the table has none of it.
    @inlinable public func place(of point: PointNumber) -> Int? {
        let at = position(of: point)
        return at < sorted.count && sorted[at] == point ? Int(places[at]) : nil
    }

    /// The place of a point's value, which is `first` when there was none.
    @inlinable public mutating func place(of point: PointNumber, else first: @autoclosure () -> Value) -> Int {
        let at = position(of: point)
        if at < sorted.count, sorted[at] == point { return Int(places[at]) }
        insert(point, at: at)
        // By a quarter instead of twice: values may be large, and a building's points do not grow for long.
        if stored.count == stored.capacity { stored.reserveCapacity(stored.count + stored.count / 4 + 8) }
        stored.append(first())
        return stored.count - 1
    }

    /// - Precondition: a place this table gave.
    @inlinable public subscript(at place: Int) -> Value {
        get { stored[place] }
        _modify { yield &stored[place] }
    }

    @inlinable public subscript(point: PointNumber) -> Value? { place(of: point).map { stored[$0] } }

    @inlinable public mutating func set(_ point: PointNumber, to value: Value) {
        stored[place(of: point, else: value)] = value
    }

    /// Only what is wanted; places are given anew.
    @inlinable public func filter(_ isWanted: (Value) -> Bool) -> PointTable {
        var kept = PointTable()
        for (point, value) in self where isWanted(value) { kept.set(point, to: value) }
        return kept
    }

    /// The first position in `sorted` whose point is not below this one.
    @usableFromInline func position(of point: PointNumber) -> Int {
        guard let first = sorted.first, point > first else { return 0 }
        // Numbers differ by at least one, so no point stands further from the first than its number does.
        let guess = Swift.min(Int(point.rawValue - first.rawValue), sorted.count)
        if guess < sorted.count, sorted[guess] == point { return guess }
        var (low, high) = (0, guess)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < point { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @usableFromInline mutating func insert(_ point: PointNumber, at position: Int) {
        sorted.insert(point, at: position)
        places.insert(UInt32(stored.count), at: position)
    }
}

/// In order of point.
extension PointTable: Sequence {
    @inlinable public func makeIterator() -> AnyIterator<(point: PointNumber, value: Value)> {
        var next = 0
        return AnyIterator {
            guard next < sorted.count else { return nil }
            defer { next += 1 }
            return (sorted[next], stored[Int(places[next])])
        }
    }

    @inlinable public var underestimatedCount: Int { count }
}

/// Two tables with the same value for the same points are one, whatever came in first.
extension PointTable: Equatable where Value: Equatable {
    @inlinable public static func == (a: PointTable, b: PointTable) -> Bool {
        a.sorted == b.sorted && zip(a.places, b.places).allSatisfy { a.stored[Int($0)] == b.stored[Int($1)] }
    }
}

extension PointTable: Hashable where Value: Hashable {
    @inlinable public func hash(into hasher: inout Hasher) {
        for (point, value) in self {
            hasher.combine(point)
            hasher.combine(value)
        }
    }
}

extension PointTable: Sendable where Value: Sendable {}
