import Foundation
import Scrubbing
import SiteTesting
import TestTools
import Testing

/// Goal: what rots on disk is named, and what has not rotted is not.
/// Method: a ledger with something in every table, spoiled by SQL that repairs nothing else, and by single bits of its file.
@Suite(.serialized) struct FsckTests {
    @Test func `a ledger that nobody touched is sound, with erased items and a restart in it`() async throws {
        let ledger = try await RottenLedger()
        let report = try await ledger.report()
        #expect(report.damage.named == [])
        #expect(report.isSound && report.counts.leaves == report.size && report.stoppedAt == nil)
        #expect(report.counts.anchors == 3 && report.counts.configurations == 2 && report.counts.erasedItems == 2)
        #expect(report.counts.openings == 4 && report.counts.snapshots >= 1 && report.counts.nodes > 20)
    }

    /// What is done to the file, and the kind and the beginning of the name that must be found; nothing else may be.
    static let spoilings: [(sql: String, kind: Damage.Kind, name: String)] = [
        ("UPDATE leaf SET bytes = zeroblob(40) WHERE idx = 5", .leaf, "leaf 5"),
        ("UPDATE leaf SET hash = zeroblob(32) WHERE idx = 6", .leaf, "leaf 6"),
        ("UPDATE leaf SET wall_ms = wall_ms + 1 WHERE idx = 7", .leaf, "leaf 7"),
        ("DELETE FROM leaf WHERE idx = 4", .leaf, "leaf 4"),
        ("UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1", .node, "node 2/1"),
        ("DELETE FROM node WHERE level = 3 AND idx = 0", .node, "node 3/0"),
        ("UPDATE item SET bytes = zeroblob(30) WHERE rowid_of_item = 3", .item, "item "),
        ("UPDATE item SET hash = zeroblob(32) WHERE rowid_of_item = 4", .item, "item "),
        ("UPDATE item SET bytes = NULL WHERE rowid_of_item = 5", .item, "item "),
        ("DELETE FROM item WHERE rowid_of_item = 6", .item, "item "),
        (
            "UPDATE opening SET bytes = zeroblob(30) WHERE leaf = (SELECT min(leaf) FROM opening)", .opening,
            "opening of leaf "
        ),
        ("DELETE FROM opening WHERE leaf = (SELECT max(leaf) FROM opening)", .opening, "opening of leaf "),
        (
            "UPDATE config_item SET bytes = zeroblob(9) WHERE position = 1 AND rowid_of_config = 1", .configuration,
            "configuration "
        ),
        ("UPDATE config SET revision = 77 WHERE leaf = 2", .configuration, "configuration "),
        ("UPDATE model SET bytes = zeroblob(9) WHERE revision = 1", .model, "model 1"),
        (
            "UPDATE snapshot_item SET bytes = zeroblob(9) WHERE number = 1 AND position = 1", .snapshot,
            "snapshot 1, entity "
        ),
        ("UPDATE snapshot SET leaf = leaf - 1 WHERE number = 1", .snapshot, "snapshot 1"),
        (
            "UPDATE checkpoint SET note = replace(note, 'gw.example', 'gw.exbmple') WHERE size = (SELECT min(size) FROM checkpoint)",
            .checkpoint, "checkpoint "
        ),
        (
            "UPDATE checkpoint SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM checkpoint)", .checkpoint,
            "checkpoint "
        ),
        ("UPDATE beacon SET milestone = zeroblob(99) WHERE seq = 2", .beacon, "beacon 2"),
        ("DELETE FROM beacon WHERE seq = 1", .beacon, "beacon 1"),
        ("UPDATE anchor SET payload = zeroblob(109) WHERE seq = 1", .anchor, "anchor 1"),
        ("UPDATE anchor SET path = zeroblob(33) WHERE seq = 2", .anchor, "anchor 2"),
        ("UPDATE anchor SET milestone_time_s = 5 WHERE seq = 2", .anchor, "anchor 2"),
        ("DELETE FROM anchor WHERE seq = 1", .anchor, "anchor 1"),
        ("UPDATE attempt SET block = zeroblob(200) WHERE seq = 1", .anchor, "anchor 1"),
        (
            "UPDATE cosignature SET line = replace(line, '— ', '—  ')", .cosignature,
            "cosignature of watch.example/w1 over "
        ),
        ("UPDATE command SET reason = 'another'", .command, "command "),
        ("DELETE FROM boot WHERE number = 2", .boot, "boot 2"),
        ("UPDATE point_number SET number = 99 WHERE id = 'm1.power'", .table, "table point_number"),
        ("DELETE FROM point_stream WHERE point = 1", .table, "table point_stream"),
        (
            "UPDATE citation_block SET rows = CAST(substr(rows, 1, 16) || x'4d' || substr(rows, 18) AS BLOB)", .table,
            "citation of point "
        ),
        ("UPDATE citation_block SET rows = zeroblob(3)", .table, "table citation_block"),
        ("UPDATE token SET hash = zeroblob(31)", .table, "table token"),
        ("UPDATE latest_block SET rows = zeroblob(3)", .table, "table latest_block"),
        ("UPDATE latest_block SET roles = CAST(roles || x'00' AS BLOB)", .table, "table latest_block"),
        ("UPDATE latest_block SET roles = x'03'", .table, "table latest_block"),
        ("UPDATE open_batch SET rows = zeroblob(3)", .table, "table open_batch"),
        ("UPDATE identity SET network = 'other'", .identity, "identity"),
        (
            "UPDATE config_now SET hash = (SELECT hash FROM config WHERE leaf = 2)", .configuration,
            "the configuration in force"
        ),
    ]

    @Test func `each thing that is spoiled is named, and nothing else is`() async throws {
        let ledger = try await RottenLedger()
        for (sql, kind, name) in Self.spoilings {
            try ledger.restore()
            var text = sql.replacing("rowid_of_config = 1", with: "config = (SELECT hash FROM config WHERE leaf = 2)")
            if let place = sql.firstRange(of: "rowid_of_item = ") {
                let number = sql[place.upperBound...]
                text =
                    sql[..<place.lowerBound]
                    + "(stream, k) = (SELECT stream, k FROM item WHERE bytes IS NOT NULL ORDER BY stream, k LIMIT 1 OFFSET \(number))"
            }
            #expect(ledger.sql(text) == 0, "\(text)")
            let damage = try await ledger.damage()
            #expect(damage.contains { $0.kind == kind && $0.name.hasPrefix(name) }, "\(sql): \(damage)")
            #expect(damage.allSatisfy { $0.name.hasPrefix(name) || Self.follows($0, kind) }, "\(sql): \(damage)")
        }
    }

    /// What a fault may take along: where a leaf is gone, whatever must follow it.
    private static func follows(_ damage: Damage, _ kind: Damage.Kind) -> Bool {
        switch kind {
        case .leaf: damage.kind == .leaf || damage.kind == .node
        case .item: damage.name.hasPrefix("items of interval") || damage.name.hasPrefix("citation of point")
        case .table: damage.kind == .table
        case .identity: damage.kind == .identity
        default: false
        }
    }

    @Test
    func `a bit that flips anywhere never stops the program, and is named when a row of the log reads differently`()
        async throws
    {
        let ledger = try await RottenLedger(intervals: 3)
        let before = try required(ledger.rows())
        var random = SeededGenerator(seed: 20)
        let flips =
            ProcessInfo.processInfo.environment["PLUMBLINE_FUZZ_SEEDS"].flatMap { Int($0) }.map { $0 * 50 } ?? 250
        var named = 0
        for _ in 0..<flips {
            let place = Int.random(in: 0..<ledger.sizeBytes, using: &random)
            let bit = UInt8.random(in: 0..<8, using: &random)
            try ledger.flip(place, bit)
            let after = ledger.rows()
            try ledger.flip(place, bit)
            let damage = try await ledger.damage()
            if !damage.isEmpty { named += 1 }
            #expect(!damage.isEmpty || after == before, "byte \(place), bit \(bit)")
        }
        #expect(named > flips / 20, "\(named) of \(flips)")
    }

    @Test func `a log that is shorter than what was signed is told`() async throws {
        let ledger = try await RottenLedger()
        let size = try await ledger.report().size
        #expect(ledger.sql("DELETE FROM leaf WHERE idx >= \(size - 6)") == 0)
        let names = try await ledger.damage().map(\.name)
        #expect(names.contains("the file checkpoint") && names.contains("anchor 3"), "\(names)")
    }
}
