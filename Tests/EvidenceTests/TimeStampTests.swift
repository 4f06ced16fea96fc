import Evidence
import Testing
import TimeStamping

/// Goal: a time stamp in a file bounds entries from above when its authority is trusted, and nothing else.
/// Method: files of another implementation with tokens of `openssl ts` (`Tests/Vectors/timestamp/stamped.py`).
@Suite struct `Evidence time stamps Vector` {
    private static func card(_ name: String) throws -> PolicyCard {
        try PolicyCard.parse(EvidenceVectors.bytes("evidence/\(name).card"))
    }

    private static func verdict(
        _ name: String, _ card: String?, trust: TimeStampTrust = TimeStampTrust()
    ) throws -> Verdict {
        verify(
            file: try EvidenceVectors.bytes("evidence/stamped-\(name).period"),
            card: try card.map { try Self.card($0) },
            stampTrust: trust)
    }

    /// 2026-03-02T10:30:05Z, and 1.5001 s of accuracy, rounded up.
    private static let stampedMs: Int64 = 1_772_447_406_501
    private static let confirmedMs: Int64 = 1_772_447_410_000

    @Test func `a trusted token before the milestone ends the bracket earlier`() throws {
        let verdict = try Self.verdict("all", "gateway-tsa")
        #expect(verdict.bracket?.notAfterMs == Self.stampedMs)
        #expect(verdict.bracket?.notBeforeMs == 1_772_446_200_000)
        #expect(verdict.facts.timeStamps.map(\.seq) == [2, 3, 4])
        #expect(verdict.facts.timeStamps.last?.latestMs == Self.stampedMs)
        #expect(verdict.facts.timeStamps.allSatisfy { $0.authority == "signer-rsa" })
        let steps = verdict.steps.filter { $0.name == .anchor }
        #expect(steps.allSatisfy { $0.state == .holds && $0.facts.contains { $0.name == "timeStamp" } })
    }

    @Test func `a token whose authority is not trusted is noted and bounds nothing`() throws {
        let verdict = try Self.verdict("all", "gateway")
        #expect(verdict.bracket?.notAfterMs == Self.confirmedMs)
        #expect(verdict.facts.timeStamps == [])
        #expect(verdict.findings.first { $0.code == .timeStampUnchecked }?.places == 3)
    }

    @Test func `certificates that the caller gives are trusted beside the card`() throws {
        var trust = TimeStampTrust()
        try trust.add(pem: EvidenceVectors.bytes("timestamp/root-rsa.pem"))
        let verdict = try Self.verdict("all", "gateway", trust: trust)
        #expect(verdict.codes == ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"])
        #expect(verdict.bracket?.notAfterMs == Self.stampedMs)
        let other = try Self.verdict("chain", "gateway", trust: trust)
        #expect(other.codes.contains("W_TIME_STAMP_UNCHECKED"))
    }

    @Test func `a token after the milestone leaves the bracket as it is`() throws {
        #expect(try Self.verdict("late", "gateway-tsa").bracket?.notAfterMs == Self.confirmedMs)
    }

    @Test func `on the operator's own network the token alone gives a bracket, with no lower end`() throws {
        let verdict = try Self.verdict("self-network", "self-network-tsa")
        let bracket = try #require(verdict.bracket)
        #expect(bracket.notBeforeMs == nil && bracket.notAfterMs == Self.stampedMs)
        #expect(
            verdict.sentence(.english)
                == "Holds against the operator's own network and an independent time stamp. The operator could have "
                + "written all of this, including the times, but no later than 2026-03-02T10:30:06.501Z.")
        #expect(
            verdict.sentence(.german)
                == "Hält gegenüber dem eigenen Netz des Betreibers und einem unabhängigen Zeitstempel. Der Betreiber "
                + "könnte all das, auch die Zeiten, geschrieben haben, aber spätestens 2026-03-02T10:30:06.501Z.")
        #expect(try Self.verdict("self-network", "self-network").bracket == nil)
    }

    @Test func `a card out of the file gives no bracket, whatever the tokens say`() throws {
        var trust = TimeStampTrust()
        try trust.add(pem: EvidenceVectors.bytes("timestamp/root-rsa.pem"))
        let verdict = try Self.verdict("all", nil, trust: trust)
        #expect(verdict.exitCode == 2)
        #expect(verdict.bracket == nil)
    }

    @Test func `the finding of a token that does not hold says which and why`() throws {
        for (name, why) in [
            ("damaged", "the signature of the token does not hold"), ("other-anchor", "the token is over other bytes"),
            ("expired", "a certificate was not valid at the time that the token states"),
            (
                "refusal",
                "the authority gave no token: status 2, Message digest algorithm is not supported., badAlg"
            ), ("early", "dated before the milestone that it cites"),
        ] {
            let finding = try Self.verdict(name, "gateway-tsa").findings.first { $0.code == .timeStamp }
            #expect(finding?.about == "anchor 4: \(why)")
        }
    }

    @Test func `no changed byte of a token passes unnoticed`() throws {
        let card = try Self.card("gateway-tsa")
        let parts = try PeriodFile.parse(EvidenceVectors.bytes("evidence/stamped-all.period"))
        let token = Array(try #require(parts.anchors.last?.timeStamp))
        // From behind the status, which may say "granted with changes".
        for place in stride(from: 9, to: token.count, by: 41) {
            var damaged = parts
            damaged.anchors[2].timeStamp = ArraySlice(token[..<place] + [token[place] ^ 0x10] + token[(place + 1)...])
            let verdict = verify(file: try PeriodFileWriter.write(damaged, periodMs: 60_000), card: card)
            let found = Set(verdict.codes).intersection(["E_TIME_STAMP", "W_TIME_STAMP_UNCHECKED"])
            #expect(!found.isEmpty, "byte \(place): \(verdict.codes)")
            #expect(verdict.bracket?.notAfterMs != Self.stampedMs)
        }
    }
}
