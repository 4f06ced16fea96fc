package import Readings

/// The points of one stream's items, ordered for looking them up: number and kind of each.
package struct PointKinds: Sendable {
    /// Ascending, no number twice.
    fileprivate let points: [UInt32]
    fileprivate let kinds: [ValueKind]
    /// For each, its place in the list that this was made of.
    fileprivate let places: [Int32]

    package init(_ rows: [(point: PointNumber, kind: ValueKind)]) {
        var seen: Set<UInt32> = []
        let ordered = rows.enumerated()
            .filter { seen.insert($0.element.point.rawValue).inserted }
            .sorted { $0.element.point < $1.element.point }
        points = ordered.map(\.element.point.rawValue)
        kinds = ordered.map(\.element.kind)
        places = ordered.map { Int32($0.offset) }
    }

    /// Place in ascending order; `hint` is where it probably is.
    @inline(__always)
    fileprivate func find(_ point: UInt32, hint: Int) -> Int? {
        if hint < points.count, points[hint] == point { return hint }
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle] < point { low = middle + 1 } else { high = middle }
        }
        return low < points.count && points[low] == point ? low : nil
    }
}

/// One reading of a scanned item, as far as a count needs it.
package struct ScannedReading: Sendable {
    /// Place in the list that `PointKinds` was made of.
    package let place: Int32
    package let quality: UInt8
    package let isNull: Bool
    /// By the source's clock, UTC milliseconds.
    package let sourceMs: Int64?

    package init(place: Int32, quality: UInt8, isNull: Bool, sourceMs: Int64?) {
        self.place = place
        self.quality = quality
        self.isNull = isNull
        self.sourceMs = sourceMs
    }
}

/// Reads items that keep every rule of formats.md section 2, without a tree in memory. It may refuse an item that keeps them; it
/// accepts none that does not. What it refuses is read by `IntervalItem.decode` and judged by `Payload.problems`.
package enum StreamItemScan {
    /// True when the bytes are `[1, stream, k, salt16, payload]` of exactly this stream and interval, and the payload keeps the
    /// rules with points of `kinds` alone; then its readings were appended in their order.
    package static func accepts(
        _ bytes: UnsafeRawBufferPointer, stream: UInt32, k: UInt64, periodMs: UInt64, kinds: PointKinds,
        into readings: inout [ScannedReading]
    ) -> Bool {
        var scan = Scan(bytes)
        guard scan.byte() == 0x85, scan.byte() == 0x01, scan.unsigned() == UInt64(stream), scan.unsigned() == k,
            scan.byte() == 0x50, scan.skip(16), let size = scan.count(major: 2), size == scan.end - scan.at
        else { return false }
        guard let elements = scan.count(major: 4), elements.isMultiple(of: 4) else { return false }
        let before = readings.count
        guard scan.readings(elements / 4, periodMs, kinds, &readings), scan.at == scan.end else {
            readings.removeSubrange(before...)
            return false
        }
        return true
    }
}

private struct Scan {
    let base: UnsafePointer<UInt8>?
    let end: Int
    var at = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.bindMemory(to: UInt8.self).baseAddress
        end = base == nil ? 0 : bytes.count
    }

    @inline(__always)
    mutating func byte() -> UInt8? {
        guard at < end, let base else { return nil }
        defer { at += 1 }
        return base[at]
    }

    mutating func skip(_ count: Int) -> Bool {
        guard count <= end - at else { return false }
        at += count
        return true
    }

    /// The argument behind a head whose low five bits are these, in its shortest form.
    @inline(__always)
    private mutating func argument(_ small: UInt8) -> UInt64? {
        if small < 24 { return UInt64(small) }
        return longArgument(small)
    }

    private mutating func longArgument(_ small: UInt8) -> UInt64? {
        guard small < 28, let base else { return nil }
        let width = 1 << Int(small - 24)
        guard width <= end - at else { return nil }
        var value: UInt64 = 0
        for place in at..<(at + width) { value = value << 8 | UInt64(base[place]) }
        at += width
        let least: UInt64 = width == 1 ? 24 : 1 << UInt64(4 * width)
        return value >= least ? value : nil
    }

    @inline(__always)
    mutating func unsigned() -> UInt64? {
        guard let head = byte(), head >> 5 == 0 else { return nil }
        return argument(head & 31)
    }

    mutating func count(major: UInt8) -> Int? {
        guard let head = byte(), head >> 5 == major, let value = argument(head & 31) else { return nil }
        return Int(exactly: value)
    }

    /// An integer that fits 64 bits with its sign.
    private mutating func int() -> Int64? {
        guard let head = byte(), head >> 5 <= 1, let value = argument(head & 31), let number = Int64(exactly: value)
        else { return nil }
        return head >> 5 == 0 ? number : ~number
    }

    mutating func readings(
        _ count: Int, _ periodMs: UInt64, _ kinds: PointKinds, _ readings: inout [ScannedReading]
    ) -> Bool {
        var lastMs: UInt64 = 0
        var lastPoint: UInt32 = 0
        var hint = 0
        for number in 0..<count {
            guard let wide = unsigned(), let point = UInt32(exactly: wide), let dtMs = unsigned(), dtMs < periodMs,
                let quality = byte(), quality < UInt8(Quality.allCases.count), let row = kinds.find(point, hint: hint)
            else { return false }
            if number > 0, dtMs < lastMs || (dtMs == lastMs && point <= lastPoint) { return false }
            lastMs = dtMs
            lastPoint = point
            hint = row + 1
            var sourceMs: Int64?
            if at < end, base?[at] == 0x82 {
                at += 1
                guard let stated = int() else { return false }
                sourceMs = stated
            }
            guard let isNull = value(kinds.kinds[row]) else { return false }
            readings.append(
                ScannedReading(place: kinds.places[row], quality: quality, isNull: isNull, sourceMs: sourceMs))
        }
        return true
    }

    /// Passes over a value of this kind; says whether it is null.
    @inline(__always)
    private mutating func value(_ kind: ValueKind) -> Bool? {
        guard let head = byte() else { return nil }
        if head == 0xf6 { return true }
        guard let argument = argument(head & 31) else { return nil }
        switch (head >> 5, kind) {
        case (0, .integer): return false
        case (1, .integer): return argument <= UInt64(Int64.max) ? false : nil
        case (0, .flag): return argument <= 1 ? false : nil
        case (2, .float32): return argument == 4 && skip(4) ? false : nil
        case (2, .float64): return argument == 8 && skip(8) ? false : nil
        case (2, .event): return Int(exactly: argument).map { skip($0) } == true ? false : nil
        case (3, .text), (3, .numericText):
            guard let size = Int(exactly: argument), size <= end - at, let base else { return nil }
            // Other characters than ASCII are left to the decoder.
            for place in at..<(at + size) where base[place] >= 0x80 { return nil }
            at += size
            return false
        default: return nil
        }
    }
}
