import Evidence
import Foundation
import Hashing
import Testing
import TestTools

/// Goal: nothing that is not the honest file is accepted, and nothing makes the verifier fall over.
/// Method: honest vectors, damaged byte by byte, cut at every length, shuffled, and noise; always with the auditor's card.
@Suite struct `Damage to evidence files Vector` {
    static func card() throws -> PolicyCard { try PolicyCard.parse(EvidenceVectors.bytes("evidence/gateway.card")) }

    @Test func `every byte of a reading file counts`() throws {
        let card = try Self.card()
        let honest = try EvidenceVectors.bytes("evidence/reading-honest.reading")
        #expect(verify(file: honest, card: card).exitCode == 0)
        for at in honest.indices {
            for mask: UInt8 in [0x01, 0x80, 0xff] {
                var damaged = honest
                damaged[at] ^= mask
                let verdict = verify(file: damaged, card: card)
                #expect(verdict.exitCode != 0, "byte \(at) ^ \(mask): \(verdict.codes)")
            }
        }
    }

    @Test func `every byte of a reading file with its configuration counts`() throws {
        let card = try Self.card()
        let honest = try EvidenceVectors.bytes("evidence/reading-config.reading")
        for at in honest.indices {
            var damaged = honest
            damaged[at] ^= 0x04
            #expect(verify(file: damaged, card: card).exitCode != 0, "byte \(at)")
        }
    }

    /// The manifest says what was asked for (from, to, streams), and nobody signs a question: a changed question may hold.
    @Test func `a sample of the bytes of a period file counts, but for the question in its manifest`() throws {
        let card = try Self.card()
        let honest = try EvidenceVectors.bytes("evidence/honest-erased-later.period")
        let parts = try PeriodFile.parse(honest)
        var random = SeededGenerator(seed: 20_261_123)
        for _ in 0..<2_000 {
            let at = Int(random.next() % UInt64(honest.count))
            var damaged = honest
            damaged[at] ^= UInt8(truncatingIfNeeded: 1 << (random.next() % 8))
            let verdict = verify(file: damaged, card: card)
            if verdict.exitCode == 0, let read = try? PeriodFile.parse(damaged),
                read.fromMs != parts.fromMs || read.toMs != parts.toMs || read.streams != parts.streams
            {
                continue
            }
            #expect(verdict.exitCode != 0, "seed 20261123, byte \(at): \(verdict.codes)")
        }
    }

    /// A small file whole: every byte once, each with another bit or all of them.
    @Test func `every byte of a small period file counts, but for the question in its manifest`() throws {
        let honest = try EvidenceVectors.bytes("evidence-own/honest.period")
        let card = try PolicyCard.parse(EvidenceVectors.bytes("evidence-own/honest.card"))
        let parts = try PeriodFile.parse(honest)
        #expect(verify(file: honest, card: card).exitCode == 0)
        var asked: [Int] = []
        for at in honest.indices {
            var damaged = honest
            damaged[at] ^= at % 9 == 8 ? 0xff : 1 << UInt8(at % 9)
            let verdict = verify(file: damaged, card: card)
            guard verdict.exitCode == 0 else { continue }
            let read = try PeriodFile.parse(damaged)
            #expect(
                read.fromMs != parts.fromMs || read.toMs != parts.toMs || read.streams != parts.streams, "byte \(at)")
            asked.append(at)
        }
        // Two instants of eight bytes and one stream.
        #expect(asked.count <= 17, "\(asked)")
    }

    @Test func `a file that is cut anywhere is malformed`() throws {
        let card = try Self.card()
        let reading = try EvidenceVectors.bytes("evidence/reading-honest.reading")
        for count in 0..<reading.count {
            let verdict = verify(file: Array(reading[..<count]), card: card)
            #expect(verdict.codes == ["E_MALFORMED"], "\(count) bytes")
        }
        let period = try EvidenceVectors.bytes("evidence/honest-full.period")
        for count in stride(from: 0, to: period.count, by: 97) {
            let verdict = verify(file: Array(period[..<count]), card: card)
            #expect(verdict.exitCode != 0, "\(count) bytes: \(verdict.codes)")
        }
    }

    @Test func `members in another order, twice or left out are malformed`() throws {
        let card = try Self.card()
        let honest = try EvidenceVectors.bytes("evidence/honest-full.period")
        let members = try Ustar.read(honest).map { (name: $0.name, content: Array(honest[$0.content])) }
        var random = SeededGenerator(seed: 7)
        for round in 0..<40 {
            var changed = members
            let a = Int(random.next() % UInt64(members.count))
            let b = Int(random.next() % UInt64(members.count))
            switch round % 3 {
            case 0 where a != b: changed.swapAt(a, b)
            case 1: changed.insert(members[a], at: b)
            default: changed.remove(at: a)
            }
            let file = try #require(Ustar.write(changed))
            #expect(verify(file: file, card: card).codes == ["E_MALFORMED"], "seed 7, round \(round)")
        }
    }

    @Test func `noise of any length gets a verdict`() throws {
        let card = try Self.card()
        var random = SeededGenerator(seed: 99)
        for count in [0, 1, 2, 262, 263, 512, 1_024, 1_536, 70_000] {
            var noise = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(verify(file: noise, card: card).exitCode != 0)
            if count >= 263 {
                noise.replaceSubrange(257..<262, with: "ustar".utf8)
                #expect(verify(file: noise, card: card).codes == ["E_MALFORMED"])
            }
        }
    }

    /// Lengths and numbers that no honest writer uses: the manifest is made anew, so that they reach the checks behind it.
    @Test func `hostile numbers inside a well-formed container get a verdict`() throws {
        let card = try Self.card()
        let honest = try PeriodFile.parse(try EvidenceVectors.bytes("evidence/honest-openings.period"))
        let changes: [(inout PeriodParts) -> Void] = [
            {
                $0.fromMs = .min; $0.toMs = .max
            },
            {
                $0.fromMs = .max; $0.toMs = .min
            },
            { $0.streams = [.max, 0] },
            { parts in parts.items = parts.items.map { PeriodItem(k: .max, stream: $0.stream, content: $0.content) } },
            { $0.items = [] },
            { $0.leaves = [] },
            { $0.leaves.append([]) },
            { $0.rangeProof = [] },
            { $0.rangeProof += $0.rangeProof },
            { $0.configs = [] },
            { $0.configs[0].items = [] },
            { $0.context.leaves = [] },
            { $0.context.leaves[0].treeSize = .max },
            { $0.context.leaves[0].index = .max },
            { $0.context.leaves[0].proof = [] },
            { $0.context.consistency = [.init(seq: .max, proof: [])] },
            { $0.anchors.removeFirst() },
            { $0.anchors[0].note = [] },
            { $0.anchors[0].milestone = [] },
            { $0.anchors[0].path = [1] },
            { $0.anchors[0].block = [] },
            { $0.beacons[0].milestone = [] },
            { $0.openings[0].leafIndex = .max },
            { $0.openings[0].items = [] },
        ]
        for (place, change) in changes.enumerated() {
            var parts = honest
            change(&parts)
            let file = try PeriodFileWriter.write(parts, periodMs: 1)
            let verdict = verify(file: file, card: card)
            // The third change only discloses other streams by name.
            #expect(verdict.exitCode != 0 || place == 2, "change \(place): \(verdict.codes)")
        }
    }
}
