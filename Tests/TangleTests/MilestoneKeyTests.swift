import Crypto
import Foundation
import Hashing
import Tangle
import Testing

/// Goal: a list that is too old, a wrong signature and too few holders are three different answers.
struct MilestoneKeyTests {
    let signers: [Curve25519.Signing.PrivateKey]

    init() {
        signers = (0..<4).map { _ in Curve25519.Signing.PrivateKey() }
            .sorted { $0.publicKey.rawRepresentation.lexicographicallyPrecedes($1.publicKey.rawRepresentation) }
    }

    func milestone(index: UInt32, signedBy count: Int) throws -> Milestone {
        var milestone = Milestone(
            index: index, timestamp: 1_790_000_000, previousMilestoneID: .none, parents: [.genesis],
            inclusionRoot: .zero, appliedRoot: .zero)
        let id = Data(milestone.id.bytes)
        milestone.signatures = try signers.prefix(count).map {
            MilestoneSignature(
                publicKey: Array($0.publicKey.rawRepresentation), signature: Array(try $0.signature(for: id)))
        }
        return milestone
    }

    func key(_ place: Int, start: UInt32 = 0, end: UInt32 = 0, holder: String? = nil) -> MilestoneKey {
        MilestoneKey(
            publicKey: Array(signers[place].publicKey.rawRepresentation), start: start, end: end,
            holder: holder ?? "holder \(place)")
    }

    @Test func `enough known signers hold`() throws {
        let milestone = try milestone(index: 5, signedBy: 3)
        let keys = (0..<4).map { key($0) }
        #expect(milestone.verdict(keys: keys, threshold: 3) == .holds(holders: ["holder 0", "holder 1", "holder 2"]))
        #expect(milestone.verdict(keys: keys, threshold: 4) == .tooFewHolders(have: 3, need: 4))
        #expect(try Milestone.parse(milestone.serialized()) == milestone)
    }

    @Test func `two keys of one holder count once`() throws {
        let milestone = try milestone(index: 5, signedBy: 2)
        let keys = [key(0, holder: "city"), key(1, holder: "city")]
        #expect(milestone.verdict(keys: keys, threshold: 2) == .tooFewHolders(have: 1, need: 2))
        #expect(milestone.verdict(keys: keys, threshold: 1) == .holds(holders: ["city"]))
    }

    @Test func `a key counts from its first index to its last, both included`() throws {
        for (index, finding) in [
            (UInt32(9), SignatureFinding.outOfRange), (10, .valid(holder: "holder 0")),
            (20, .valid(holder: "holder 0")),
            (21, .outOfRange),
        ] {
            let milestone = try milestone(index: index, signedBy: 1)
            #expect(milestone.signatureFindings(keys: [key(0, start: 10, end: 20)]) == [finding])
        }
        let later = try milestone(index: 21, signedBy: 1)
        #expect(later.verdict(keys: [key(0, start: 10, end: 20)], threshold: 1) == .unknownSigner)
        #expect(
            later.verdict(keys: [key(0, start: 10, end: 20), key(0, start: 21)], threshold: 1)
                == .holds(holders: ["holder 0"]))
    }

    @Test func `an unknown signer is not a wrong signature`() throws {
        var milestone = try milestone(index: 5, signedBy: 2)
        #expect(milestone.verdict(keys: [key(0)], threshold: 1) == .unknownSigner)
        milestone.signatures[1].signature[3] ^= 1
        #expect(milestone.verdict(keys: [key(0), key(1)], threshold: 1) == .invalidSignature)
        #expect(milestone.signatureFindings(keys: [key(0), key(1)]) == [.valid(holder: "holder 0"), .invalid])
        #expect(milestone.verdict(keys: [key(0)], threshold: 1) == .unknownSigner)
    }

    @Test func `every changed field of the essence breaks every signature`() throws {
        let good = try milestone(index: 5, signedBy: 1)
        var bad: [Milestone] = []
        for change in [
            { $0.index = 6 }, { $0.timestamp += 1 }, { $0.protocolVersion = 3 },
            { $0.previousMilestoneID = MilestoneID(sha256([1])) }, { $0.parents = [BlockID(sha256([1]))] },
            { $0.inclusionRoot = sha256([1]) }, { $0.appliedRoot = sha256([1]) }, { $0.metadata = [0] },
            { $0.options = [.protocolParameters(targetIndex: 7, version: 2, parameters: [])] },
        ] as [(inout Milestone) -> Void] {
            var milestone = good
            change(&milestone)
            bad.append(milestone)
        }
        for milestone in bad { #expect(milestone.verdict(keys: [key(0)], threshold: 1) == .invalidSignature) }
        #expect(good.verdict(keys: [key(0)], threshold: 1) == .holds(holders: ["holder 0"]))
    }

    @Test func `signatures that are missing, unsorted or repeated do not parse`() throws {
        let good = try milestone(index: 5, signedBy: 2)
        for change in [{ $0.signatures = [] }, { $0.signatures.reverse() }, { $0.signatures[1] = $0.signatures[0] }]
            as [(inout Milestone) -> Void]
        {
            var milestone = good
            change(&milestone)
            let bytes = milestone.serialized()
            #expect(throws: TangleError.milestoneSignatures) { _ = try Milestone.parse(bytes) }
        }
    }
}
