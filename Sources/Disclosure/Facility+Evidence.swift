package import Evidence
package import Hashing
import LedgerStore
import Readings
import TwinModel

extension Facility {
    /// Bytes of one file to be checked; it is in memory whole while it is.
    package static var verificationBytesMax: Int { 64 << 20 }

    /// Takes in the question for a period file. Nothing in `streams` means all of them.
    package func askEvidence(
        range: Range<Int64>, streams: [UInt32], grant: Grant
    ) async throws -> (entry: EvidenceShelf.Entry, isNew: Bool) {
        let range = try checked(range, daysMax: Self.evidenceDaysMax)
        let known = try await streamPoints().filter { reaches(grant, $0.key) }
        let asked = streams.map { StreamNumber($0) }
        for stream in asked where known[stream] == nil {
            throw Refusal.notTaken(
                parameter: "streams", expected: known.keys.sorted().map(\.description).joined(separator: " "))
        }
        let disclosed = asked.isEmpty ? known.keys.sorted() : asked
        let result = try await shelf.ask(
            EvidenceQuestion(fromMs: range.lowerBound, toMs: range.upperBound, streams: disclosed))
        for stream in disclosed {
            for point in known[stream] ?? [] { try await note(grant, point, what: "evidence", count: 1) }
        }
        return result
    }

    package func evidence(_ id: String, grant: Grant) async throws -> EvidenceShelf.Entry {
        let entry = try await shelf.entry(id)
        guard entry.question.streams.allSatisfy({ reaches(grant, $0) }) else {
            throw Refusal.noSuchResource(kind: "evidence", id: id)
        }
        return entry
    }

    /// The reading file of one reading, by the instant it was captured at.
    package func readingFile(point id: String, atMs: Int64, grant: Grant) async throws -> [UInt8] {
        let (point, number) = try await known(id, grant)
        do {
            let bytes = try await maker.reading(point: number, atMs: atMs)
            try await note(grant, point, what: "evidence", count: 1)
            return bytes
        } catch let error as EvidenceMakingError {
            let k = interval(of: atMs)
            switch error {
            case .noSuchReading: throw Refusal.noSuchReading(point: id, atMs: atMs)
            case .notYetSealed:
                throw Refusal.notYetSealed(
                    expectedAtMs: Int64(
                        clamping: (k + 1).multipliedReportingOverflow(by: reader.identity.periodMs).partialValue))
            case .notYetAnchored(let expectedAtMs):
                let proof = try await proofLine().state(k: k)
                let expected: Int64
                if let expectedAtMs { expected = expectedAtMs } else { expected = try await anchorExpected(k: k) }
                throw Refusal.notYetAnchored(proof: proof, expectedAtMs: expected)
            case .noAnchorBefore(let firstMs): throw Refusal.noAnchorBefore(firstAnchoredAtMs: firstMs)
            case .erased: throw Refusal.erased
            case .tooLong: throw Refusal.rangeTooLong(daysMax: Self.evidenceDaysMax)
            }
        }
    }

    /// The gateway's own check of one reading, against the gateway's own card.
    package func readingVerdict(point id: String, atMs: Int64, grant: Grant) async throws -> Verdict {
        let file = try await readingFile(point: id, atMs: atMs, grant: grant)
        return await Self.verdict(file, try PolicyCard.parse(Array(facts.card.utf8)))
    }

    /// Checks a file that came from outside; nothing of it is kept. `card`: the caller's own, else the one inside the file is used.
    package func check(file: [UInt8], card: String?) async throws -> (verdict: Verdict, sha256: Hash) {
        guard file.count <= Self.verificationBytesMax else {
            throw Refusal.tooLarge(limitBytes: Self.verificationBytesMax)
        }
        let own: PolicyCard?
        do {
            own = try card.map { try PolicyCard.parse(Array($0.utf8)) }
        } catch {
            throw Refusal.unreadableFile
        }
        try await verifications.take()
        let verdict = await Self.verdict(file, own)
        await verifications.giveBack()
        return (verdict, sha256(file))
    }

    /// Off the caller's executor: a long file takes seconds.
    @concurrent private static func verdict(_ file: [UInt8], _ card: PolicyCard?) async -> Verdict {
        verify(file: file, card: card)
    }
}
