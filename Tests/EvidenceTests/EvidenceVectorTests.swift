import Evidence
import Foundation
import Hashing
import Testing

/// Goal: every whole file made by another program gets exactly its verdict.
/// Method: all case lists of the vectors; each file with its card, its asked time, its sorted findings and exit code.
@Suite struct `Evidence file Vector verdicts` {
    @Test func `the case lists are there`() throws {
        #expect(try EvidenceVectors.caseLists().flatMap(\.cases).count >= 94)
    }

    @Test(arguments: EvidenceVectors.allCases())
    func `every file gets its findings and its exit code`(_ entry: EvidenceVectors.Case) throws {
        let card = try entry.card.map { try PolicyCard.parse(EvidenceVectors.bytes(entry.path($0))) }
        let verdict = verify(
            file: try EvidenceVectors.bytes(entry.path(entry.file)), card: card, from: entry.t1, to: entry.t2)
        #expect(verdict.codes == entry.findings, "\(verdict.findings)")
        #expect(verdict.exitCode == entry.exit)
    }

    @Test func `every card of the vectors is written back in the same bytes`() throws {
        let cards = try EvidenceVectors.names(in: "evidence").filter { $0.hasSuffix(".card") }
        #expect(!cards.isEmpty)
        for name in cards {
            let bytes = try EvidenceVectors.bytes("evidence/\(name)")
            #expect(Array(try PolicyCard.parse(bytes).encoded().utf8) == bytes, "\(name)")
        }
    }

    @Test func `what the writer makes of the parts of a file is that file`() throws {
        var count = 0
        for name in try EvidenceVectors.names(in: "evidence") where name.hasSuffix(".period") {
            let bytes = try EvidenceVectors.bytes("evidence/\(name)")
            guard let parts = try? PeriodFile.parse(bytes) else { continue }
            #expect(try PeriodFileWriter.write(parts, periodMs: 60_000) == bytes, "\(name)")
            count += 1
        }
        #expect(count > 50)
    }

    @Test func `what the writer makes of a reading file is that file`() throws {
        var count = 0
        for name in try EvidenceVectors.names(in: "evidence") where name.hasSuffix(".reading") {
            let bytes = try EvidenceVectors.bytes("evidence/\(name)")
            guard let parts = try? ReadingFile.parse(bytes) else { continue }
            #expect(parts.encoded() == bytes, "\(name)")
            count += 1
        }
        #expect(count > 5)
    }

    @Test func `the exit code follows from the findings alone`() throws {
        for entry in EvidenceVectors.allCases() where entry.exit == 0 {
            #expect(!entry.findings.contains { $0.hasPrefix("E_") })
        }
    }
}
