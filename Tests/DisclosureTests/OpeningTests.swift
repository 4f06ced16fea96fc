import Capture
import Disclosure
import Evidence
import Foundation
import LedgerStore
import LogEntries
import Readings
import SiteTesting
import Testing

/// Goal: a file opens what concerns the streams it discloses, and shows nothing of what concerns others.
/// Method: a site whose room sensor and meter are read by others; every opened item is searched for the hidden stream.
struct OpeningTests {
    private func file(_ site: Site, _ fromMs: Int64, _ streams: [StreamNumber]) async throws -> [UInt8] {
        let path = site.directory + "/p.evidence"
        _ = try await site.maker().period(
            fromMs: fromMs, toMs: Int64(site.nowMs) - 120_000, streams: streams, path: path, progress: { _ in })
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Reads of the room and of the meter in one interval, a snapshot with values, an anchor around it.
    private func livedIn() async throws -> (site: Site, fromMs: Int64) {
        let site = try await Site()
        try await site.run(intervals: 2)
        try await site.anchor()
        let fromMs = Int64(site.nowMs)
        try await site.run(intervals: 3)
        for (scope, count) in [("room1.co2", 2), ("m1.power", 5), ("m1.power", 1)] as [(String, UInt64)] {
            try await site.writer.recordUse(
                AccessUse(
                    grant: 1, actor: Array(repeating: 7, count: 16), scope: scope, what: "readings", count: count))
        }
        try await site.run(intervals: 2)
        try await site.writer.appendSnapshot(of: Site.building(), numbering: site.numbering)
        try await site.run(intervals: 3)
        try await site.anchor()
        return (site, fromMs)
    }

    private func accesses(_ parts: PeriodParts) -> [(shown: [AccessItem], hidden: Int)] {
        parts.openings.compactMap { opening in
            let items = opening.items.compactMap { try? AccessItem.decode($0) }  // of another leaf: none
            return items.isEmpty ? nil : (items, opening.hidden.count)
        }
    }

    @Test func `all streams disclosed opens every access and the snapshot whole`() async throws {
        let (site, fromMs) = try await livedIn()
        let bytes = try await file(site, fromMs, site.streams)
        #expect(verify(file: bytes, card: try await site.card()).exitCode == 0)
        let parts = try PeriodFile.parse(bytes)
        let found = accesses(parts)
        #expect(found.count == 1 && found[0].shown.count == 2 && found[0].hidden == 0)
        #expect(found[0].shown.flatMap(\.entries).map(\.count).reduce(0, +) == 8)
        let snapshots = parts.openings.filter { (try? SnapshotItem.decode($0.items[0])) != nil }  // of another leaf
        #expect(snapshots.count == 1 && snapshots[0].hidden.isEmpty)
    }

    @Test func `a withheld stream is in no opened item`() async throws {
        let (site, fromMs) = try await livedIn()
        let room = try site.stream("lora1/indirect")
        let bytes = try await file(site, fromMs, site.streams.filter { $0 != room })
        let verdict = verify(file: bytes, card: try await site.card())
        #expect(verdict.exitCode == 0, "\(verdict.findings)")
        let parts = try PeriodFile.parse(bytes)
        let found = accesses(parts)
        #expect(found.count == 1 && found[0].shown.count == 1 && found[0].hidden == 1)
        #expect(found[0].shown[0].entries.map(\.scope) == ["m1.power", "m1.power"])
        for item in parts.openings.flatMap(\.items) {
            guard let snapshot = try? SnapshotItem.decode(item) else { continue }  // of another leaf
            #expect(snapshot.citations.allSatisfy { $0.stream != room })
        }
        #expect(parts.openings.contains { !$0.hidden.isEmpty && (try? SnapshotItem.decode($0.items[0])) != nil })
    }

    @Test func `items without entries stay closed beside what is closed`() async throws {
        let (site, fromMs) = try await livedIn()
        try await site.writer.recordUse(
            AccessUse(
                grant: 1, actor: Array(repeating: 7, count: 16), scope: "long.gone", what: "series", count: 1))
        for scope in ["room1.co2", "m1.power"] {
            try await site.writer.recordUse(
                AccessUse(
                    grant: 1, actor: Array(repeating: 7, count: 16), scope: scope, what: "series", count: 1))
        }
        try await site.run(intervals: 4)
        try await site.anchor()
        let bytes = try await file(site, fromMs, site.streams)
        #expect(verify(file: bytes, card: try await site.card()).exitCode == 0)
        let found = accesses(try PeriodFile.parse(bytes))
        #expect(found.count == 2)
        #expect(found[1].shown.count == 2 && found[1].hidden == 2, "three items and an empty one")
        #expect(found[1].shown.allSatisfy { !$0.entries.isEmpty })
    }
}
