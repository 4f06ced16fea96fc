import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import MerkleLog
import Readings
import Tangle
import TestTools
import Testing
import TwinModel

/// Goal: whatever an honest gateway lives through, its evidence holds.
/// Method: seeded histories through the real ledger, capture and anchoring on a simulated clock, with kills, wrong clocks,
/// full disks, changed buildings and erasures; then the auditor's verifier. `PLUMBLINE_FUZZ_SEEDS` sets the number of seeds,
/// `PLUMBLINE_FUZZ_FIRST` the first.
struct HonestHistoryTests {
    static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["PLUMBLINE_FUZZ_SEEDS"].flatMap(UInt64.init) ?? 12
        let first = environment["PLUMBLINE_FUZZ_FIRST"].flatMap(UInt64.init) ?? 1
        return Array(first..<(first + count))
    }

    @Test(arguments: seeds)
    func `whatever a gateway lives through its evidence holds`(seed: UInt64) async throws {
        let gateway = try await HistoryGateway(seed: seed)
        var check = HistoryCheck(gateway, seed: seed)
        do {
            try await gateway.live(chapters: 6 + Int(seed % 4) * 3)
            try await check.log()
            try await check.completeness()
            for number in 0..<5 { try await check.period(number) }
            for _ in 0..<5 { try await check.reading() }
        } catch {
            Issue.record("\(check.what): \(error)")
        }
        if gateway.daemon != nil { try await gateway.kill() }
    }
}

/// What must be true of a gateway's log in the end.
struct HistoryCheck {
    let gateway: HistoryGateway
    let seed: UInt64
    private var logged: [Reading] = []

    init(_ gateway: HistoryGateway, seed: UInt64) {
        self.gateway = gateway
        self.seed = seed
    }

    var what: Comment { "seed \(seed), story \(gateway.story.joined(separator: " "))" }

    private func reader() throws -> LedgerReader { try LedgerReader.open(directory: gateway.directory) }

    /// The log from its bytes: hashes, the root, and every anchor's root.
    func log() async throws {
        let reader = try reader()
        let size = try await reader.size()
        var hashes: [Hash] = []
        for leaf in try await reader.leaves(0..<size) {
            #expect(leafHash(leaf.bytes) == leaf.hash, what)
            hashes.append(leafHash(leaf.bytes))
        }
        #expect(MerkleTree.root(of: hashes) == (try await reader.root(size: size)), what)
        for anchor in try await reader.anchors(AnchorQuery(limit: 10_000)) {
            #expect(MerkleTree.root(of: Array(hashes.prefix(Int(anchor.size)))) == anchor.root, what)
        }
    }

    /// What was captured is in the log, or in the open interval, once; nothing else is.
    mutating func completeness() async throws {
        let reader = try reader()
        var counts: [HistoryKey: Int] = [:]
        for (stream, range) in try await spans(reader) {
            for row in try await reader.items(stream: stream, k: range, limit: 1_000_000) {
                guard let bytes = row.item.bytes else { continue }
                #expect(leafHash(bytes) == row.item.hash, what)
                let readings = try gateway.readings(of: bytes, k: row.k)
                logged += readings
                for reading in readings { counts[HistoryKey(reading), default: 0] += 1 }
            }
        }
        for placed in try await reader.openReadings() { counts[HistoryKey(placed.reading), default: 0] += 1 }
        let known = gateway.certain.union(gateway.possible).union(gateway.pending)
        for key in gateway.certain where counts[key] == nil { Issue.record("\(what): lost \(key)") }
        for key in known where counts[key, default: 0] > 1 { Issue.record("\(what): twice \(key)") }
    }

    private func spans(_ reader: LedgerReader) async throws -> [(StreamNumber, ClosedRange<UInt64>)] {
        guard let span = try await reader.sealedSpan() else { return [] }
        return try await reader.numbering().streams.values.sorted().map { ($0, span) }
    }

    /// A random period with random streams: the file holds, with the notes that are due.
    func period(_ number: Int) async throws {
        let reader = try reader()
        let anchors = try await reader.anchors(AnchorQuery(limit: 10_000))
        let confirmed = anchors.filter { $0.state == .anchored }
        let firstMs = Int64(try #require(confirmed.first?.confirmation, what).milestoneTimeS) * 1_000
        let last = try #require(confirmed.last, what)
        let lastLeaf = try await reader.leaves(type: 1, in: 0..<last.size, limit: 1, descending: true).first
        let endMs = Int64((try #require(lastLeaf?.k, what) + 1) * gateway.periodMs)
        try #require(endMs > firstMs + 1, what)
        let from = gateway.dice.ms(firstMs...(endMs - 2))
        let to =
            gateway.dice.isOne(of: 2)
            ? gateway.dice.ms((from + 1)...endMs)
            : gateway.dice.ms((from + 1)...min(endMs, from + 20 * Int64(gateway.periodMs)))
        let all = try await reader.numbering().streams.values.sorted()
        let streams = all.filter { _ in !gateway.dice.isOne(of: 4) || number == 0 }
        let path = gateway.directory + "/p.evidence"
        let card = try await card(reader)
        _ = try await EvidenceMaker(reader: reader, card: Array(card.encoded().utf8)).period(
            fromMs: from, toMs: to, streams: streams, path: path, progress: { _ in })
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let verdict = verify(file: bytes, card: card)
        var due = Set(EvidenceMakerTests.selfNetworkNotes)
        if verdict.facts.withheldItems > 0, streams.count < all.count { due.insert("W_WITHHELD") }
        if verdict.facts.erasedItems > 0, !gateway.erasures.isEmpty { due.insert("W_ERASED") }
        let inside = (verdict.facts.fromSeq ?? 0)...(verdict.facts.toSeq ?? 0)
        if anchors.contains(where: { $0.state != .anchored && inside.contains($0.seq) }) { due.insert("W_UNANCHORED") }
        let codes = Set(verdict.codes).subtracting(["W_WIDE_BRACKET"])
        #expect(
            verdict.exitCode == 0 && codes == due,
            "\(what): [\(from), \(to)) \(streams): \(verdict.findings.filter { !due.contains($0.code.rawValue) })")
    }

    /// The file of everything between the first confirmed anchor and the last interval that one covers.
    func whole() async throws -> (bytes: [UInt8], card: PolicyCard) {
        let reader = try reader()
        let confirmed = try await reader.anchors(AnchorQuery(states: [.anchored], limit: 10_000))
        let firstMs = Int64(try #require(confirmed.first?.confirmation, what).milestoneTimeS) * 1_000
        let size = try #require(confirmed.last, what).size
        let last = try await reader.leaves(type: 1, in: 0..<size, limit: 1, descending: true).first
        let endMs = Int64((try #require(last?.k, what) + 1) * gateway.periodMs)
        let card = try await card(reader)
        let path = gateway.directory + "/whole.evidence"
        _ = try await EvidenceMaker(reader: reader, card: Array(card.encoded().utf8)).period(
            fromMs: firstMs, toMs: endMs, streams: try await reader.numbering().streams.values.sorted(), path: path,
            progress: { _ in })
        return ([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), card)
    }

    /// A random reading: its file holds and shows what was captured.
    func reading() async throws {
        let reader = try reader()
        guard !logged.isEmpty else { return }
        let reading = gateway.dice.pick(logged)
        let card = try await card(reader)
        let bytes: [UInt8]
        do {
            bytes = try await EvidenceMaker(reader: reader, card: Array(card.encoded().utf8)).reading(
                point: reading.point, atMs: reading.capturedAtMs)
        } catch EvidenceMakingError.notYetAnchored { return }
        let verdict = verify(file: bytes, card: card)
        #expect(verdict.exitCode == 0, "\(what): \(reading): \(verdict.findings)")
        let shown = verdict.facts.shown.filter {
            $0.point == reading.point.rawValue && $0.atMs == reading.capturedAtMs
        }
        #expect(
            shown.count == 1 && shown.first?.raw == reading.value && shown.first?.quality == reading.quality
                && shown.first?.sourceAtMs == reading.sourceAtMs, "\(what): \(reading): \(shown)")
    }

    func card(_ reader: LedgerReader) async throws -> PolicyCard {
        let genesis = try #require(try await reader.leaf(at: 0))
        return PolicyCard(
            origin: HistoryGateway.origin, logKey: gateway.key.verifierKey.description,
            recoveryHash: sha256(Array(gateway.recovery.verifierKey.description.utf8)),
            genesis: leafHash(genesis.bytes), network: "dev", milestoneIndex: gateway.firstMilestone.index,
            milestoneID: gateway.firstMilestone.id.hash,
            milestoneKeys: try gateway.node.network.publicKeys.map {
                PolicyCard.MilestoneKey(
                    key: try #require(Hash(bytes: $0)), start: 0, end: 0, holder: PolicyCard.operatorHolder)
            }, threshold: 1, minPowScore: 0)
    }
}
