package import Readings

/// What is captured and not sealed yet.
extension LedgerReader {
    /// Readings of the open intervals, by interval, then instant; of one point when it is given.
    package func openReadings(point: PointNumber? = nil) throws -> [PlacedReading] {
        let all = "SELECT k, reading FROM open_reading"
        let order = " ORDER BY k, at_ms, point"
        guard let point else {
            return try database().rows(all + order) { PlacedReading(k: try $0.natural(0), reading: try $0.reading(1)) }
        }
        return try database().rows(all + " WHERE point = ?" + order, .int(point.rawValue)) {
            PlacedReading(k: try $0.natural(0), reading: try $0.reading(1))
        }
    }
}
