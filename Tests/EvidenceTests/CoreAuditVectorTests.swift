import Evidence
import Foundation
import Hashing
import LogEntries
import MerkleLog
import Testing

/// Goal: the core audit finds exactly what the log vectors say, honest and attacked.
/// Method: every `audit_*.json`; the bundle is given to the core as it stands.
@Suite struct `Core audit Vector findings` {
    @Test(arguments: AuditCase.all())
    func `every bundle gets its exact findings`(_ entry: AuditCase) throws {
        let bundle = entry.bundle
        let key = try #require(VerifierKey(bundle.log_vkey))
        let keys = LogKeys(key)
        var input = CoreAudit.Input(
            origin: bundle.origin, keys: keys,
            anchors: bundle.anchors_on_tangle.enumerated().map { place, anchor in
                CoreAudit.ListedAnchor(
                    name: "anchor \(place)",
                    reading: NoteReading(
                        anchor.note, payload: bytes(hex: anchor.payload), origin: bundle.origin, keys: keys,
                        name: "anchor \(place)"),
                    confirmation: .init(milestoneIndex: anchor.confirmed_ms_index, time: anchor.confirmed_ms_time))
            },
            from: bundle.from_anchor, to: bundle.to_anchor, proof: bundle.proof.compactMap { Hash(hex: $0) },
            leaves: PackedLeaves(bundle.entries.compactMap { bytes(hex: $0)?[...] }),
            items: PackedItems(
                try Dictionary(
                    uniqueKeysWithValues: bundle.items.map { k, items in
                        (try #require(UInt64(k)), try items.map { try $0.content() })
                    })))
        input.start = bundle.start
        input.end = bundle.end
        input.size = bundle.size
        var core = CoreAudit(input)
        _ = core.run()
        #expect(core.findings.sorted.map(\.code.rawValue) == entry.expect, "\(core.findings.sorted)")
    }

    @Test func `there are such bundles`() {
        #expect(AuditCase.all().count >= 34)
    }
}

struct AuditCase: Decodable, Sendable, CustomStringConvertible {
    let name: String
    let expect: [String]
    let bundle: Bundle

    var description: String { "\(bundle.origin): \(name)" }

    struct Bundle: Decodable, Sendable {
        let origin: String
        let log_vkey: String
        let anchors_on_tangle: [Anchor]
        let from_anchor: Int
        let to_anchor: Int
        let start: UInt64
        let end: UInt64
        let size: UInt64
        let proof: [String]
        let entries: [String]
        let items: [String: [Item]]
    }

    struct Anchor: Decodable, Sendable {
        let note: String
        let payload: String
        let confirmed_ms_index: UInt64
        let confirmed_ms_time: UInt64
    }

    struct Item: Decodable, Sendable {
        let bytes: String?
        let leaf_hash: String?
        let withheld: Bool?

        func content() throws -> PeriodItem.Content {
            if let hex = self.bytes {
                let item = Hashing.bytes(hex: hex)
                return .shown(try #require(item)[...])
            }
            let hash = try #require(leaf_hash.flatMap { Hash(hex: $0) })
            return withheld == true ? .withheld(hash) : .erased(hash)
        }
    }

    private struct File: Decodable {
        let cases: [AuditCase]
    }

    static func all() -> [AuditCase] {
        // What cannot be read is missed by the count below.
        let names = (try? EvidenceVectors.names(in: "log")) ?? []
        // Any file there whose cases are audits, whatever its name.
        return names.filter { $0.hasSuffix(".json") }.flatMap { name in
            (try? JSONDecoder().decode(File.self, from: Data(EvidenceVectors.bytes("log/\(name)"))).cases) ?? []
        }
    }
}
