package import Readings

/// What the building is like now: for every point its newest value, and since when it can be relied on or not.
///
/// Pure: instants come in. Whoever applies the same readings in the order of the log gets the same twin.
package struct Twin: Hashable, Sendable {
    /// A point is stale when nothing came for this many times its expected seconds.
    package static let staleAfterExpected: Int64 = 3
    /// A point is offline when nothing came for this many times its expected seconds.
    package static let offlineAfterExpected: Int64 = 10

    /// When the twin began to listen, UTC ms; points never heard are silent since then.
    package let listeningSinceMs: Int64
    package private(set) var states = PointTable<PointState>()
    private var rules: PointRules

    package init(building: Building, numbering: Numbering, listeningSinceMs: Int64) {
        self.listeningSinceMs = listeningSinceMs
        rules = PointRules(building, numbering)
        states.reserveCapacity(rules.points.count)
        for point in rules.points { states.set(point, to: PointState(listeningSinceMs: listeningSinceMs)) }
    }

    /// Takes one reading in. A good value outside the point's limits becomes `out-of-range`: store `Change.reading`, not the argument.
    ///
    /// A reading that is not newer than the point's last leaves the state as it is (`isLate`): it belongs to history.
    package mutating func apply(_ reading: Reading) -> TwinChange {
        guard let place = states.place(of: reading.point) else {
            return TwinChange(reading: reading, fate: .unknownPoint, before: .offline)
        }
        let judged = rules[at: place].judge(reading)
        let before = states[at: place].quality
        if let touchedAtMs = states[at: place].touchedAtMs, judged.capturedAtMs <= touchedAtMs {
            return TwinChange(reading: judged, fate: .late, before: before)
        }
        states[at: place].take(judged)
        return TwinChange(reading: judged, fate: .applied, before: before)
    }

    /// The readings that silence makes at `nowMs`: quality `stale`, later `offline`, no value. In order of point; apply them like any other.
    ///
    /// A device fault stays one: it is told once, while the device goes on refusing, and whoever told it says when it ends.
    package func silence(_ nowMs: Int64) -> [Reading] {
        var found: [Reading] = []
        for (place, point) in rules.points.enumerated() {
            guard let expectedMs = rules[at: place].expectedMs else { continue }
            // The value of a state is not needed, and copying it costs more than all the rest.
            let (quality, touchedAtMs) = (states[at: place].quality, states[at: place].touchedAtMs)
            guard quality != .deviceFault, nowMs > touchedAtMs ?? Int64.min else { continue }
            let silentMs = nowMs - (states[at: place].heardAtMs ?? listeningSinceMs)
            let due: Quality
            if silentMs > expectedMs * Self.offlineAfterExpected {
                due = .offline
            } else if silentMs > expectedMs * Self.staleAfterExpected {
                due = .stale
            } else {
                continue
            }
            if touchedAtMs != nil, quality == due || quality == .offline { continue }
            found.append(Reading(point: point, capturedAtMs: nowMs, quality: due, value: .none))
        }
        return found
    }

    /// Forgets what a point shows that was captured in `instants`; true when there was something. What is newer stays.
    package mutating func forget(_ point: PointNumber, capturedIn instants: Range<Int64>, nowMs: Int64) -> Bool {
        guard let place = states.place(of: point), let latest = states[at: place].latest,
            instants.contains(latest.capturedAtMs)
        else { return false }
        states[at: place] = PointState(listeningSinceMs: nowMs)
        return true
    }

    /// The same states under a new revision of the building. New points begin to be silent at `nowMs`; points that left are forgotten.
    package mutating func replace(building: Building, numbering: Numbering, nowMs: Int64) {
        rules = PointRules(building, numbering)
        var kept = PointTable<PointState>()
        kept.reserveCapacity(rules.points.count)
        for point in rules.points { kept.set(point, to: states[point] ?? PointState(listeningSinceMs: nowMs)) }
        states = kept
    }
}

/// One point as the twin knows it.
package struct PointState: Hashable, Sendable {
    /// The newest reading that carried a value; `nil` when none ever did.
    package private(set) var latest: Reading?
    /// How far the point can be relied on now. `offline` from the start until something is heard.
    package private(set) var quality: Quality
    /// Since when the quality has been this, UTC ms. Stale and offline are one silence: `since` is when the silence was noticed first.
    package private(set) var sinceMs: Int64
    /// When the device last spoke of this point, with or without a value, UTC ms.
    package private(set) var heardAtMs: Int64?
    /// Capture instant of the newest reading of any kind, also of silence, UTC ms.
    package private(set) var touchedAtMs: Int64?

    init(listeningSinceMs: Int64) {
        latest = nil
        quality = .offline
        sinceMs = listeningSinceMs
        heardAtMs = nil
        touchedAtMs = nil
    }

    /// Whether the value is live: good or set by hand.
    package var isLive: Bool { quality == .good || quality == .overridden }

    mutating func take(_ reading: Reading) {
        if Self.differ(quality, reading.quality) || touchedAtMs == nil { sinceMs = reading.capturedAtMs }
        quality = reading.quality
        touchedAtMs = reading.capturedAtMs
        if reading.quality != .stale && reading.quality != .offline { heardAtMs = reading.capturedAtMs }
        if reading.value != .none { latest = reading }
    }

    private static func differ(_ a: Quality, _ b: Quality) -> Bool { a != b && !(a == .stale && b == .offline) }
}

/// What one reading did to the twin.
package struct TwinChange: Hashable, Sendable {
    package enum Fate: Hashable, Sendable {
        /// The state shows this reading now.
        case applied
        /// Not newer than what the state shows: history only.
        case late
        /// No such point in this revision of the building.
        case unknownPoint
    }

    /// The reading as it is to be stored, its quality judged by the point's limits.
    package let reading: Reading
    package let fate: Fate
    /// The point's quality before.
    package let before: Quality

    package var changesQuality: Bool { fate == .applied && reading.quality != before }
}

/// What the twin needs to know of a point to judge its readings.
private struct PointRule: Hashable, Sendable {
    let limits: Limits
    let scale: Scale
    /// `nil` where silence is normal.
    let expectedMs: Int64?

    init(_ point: Point) {
        limits = point.limits
        scale = point.scale
        expectedMs = point.expectedSeconds.map { Int64($0) * 1000 }
    }

    func judge(_ reading: Reading) -> Reading {
        guard reading.quality == .good, limits != .none, let value = scale.engineering(reading.value),
            !limits.contains(value)
        else { return reading }
        return Reading(
            point: reading.point, capturedAtMs: reading.capturedAtMs, sourceAtMs: reading.sourceAtMs,
            quality: .outOfRange, value: reading.value)
    }
}

/// The rules of all points; most points have one of a few, so each is kept once.
private struct PointRules: Hashable, Sendable {
    /// Rising; a point's position here is its place in the twin's states.
    let points: [PointNumber]
    private var kinds: [PointRule] = []
    private var kindOf: [Int32] = []

    init(_ building: Building, _ numbering: Numbering) {
        var known: [PointRule: Int32] = [:]
        var numbered = PointTable<Point>()
        for point in building.points {
            if let number = numbering.points[point.id] { numbered.set(number, to: point) }
        }
        points = numbered.points
        kindOf.reserveCapacity(points.count)
        for (_, point) in numbered {
            let rule = PointRule(point)
            let kind = known[rule] ?? Int32(kinds.count)
            if known.updateValue(kind, forKey: rule) == nil { kinds.append(rule) }
            kindOf.append(kind)
        }
    }

    subscript(at place: Int) -> PointRule { kinds[Int(kindOf[place])] }
}
