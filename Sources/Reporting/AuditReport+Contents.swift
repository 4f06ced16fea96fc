package import Evidence
import Readings

/// Times, completeness, what is missing, and what changed.
extension AuditReport {
    /// Parts listed one by one; beyond that they are gathered by UTC day.
    static let partsShownMax = 48

    var time: ReportDocument.Section? {
        guard let survey else { return nil }
        let title = say("When it was placed in the log", "Wann es ins Protokoll kam")
        guard verdict.exitCode == 0 else {
            return .init(
                title: title,
                blocks: [
                    .paragraph(
                        say("No time is stated, because of the findings.", "Wegen der Befunde wird keine Zeit genannt.")
                    )
                ])
        }
        var blocks: [ReportDocument.Block] = []
        if verdict.isSelfNetwork {
            blocks.append(
                .paragraph(
                    say(
                        "The operator holds all milestone keys: only independent time stamps count, and they give no early limit.",
                        "Der Betreiber hält alle Schlüssel des Netzes: Nur unabhängige Zeitstempel zählen, und sie geben keine frühe Grenze."
                    )))
        }
        let parts = self.parts(survey)
        if let widest = parts.compactMap(\.widthSeconds).max() {
            blocks.append(.paragraph(say("Widest bracket: \(widest) s.", "Weiteste Spanne: \(widest) s.")))
        }
        blocks.append(.table(timeTable(parts.count > Self.partsShownMax ? byDay(parts, survey.periodMs) : parts)))
        return .init(title: title, blocks: blocks)
    }

    /// Entries between two bounds, as they may be printed.
    package struct Part: Hashable, Sendable {
        package var intervals: ClosedRange<UInt64>?
        package var fromMs: Int64?
        package var toMs: Int64?
        package var notBeforeMs: Int64?
        package var notAfterMs: Int64?
        package var widthSeconds: Int64?
    }

    /// Every segment with the bounds that count: on the operator's own network those of time stamps alone.
    package func parts(_ survey: PeriodSurvey) -> [Part] {
        var laterStampMs: Int64?
        var parts: [Part] = survey.segments.reversed().map { segment in
            if let stamp = segment.stampedMs { laterStampMs = min(laterStampMs ?? stamp, stamp) }
            let after =
                verdict.isSelfNetwork ? laterStampMs : [segment.notAfterMs, laterStampMs].compactMap(\.self).min()
            let before = verdict.isSelfNetwork ? nil : segment.notBeforeMs
            let width = before.flatMap { before in after.map { max($0 - before, 0) / 1000 } }
            return Part(
                intervals: segment.intervals,
                fromMs: segment.intervals.map { start($0.lowerBound, survey.periodMs) },
                toMs: segment.intervals.map { start($0.upperBound &+ 1, survey.periodMs) }, notBeforeMs: before,
                notAfterMs: after, widthSeconds: width)
        }
        parts.reverse()
        return parts
    }

    private func start(_ k: UInt64, _ periodMs: UInt64) -> Int64 {
        Int64(clamping: k.multipliedReportingOverflow(by: periodMs).partialValue)
    }

    /// One line for each UTC day: its first lower bound, its last upper bound, and the widest bracket in it.
    private func byDay(_ parts: [Part], _ periodMs: UInt64) -> [Part] {
        var days: [Part] = []
        var last: Int64?
        for part in parts {
            guard let from = part.fromMs else { continue }
            let day = from / 86_400_000
            guard day == last, var whole = days.popLast() else {
                days.append(part)
                last = day
                continue
            }
            if let a = whole.intervals, let b = part.intervals {
                whole.intervals = a.lowerBound...max(a.upperBound, b.upperBound)
            }
            whole.toMs = part.toMs
            whole.notAfterMs = part.notAfterMs
            if part.notBeforeMs == nil { whole.notBeforeMs = nil }
            whole.widthSeconds = [whole.widthSeconds, part.widthSeconds].compactMap(\.self).max()
            days.append(whole)
        }
        return days
    }

    private func timeTable(_ parts: [Part]) -> ReportDocument.Table {
        .init(
            columns: [
                say("intervals from", "Intervalle von"), say("to", "bis"), say("not before", "nicht vor"),
                say("not after", "nicht nach"), say("widest, s", "weiteste, s"),
            ],
            rows: parts.map { part in
                [
                    instant(part.fromMs), instant(part.toMs), instant(part.notBeforeMs), instant(part.notAfterMs),
                    part.widthSeconds.map(String.init) ?? "–",
                ]
            }, none: say("No part ends in an anchor.", "Kein Teil endet in einem Anker."))
    }

    var completeness: ReportDocument.Section? {
        guard let survey else { return nil }
        let expected = survey.expectedIntervals
        var blocks: [ReportDocument.Block] = [
            .facts([
                .init(name: say("intervals expected", "Intervalle erwartet"), value: String(expected)),
                .init(name: say("in the log", "im Protokoll"), value: String(survey.heldIntervals)),
                .init(name: say("declared missing", "als fehlend erklärt"), value: String(survey.gapIntervals)),
                .init(name: say("clock steps", "Uhrensprünge"), value: String(survey.clockSteps.count)),
                .init(name: say("restarts", "Neustarts"), value: String(survey.leaves.restarts)),
                .init(name: say("events", "Ereignisse"), value: String(survey.leaves.events)),
                .init(name: say("commands", "Befehle"), value: String(survey.leaves.commands)),
                .init(name: say("accesses", "Zugriffe"), value: String(survey.leaves.accesses)),
                .init(name: say("snapshots", "Zustandsbilder"), value: String(survey.leaves.snapshots)),
                .init(name: say("of these opened", "davon geöffnet"), value: String(survey.leaves.opened)),
            ])
        ]
        if !survey.gaps.isEmpty { blocks.append(.table(gaps(survey))) }
        if !survey.clockSteps.isEmpty { blocks.append(.table(clockSteps(survey))) }
        blocks.append(.table(points(survey)))
        return .init(title: say("How complete it is", "Wie vollständig es ist"), blocks: blocks)
    }

    private func gaps(_ survey: PeriodSurvey) -> ReportDocument.Table {
        .init(
            columns: [
                say("missing from", "fehlt von"), say("to", "bis"), say("intervals", "Intervalle"),
                say("cause", "Ursache"),
            ],
            rows: survey.gaps.map { gap in
                [
                    instant(k: gap.kFrom, periodMs: survey.periodMs),
                    instant(k: gap.kTo &+ 1, periodMs: survey.periodMs),
                    String(gap.kTo - gap.kFrom + 1), cause(gap.cause),
                ]
            }, none: "")
    }

    private func cause(_ cause: UInt64) -> String {
        switch cause {
        case 1: say("the gateway did not run", "das Gateway lief nicht")
        case 2: say("disk", "Datenträger")
        case 3: say("clock", "Uhr")
        default: say("cause \(cause)", "Ursache \(cause)")
        }
    }

    private func clockSteps(_ survey: PeriodSurvey) -> ReportDocument.Table {
        .init(
            columns: [say("clock step at", "Uhrensprung um"), "ms", say("entry", "Eintrag")],
            rows: survey.clockSteps.map { [instant(Int64(clamping: $0.atMs)), String($0.stepMs), String($0.leaf)] },
            none: "")
    }

    private func points(_ survey: PeriodSurvey) -> ReportDocument.Table {
        .init(
            columns: [
                say("point", "Punkt"), say("stream", "Strom"), say("expected", "erwartet"), say("received", "erhalten"),
                say("missing", "fehlt"), say("readings", "Werte"), say("late", "verspätet"),
                say("estimated", "geschätzt"),
                say("doubtful", "zweifelhaft"), say("without value", "ohne Wert"),
            ],
            rows: survey.points.map { point in
                [
                    SafeText.of(point.id), String(point.stream), String(point.expectedIntervals),
                    String(point.receivedIntervals), String(point.expectedIntervals - point.receivedIntervals),
                    String(point.readings), String(point.late), String(point.estimated), String(point.doubtful),
                    String(point.withoutValue),
                ]
            }, none: say("No disclosed point.", "Kein offengelegter Punkt."))
    }

    var removed: ReportDocument.Section? {
        guard let survey else { return nil }
        let lacking = survey.streams.filter { $0.withheldItems + $0.erasedItems > 0 || !$0.isDisclosed }
        var blocks: [ReportDocument.Block] = [
            .table(
                .init(
                    columns: [
                        say("stream", "Strom"), say("class", "Klasse"), say("expected", "erwartet"),
                        say("shown", "gezeigt"), say("withheld", "zurückgehalten"), say("erased", "gelöscht"),
                    ],
                    rows: lacking.map { stream in
                        [
                            String(stream.stream), stream.className.map(SafeText.of) ?? "–",
                            String(stream.expectedItems),
                            String(stream.shownItems), String(stream.withheldItems), String(stream.erasedItems),
                        ]
                    },
                    none: say(
                        "Nothing of a stream that the file names.", "Nichts von einem Strom, den die Datei nennt.")))
        ]
        let facts = verdict.facts
        blocks.append(
            .paragraph(
                say(
                    "In the whole file: \(facts.withheldItems) items withheld, \(facts.erasedItems) erased and declared.",
                    "In der ganzen Datei: \(facts.withheldItems) Posten zurückgehalten, \(facts.erasedItems) gelöscht und erklärt."
                )))
        if !survey.erasures.isEmpty {
            blocks.append(
                .table(
                    .init(
                        columns: [
                            say("erased stream", "gelöschter Strom"), say("from", "von"), say("to", "bis"),
                            say("basis, GDPR 6(1)", "Grundlage, DSGVO 6(1)"), say("entry", "Eintrag"),
                        ],
                        rows: survey.erasures.map { erasure in
                            [
                                String(erasure.stream), instant(k: erasure.kFrom, periodMs: survey.periodMs),
                                instant(k: erasure.kTo &+ 1, periodMs: survey.periodMs), basis(erasure.legalBasis),
                                String(erasure.leaf),
                            ]
                        }, none: "")))
        }
        return .init(
            title: say("What was withheld or erased", "Was zurückgehalten oder gelöscht wurde"), blocks: blocks)
    }

    private func basis(_ number: UInt64) -> String {
        let letters = Array("abcdef")
        guard number >= 1, number <= UInt64(letters.count) else { return say("other", "andere") }
        return "(\(letters[Int(number) - 1]))"
    }

    var changes: ReportDocument.Section? {
        guard let survey else { return nil }
        return .init(
            title: say("Changes of unit or scale", "Änderungen von Einheit oder Skala"),
            blocks: [
                .table(
                    .init(
                        columns: [
                            say("written", "geschrieben"), say("entry", "Eintrag"), say("point", "Punkt"),
                            say("before", "vorher"), say("after", "nachher"),
                        ],
                        rows: survey.changes.map { change in
                            [
                                instant(Int64(clamping: change.atMs)), String(change.leaf), SafeText.of(change.id),
                                words(change.oldScale, change.oldUnit), words(change.newScale, change.newUnit),
                            ]
                        }, none: say("None.", "Keine.")))
            ])
    }

    private func words(_ scale: Scale, _ unit: String) -> String {
        let offset = scale.offsetMantissa == 0 ? "" : " + \(scale.offsetMantissa)e\(scale.offsetExponent)"
        return "× \(scale.mantissa)e\(scale.exponent)\(offset) \(SafeText.of(unit))"
    }
}
