import CSQLite
import Capture
import CanonicalCBOR
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Scrubbing
import SiteTesting
import Testing

/// A ledger with something in every table of the log, closed and folded into its one file, and ways to spoil it.
final class RottenLedger {
    let site: Site
    private let whole: Data
    private let measures: LogWalk.Measures

    var file: String { site.directory + "/ledger.db" }

    init(intervals: Int = 6) async throws {
        site = try await Site()
        try await site.run(intervals: 2)
        try await site.anchor()
        try await site.writer.recordUse(
            AccessUse(grant: 1, actor: Array(repeating: 7, count: 16), scope: "room1.co2", what: "latest", count: 2))
        _ = try await site.writer.appendEvent(
            EventPayload(kind: "alarm", point: try site.point("m1.power"), details: []),
            stream: try site.stream("mb1/none"))
        try await Self.command(at: site)
        try await site.run(intervals: intervals)
        let anchor = try await site.anchor()
        let witness = try required(LogSigningKey(name: "watch.example/w1", seed: Array(repeating: 4, count: 32)))
        let text = try required(SignedNote(anchor.note)?.text)
        let key = try required(
            VerifierKey(name: "watch.example/w1", algorithm: .cosignature, publicKey: witness.verifierKey.publicKey))
        let cosignature = Cosignature(
            timestamp: 1_772_370_600,
            signature: try witness.sign(Cosignature.message(timestamp: 1_772_370_600, text: text)))
        let line = SignedNote.Signature(name: key.name, keyID: key.keyID, bytes: cosignature.bytes).line
        try await site.ledger.keep(StoredCosignature(size: anchor.size, witness: key.description, line: line))
        _ = try await site.ledger.addToken(
            hash: sha256([1]), name: "anna", role: "facility", scope: "", nowMs: 1, untilMs: nil)
        let k = site.nowMs / Site.periodMs - 3
        _ = try await site.writer.erase(
            stream: try site.stream("lora1/indirect"), kFrom: k, kTo: k + 1, legalBasis: 1, actor: .zero)
        site.advance(ms: 3 * Site.periodMs)
        try await site.restart(Site.building(label: "Other house"))
        try await site.run(intervals: 2)
        try await site.anchor()
        try await site.capture()
        measures = LogWalk.Measures(
            card: try await site.card(),
            checkpointFile: try String(contentsOfFile: site.directory + "/checkpoint", encoding: .utf8))
        await site.ledger.close()
        whole = try Data(contentsOf: URL(fileURLWithPath: site.directory + "/ledger.db"))
    }

    private static func command(at site: Site) async throws {
        let payload = CommandPayload(
            phase: .intent, intent: nil, point: try site.point("m1.power"), value: .unsigned(4), resultCode: 0,
            reason: "a test")
        let fate = try await site.writer.appendIntent(
            payload, stream: try site.stream("mb1/none"), actor: .zero,
            key: CommandKey(grant: 1, key: "one", question: sha256([3])))
        guard case .added(let leaf) = fate, let command = try await site.ledger.command(intent: leaf) else {
            throw Missing()
        }
        _ = try await site.writer.appendOutcome(of: command, result: 0, readBack: (.integer(4), site.nowMs), detail: "")
    }

    func restore() throws {
        for ending in ["-wal", "-shm"] { unlink(file + ending) }
        try whole.write(to: URL(fileURLWithPath: file))
    }

    var sizeBytes: Int { whole.count }

    func flip(_ place: Int, _ bit: UInt8) throws {
        try restore()
        var bytes = whole
        bytes[place] ^= 1 << bit
        try bytes.write(to: URL(fileURLWithPath: file))
    }

    /// Runs SQL; 0 when SQLite takes it.
    @discardableResult
    func sql(_ text: String) -> Int32 {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        guard sqlite3_open(file, &handle) == SQLITE_OK else { return -1 }
        return sqlite3_exec(handle, text, nil, nil, nil)
    }

    /// Every row of the tables of the log as one text; `nil` when SQLite cannot read them. Left out are columns that nothing else
    /// repeats: instants of this host's clock that no leaf holds.
    func rows() -> String? {
        let queries = [
            "SELECT origin, building, period_ms, log_key, hex(recovery_hash), network FROM identity",
            "SELECT idx, type, k, wall_ms, hex(hash), hex(bytes) FROM leaf ORDER BY idx",
            "SELECT level, idx, hex(hash) FROM node ORDER BY level, idx",
            "SELECT stream, k, hex(hash), hex(bytes) FROM item ORDER BY stream, k",
            "SELECT leaf, position, hex(hash), hex(bytes) FROM opening ORDER BY leaf, position",
            "SELECT hex(hash), leaf, revision FROM config ORDER BY hash", "SELECT hex(hash) FROM config_now",
            "SELECT hex(config), position, stream, hex(hash), hex(bytes) FROM config_item ORDER BY config, position",
            "SELECT number, leaf, revision, wall_ms FROM snapshot ORDER BY number",
            "SELECT number, position, entity, hex(hash), hex(bytes) FROM snapshot_item ORDER BY number, position",
            "SELECT size, hex(root), note FROM checkpoint ORDER BY size",
            "SELECT seq, leaf, milestone_index, hex(milestone_id), milestone_time_s, hex(milestone) FROM beacon ORDER BY seq",
            """
            SELECT seq, size, hex(root), note, hex(payload), beacon_leaf, hex(block_id), milestone_index,
            hex(milestone_id), milestone_time_s, hex(milestone), hex(path) FROM anchor ORDER BY seq
            """, "SELECT seq, hex(block_id), hex(block) FROM attempt ORDER BY number",
            "SELECT size, witness, line FROM cosignature ORDER BY size, witness",
            "SELECT revision, hex(hash), hex(bytes) FROM model ORDER BY revision",
        ]
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        guard sqlite3_open(file, &handle) == SQLITE_OK else { return nil }
        var text = ""
        for query in queries {
            var statement: OpaquePointer?
            defer { sqlite3_finalize(statement) }
            guard sqlite3_prepare_v2(handle, query, -1, &statement, nil) == SQLITE_OK else { return nil }
            var code = sqlite3_step(statement)
            while code == SQLITE_ROW {
                for column in 0..<sqlite3_column_count(statement) {
                    text += sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL"
                    text += "|"
                }
                text += "\n"
                code = sqlite3_step(statement)
            }
            guard code == SQLITE_DONE else { return nil }
        }
        return text
    }

    /// Names of everything that a rereading finds; a file that cannot be opened as a ledger is one of them.
    func damage() async throws -> [Damage] {
        do {
            let reader = try LedgerReader.open(directory: site.directory)
            return try await Fsck.run(reader, measures: measures, progress: { _, _ in }).damage.named
        } catch let error as LedgerError {
            if let why = error.damage { return [Damage(.file, "ledger.db", why)] }
            // A schema number that rotted is told too, in other words.
            if case .newerSchema = error { return [Damage(.file, "ledger.db", "newer")] }
            if case .outOfOrder(let what) = error, what.contains("schema") { return [Damage(.file, "ledger.db", what)] }
            throw error
        }
    }

    func report() async throws -> Fsck.Report {
        try await Fsck.run(
            try LedgerReader.open(directory: site.directory), measures: measures, progress: { _, _ in })
    }
}
