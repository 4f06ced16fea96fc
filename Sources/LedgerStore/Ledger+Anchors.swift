package import Hashing

/// Checkpoints and their way to the Tangle. `Anchoring` drives these, one step at a time, each durable before the next.
extension Ledger {
    /// Stores a signed checkpoint and its anchor, state `waiting`. The sequence number must follow the last one.
    package func addAnchor(
        seq: UInt64, size: UInt64, root: Hash, note: String, payload: [UInt8], beaconLeaf: UInt64?, signedMs: UInt64
    ) throws -> StoredAnchor {
        try write { database in
            let last = try database.lastAnchorSeq()
            guard seq == last + 1 else { throw LedgerError.outOfOrder(what: "anchor \(seq) does not follow \(last)") }
            try database.addCheckpoint(size: size, root: root, note: note, signedMs: signedMs)
            try database.run(
                """
                INSERT INTO anchor (seq, size, root, note, payload, beacon_leaf, signed_ms, state)
                VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')
                """, .natural(seq), .natural(size), .hash(root), .text(note), .blob(payload), .natural(beaconLeaf),
                .natural(signedMs))
        }
        guard let stored = try anchor(seq) else { throw LedgerError.outOfOrder(what: "anchor \(seq) was not kept") }
        return stored
    }

    /// Stores a checkpoint that is not anchored.
    package func addCheckpoint(size: UInt64, root: Hash, note: String, signedMs: UInt64) throws {
        try write { try $0.addCheckpoint(size: size, root: root, note: note, signedMs: signedMs) }
    }

    /// Keeps a mined block; the anchor is `worked` from now on, unless it is further already.
    /// - Returns: the attempt; the same block again gives the same attempt.
    package func addAttempt(seq: UInt64, blockID: Hash, block: [UInt8], minedMs: UInt64) throws -> AnchorAttempt {
        try write { database in
            try database.run(
                "INSERT INTO attempt (seq, block_id, block, mined_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                .natural(seq), .hash(blockID), .blob(block), .natural(minedMs))
            try database.run("UPDATE anchor SET state = 'worked' WHERE seq = ? AND state = 'waiting'", .natural(seq))
        }
        guard let kept = try database().attempts(seq: seq).first(where: { $0.blockID == blockID }) else {
            throw LedgerError.outOfOrder(what: "block \(blockID.hex) belongs to another anchor")
        }
        return kept
    }

    /// A node took the block: the anchor is `submitted` from now on, unless it is anchored already.
    package func markSubmitted(seq: UInt64, blockID: Hash, atMs: UInt64) throws {
        try write { database in
            let count = try database.run(
                "UPDATE attempt SET submitted_ms = coalesce(submitted_ms, ?) WHERE seq = ? AND block_id = ?",
                .natural(atMs),
                .natural(seq), .hash(blockID))
            guard count == 1 else { throw LedgerError.outOfOrder(what: "anchor \(seq) has no block \(blockID.hex)") }
            try database.run(
                "UPDATE anchor SET state = 'submitted' WHERE seq = ? AND state IN ('waiting', 'worked')", .natural(seq))
        }
    }

    /// Keeps proof and milestone of a referenced block. A confirmation by an earlier milestone replaces a later one,
    /// never the other way round.
    package func confirm(seq: UInt64, _ confirmation: AnchorConfirmation) throws {
        try write { database in
            guard try database.attempts(seq: seq).contains(where: { $0.blockID == confirmation.blockID }) else {
                throw LedgerError.outOfOrder(what: "anchor \(seq) has no block \(confirmation.blockID.hex)")
            }
            try database.run(
                """
                UPDATE anchor SET state = 'anchored', block_id = ?2, milestone_index = ?3, milestone_id = ?4,
                milestone_time_s = ?5, milestone = ?6, path = ?7
                WHERE seq = ?1 AND (milestone_index IS NULL OR milestone_index > ?3)
                """, .natural(seq), .hash(confirmation.blockID), .int(confirmation.milestoneIndex),
                .hash(confirmation.milestoneID), .int(confirmation.milestoneTimeS), .blob(confirmation.milestone),
                .blob(confirmation.path))
        }
    }

    package func anchor(_ seq: UInt64) throws -> StoredAnchor? {
        try database().anchors(AnchorQuery(seqFrom: seq, seqTo: seq)).first
    }

    package func anchors(_ query: AnchorQuery = AnchorQuery()) throws -> [StoredAnchor] {
        try database().anchors(query)
    }

    /// Anchors that are not anchored yet, oldest first.
    package func openAnchors() throws -> [StoredAnchor] {
        try database().anchors(AnchorQuery(states: [.waiting, .worked, .submitted]))
    }

    /// The last anchor known referenced: what the next beacon names as `previous`.
    package func lastAnchored() throws -> StoredAnchor? {
        try database().anchors(AnchorQuery(isDescending: true, states: [.anchored], limit: 1)).first
    }

    /// 0 before the first.
    package func lastAnchorSeq() throws -> UInt64 { try database().lastAnchorSeq() }

    /// Of the beacons; a beacon without an anchor (a crash between the two) is found by comparing with `lastAnchorSeq`.
    package func lastBeacon() throws -> StoredBeacon? {
        try database().beacons(from: 0, to: UInt64(Int64.max)).last
    }

    package func lastCheckpoint() throws -> StoredCheckpoint? { try database().lastCheckpoint() }
}

extension Database {
    func addCheckpoint(size: UInt64, root: Hash, note: String, signedMs: UInt64) throws {
        try run(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", .natural(size), .hash(root),
            .text(note),
            .natural(signedMs))
    }

    func lastCheckpoint() throws -> StoredCheckpoint? {
        try first(
            "SELECT size, root, note, signed_ms FROM checkpoint ORDER BY size DESC LIMIT 1", read: StoredCheckpoint.init
        )
    }

    func checkpoint(size: UInt64) throws -> StoredCheckpoint? {
        try first(
            "SELECT size, root, note, signed_ms FROM checkpoint WHERE size = ?", .natural(size),
            read: StoredCheckpoint.init)
    }

    func lastAnchorSeq() throws -> UInt64 {
        try first("SELECT max(seq) FROM anchor") { try $0.naturalOrNil(0) ?? 0 } ?? 0
    }

    func anchors(_ query: AnchorQuery) throws -> [StoredAnchor] {
        let states = query.states.map { "'" + $0.rawValue + "'" }.sorted().joined(separator: ",")
        let sql = """
            SELECT seq, size, root, note, payload, beacon_leaf, signed_ms, state, block_id,
            milestone_index, milestone_id, milestone_time_s, milestone, path,
            (SELECT token FROM time_stamp WHERE time_stamp.seq = anchor.seq)
            FROM anchor WHERE seq >= ? AND seq <= ? AND state IN (\(states))
            ORDER BY seq \(query.isDescending ? "DESC" : "ASC") LIMIT ?
            """
        return try rows(sql, .natural(query.seqFrom), .natural(query.seqTo), .int(query.limit)) { row in
            let seq = try row.natural(0)
            guard let state = AnchorState(rawValue: try row.text(7)) else {
                throw LedgerError.damaged(what: "anchor \(seq) has no known state", file: path)
            }
            return StoredAnchor(
                seq: seq, size: try row.natural(1), root: try row.hash(2), note: try row.text(3),
                payload: try row.blob(4),
                beaconLeaf: try row.naturalOrNil(5), signedMs: try row.natural(6), state: state,
                attempts: try attempts(seq: seq), confirmation: state == .anchored ? try confirmation(row) : nil,
                timeStamp: try row.blobOrNil(14))
        }
    }

    func attempts(seq: UInt64) throws -> [AnchorAttempt] {
        try rows(
            "SELECT number, block_id, block, mined_ms, submitted_ms FROM attempt WHERE seq = ? ORDER BY number",
            .natural(seq)
        ) {
            AnchorAttempt(
                number: try $0.natural(0), blockID: try $0.hash(1), block: try $0.blob(2), minedMs: try $0.natural(3),
                submittedMs: try $0.naturalOrNil(4))
        }
    }

    func beacons(from: UInt64, to: UInt64) throws -> [StoredBeacon] {
        try rows(
            """
            SELECT seq, leaf, milestone_index, milestone_id, milestone_time_s, milestone FROM beacon
            WHERE seq >= ? AND seq <= ? ORDER BY seq
            """, .natural(from), .natural(to)
        ) {
            StoredBeacon(
                seq: try $0.natural(0), leafIndex: try $0.natural(1),
                facts: BeaconFacts(
                    milestoneIndex: try $0.number32(2), milestoneID: try $0.hash(3), milestoneTimeS: try $0.number32(4),
                    milestone: try $0.blob(5)))
        }
    }

    private func confirmation(_ row: Row) throws -> AnchorConfirmation {
        AnchorConfirmation(
            blockID: try row.hash(8), milestoneIndex: try row.number32(9), milestoneID: try row.hash(10),
            milestoneTimeS: try row.number32(11), milestone: try row.blob(12), path: try row.blob(13))
    }
}

extension StoredCheckpoint {
    /// Columns size, root, note, signed_ms.
    fileprivate init(_ row: Row) throws {
        self.init(
            size: try row.natural(0), root: try row.hash(1), note: try row.text(2), signedMs: try row.natural(3))
    }
}
