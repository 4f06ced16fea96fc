import Evidence
import Hashing
import Readings
import Tangle

/// A verdict as text for people and as one JSON object for programs.
struct VerdictReport {
    let verdict: Verdict
    let file: String

    private var facts: Verdict.Facts { verdict.facts }
    private var name: String { FileInput.name(of: file) }

    /// What goes to standard output: the file, notes first, the steps, the verdict, and what it does not prove.
    var text: String {
        var lines = [head] + readings
        lines += notes
        lines += steps
        lines += facts.history.lines(.english).map { "  log keys       \(Terminal.safe($0))" }
        lines += facts.configurationChanges.map { "  changed        \(Terminal.safe($0))" }
        lines.append(Terminal.paint(Terminal.safe(verdict.sentence(.english)), colour))
        if !facts.timeStamps.isEmpty { lines.append(Verdict.timeStampLine(.english)) }
        lines.append(Verdict.closingLine(.english))
        return lines.joined(separator: "\n")
    }

    /// The file, the codes of its notes, and the verdict.
    var brief: String {
        let codes = verdict.findings.filter { $0.code.severity == .note }.map(\.code.rawValue)
        let notes = codes.isEmpty ? [] : ["  notes          \(codes.joined(separator: " "))"]
        return ([head] + notes + [Terminal.paint(Terminal.safe(verdict.sentence(.english)), colour)])
            .joined(separator: "\n")
    }

    /// What goes to standard error: each reason why the file does not hold or could not be checked, with a hint.
    var complaints: [(message: String, hint: String)] {
        let reasons = verdict.errors + verdict.findings.filter { $0.code.severity == .unchecked }
        return reasons.map { finding in
            let words = finding.code.words(.english)
            let place = finding.about.map { ": \(Terminal.safe($0))" } ?? ""
            let others = finding.places > 1 ? " and \(finding.places - 1) more" : ""
            return (
                "\(finding.code.rawValue): \(Terminal.plain(words.title))\(place)\(others)",
                Terminal.plain(words.nextStep)
            )
        }
    }

    private var colour: Terminal.Colour {
        switch verdict.outcome {
        case .holds: .green
        case .holdsWithNotes: verdict.isSelfNetwork ? .yellow : .green
        case .notAuthenticated, .couldNotCheck: .yellow
        case .doesNotHold: .red
        }
    }

    private var head: String {
        let origin = facts.origin.map { ", log \(Terminal.safe($0))" } ?? ""
        switch facts.kind {
        case .period:
            guard let from = facts.fromMs, let to = facts.toMs else { return "\(name): period file" }
            return "\(name): period \(UTCTime.text(from)) to \(UTCTime.text(to))\(origin)"
        case .reading:
            let place = facts.stream.flatMap { stream in facts.k.map { ", stream \(stream), interval \($0)" } } ?? ""
            return "\(name): reading file\(place)\(origin)"
        case nil: return "\(name): \(facts.sizeBytes) bytes"
        }
    }

    /// The readings of a reading file: `heat-pump-2.supply-temperature  2026-03-01T10:15:00.000Z  41.5 Cel`.
    private var readings: [String] {
        facts.shown.map { reading in
            let name = reading.id ?? "point \(reading.point)"
            let value: String
            if let number = reading.value {
                value = "\(number) \(reading.unit ?? "")"
            } else {
                value = reading.rawText.map { reading.unit == nil ? "raw \($0)" : $0 } ?? "no value"
            }
            let quality = reading.quality == .good ? "" : "  \(reading.quality.name)"
            return Terminal.safe("  \(name)  \(UTCTime.text(reading.atMs))  \(value)\(quality)")
        }
    }

    private var notes: [String] {
        verdict.findings.filter { $0.code.severity == .note }.flatMap { finding in
            let words = finding.code.words(.english)
            let place =
                finding.about.map { " (\($0)\(finding.places > 1 ? " and \(finding.places - 1) more" : ""))" } ?? ""
            return [
                Terminal.paint("  note         \(finding.code.rawValue)", .yellow) + Terminal.safe(place),
                "               \(words.sentence)", "               \(words.nextStep)",
            ]
        }
    }

    /// Anchors shown one by one at each end of a long list; those that fail are always shown.
    private static let anchorsShown = 5

    private var steps: [String] {
        let counted = verdict.steps.indices.filter { number("more", of: verdict.steps[$0]) != nil }
        let anchors = verdict.steps.indices.filter { verdict.steps[$0].name == .anchor && !counted.contains($0) }
        let more = counted.reduce(0) { $0 + (number("more", of: verdict.steps[$1]) ?? 0) }
        let middle = anchors.dropFirst(Self.anchorsShown).dropLast(Self.anchorsShown)
        let left = Set(middle.filter { verdict.steps[$0].state == .holds })
        let firstLeft = left.min()
        return verdict.steps.enumerated().compactMap { place, step in
            if counted.contains(place) { return nil }
            if !left.contains(place) { return self.step(step) }
            return place == firstLeft ? "  \(pad("anchors", 15))\(Int64(left.count) + more) more hold" : nil
        }
    }

    private func step(_ step: CheckStep) -> String {
        let state =
            switch step.state {
            case .holds: Terminal.paint("holds", .green)
            case .fails: Terminal.paint("does not hold", .red)
            case .notChecked: Terminal.paint("not checked", .yellow)
            }
        let details = details(step)
        return "  \(pad(label(step), 15))\(state)\(details.isEmpty ? "" : "  \(details)")"
    }

    private func label(_ step: CheckStep) -> String {
        switch step.name {
        case .anchor: number("seq", of: step).map { "anchor \($0)" } ?? "anchor"
        case .item: "items"
        case .read: "readings"
        default: step.name.rawValue
        }
    }

    private func details(_ step: CheckStep) -> String {
        switch step.name {
        case .file where step.state == .holds: return "\(facts.sizeBytes) bytes in their one form"
        case .card:
            let source =
                switch verdict.card {
                case .own: "yours"
                case .fromFile: "from the file"
                case .none: "none"
                }
            return source + (facts.network.map { ", network \(Terminal.safe($0))" } ?? "")
        case .anchor:
            let milestone = number("milestone", of: step).map { "milestone \($0)" }
            let stamp = facts.timeStamps.first { Int64(clamping: $0.seq) == number("seq", of: step) }
            return [milestone, stamp.map(words)].compactMap(\.self).joined(separator: ", ")
        case .range where step.state == .holds:
            return "\(facts.leaves) entries, \(facts.intervals) intervals, none left out"
        case .item where facts.kind == .period && step.state == .holds:
            return "\(facts.items) disclosed, \(facts.withheldItems) withheld, \(facts.erasedItems) erased"
        case .read where step.state == .holds: return "\(facts.readings)"
        case .log:
            guard let index = facts.leafIndex, let size = facts.size else { return "" }
            return "entry \(index) of \(size)"
        default: return ""
        }
    }

    private func words(_ stamp: Verdict.TimeStamp) -> String {
        let authority = stamp.authority.map { " by \(Terminal.safe($0))" } ?? ""
        return "time stamp \(UTCTime.text(stamp.timeMs))\(authority)"
    }

    private func number(_ name: String, of step: CheckStep) -> Int64? {
        step.facts.lazy.compactMap { fact in
            if case .number(let value) = fact.value, fact.name == name { value } else { nil }
        }.first
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
