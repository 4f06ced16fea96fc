package import Readings

/// The numbers that the ledger gave to points and streams, once and for ever.
package struct Numbering: Hashable, Sendable {
    /// Point id to number; also of points that no longer exist.
    package let points: [String: PointNumber]
    /// Stream name to number; also of streams that no longer exist.
    package let streams: [String: StreamNumber]

    package init(points: [String: PointNumber], streams: [String: StreamNumber]) {
        self.points = points
        self.streams = streams
    }
}
