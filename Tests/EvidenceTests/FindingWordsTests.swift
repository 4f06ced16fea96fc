import Evidence
import Testing

/// Goal: every finding speaks to people in two languages, without words that promise more than a check can.
@Suite struct `Words of findings and verdicts` {
    static let forbidden = [
        "✓", "secure", "tamper-proof", "blockchain", "guaranteed", "immutable", "certified", "measured between", "!",
    ]

    @Test(arguments: FindingCode.allCases)
    func `every finding has a title, a sentence and a next step in both languages`(_ code: FindingCode) {
        let all = Language.allCases.map { code.words($0) }
        for words in all {
            for text in [words.title, words.sentence, words.nextStep] {
                #expect(!text.isEmpty)
                #expect(Self.forbidden.allSatisfy { !text.lowercased().contains($0) }, "\(text)")
            }
            #expect(words.sentence.hasSuffix("."))
            #expect(words.nextStep.hasSuffix("."))
            #expect(!words.title.hasSuffix("."))
        }
        #expect(all[0] != all[1])
    }

    @Test func `titles are not used twice`() {
        for language in Language.allCases {
            #expect(Set(FindingCode.allCases.map { $0.words(language).title }).count == FindingCode.allCases.count)
        }
    }

    @Test func `exit codes follow from severities`() {
        #expect(
            FindingCode.allCases.filter { $0.severity == .unchecked }.map(\.rawValue).sorted() == [
                "E_UNKNOWN_KEY", "E_VERSION", "W_NO_POLICY", "W_POLICY_FROM_FILE",
            ])
        for code in FindingCode.allCases where code.rawValue.hasPrefix("W_") { #expect(code.severity != .error) }
    }

    @Test func `the sentences of the verdicts are those of the page`() throws {
        let card = try DamageCards.gateway()
        let honest = verify(file: try EvidenceVectors.bytes("evidence/honest-full.period"), card: card)
        #expect(
            honest.sentence(.english)
                == "Holds, with 2 notes. The records are unchanged. They were placed in the log between "
                + "2026-03-02T10:10:00.000Z and 2026-03-02T10:30:10.000Z. Read the notes before you rely on them.")
        #expect(
            honest.sentence(.german)
                == "Der Nachweis hält, mit 2 Hinweisen. Die Einträge sind unverändert. Sie kamen zwischen "
                + "2026-03-02T10:10:00.000Z und 2026-03-02T10:30:10.000Z ins Protokoll. "
                + "Lesen Sie die Hinweise, bevor Sie sich darauf stützen.")
        let own = verify(
            file: try EvidenceVectors.bytes("evidence/honest-self-network.period"),
            card: try PolicyCard.parse(EvidenceVectors.bytes("evidence/self-network.card")))
        #expect(own.bracket == nil)
        #expect(
            own.sentence(.english)
                == "Holds only against the operator's own network. The operator could have written all of this, "
                + "including the times, today.")
        let altered = verify(file: try EvidenceVectors.bytes("evidence/item-altered.period"), card: card)
        #expect(altered.bracket == nil)
        #expect(
            altered.sentence(.english)
                == "Does not hold. Items of an interval do not give the root that stands in the log (interval 29540770). "
                + "Do not rely on this file.")
        let inside = verify(file: try EvidenceVectors.bytes("evidence/honest-full.period"))
        #expect(inside.outcome == .notAuthenticated)
        #expect(
            inside.sentence(.english)
                == "Agrees with itself, not authenticated. Whose log this is was not checked: "
                + "you gave no policy card of your own.")
        let none = verify(file: try EvidenceVectors.bytes("evidence/reading-no-card.reading"))
        #expect(none.outcome == .couldNotCheck)
        #expect(
            none.sentence(.german)
                == "Konnte nicht geprüft werden. Es gibt keine Richtlinienkarte, weder Ihre eigene noch eine in der Datei. "
                + "Über die Einträge sagt das nichts.")
    }

    @Test func `a reading file's steps are read, item, log and anchor`() throws {
        let verdict = verify(
            file: try EvidenceVectors.bytes("evidence/reading-honest.reading"), card: try DamageCards.gateway())
        #expect(verdict.steps.map(\.name) == [.read, .item, .log, .anchor])
        #expect(verdict.steps.allSatisfy { $0.state == .holds })
        let stopped = verify(
            file: try EvidenceVectors.bytes("evidence/leaf-dropped.period"), card: try DamageCards.gateway())
        #expect(stopped.steps.filter { $0.state == .fails }.map(\.name) == [.range])
        #expect(stopped.steps.filter { $0.state == .notChecked }.map(\.name) == [.item, .configuration, .read, .time])
    }
}

enum DamageCards {
    static func gateway() throws -> PolicyCard { try PolicyCard.parse(EvidenceVectors.bytes("evidence/gateway.card")) }
}
