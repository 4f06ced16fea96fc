import Hashing
package import LedgerStore
package import LogEntries
package import Readings
import TwinModel

/// How a gateway erases; made by whoever holds the writer.
package struct Erasing: Sendable {
    let scope: @Sendable (ErasureRange) async throws -> ErasureScope
    let erase: @Sendable (_ range: ErasureRange, _ legalBasis: UInt64, _ actor: Bytes16) async throws -> UInt64

    /// - Parameters:
    ///   - scope: what an erasure would take; changes nothing.
    ///   - erase: declares and carries out; returns the leaf's index.
    package init(
        scope: @escaping @Sendable (ErasureRange) async throws -> ErasureScope,
        erase:
            @escaping @Sendable (_ range: ErasureRange, _ legalBasis: UInt64, _ actor: Bytes16) async throws -> UInt64
    ) {
        self.scope = scope
        self.erase = erase
    }
}

/// Why somebody has a right to it: a letter of GDPR Article 6(1), or another reason.
package enum LegalBasis: UInt64, Hashable, Sendable, CaseIterable {
    case other = 0
    case a, b, c, d, e, f

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    package var name: String { self == .other ? "other" : String(UnicodeScalar(UInt8(0x60 + rawValue))) }
    package static var names: String { allCases.map(\.name).joined(separator: " ") }
}

/// What somebody wants erased.
package struct ErasureQuestion: Hashable, Sendable {
    /// Name or number.
    package let stream: String
    /// UTC ms; every interval with an instant in it is meant as a whole.
    package let range: Range<Int64>
    package let basis: LegalBasis
    /// Only told, not done.
    package let isDryRun: Bool
    /// The word that a dry run has just answered.
    package let confirmation: String?

    package init(stream: String, range: Range<Int64>, basis: LegalBasis, isDryRun: Bool, confirmation: String?) {
        self.stream = stream
        self.range = range
        self.basis = basis
        self.isDryRun = isDryRun
        self.confirmation = confirmation
    }
}

/// What was, or would be, erased.
package struct ErasureView: Hashable, Sendable {
    package let stream: StreamNumber
    package let name: String
    package let fromMs: Int64
    package let toMs: Int64
    package let basis: LegalBasis
    /// Items with bytes, and of these those that are encrypted: every copy of the ledger loses them with the key.
    package let items: UInt64
    package let sizeBytes: UInt64
    package let encryptedItems: UInt64
    /// UTC days of which the key goes, and days whose other items are encrypted anew.
    package let wholeDays: Int
    package let partDays: Int
    /// To be repeated by whoever wants it done.
    package let confirmation: String
    /// `nil` for a dry run.
    package let leafIndex: UInt64?
}

/// One declared erasure.
package struct DeclaredErasure: Hashable, Sendable {
    package let leafIndex: UInt64
    package let atMs: Int64
    package let stream: StreamNumber
    /// `nil` when the building has no such stream any more.
    package let name: String?
    package let fromMs: Int64
    package let toMs: Int64
    /// `nil` for a number that this program does not know.
    package let basis: LegalBasis?
    package let actor: Bytes16
}

extension Facility {
    /// Erases items of a stream for ever, or tells what that would take.
    ///
    /// First the made evidence files that show the stream go, then the log says it, then items, keys and pages go; the twin forgets
    /// what it shows of the range.
    /// - Throws: `Refusal.outsideGrant` unless the role is `eraser`, `.notTaken`, `.notYetSealed`, `.notNow`.
    package func erase(_ asked: ErasureQuestion, grant: Grant) async throws -> ErasureView {
        guard grant.role == .eraser else { throw Refusal.outsideGrant }
        guard let erasing else { throw Refusal.notNow(why: "nothing is erased here", retryAfterSeconds: 60) }
        let (stream, name) = try await knownStream(asked.stream, grant)
        let range = try await sealedRange(asked.range, stream)
        let scope = try await refusing { try await erasing.scope(range) }
        guard scope.items > 0 else {
            throw Refusal.notTaken(parameter: "from", expected: "a range of this stream with items that are not erased")
        }
        let word = confirmation(range, asked.basis, scope)
        func view(leaf: UInt64?) -> ErasureView {
            let periodMs = Int64(clamping: reader.identity.periodMs)
            return ErasureView(
                stream: stream, name: name, fromMs: Int64(clamping: range.kFrom) * periodMs,
                toMs: Int64(clamping: range.kTo + 1) * periodMs, basis: asked.basis, items: scope.items,
                sizeBytes: scope.sizeBytes, encryptedItems: scope.sealedItems, wholeDays: scope.wholeDays,
                partDays: scope.partDays, confirmation: word,
                leafIndex: leaf)
        }
        if asked.isDryRun { return view(leaf: nil) }
        guard asked.confirmation == word else {
            throw Refusal.notTaken(parameter: "confirm", expected: "the word of a dry run just before")
        }
        await shelf.beginErasing(stream)
        do {
            let actor = Bytes16(Self.pseudonym(of: grant, nowMs: nowMs)) ?? .zero
            let leaf = try await refusing { try await erasing.erase(range, asked.basis.rawValue, actor) }
            let done = view(leaf: leaf)
            await forget(stream, done.fromMs..<done.toMs)
            await shelf.endErasing(stream)
            return done
        } catch {
            await shelf.endErasing(stream)
            throw error
        }
    }

    /// Declared erasures, newest first, at most `limit`, with leaves below `before`.
    package func erasures(before: UInt64?, limit: Int) async throws -> (items: [DeclaredErasure], hasMore: Bool) {
        let names = Dictionary(
            await keeper.numbering.streams.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        let periodMs = Int64(clamping: reader.identity.periodMs)
        let end = before ?? UInt64(Int64.max)
        let leaves = try await reader.leaves(type: 10, in: 0..<end, limit: limit + 1, descending: true)
        let items: [DeclaredErasure] = try leaves.prefix(limit).compactMap { stored in
            let leaf = try Leaf.decode(stored.bytes)
            guard case .erasure(let erasure) = leaf.body else { return nil }
            return DeclaredErasure(
                leafIndex: stored.index, atMs: Int64(clamping: leaf.wallMs), stream: erasure.stream,
                name: names[erasure.stream], fromMs: Int64(clamping: erasure.kFrom) * periodMs,
                toMs: Int64(clamping: erasure.kTo + 1) * periodMs, basis: LegalBasis(rawValue: erasure.legalBasis),
                actor: erasure.actor)
        }
        return (items, leaves.count > limit)
    }

    private func knownStream(_ text: String, _ grant: Grant) async throws -> (StreamNumber, String) {
        let streams = await keeper.numbering.streams.filter { reaches(grant, $0.value) }
        if let number = streams[text] { return (number, text) }
        if let found = streams.first(where: { String($0.value.rawValue) == text }) { return (found.value, found.key) }
        throw Refusal.notTaken(parameter: "stream", expected: streams.keys.sorted().joined(separator: " "))
    }

    private func sealedRange(_ asked: Range<Int64>, _ stream: StreamNumber) async throws -> ErasureRange {
        guard asked.lowerBound < asked.upperBound else { throw Refusal.emptyRange }
        let periodMs = reader.identity.periodMs
        let from = UInt64(clamping: asked.lowerBound) / periodMs
        let to = UInt64(clamping: asked.upperBound - 1) / periodMs
        guard let sealed = try await reader.head().lastSealedK, to <= sealed else {
            throw Refusal.notYetSealed(expectedAtMs: Int64(clamping: (to + 1) * periodMs))
        }
        return ErasureRange(stream: stream, kFrom: from, kTo: to)
    }

    /// Changes with whatever would be erased, so that nobody confirms another thing than was shown.
    private func confirmation(_ range: ErasureRange, _ basis: LegalBasis, _ scope: ErasureScope) -> String {
        let words = [
            "plumbline-erasure/v1", reader.identity.origin, "\(range.stream)", "\(range.kFrom)", "\(range.kTo)",
            basis.name, "\(scope.items)",
        ]
        return String(sha256(Array(words.joined(separator: "\n").utf8)).hex.prefix(12))
    }

    /// What the ledger refuses is an answer, not a fault.
    private func refusing<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch LedgerError.outOfOrder(let what) {
            throw Refusal.notNow(why: what, retryAfterSeconds: 60)
        }
    }

    private func forget(_ stream: StreamNumber, _ instants: Range<Int64>) async {
        let numbering = await keeper.numbering
        let mine = await keeper.building.points.filter { numbering.streams[$0.stream] == stream }
        await keeper.forget(mine.compactMap { numbering.points[$0.id] }, capturedIn: instants, nowMs: nowMs)
    }
}
