package import Readings

/// What is captured and not sealed yet.
extension LedgerReader {
    /// Readings of the open intervals, by interval, then instant; of one point when it is given.
    package func openReadings(point: PointNumber? = nil) throws -> [PlacedReading] {
        try database().openReadings(point: point)
    }
}
