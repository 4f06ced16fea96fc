package import Evidence
package import Hashing
import Readings

/// The report of an audit, from what was found and what was counted; its forms are text, a page and JSON.
package struct AuditReport: Sendable {
    package let verdict: Verdict
    /// nil for a reading file, and when the check stopped before the leaves were authenticated.
    package let survey: PeriodSurvey?
    /// The name by which the file was given.
    package let file: String
    package let sha256: Hash
    /// What checked it, with its version.
    package let program: String
    package let language: Language

    package init(
        verdict: Verdict, survey: PeriodSurvey?, file: String, sha256: Hash, program: String, language: Language
    ) {
        self.verdict = verdict
        self.survey = survey
        self.file = file
        self.sha256 = sha256
        self.program = program
        self.language = language
    }

    /// As `verify`, but 2 also when something was asked about that the file does not show.
    package var exitCode: Int32 {
        verdict.exitCode == 0 && survey?.unknown.isEmpty == false ? 2 : verdict.exitCode
    }

    package var document: ReportDocument {
        ReportDocument(
            language: language, title: say("Audit of a building's record", "Prüfung eines Gebäudeprotokolls"),
            verdict: verdict.sentence(language), tone: tone,
            sections: [
                subject, findings, checked, proven, time, completeness, removed, changes, notProven,
            ].compactMap(\.self))
    }

    private var tone: ReportDocument.Tone {
        switch verdict.outcome {
        case .holds: .good
        case .holdsWithNotes: verdict.isSelfNetwork ? .caution : .good
        case .notAuthenticated, .couldNotCheck: .caution
        case .doesNotHold: .bad
        }
    }

    /// The same in the report's language.
    func say(_ english: String, _ german: String) -> String { language == .german ? german : english }

    func instant(_ ms: Int64?) -> String { ms.map { UTCTime.text($0) } ?? "–" }

    /// Begin of an interval.
    func instant(k: UInt64, periodMs: UInt64) -> String {
        UTCTime.text(Int64(clamping: k.multipliedReportingOverflow(by: periodMs).partialValue))
    }

    private var subject: ReportDocument.Section {
        let facts = verdict.facts
        var lines: [ReportDocument.Fact] = [
            .init(name: say("file", "Datei"), value: SafeText.of(file)),
            .init(name: "SHA-256", value: sha256.hex),
            .init(name: say("bytes", "Bytes"), value: String(facts.sizeBytes)),
        ]
        if let origin = facts.origin { lines.append(.init(name: say("log", "Protokoll"), value: SafeText.of(origin))) }
        if let network = facts.network {
            lines.append(.init(name: say("network", "Netz"), value: SafeText.of(network)))
        }
        if let from = facts.fromMs, let to = facts.toMs {
            lines.append(
                .init(name: say("time asked for", "Gefragte Zeit"), value: "\(instant(from)) – \(instant(to))"))
        }
        lines.append(.init(name: say("policy card", "Richtlinienkarte"), value: card))
        if let scope = survey?.scope { lines.append(.init(name: say("scope", "Umfang"), value: words(scope))) }
        lines.append(.init(name: say("checked by", "Geprüft von"), value: program))
        var blocks: [ReportDocument.Block] = [.facts(lines)]
        if let unknown = survey?.unknown, !unknown.isEmpty {
            blocks.append(
                .paragraph(
                    say("Asked about, but not shown by this file: ", "Gefragt, in dieser Datei aber nicht zu sehen: ")
                        + SafeText.of(unknown.joined(separator: ", ")) + "."))
        }
        blocks.append(.list(facts.history.lines(language).map(SafeText.of)))
        return .init(title: say("What was examined", "Was untersucht wurde"), blocks: blocks)
    }

    private var card: String {
        switch verdict.card {
        case .own: say("yours", "Ihre")
        case .fromFile: say("from the file itself", "aus der Datei selbst")
        case .none: say("none", "keine")
        }
    }

    private func words(_ scope: PeriodSurvey.Scope) -> String {
        guard !scope.isWhole else { return say("everything in the file", "alles in der Datei") }
        let parts =
            scope.streams.sorted().map { say("stream \($0)", "Strom \($0)") }
            + scope.points.sorted().map { say("point \($0)", "Punkt \($0)") }
            + scope.entities.sorted().map { say("entity \($0)", "Objekt \($0)") }
        return SafeText.of(parts.joined(separator: ", "))
    }

    private var findings: ReportDocument.Section {
        let order = verdict.errors + verdict.findings.filter { $0.code.severity != .error }
        return .init(
            title: say("Findings", "Befunde"),
            blocks: [
                .table(
                    .init(
                        columns: [
                            say("finding", "Befund"), say("where first", "zuerst bei"), say("places", "Stellen"),
                            say("meaning", "Bedeutung"), say("what to do", "Was zu tun ist"),
                        ],
                        rows: order.map { finding in
                            let words = finding.code.words(language)
                            return [
                                finding.code.rawValue, finding.about.map(SafeText.of) ?? "–", String(finding.places),
                                words.sentence, words.nextStep,
                            ]
                        }, none: say("None.", "Keine.")))
            ])
    }
}
