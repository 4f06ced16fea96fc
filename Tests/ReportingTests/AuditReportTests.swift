import Evidence
import Hashing
import Reporting
import Tangle
import TestTools
import Testing

/// Goal: a report says what the file holds, in every form and language, and nothing that the file does not prove.
/// Method: the golden files, honest and damaged.
struct AuditReportTests {
    private func report(
        _ name: String, card: String? = "gateway.card", language: Language = .english,
        scope: PeriodSurvey.Scope = PeriodSurvey.Scope()
    ) throws -> AuditReport {
        let bytes = try vectorBytes("evidence/\(name)")
        let own = try card.map { try PolicyCard.parse(try vectorBytes("evidence/\($0)")) }
        let (verdict, survey) = audit(file: bytes, card: own, scope: scope)
        return AuditReport(
            verdict: verdict, survey: survey, file: name, sha256: sha256(bytes), program: "plumbline test",
            language: language)
    }

    @Test func `an honest file has every interval, and every part its two bounds`() throws {
        let report = try report("honest-full.period")
        let survey = try #require(report.survey)
        #expect(report.exitCode == 0)
        #expect(survey.expectedIntervals == 18)
        #expect(UInt64(survey.heldIntervals) + survey.gapIntervals == survey.expectedIntervals)
        #expect(survey.segments.count == 2)
        for part in report.parts(survey) {
            let before = try #require(part.notBeforeMs)
            let after = try #require(part.notAfterMs)
            #expect(before < after)
        }
        #expect(survey.points.allSatisfy { $0.receivedIntervals <= $0.expectedIntervals })
        #expect(survey.points.reduce(0) { $0 + $1.readings } > 0)
    }

    @Test func `withheld and erased items are counted by stream`() throws {
        let withheld = try #require(try report("honest-withheld.period").survey)
        #expect(withheld.streams.allSatisfy { $0.shownItems + $0.withheldItems + $0.erasedItems == $0.expectedItems })
        let erased = try report("honest-erased.period")
        #expect(erased.survey?.erasures.isEmpty == false)
        #expect(erased.survey?.streams.contains { $0.erasedItems > 0 } == true)
        #expect(TextRendering(erased.document).text.contains("What was withheld or erased"))
    }

    @Test func `a narrower scope counts only what it names, and says what the file does not show`() throws {
        let whole = try #require(try report("honest-full.period").survey)
        let first = try #require(whole.points.first)
        var scope = PeriodSurvey.Scope()
        scope.points = [first.id, "no.such-point"]
        let narrow = try report("honest-full.period", scope: scope)
        #expect(narrow.survey?.points == [first])
        #expect(narrow.survey?.unknown == ["point no.such-point"])
        #expect(narrow.exitCode == 2)
    }

    @Test(arguments: ["honest-openings.period"]) func `an entity of an opened snapshot stands for its points`(
        _ name: String
    )
        throws
    {
        let shown = try PeriodFile.parse(try vectorBytes("evidence/\(name)"))
        var scope = PeriodSurvey.Scope()
        scope.entities = ["no-such-entity"]
        #expect(try report(name, scope: scope).survey?.unknown == ["entity no-such-entity"])
        #expect(!shown.openings.isEmpty)
    }

    @Test func `nothing is proven and no time is stated for a file that does not hold`() throws {
        for name in ["item-altered.period", "leaf-altered.period", "tar-truncated.period", "path-broken.period"] {
            let report = try report(name)
            #expect(report.exitCode == 1, "\(name)")
            let text = TextRendering(report.document).text
            #expect(text.contains("Nothing that may be relied upon"), "\(name)")
            #expect(!text.contains("placed in the log between"), "\(name)")
            for part in report.json["parts"]?.asArray ?? [] {
                #expect(part["notBefore"] == .null, "\(name)")
                #expect(part["notAfter"] == .null, "\(name)")
            }
        }
    }

    @Test func `on the operator's own network no part has a bound`() throws {
        let report = try report("honest-self-network.period", card: "self-network.card")
        let survey = try #require(report.survey)
        #expect(report.parts(survey).allSatisfy { $0.notBeforeMs == nil && $0.notAfterMs == nil })
        let sentences = report.json["notProven"]?.asArray?.compactMap(\.asString) ?? []
        #expect(sentences.contains { $0.contains("could have written all of it today") })
    }

    @Test func `every golden file gives a report in both languages and all forms`() throws {
        for name in try vectorNames("evidence", suffix: ".period") + vectorNames("evidence", suffix: ".reading") {
            for language in Language.allCases {
                let report = try report(name, language: language)
                let document = report.document
                let page = HTMLRendering(document).text
                #expect(page.contains("<html lang=\"\(language.rawValue)\">"), "\(name)")
                for forbidden in ["<script", "http://", "https://", "src=", "href=", "url("] {
                    #expect(!page.contains(forbidden), "\(name): \(forbidden)")
                }
                #expect(!TextRendering(document).text.isEmpty)
                #expect(report.json["verdict"]?["verdict"]?.asString == report.verdict.outcome.rawValue, "\(name)")
                let titles = document.sections.map(\.title)
                #expect(Set(titles).count == titles.count, "\(name)")
            }
        }
    }

    @Test func `names inside a file can neither steer a terminal nor open a tag`() {
        let document = ReportDocument(
            language: .english, title: "<b>&\"'", verdict: "\u{1b}[31m\u{202e}", tone: .bad,
            sections: [.init(title: "t", blocks: [.paragraph("<script>"), .list(["</main>"])])])
        let page = HTMLRendering(document).text
        #expect(!page.contains("<script>") && !page.contains("\u{1b}") && !page.contains("\u{202e}"))
        #expect(page.contains("&lt;b&gt;&amp;&quot;&#39;") && page.contains("&lt;/main&gt;"))
        #expect(SafeText.of("a\u{9b}b") == "a\u{fffd}b")
    }
}
