package import Readings

/// The running interval: captured readings, on disk before they are sealed.
extension Ledger {
    /// Writes captured readings down, in one transaction; a reading that is there already changes nothing.
    ///
    /// - Parameters:
    ///   - wallMs: when this is written; remembered with `monoMs` as this boot's last sign of life.
    package func appendOpen(_ readings: [PlacedReading], bootNumber: UInt64, wallMs: UInt64, monoMs: UInt64) throws {
        var newest = try latestValues()
        var touched: Set<PointNumber> = []
        for placed in readings {
            let reading = placed.reading
            if newest[reading.point] == nil {
                newest[reading.point] = LatestValue(reading)
                touched.insert(reading.point)
            } else if newest[reading.point]?.take(reading) == true {
                touched.insert(reading.point)
            }
        }
        try write { database in
            if let covered = try database.lastCoveredK(), let late = readings.first(where: { $0.k <= covered }) {
                throw LedgerError.outOfOrder(what: "interval \(late.k) is sealed already")
            }
            for placed in readings {
                try database.run(
                    "INSERT INTO open_reading VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", .natural(placed.k),
                    .int(placed.reading.capturedAtMs), .int(placed.reading.point.rawValue),
                    .blob(placed.reading.stored()))
            }
            for point in touched {
                guard let value = newest[point] else { continue }
                try database.run(
                    """
                    INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT (point) DO UPDATE
                    SET newest = excluded.newest, valued = excluded.valued, heard = excluded.heard,
                    since = excluded.since
                    """, .int(point.rawValue), .blob(value.newest.stored()), .optional(value.valued?.stored()),
                    .optional(value.heard?.stored()), .blob(value.since.stored()))
            }
            try database.addBoot(bootNumber, startedMs: wallMs, monoMs: monoMs)
        }
        latest = newest
    }

    /// The rows of one interval that is not sealed yet, by instant, then point.
    package func openReadings(k: UInt64) throws -> [Reading] { try database().openReadings(k: k) }

    /// Interval numbers that hold captured readings and are not sealed, rising.
    package func openIntervals() throws -> [UInt64] {
        try database().rows("SELECT DISTINCT k FROM open_reading ORDER BY k") { try $0.natural(0) }
    }

    /// Records the use of a grant; it becomes part of the access leaf of the running interval.
    package func recordUse(_ use: AccessUse) throws {
        try write { database in
            try database.run(
                "INSERT INTO access_use (grant_number, actor, scope, what, count) VALUES (?, ?, ?, ?, ?)",
                .natural(use.grant), .blob(use.actor), .text(use.scope), .text(use.what), .natural(use.count))
        }
    }

    /// Uses that wait for their access leaf, oldest first, and the row of the last.
    package func waitingUses() throws -> (uses: [AccessUse], upTo: UInt64) {
        var last: UInt64 = 0
        let uses = try database().rows(
            "SELECT id, grant_number, actor, scope, what, count FROM access_use ORDER BY id"
        ) { row in
            last = try row.natural(0)
            return AccessUse(
                grant: try row.natural(1), actor: try row.blob(2), scope: try row.text(3), what: try row.text(4),
                count: try row.natural(5))
        }
        return (uses, last)
    }

    /// Latest values of all points that ever had one.
    package func latestValues() throws -> [PointNumber: LatestValue] {
        if let latest { return latest }
        let stored = try database().latestValues()
        latest = stored
        return stored
    }

    package func boots(last count: Int) throws -> [BootRecord] { try database().boots(last: count) }
}

extension Database {
    func openReadings(k: UInt64) throws -> [Reading] {
        try rows("SELECT reading FROM open_reading WHERE k = ? ORDER BY at_ms, point", .natural(k)) {
            try $0.reading(0)
        }
    }

    func latestValues() throws -> [PointNumber: LatestValue] {
        var values: [PointNumber: LatestValue] = [:]
        try each("SELECT newest, valued, heard, since FROM latest") { row in
            let newest = try row.reading(0)
            values[newest.point] = LatestValue(
                newest: newest, valued: try row.readingOrNil(1), heard: try row.readingOrNil(2),
                since: try row.reading(3))
            return true
        }
        return values
    }

    /// The last boots, newest first.
    func boots(last count: Int) throws -> [BootRecord] {
        try rows(
            "SELECT number, started_ms, last_wall_ms, last_mono_ms FROM boot ORDER BY number DESC LIMIT ?", .int(count)
        ) { row in
            BootRecord(
                number: try row.natural(0), startedMs: try row.natural(1), lastWallMs: try row.natural(2),
                lastMonoMs: try row.natural(3))
        }
    }
}
