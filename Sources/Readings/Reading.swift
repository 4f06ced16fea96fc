/// Number of a point: assigned once when the point first appears in a building file, stored, never reused.
public struct PointNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static func < (a: PointNumber, b: PointNumber) -> Bool { a.rawValue < b.rawValue }
    public var description: String { String(rawValue) }
}

/// Number of a stream: points that are disclosed, retained and erased together. Assigned once, never reused.
package struct StreamNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
    package static func < (a: StreamNumber, b: StreamNumber) -> Bool { a.rawValue < b.rawValue }
    package var description: String { String(rawValue) }
}

/// One value as it was captured, with its instant and its quality.
package struct Reading: Hashable, Sendable {
    package let point: PointNumber
    /// Milliseconds since 1970-01-01T00:00:00Z by this host's clock. For Modbus the midpoint between sending the request
    /// and the last byte of the answer, for MQTT the arrival.
    package let capturedAtMs: Int64
    /// The source's own time stamp, absolute UTC milliseconds, when the source gave one.
    package let sourceAtMs: Int64?
    package let quality: Quality
    package let value: RawValue

    package init(
        point: PointNumber, capturedAtMs: Int64, sourceAtMs: Int64? = nil, quality: Quality, value: RawValue
    ) {
        self.point = point
        self.capturedAtMs = capturedAtMs
        self.sourceAtMs = sourceAtMs
        self.quality = quality
        self.value = value
    }
}

/// How far a value can be relied on. The numbers stand in the log and never change.
package enum Quality: UInt8, Sendable, CaseIterable {
    case good = 0
    /// Good, but set by hand.
    case overridden = 1
    /// The device answered that it has no value.
    case noValue = 2
    case stale = 3
    case offline = 4
    case outOfRange = 5
    /// Failed a rule.
    case suspect = 6
    case estimated = 7
    case deviceFault = 8

    /// The word of the API: `good overridden no-value stale offline out-of-range suspect estimated device-fault`.
    package var name: String {
        switch self {
        case .good: "good"
        case .overridden: "overridden"
        case .noValue: "no-value"
        case .stale: "stale"
        case .offline: "offline"
        case .outOfRange: "out-of-range"
        case .suspect: "suspect"
        case .estimated: "estimated"
        case .deviceFault: "device-fault"
        }
    }

    package init?(name: String) {
        guard let match = Quality.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
