internal import LogEntries
internal import Readings

/// What is kept of every point outside the log stands in blocks of points, a row for each: a seal changes most points of a
/// building, and a row for each of them costs more than all the log's own.
enum PointBlock {
    /// Points whose numbers differ in the low five bits only.
    static let pointsMax: UInt32 = 32

    static func of(_ point: PointNumber) -> UInt32 { point.rawValue / pointsMax }

    /// The points of a block, rising.
    static func points(_ block: UInt32) -> some Sequence<PointNumber> {
        (block * pointsMax...block * pointsMax + (pointsMax - 1)).lazy.map { PointNumber($0) }
    }

    /// Rising, each once.
    static func of(_ points: some Sequence<PointNumber>) -> [UInt32] {
        var blocks: [UInt32] = []
        var last: UInt32?
        var isRising = true
        for point in points {
            let block = of(point)
            if block == last { continue }
            isRising = isRising && last.map { $0 < block } ?? true
            blocks.append(block)
            last = block
        }
        return isRising ? blocks : Set(blocks).sorted()
    }
}

/// Latest values of a block: their readings as `OpenRows`, and for each value a byte that says which of them are its own.
extension Database {
    /// Writes a block as it is now, or lets go of it when it is empty.
    func putLatest(_ block: UInt32, _ values: [LatestValue]) throws {
        guard let first = values.first else {
            try run("DELETE FROM latest_block WHERE block = ?", .int(block))
            return
        }
        var rows = OpenRows(baseMs: first.newest.capturedAtMs)
        let roles = values.map { $0.append(to: &rows) }
        try run(
            """
            INSERT INTO latest_block VALUES (?, ?, ?) ON CONFLICT (block) DO UPDATE
            SET roles = excluded.roles, rows = excluded.rows
            """, .int(block), .blob(roles), .blob(rows.bytes))
    }

    /// The values of all points, by rising point; of one block when it is given.
    func eachLatest(block: UInt32? = nil, _ body: (LatestValue) throws -> Void) throws {
        let (low, high) = block.map { (Int64($0), Int64($0)) } ?? (0, Int64(UInt32.max))
        try each(
            "SELECT block, roles, rows FROM latest_block WHERE block >= ? AND block <= ? ORDER BY block", .int(low),
            .int(high)
        ) { row in
            let number = try row.number32(0)
            var readings: [Reading] = []
            try row.openRows(2) { readings.append($0) }
            var rest = readings[...]
            for roles in try row.blob(1) {
                guard let value = LatestValue(roles: roles, from: &rest), PointBlock.of(value.newest.point) == number
                else { throw malformed(row) }
                try body(value)
            }
            guard rest.isEmpty else { throw malformed(row) }
            return true
        }
    }

    /// Up to schema 9 each point had its row in each of two tables.
    func moveIntoBlocks() throws {
        var values = PointTable<LatestValue>()
        try each("SELECT newest, valued, heard, since FROM latest") { row in
            let value = LatestValue(
                newest: try row.reading(0), valued: try row.readingOrNil(1), heard: try row.readingOrNil(2),
                since: try row.reading(3))
            values.set(value.newest.point, to: value)
            return true
        }
        for block in PointBlock.of(values.points) {
            try putLatest(block, PointBlock.points(block).compactMap { values[$0] })
        }
        let cited = try rows("SELECT point, stream, k, position FROM citation ORDER BY point") { row in
            Citation(
                point: PointNumber(try row.number32(0)), stream: StreamNumber(try row.number32(1)),
                k: try row.natural(2), position: try row.natural(3))
        }
        try putCitations(cited)
        try script("DROP TABLE latest; DROP TABLE citation")
    }
}

/// Where in the log the newest values stand: `point u32 ‖ stream u32 ‖ k u64 ‖ position u32`, little-endian, by rising point.
extension Database {
    private static let citationBytes = 20

    /// Takes newer citations in, by rising point; others of their blocks stay.
    func putCitations(_ newer: [Citation]) throws {
        var rest = newer[...]
        while let first = rest.first {
            let block = PointBlock.of(first.point)
            let mine = rest.prefix { PointBlock.of($0.point) == block }
            rest = rest[mine.endIndex...]
            var kept = PointTable<Citation>()
            if mine.count < Int(PointBlock.pointsMax) {
                for old in try citations(block: block) { kept.set(old.point, to: old) }
            }
            for citation in mine { kept.set(citation.point, to: citation) }
            try putCitations(block, kept.map(\.value))
        }
    }

    /// Lets go of what `isDoomed` says.
    func forgetCitations(where isDoomed: (Citation) -> Bool) throws {
        let all = try citations().values.sorted { $0.point < $1.point }
        for block in PointBlock.of(all.filter(isDoomed).map(\.point)) {
            try putCitations(block, all.filter { PointBlock.of($0.point) == block && !isDoomed($0) })
        }
    }

    func citations() throws -> [PointNumber: Citation] {
        var found: [PointNumber: Citation] = [:]
        for citation in try citations(block: nil) { found[citation.point] = citation }
        return found
    }

    /// By rising point.
    private func citations(block: UInt32?) throws -> [Citation] {
        let (low, high) = block.map { (Int64($0), Int64($0)) } ?? (0, Int64(UInt32.max))
        var found: [Citation] = []
        try each(
            "SELECT block, rows FROM citation_block WHERE block >= ? AND block <= ? ORDER BY block", .int(low),
            .int(high)
        ) { row in
            let number = try row.number32(0)
            try row.withBlob(1) { bytes in
                guard bytes.count.isMultiple(of: Self.citationBytes) else { throw malformed(row) }
                for at in stride(from: 0, to: bytes.count, by: Self.citationBytes) {
                    let citation = Citation(
                        point: PointNumber(
                            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))),
                        stream: StreamNumber(
                            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))),
                        k: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)),
                        position: UInt64(
                            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 16, as: UInt32.self))))
                    guard PointBlock.of(citation.point) == number, found.last.map({ $0.point < citation.point }) ?? true
                    else { throw malformed(row) }
                    found.append(citation)
                }
            }
            return true
        }
        return found
    }

    private func putCitations(_ block: UInt32, _ citations: [Citation]) throws {
        guard !citations.isEmpty else {
            try run("DELETE FROM citation_block WHERE block = ?", .int(block))
            return
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.citationBytes * citations.count)
        func append(_ value: some FixedWidthInteger) {
            Swift.withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for citation in citations {
            append(citation.point.rawValue)
            append(citation.stream.rawValue)
            append(citation.k)
            // A payload has fewer rows than 2³².
            append(UInt32(clamping: citation.position))
        }
        try run(
            "INSERT INTO citation_block VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET rows = excluded.rows",
            .int(block), .blob(bytes))
    }

    private func malformed(_ row: Row) -> LedgerError {
        .damaged(what: "a block of points cannot be read", file: row.file)
    }
}
