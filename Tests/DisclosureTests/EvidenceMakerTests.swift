import Capture
import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LogEntries
import Readings
import SiteTesting
import Testing

/// Goal: what the gateway discloses holds for the auditor's verifier, whatever happened to the gateway in between.
/// Method: a real ledger on a simulated clock, a network of one coordinator, and the verifier of the auditor's program.
struct EvidenceMakerTests {
    /// What a card of a network of the operator's own always says.
    static let selfNetworkNotes = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY", "W_SELF_NETWORK", "W_SINGLE_SIGNER"]

    /// Forty intervals, five anchors, a restart after twenty with five minutes of nothing.
    private func livedIn() async throws -> (site: Site, fromMs: Int64, toMs: Int64) {
        let site = try await Site()
        try await site.run(intervals: 2)
        try await site.anchor()
        let fromMs = Int64(site.nowMs)
        try await site.run(intervals: 10)
        try await site.anchor()
        try await site.writer.recordUse(
            AccessUse(grant: 1, actor: Array(repeating: 7, count: 16), scope: "room1.co2", what: "latest", count: 2))
        _ = try await site.writer.appendEvent(
            EventPayload(kind: "alarm", point: try site.point("m1.power"), details: []),
            stream: try site.stream("mb1/none"))
        try await site.run(intervals: 8)
        try await site.capture()
        site.advance(ms: 5 * 60_000 + 7_000)
        try await site.restart()
        try await site.run(intervals: 7)
        try await site.anchor()
        try await site.run(intervals: 6, silent: true)
        let toMs = Int64(site.nowMs)
        try await site.run(intervals: 5)
        try await site.anchor()
        try await site.run(intervals: 4)
        try await site.anchor()
        return (site, fromMs, toMs)
    }

    private func period(
        _ site: Site, _ fromMs: Int64, _ toMs: Int64, _ streams: [StreamNumber]? = nil, name: String = "p.evidence"
    ) async throws -> (made: MadeFile, bytes: [UInt8]) {
        let path = site.directory + "/" + name
        let made = try await site.maker().period(
            fromMs: fromMs, toMs: toMs, streams: streams ?? site.streams, path: path, progress: { _ in })
        return (made, [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    /// Types of the leaves that a file opens.
    private static func types(of parts: PeriodParts) throws -> Set<UInt64> {
        let first = (parts.context.leaves.map(\.index).max() ?? 0) + 1
        return Set(
            try parts.openings.map { try Leaf.decode(Array(parts.leaves[Int($0.leafIndex - first)])).body.type })
    }

    private func codes(_ verdict: Verdict) -> [String] { Array(Set(verdict.codes)).sorted() }

    @Test func `a period with a restart and silence holds with the notes of a self network only`() async throws {
        let (site, fromMs, toMs) = try await livedIn()
        let (made, bytes) = try await period(site, fromMs, toMs)
        #expect(made.sizeBytes == bytes.count && made.sha256 == sha256(bytes))
        #expect(made.firstAnchor == 1 && made.lastAnchor == 4)
        let verdict = verify(file: bytes, card: try await site.card())
        #expect(codes(verdict) == Self.selfNetworkNotes, "\(verdict.findings)")
        #expect(verdict.exitCode == 0)
        let opened = try Self.types(of: try PeriodFile.parse(bytes))
        #expect(opened.contains(2) && opened.contains(5), "the event and the access are opened")
        #expect(verdict.facts.readings > 150 && verdict.facts.withheldItems == 0)
        let alone = verify(file: bytes)
        #expect(alone.exitCode == 2 && alone.codes.contains("W_POLICY_FROM_FILE"))
    }

    @Test func `a withheld stream is the only further note`() async throws {
        let (site, fromMs, toMs) = try await livedIn()
        let room = try site.stream("lora1/indirect")
        let (_, bytes) = try await period(site, fromMs, toMs, site.streams.filter { $0 != room })
        let verdict = verify(file: bytes, card: try await site.card())
        #expect(codes(verdict) == (Self.selfNetworkNotes + ["W_WITHHELD"]).sorted(), "\(verdict.findings)")
        #expect(verdict.exitCode == 0)
        let parts = try PeriodFile.parse(bytes)
        for config in parts.configs {
            for (place, item) in config.items.enumerated() where place > 0 {
                guard case .shown(let row) = item else { continue }
                #expect(try ConfigStream.decode(row).stream != room, "the row of a withheld stream is not disclosed")
            }
        }
    }

    @Test func `every period between any two confirmed instants holds`() async throws {
        let (site, fromMs, _) = try await livedIn()
        let card = try await site.card()
        let lastMs =
            try await site.reader().anchors().compactMap { $0.confirmation }.map { Int64($0.milestoneTimeS) * 1_000 }
            .max() ?? 0
        for start in stride(from: fromMs, to: lastMs - 400_000, by: 311_000) {
            let (_, bytes) = try await period(site, start, start + 240_001)
            let verdict = verify(file: bytes, card: card)
            #expect(verdict.exitCode == 0 && codes(verdict) == Self.selfNetworkNotes, "\(start): \(verdict.findings)")
        }
    }

    @Test func `the same question twice gives the same bytes`() async throws {
        let (site, fromMs, toMs) = try await livedIn()
        let first = try await period(site, fromMs, toMs)
        let second = try await period(site, fromMs, toMs, site.streams.reversed(), name: "again.evidence")
        #expect(first.bytes == second.bytes)
    }

    @Test func `a changed configuration inside the period is explained`() async throws {
        let (site, fromMs, _) = try await livedIn()
        try await site.restart(Site.building(label: "Other house"))
        try await site.run(intervals: 3)
        try await site.anchor()
        let toMs = Int64(site.nowMs) - 30_000
        let (_, bytes) = try await period(site, fromMs, toMs)
        let verdict = verify(file: bytes, card: try await site.card())
        #expect(verdict.exitCode == 0 && codes(verdict) == Self.selfNetworkNotes, "\(verdict.findings)")
        #expect(try PeriodFile.parse(bytes).configs.count == 2)
    }

    @Test func `an erasure is explained, whether declared inside the period or after it`() async throws {
        let (site, fromMs, toMs) = try await livedIn()
        let room = try site.stream("lora1/indirect")
        let k = UInt64(fromMs) / Site.periodMs + 2
        _ = try await site.writer.erase(stream: room, kFrom: k, kTo: k + 3, legalBasis: 1, actor: .zero)
        await #expect(throws: EvidenceMakingError.notYetAnchored(expectedAtMs: 4_711)) {
            try await period(site, fromMs, toMs)
        }
        try await site.run(intervals: 1)
        try await site.anchor()
        let card = try await site.card()
        let later = verify(file: try await period(site, fromMs, toMs).bytes, card: card)
        #expect(codes(later) == (Self.selfNetworkNotes + ["W_ERASED"]).sorted(), "\(later.findings)")
        #expect(later.exitCode == 0)
        let inside = verify(file: try await period(site, fromMs, Int64(site.nowMs) - 60_000).bytes, card: card)
        #expect(codes(inside) == (Self.selfNetworkNotes + ["W_ERASED"]).sorted(), "\(inside.findings)")
        let without = verify(
            file: try await period(site, fromMs, toMs, site.streams.filter { $0 != room }).bytes, card: card)
        #expect(codes(without) == (Self.selfNetworkNotes + ["W_WITHHELD"]).sorted(), "\(without.findings)")
    }

    @Test func `an anchor that never reached the network leaves one note`() async throws {
        let site = try await Site()
        try await site.run(intervals: 1)
        try await site.anchor()
        let fromMs = Int64(site.nowMs)
        try await site.run(intervals: 3)
        try await site.anchor(confirmed: false)
        try await site.run(intervals: 3)
        try await site.anchor()
        let (_, bytes) = try await period(site, fromMs, fromMs + 60_000)
        let verdict = verify(file: bytes, card: try await site.card())
        #expect(codes(verdict) == (Self.selfNetworkNotes + ["W_UNANCHORED"]).sorted(), "\(verdict.findings)")
        #expect(verdict.exitCode == 0)
    }

    @Test func `questions too early or too late are told apart`() async throws {
        let (site, fromMs, _) = try await livedIn()
        let first = try #require(try await site.reader().anchor(1)?.confirmation)
        let firstMs = Int64(first.milestoneTimeS) * 1_000
        await #expect(throws: EvidenceMakingError.noAnchorBefore(firstAnchoredAtMs: firstMs)) {
            try await period(site, firstMs - 1, firstMs + 60_000)
        }
        let nowMs = Int64(site.nowMs)
        await #expect(throws: EvidenceMakingError.notYetSealed) { try await period(site, fromMs, nowMs + 120_000) }
        try await site.run(intervals: 2)
        await #expect(throws: EvidenceMakingError.notYetAnchored(expectedAtMs: 4_711)) {
            try await period(site, fromMs, nowMs + 61_000)
        }
        let fresh = try await Site()
        try await fresh.run(intervals: 2)
        await #expect(throws: EvidenceMakingError.noAnchorBefore(firstAnchoredAtMs: nil)) {
            try await period(fresh, Int64(fresh.nowMs) - 90_000, Int64(fresh.nowMs) - 60_000)
        }
    }

    @Test func `a changed byte never exits 0, not even with a manifest made anew`() async throws {
        let (site, fromMs, _) = try await livedIn()
        let (_, bytes) = try await period(site, fromMs, fromMs + 120_000)
        let card = try await site.card()
        for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)) {
            var damaged = bytes
            damaged[place] ^= 0x20
            #expect(verify(file: damaged, card: card).exitCode != 0, "byte \(place)")
        }
        let parts = try PeriodFile.parse(bytes)
        for place in parts.items.indices where place % 3 == 0 {
            var damaged = parts
            guard case .shown(let item) = parts.items[place].content else { continue }
            var changed = Array(item)
            changed[changed.count - 1] ^= 1
            damaged.items[place].content = .shown(changed[...])
            let verdict = verify(file: try PeriodFileWriter.write(damaged, periodMs: Site.periodMs), card: card)
            #expect(
                verdict.exitCode == 1 && verdict.codes.contains("E_ITEM_HASH"), "item \(place): \(verdict.findings)")
        }
    }

    @Test func `a reading file is small and holds`() async throws {
        let (site, fromMs, _) = try await livedIn()
        let card = try await site.card()
        let maker = try await site.maker()
        let k = UInt64(fromMs) / Site.periodMs + 1
        let atMs = Int64(k * Site.periodMs + 11_000)
        let bytes = try await maker.reading(point: try site.point("m1.energy"), atMs: atMs)
        let verdict = verify(file: bytes, card: card)
        #expect(
            codes(verdict) == (Self.selfNetworkNotes + ["W_NO_LOWER_BOUND"]).sorted() && verdict.exitCode == 0,
            "\(verdict.findings)")
        #expect(verify(file: bytes).exitCode == 2)
        var bare = try ReadingFile.parse(bytes)
        #expect(bare.config?.count == 2)
        bare.config = nil
        bare.card = nil
        #expect(bare.encoded().count <= 3_000, "\(bare.encoded().count) bytes")
        #expect(verify(file: bare.encoded(), card: card).exitCode == 0)
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[place] ^= 0x10
            let isCard = damaged.count - place < card.encoded().utf8.count + 3
            #expect(verify(file: damaged, card: card).exitCode != 0 || isCard, "byte \(place)")
        }
    }

    @Test func `a reading that is not there, not sealed, not anchored or erased is told apart`() async throws {
        let (site, fromMs, _) = try await livedIn()
        let maker = try await site.maker()
        let k = UInt64(fromMs) / Site.periodMs + 1
        let energy = try site.point("m1.energy")
        let co2 = try site.point("room1.co2")
        await #expect(throws: EvidenceMakingError.noSuchReading) {
            try await maker.reading(point: energy, atMs: Int64(k * Site.periodMs + 11_001))
        }
        await #expect(throws: EvidenceMakingError.noSuchReading) {
            try await maker.reading(point: PointNumber(999), atMs: Int64(k * Site.periodMs + 11_000))
        }
        try await site.run(intervals: 1)
        let late = Int64((site.nowMs / Site.periodMs - 1) * Site.periodMs + 11_000)
        await #expect(throws: EvidenceMakingError.notYetAnchored(expectedAtMs: 4_711)) {
            try await maker.reading(point: energy, atMs: late)
        }
        await #expect(throws: EvidenceMakingError.notYetSealed) {
            try await maker.reading(point: energy, atMs: Int64(site.nowMs))
        }
        _ = try await site.writer.erase(
            stream: try site.stream("lora1/indirect"), kFrom: k, kTo: k, legalBasis: 1, actor: .zero)
        await #expect(throws: EvidenceMakingError.erased) {
            try await maker.reading(point: co2, atMs: Int64(k * Site.periodMs + 12_500))
        }
        #expect(try await !maker.reading(point: energy, atMs: Int64(k * Site.periodMs + 11_000)).isEmpty)
    }
}
