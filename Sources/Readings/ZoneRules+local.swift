extension ZoneRules {
    /// Every instant at which the wall clock shows a date and time: one, two in the hour that clocks go back, none in the hour
    /// that they skip.
    ///
    /// - Parameter localMs: the wall clock's date and time, counted as if it were UTC, milliseconds since 1970.
    package func instants(ofLocalMs localMs: Int64) -> [Int64] {
        let dayMs: Int64 = 86_400_000
        guard localMs > Int64.min + 4 * dayMs, localMs < Int64.max - 4 * dayMs else { return [] }
        var found: [Int64] = []
        // An offset that holds now is one that held within a day before or holds within a day after.
        for probe in [-dayMs, 0, dayMs] {
            let offsetMs = Int64(offsetSeconds(atMs: localMs + probe)) * 1_000
            let instant = localMs - offsetMs
            if Int64(offsetSeconds(atMs: instant)) * 1_000 == offsetMs, !found.contains(instant) {
                found.append(instant)
            }
        }
        return found.sorted()
    }
}
