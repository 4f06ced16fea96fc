import Readings

/// The words of the verdict. "Placed in the log between", never "measured between".
extension Verdict {
    /// Title and sentence as the page prints them, without markup.
    package func sentence(_ language: Language) -> String {
        switch language {
        case .english: english
        case .german: german
        }
    }

    /// What a time stamp that holds shows, and what not. Stands below a report with time stamps.
    package static func timeStampLine(_ language: Language) -> String {
        switch language {
        case .english:
            "A time stamp shows that a checkpoint, and every entry under it, existed at that moment by an authority's "
                + "clock. It shows no earlier limit, no other history and no author."
        case .german:
            "Ein Zeitstempel zeigt, dass ein Prüfpunkt mit allen Einträgen darunter zu diesem Zeitpunkt bestand, nach der "
                + "Uhr einer Stelle. Er zeigt keine frühe Grenze, keine andere Geschichte und keinen Urheber."
        }
    }

    /// What no check of this kind can notice. Stands below every verdict.
    package static func closingLine(_ language: Language) -> String {
        switch language {
        case .english: "A sensor that measured wrongly is not noticed by this check."
        case .german: "Ob ein Fühler falsch gemessen hat, merkt diese Prüfung nicht."
        }
    }

    private var english: String {
        switch outcome {
        case .doesNotHold:
            let cause = firstCause(.english)
            return "Does not hold. \(cause) Do not rely on this file."
                + (wasStopped ? " Steps after this one were not checked." : "")
        case .couldNotCheck:
            return "Could not be checked. \(firstCause(.english)) This says nothing about the records."
        case .notAuthenticated:
            return "Agrees with itself, not authenticated. Whose log this is was not checked: "
                + "you gave no policy card of your own."
        case .holdsWithNotes where isSelfNetwork && bracket != nil:
            return "Holds against the operator's own network and an independent time stamp. The operator could have "
                + "written all of this, including the times, but no later than \(lastInstant)." + doubted(.english)
        case .holdsWithNotes where isSelfNetwork:
            return "Holds only against the operator's own network. The operator could have written all of this, "
                + "including the times, today." + doubted(.english)
        case .holdsWithNotes:
            let count = findings.count
            let noted = "Holds, with \(count) \(count == 1 ? "note" : "notes")."
            return noted + (isDoubted ? doubted(.english) : " The records are unchanged.") + placed(.english)
                + " Read the notes before you rely on them."
        case .holds:
            return "Holds. All \(facts.readings) records in this file are complete and unchanged." + placed(.english)
        }
    }

    private var german: String {
        switch outcome {
        case .doesNotHold:
            let cause = firstCause(.german)
            return "Der Nachweis hält nicht. \(cause) Stützen Sie sich nicht auf diese Datei."
                + (wasStopped ? " Die weiteren Schritte wurden nicht geprüft." : "")
        case .couldNotCheck:
            return "Konnte nicht geprüft werden. \(firstCause(.german)) Über die Einträge sagt das nichts."
        case .notAuthenticated:
            return "In sich stimmig, Herkunft nicht geprüft. Wessen Protokoll das ist, wurde nicht geprüft: "
                + "Es lag keine eigene Richtlinienkarte vor."
        case .holdsWithNotes where isSelfNetwork && bracket != nil:
            return "Hält gegenüber dem eigenen Netz des Betreibers und einem unabhängigen Zeitstempel. Der Betreiber "
                + "könnte all das, auch die Zeiten, geschrieben haben, aber spätestens \(lastInstant)."
                + doubted(.german)
        case .holdsWithNotes where isSelfNetwork:
            return "Hält nur gegenüber dem eigenen Netz des Betreibers. Der Betreiber könnte all das, auch die Zeiten, "
                + "heute geschrieben haben." + doubted(.german)
        case .holdsWithNotes:
            let count = findings.count
            return "Der Nachweis hält, mit \(count) \(count == 1 ? "Hinweis" : "Hinweisen"). "
                + (isDoubted ? String(doubted(.german).dropFirst()) : "Die Einträge sind unverändert.")
                + placed(.german)
                + " Lesen Sie die Hinweise, bevor Sie sich darauf stützen."
        case .holds:
            return "Der Nachweis hält. Alle \(facts.readings) Einträge dieser Datei sind vollständig und unverändert."
                + placed(.german)
        }
    }

    private var isDoubted: Bool { facts.history.doubtful != nil }

    /// What the recovery key no longer vouches for; empty when it vouches for all.
    private func doubted(_ language: Language) -> String {
        guard let doubtful = facts.history.doubtful else { return "" }
        let last = doubtful.upperBound - 1
        return switch language {
        case .english:
            " The log key was declared stolen: entries \(doubtful.lowerBound) to \(last) could have been written by whoever "
                + "has it. Only other entries are unchanged."
        case .german:
            " Der Protokollschlüssel wurde als gestohlen erklärt: Die Einträge \(doubtful.lowerBound) bis \(last) könnte "
                + "geschrieben haben, wer ihn hat. Nur andere Einträge sind unverändert."
        }
    }

    private var wasStopped: Bool { steps.contains { $0.state == .notChecked } }

    private func firstCause(_ language: Language) -> String {
        let cause = errors.first ?? findings.first { $0.code.severity == .unchecked && $0.code != .policyFromFile }
        guard let cause else { return "" }
        let words = cause.code.words(language)
        guard let about = cause.about else { return words.sentence }
        return "\(words.sentence.dropLast()) (\(about))."
    }

    private var lastInstant: String { bracket.map { UTCTime.text($0.notAfterMs) } ?? "" }

    private func placed(_ language: Language) -> String {
        guard let bracket else { return "" }
        let last = UTCTime.text(bracket.notAfterMs)
        switch (language, bracket.notBeforeMs.map { UTCTime.text($0) }) {
        case (.english, let first?): return " They were placed in the log between \(first) and \(last)."
        case (.english, nil): return " They were placed in the log no later than \(last)."
        case (.german, let first?): return " Sie kamen zwischen \(first) und \(last) ins Protokoll."
        case (.german, nil): return " Sie kamen spätestens \(last) ins Protokoll."
        }
    }
}
