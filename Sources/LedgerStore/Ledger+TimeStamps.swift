/// Tokens of time-stamping authorities over the notes of anchors: one for an anchor, the first that was kept.
extension Ledger {
    /// Keeps the response as it came; `StoredAnchor.timeStamp` gives it back. A second one for the same anchor changes nothing.
    ///
    /// - Parameters:
    ///   - timeMs: by the authority's clock, UTC ms.
    ///   - receivedMs: by this host's.
    package func keepTimeStamp(seq: UInt64, token: [UInt8], timeMs: UInt64, receivedMs: UInt64) throws {
        try write { database in
            guard try database.first("SELECT 1 FROM anchor WHERE seq = ?", .natural(seq), read: { _ in true }) != nil
            else {
                throw LedgerError.outOfOrder(what: "there is no anchor \(seq) to stamp")
            }
            try database.run(
                "INSERT INTO time_stamp (seq, token, time_ms, received_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                .natural(seq), .blob(token), .natural(timeMs), .natural(receivedMs))
        }
    }

    /// The anchor with the newest checkpoint that has a token.
    package func lastStampedAnchor() throws -> StoredAnchor? {
        let seq = try database().first("SELECT max(seq) FROM time_stamp", read: { try $0.naturalOrNil(0) })
        return try seq.flatMap(\.self).flatMap { try anchor($0) }
    }

    /// The beacon of that anchor; `nil` before the first.
    package func beacon(_ seq: UInt64) throws -> StoredBeacon? { try database().beacons(from: seq, to: seq).first }
}
