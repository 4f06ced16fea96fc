import Evidence
import Hashing
import MerkleLog
import Testing
import Witness

/// Goal: a witness on the card stands behind a file exactly when its cosignature of the last checkpoint holds.
/// Method: an honest period file to which cosignatures are added, each of their bytes damaged in turn.
@Suite struct `Cosignatures in a period file` {
    private let cosigner: Cosigner
    private let parts: PeriodParts
    private let card: PolicyCard

    init() throws {
        cosigner = try #require(Cosigner(name: "watch.example/w1", seed: Array(repeating: 4, count: 32)))
        parts = try PeriodFile.parse(EvidenceVectors.bytes("evidence/honest-full.period"))
        var card = try PolicyCard.parse(EvidenceVectors.bytes("evidence/gateway.card"))
        card.witnesses = [cosigner.verifierKey.description]
        self.card = card
    }

    private func lines(_ anchor: PeriodAnchor, by cosigner: Cosigner) throws -> [UInt8] {
        let checkpoint = try #require(SignedNote(String(decoding: anchor.note, as: UTF8.self))?.checkpoint)
        return Array((try cosigner.cosign(checkpoint, timeS: 1_772_400_000).line + "\n").utf8)
    }

    /// The file with these bytes as `.cosig` of the anchors chosen.
    private func file(_ bytes: [UInt8]?, at chosen: (PeriodAnchor) -> Bool) throws -> [UInt8] {
        var changed = parts
        for place in changed.anchors.indices where chosen(changed.anchors[place]) {
            changed.anchors[place].cosignatures = bytes.map { $0[...] }
        }
        return try PeriodFileWriter.write(changed, periodMs: 60_000)
    }

    private var end: PeriodAnchor {
        get throws { try #require(parts.anchors.first { $0.seq == parts.toSeq }) }
    }

    private func codes(_ file: [UInt8], _ card: PolicyCard) -> [String] {
        verify(file: file, card: card).findings.map(\.code.rawValue)
    }

    @Test func `with a good one nothing is said, without one or with a stranger's nobody remembers`() throws {
        let end = try end
        let good = try lines(end, by: cosigner)
        let honest = try file(good) { $0.seq == end.seq }
        #expect(verify(file: honest, card: card).exitCode == 0)
        #expect(!codes(honest, card).contains("W_NO_OUTSIDE_MEMORY"))
        #expect(try codes(file(nil) { _ in true }, card).contains("W_NO_OUTSIDE_MEMORY"))
        let stranger = try #require(Cosigner(name: "watch.example/w2", seed: Array(repeating: 5, count: 32)))
        let foreign = try lines(end, by: stranger)
        #expect(try codes(file(foreign) { $0.seq == end.seq }, card).contains("W_NO_OUTSIDE_MEMORY"))
        let both = try file(foreign + good) { $0.seq == end.seq }
        #expect(!codes(both, card).contains("W_NO_OUTSIDE_MEMORY"))
        // A card that names no witness asks for none.
        var plain = card
        plain.witnesses = []
        #expect(codes(honest, plain).contains("W_NO_OUTSIDE_MEMORY"))
    }

    @Test func `of another checkpoint or by another key under the same name it is a wrong signature`() throws {
        let end = try end
        let start = try #require(parts.anchors.first { $0.seq == parts.fromSeq })
        let other = try lines(start, by: cosigner)
        #expect(try codes(file(other) { $0.seq == end.seq }, card).contains("E_SIG"))
        let good = try lines(end, by: cosigner)
        #expect(try codes(file(good) { $0.seq == start.seq }, card).contains("E_SIG"))
        #expect(try codes(file(good + other) { $0.seq == end.seq }, card).contains("E_SIG"))
    }

    @Test func `every damaged byte is malformed, a wrong signature, or no cosignature at all`() throws {
        let end = try end
        let good = try lines(end, by: cosigner)
        for at in good.indices {
            var damaged = good
            damaged[at] ^= 0x01
            let found = codes(try file(damaged) { $0.seq == end.seq }, card)
            #expect(
                found == ["E_MALFORMED"] || found.contains("E_SIG") || found.contains("W_NO_OUTSIDE_MEMORY"),
                "byte \(at): \(found)")
        }
        for bytes: [UInt8] in [[], [0x0a], good + [0x0a], Array(good.dropLast()), [0xff, 0x0a]] {
            #expect(try codes(file(bytes) { $0.seq == end.seq }, card) == ["E_MALFORMED"])
        }
        #expect(
            try codes(file(Array(repeating: good, count: 101).flatMap(\.self)) { $0.seq == end.seq }, card) == [
                "E_MALFORMED"
            ])
    }
}
