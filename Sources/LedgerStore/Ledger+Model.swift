package import Hashing
package import LogEntries
package import Readings
package import TwinModel

/// Numbers of points and streams, and the revisions of the building's model.
extension Ledger {
    package func numbering() throws -> Numbering { try database().numbering() }

    /// Gives a number to every point and stream of `building` that has none yet; numbers are never reused.
    /// Points are taken in order of id, streams in order of name, so that equal buildings get equal numbers.
    package func assignNumbers(for building: Building) throws -> Numbering {
        try write { database in
            let known = try database.numbering()
            var nextPoint = (known.points.values.map(\.rawValue).max() ?? 0) + 1
            for point in building.points where known.points[point.id] == nil {
                try database.run("INSERT INTO point_number VALUES (?, ?)", .text(point.id), .int(nextPoint))
                nextPoint += 1
            }
            var nextStream = (known.streams.values.map(\.rawValue).max() ?? 0) + 1
            for stream in building.streams where known.streams[stream.name] == nil {
                try database.run("INSERT INTO stream_number VALUES (?, ?)", .text(stream.name), .int(nextStream))
                nextStream += 1
            }
            return try database.numbering()
        }
    }

    /// Keeps a model's canonical bytes as the next revision; the newest revision's own hash changes nothing.
    package func addModelRevision(hash: Hash, bytes: [UInt8], atMs: UInt64) throws -> ModelRevision {
        try write { database in
            let newest = try database.modelRevision(nil)
            if let newest, newest.hash == hash { return newest }
            let revision = (newest?.revision ?? 0) + 1
            try database.run(
                "INSERT INTO model VALUES (?, ?, ?, ?)", .natural(revision), .natural(atMs), .hash(hash), .blob(bytes))
            return ModelRevision(revision: revision, atMs: atMs, hash: hash, bytes: bytes)
        }
    }

    package func newestModelRevision() throws -> ModelRevision? { try database().modelRevision(nil) }

    package func config(_ hash: Hash) throws -> StoredConfig? { try database().config(hash) }

    /// Citations of every point that has a sealed value, by point.
    package func citations() throws -> [PointNumber: Citation] { try database().citations() }

    package func newestSnapshotNumber() throws -> UInt64 {
        try database().first("SELECT max(number) FROM snapshot") { try $0.naturalOrNil(0) ?? 0 } ?? 0
    }
}

extension Database {
    func numbering() throws -> Numbering {
        let points = try rows("SELECT id, number FROM point_number") {
            (try $0.text(0), PointNumber(try $0.number32(1)))
        }
        let streams = try rows("SELECT name, number FROM stream_number") {
            (try $0.text(0), StreamNumber(try $0.number32(1)))
        }
        return Numbering(
            points: Dictionary(points) { first, _ in first }, streams: Dictionary(streams) { first, _ in first })
    }

    /// One revision, or the newest.
    func modelRevision(_ revision: UInt64?) throws -> ModelRevision? {
        try first(
            """
            SELECT revision, at_ms, hash, bytes FROM model WHERE revision = ?1 OR ?1 IS NULL
            ORDER BY revision DESC LIMIT 1
            """,
            .natural(revision), read: ModelRevision.init)
    }

    /// The revision in force at an instant.
    func modelRevision(atMs: UInt64) throws -> ModelRevision? {
        try first(
            "SELECT revision, at_ms, hash, bytes FROM model WHERE at_ms <= ? ORDER BY revision DESC LIMIT 1",
            .natural(atMs), read: ModelRevision.init)
    }

    func config(_ hash: Hash) throws -> StoredConfig? {
        let items = try rows(
            "SELECT stream, hash, bytes FROM config_item WHERE config = ? ORDER BY position", .hash(hash)
        ) {
            ConfigItemRow(
                stream: try $0.number32(0), item: StoredItem(hash: try $0.hash(1), bytes: try $0.blobOrNil(2)))
        }
        return try first("SELECT leaf, revision FROM config WHERE hash = ?", .hash(hash)) {
            StoredConfig(hash: hash, leafIndex: try $0.natural(0), modelRevision: try $0.natural(1), items: items)
        }
    }
}

extension ModelRevision {
    /// Columns revision, at_ms, hash, bytes.
    init(_ row: Row) throws {
        self.init(revision: try row.natural(0), atMs: try row.natural(1), hash: try row.hash(2), bytes: try row.blob(3))
    }
}
