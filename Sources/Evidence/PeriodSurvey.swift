package import Readings

/// What a period holds, counted for a report: what was expected and what came, what is missing and why, and the two
/// bounds in time of every part. A survey judges nothing; it is worth what the verdict beside it is worth.
package struct PeriodSurvey: Hashable, Sendable {
    /// What is counted: all of it, or these streams, points and entities together.
    package struct Scope: Hashable, Sendable {
        package var streams: Set<UInt32> = []
        /// Ids of the building file.
        package var points: Set<String> = []
        /// Ids in the snapshots that the file opens; the parts of an entity belong to it.
        package var entities: Set<String> = []

        package init() {}

        package var isWhole: Bool { streams.isEmpty && points.isEmpty && entities.isEmpty }
    }

    /// Leaves between two anchors that hold: the log placed them between its two bounds.
    package struct Segment: Hashable, Sendable {
        /// Place of the first leaf, and the size of the tree at the anchor that ends the segment.
        package let firstLeaf: UInt64
        package let size: UInt64
        /// Of the segment's intervals; nil when it has none.
        package var intervals: ClosedRange<UInt64>?
        /// Milliseconds since 1970 of the milestone that the beacon before the segment cites; nil when it was not shown.
        package let notBeforeMs: Int64?
        /// Milliseconds since 1970 of the milestone that confirmed the anchor; nil when it is not known.
        package let notAfterMs: Int64?
        /// Milliseconds since 1970 of the earliest time stamp over the segment's end.
        package let stampedMs: Int64?
    }

    /// Intervals that the log itself says were missed.
    package struct Gap: Hashable, Sendable {
        package let kFrom: UInt64
        package let kTo: UInt64
        /// 1 not running, 2 disk, 3 clock.
        package let cause: UInt64
        package let leaf: UInt64
    }

    package struct ClockStep: Hashable, Sendable {
        /// The gateway's clock after the step, milliseconds since 1970.
        package let atMs: UInt64
        package let stepMs: Int64
        package let leaf: UInt64
    }

    package struct Erasure: Hashable, Sendable {
        package let stream: UInt32
        package let kFrom: UInt64
        package let kTo: UInt64
        /// Letter number of GDPR Article 6(1), 0 other.
        package let legalBasis: UInt64
        package let leaf: UInt64
    }

    /// Another unit or scale of one point from this leaf on.
    package struct ScaleChange: Hashable, Sendable {
        package let leaf: UInt64
        /// When it was written by the gateway's clock, milliseconds since 1970.
        package let atMs: UInt64
        package let point: UInt32
        package let id: String
        package let oldUnit: String
        package let newUnit: String
        package let oldScale: Scale
        package let newScale: Scale
    }

    /// One stream: an item is due for every interval.
    package struct StreamCount: Hashable, Sendable {
        package let stream: UInt32
        /// Privacy class of the last configuration; nil where the row is hidden.
        package var className: String?
        package var isDisclosed: Bool
        package var expectedItems = 0
        package var shownItems = 0
        package var withheldItems = 0
        package var erasedItems = 0
    }

    /// One disclosed point. An interval with a value counts once, however many values it has.
    package struct PointCount: Hashable, Sendable {
        package let stream: UInt32
        package let point: UInt32
        package var id: String
        package var unit: String
        /// Intervals whose configuration names the point and whose item is shown.
        package var expectedIntervals = 0
        package var receivedIntervals = 0
        package var readings = 0
        /// Readings whose source dated them before the interval in which they arrived.
        package var late = 0
        /// Readings without a value, and by quality number.
        package var withoutValue = 0
        package var qualities = [Int](repeating: 0, count: Quality.allCases.count)

        package var estimated: Int { qualities[Int(Quality.estimated.rawValue)] }
        /// Readings that are neither good nor set by hand nor estimated.
        package var doubtful: Int {
            readings - estimated - qualities[Int(Quality.good.rawValue)] - qualities[Int(Quality.overridden.rawValue)]
        }
    }

    /// Number of leaves of the other kinds.
    package struct LeafCounts: Hashable, Sendable {
        package var events = 0
        package var commands = 0
        package var configurations = 0
        package var accesses = 0
        package var snapshots = 0
        package var restarts = 0
        package var keys = 0
        /// Of all these, those whose content the file shows.
        package var opened = 0
    }

    package var scope = Scope()
    /// Ids of the scope that the file does not show, in words such as `point m1.energy`.
    package var unknown: [String] = []
    package var periodMs: UInt64 = 0
    /// Intervals of the time asked for: from the first k to the last.
    package var asked: ClosedRange<UInt64>?
    package var heldIntervals = 0
    /// Of the time asked for, declared by gap leaves.
    package var gaps: [Gap] = []
    package var gapIntervals: UInt64 = 0
    package var clockSteps: [ClockStep] = []
    package var segments: [Segment] = []
    package var erasures: [Erasure] = []
    package var changes: [ScaleChange] = []
    /// By number.
    package var streams: [StreamCount] = []
    /// By stream, then number.
    package var points: [PointCount] = []
    package var leaves = LeafCounts()

    /// Every interval of the time asked for.
    package var expectedIntervals: UInt64 { asked.map { $0.upperBound - $0.lowerBound + 1 } ?? 0 }

    package init() {}
}
