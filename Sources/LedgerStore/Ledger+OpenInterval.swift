package import Readings

/// The running interval: captured readings, on disk before they are sealed.
extension Ledger {
    /// Writes captured readings down, in one transaction; a reading that is there already changes nothing.
    ///
    /// - Parameters:
    ///   - streamOf: where each point's readings will be sealed; a point that is not in it has no stream.
    ///   - wallMs: when this is written; remembered with `monoMs` as this boot's last sign of life.
    package func appendOpen(
        _ readings: [PlacedReading], streamOf: [PointNumber: StreamNumber] = [:], bootNumber: UInt64, wallMs: UInt64,
        monoMs: UInt64
    ) throws {
        var newest = try latestValues()
        // The only copy, so that it is changed in place; after an error it is read again.
        latest = nil
        try write { database in
            if let covered = try database.lastCoveredK(), let late = readings.first(where: { $0.k <= covered }) {
                throw LedgerError.outOfOrder(what: "interval \(late.k) is sealed already")
            }
            try database.addOpen(readings, streamOf: streamOf)
            try database.addBoot(bootNumber, startedMs: wallMs, monoMs: monoMs)
        }
        for placed in readings { newest.take(placed.reading) }
        latest = newest
        for placed in readings { touched.set(placed.reading.point, to: ()) }
    }

    /// The rows of one interval that is not sealed yet, by instant, then point; of one stream when it is given.
    package func openReadings(k: UInt64, stream: StreamNumber? = nil) throws -> [Reading] {
        try database().openReadings(k: k, stream: stream)
    }

    /// The same, by stream: what a seal packs.
    package func openRows(k: UInt64) throws -> [StreamNumber: [Reading]] { try database().openRows(k: k) }

    /// Streams that have captured readings in an interval that is not sealed yet.
    package func openStreams(k: UInt64) throws -> Set<StreamNumber> { try database().openStreams(k: k) }

    /// Interval numbers that hold captured readings and are not sealed, rising.
    package func openIntervals() throws -> [UInt64] {
        try database().rows("SELECT DISTINCT k FROM open_batch ORDER BY k") { try $0.natural(0) }
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
    package func latestValues() throws -> PointTable<LatestValue> {
        if let latest { return latest }
        let (stored, open) = try database().latestValues()
        latest = stored
        touched = open
        return stored
    }

    package func boots(last count: Int) throws -> [BootRecord] { try database().boots(last: count) }
}

extension Database {
    /// What the last seal wrote down, and on top of it what is captured since; and which points the latter are.
    func latestValues() throws -> (values: PointTable<LatestValue>, open: PointTable<Void>) {
        var values = PointTable<LatestValue>()
        try eachLatest { values.set($0.newest.point, to: $0) }
        var open = PointTable<Void>()
        try each("SELECT rows FROM open_batch ORDER BY id") { row in
            try row.openRows(0) { reading in
                values.take(reading)
                open.set(reading.point, to: ())
            }
            return true
        }
        return (values, open)
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

extension PointTable<LatestValue> {
    /// Takes a reading of any point in.
    mutating func take(_ reading: Reading) {
        _ = self[at: place(of: reading.point, else: LatestValue(reading))].take(reading)
    }
}
