import Evidence

/// What was checked, what follows from it, and what does not.
extension AuditReport {
    var checked: ReportDocument.Section {
        let rows = shownSteps.map { step in [name(step.name), state(step.state), details(step)] }
        return .init(
            title: say("What was checked", "Was geprüft wurde"),
            blocks: [
                .table(
                    .init(
                        columns: [say("step", "Schritt"), say("result", "Ergebnis"), say("extent", "Umfang")],
                        rows: rows,
                        none: say("Nothing could be checked.", "Nichts konnte geprüft werden.")))
            ])
    }

    /// Anchors are one line unless one fails: a long period has tens of thousands.
    private var shownSteps: [CheckStep] {
        var isCounted = false
        return verdict.steps.filter { step in
            guard step.name == .anchor, step.state == .holds else { return true }
            defer { isCounted = true }
            return !isCounted
        }
    }

    private func name(_ step: CheckStep.Name) -> String {
        switch step {
        case .file: say("the file's form", "Form der Datei")
        case .card: say("policy card and log", "Richtlinienkarte und Protokoll")
        case .anchor: say("anchors on the network", "Anker im Netz")
        case .read: say("readings and their rules", "Werte und ihre Regeln")
        case .item: say("items under their interval's root", "Posten unter der Wurzel ihres Intervalls")
        case .log: say("interval under the signed root", "Intervall unter der unterschriebenen Wurzel")
        case .range: say("nothing left out between the anchors", "nichts ausgelassen zwischen den Ankern")
        case .configuration: say("units and scales", "Einheiten und Skalen")
        case .time: say("stated times against the network's", "angegebene Zeiten gegen die des Netzes")
        }
    }

    private func state(_ state: CheckStep.State) -> String {
        switch state {
        case .holds: say("holds", "hält")
        case .fails: say("does not hold", "hält nicht")
        case .notChecked: say("not checked", "nicht geprüft")
        }
    }

    private func details(_ step: CheckStep) -> String {
        let facts = verdict.facts
        guard step.state == .holds else {
            let seq = step.facts.first { $0.name == "seq" }
            if case .number(let number)? = seq?.value { return say("anchor \(number)", "Anker \(number)") }
            return ""
        }
        switch step.name {
        case .file: return say("\(facts.sizeBytes) bytes", "\(facts.sizeBytes) Bytes")
        case .anchor:
            let count = verdict.heldAnchors
            let stamps = facts.timeStamps.count
            return say("\(count) hold", "\(count) halten")
                + (stamps > 0 ? say(", \(stamps) with a time stamp", ", \(stamps) mit Zeitstempel") : "")
        case .range:
            return say(
                "\(facts.leaves) entries, \(facts.intervals) intervals",
                "\(facts.leaves) Einträge, \(facts.intervals) Intervalle")
        case .item:
            return say(
                "\(facts.items) disclosed, \(facts.withheldItems) withheld, \(facts.erasedItems) erased",
                "\(facts.items) offengelegt, \(facts.withheldItems) zurückgehalten, \(facts.erasedItems) gelöscht")
        case .read: return String(facts.readings)
        case .configuration: return say("\(changeCount) changes", "\(changeCount) Änderungen")
        default: return ""
        }
    }

    private var changeCount: Int { survey?.changes.count ?? verdict.facts.configurationChanges.count }

    var proven: ReportDocument.Section {
        let title = say("What this file proves", "Was diese Datei beweist")
        guard verdict.vouchesForReadings else {
            let nothing = say(
                "Nothing that may be relied upon, because of the findings above.",
                "Nichts, worauf man sich stützen darf, wegen der Befunde oben.")
            return .init(title: title, blocks: [.paragraph(nothing)])
        }
        var lines = [
            say(
                "The log's key signed these entries as they stand: none was changed, left out or added between the two anchors.",
                "Der Schlüssel des Protokolls hat diese Einträge so unterschrieben: Zwischen den beiden Ankern wurde keiner geändert, ausgelassen oder hinzugefügt."
            )
        ]
        if verdict.facts.kind == .reading {
            lines = [
                say(
                    "The log's key signed a log that holds this reading at this place.",
                    "Der Schlüssel des Protokolls hat ein Protokoll unterschrieben, das diesen Wert an dieser Stelle enthält."
                )
            ]
        } else {
            lines.append(
                say(
                    "Every disclosed reading is there, for every interval and stream; a silent minute has an entry, too.",
                    "Jeder offengelegte Wert ist da, für jedes Intervall und jeden Strom; auch eine stille Minute hat einen Eintrag."
                ))
            lines.append(
                say(
                    "Units and scales are those that stood in the log when the values were written.",
                    "Einheiten und Skalen sind die, die im Protokoll standen, als die Werte geschrieben wurden."))
        }
        if verdict.card != .own {
            lines.append(
                say(
                    "Whose log this is was not checked: there was no policy card of yours.",
                    "Wessen Protokoll das ist, wurde nicht geprüft: Es lag keine eigene Richtlinienkarte vor."))
        }
        return .init(title: title, blocks: [.list(lines)])
    }

    var notProven: ReportDocument.Section {
        var lines = [
            say("That a sensor measured rightly.", "Dass ein Fühler richtig gemessen hat."),
            say(
                "When a value was measured: only when it was placed in the log.",
                "Wann ein Wert gemessen wurde: nur, wann er ins Protokoll kam."),
            say(
                "Anything about a value that never reached the gateway.",
                "Irgendetwas über einen Wert, der das Gateway nie erreicht hat."),
        ]
        if verdict.isSelfNetwork {
            lines.append(
                say(
                    "Any time: the operator holds all milestone keys and could have written all of it today.",
                    "Irgendeine Zeit: Der Betreiber hält alle Schlüssel des Netzes und könnte all das heute geschrieben haben."
                ))
        }
        if verdict.findings.contains(where: { $0.code == .anchorsUnwatched }) {
            lines.append(
                say(
                    "That there is no other history of this log: nobody compared the list of anchors.",
                    "Dass es keine andere Geschichte dieses Protokolls gibt: Niemand hat die Liste der Anker verglichen."
                ))
        }
        if verdict.facts.withheldItems > 0 {
            lines.append(
                say(
                    "What the withheld streams say; only that they are there.",
                    "Was die zurückgehaltenen Ströme sagen; nur, dass es sie gibt."))
        }
        if verdict.facts.erasedItems > 0 {
            lines.append(say("What the erased readings said.", "Was die gelöschten Werte sagten."))
        }
        if !verdict.facts.timeStamps.isEmpty { lines.append(Verdict.timeStampLine(language)) }
        return .init(
            title: say("What this file does not prove", "Was diese Datei nicht beweist"), blocks: [.list(lines)])
    }
}

extension Verdict {
    /// Anchors that hold, those that have no step of their own included.
    fileprivate var heldAnchors: Int64 {
        steps.filter { $0.name == .anchor && $0.state == .holds }.reduce(0) { count, step in
            guard case .number(let more)? = step.facts.first(where: { $0.name == "more" })?.value else {
                return count + 1
            }
            return count + more
        }
    }
}
