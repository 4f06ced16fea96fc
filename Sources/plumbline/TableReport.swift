import Evidence
import Readings
import Tables
import Tangle

/// What became of a table's rows, as text for people and as one JSON object for programs.
struct TableReport {
    let check: TableCheck
    let verdict: Verdict
    let table: String
    let file: String
    /// Whether a reading that the table leaves out is an error.
    let isComplete: Bool

    /// Rows that are named one by one.
    static let namedMax = 1_000
    private static let shownMax = 20

    private var agreeing: Int { check.claims.count { $0.judgement == .agrees } }
    private var against: [TableClaim] { check.claims.filter { $0.judgement != .agrees } }
    private var isWhole: Bool { !isComplete || check.missingCount == 0 }
    private var isEmpty: Bool { check.claims.isEmpty && check.unreadable.isEmpty }

    /// 1 before 2 before 0, of the file and of the table.
    var exitCode: Int32 {
        if verdict.exitCode == 1 { return 1 }
        guard verdict.vouchesForReadings else { return verdict.exitCode }
        if !against.isEmpty || !isWhole { return 1 }
        return verdict.exitCode == 0 && check.unreadable.isEmpty && !isEmpty ? 0 : 2
    }

    private var sentence: String {
        if !verdict.vouchesForReadings {
            return "The table was compared with nothing: the evidence file does not hold or could not be checked."
        }
        if isEmpty { return "The table has no rows." }
        if !against.isEmpty || !isWhole { return "The table does not agree with the evidence." }
        if !check.unreadable.isEmpty { return "The rows that could be read agree with the evidence." }
        let doubt =
            verdict.exitCode == 0 ? "" : " Nobody vouches for the evidence: check it with the card you were handed."
        return "Every row agrees with the evidence.\(doubt)"
    }

    var text: String {
        let names = "\(FileInput.name(of: table)) against \(FileInput.name(of: file))"
        guard verdict.vouchesForReadings else { return names + "\n" + Terminal.paint(sentence, .red) }
        var lines = ["\(names): \(check.claims.count + check.unreadable.count) rows"]
        lines.append("  agree          \(agreeing)\(qualities)")
        for (label, count) in counts where count > 0 { lines.append("  " + label + String(count)) }
        let wrong =
            against.map { (line: $0.line, text: self.line($0)) }
            + check.unreadable.map { (line: $0.line, text: "line \($0.line): \($0.why)") }
        lines += wrong.sorted { $0.line < $1.line }.prefix(Self.shownMax).map { Terminal.safe($0.text) }
        if wrong.count > Self.shownMax {
            lines.append("and \(wrong.count - Self.shownMax) more; --json names up to \(Self.namedMax)")
        }
        if isComplete {
            lines += check.missing.prefix(Self.shownMax).map {
                Terminal.safe("missing: \($0.point) at \(UTCTime.text($0.atMs))")
            }
        }
        lines.append(Terminal.paint(sentence, exitCode == 0 ? .green : exitCode == 1 ? .red : .yellow))
        lines.append("That a value stands in the log says nothing about whether it was measured rightly.")
        return lines.joined(separator: "\n")
    }

    /// Labels as wide as those of a verdict.
    private var counts: [(String, Int)] {
        func count(_ isCounted: (TableClaim.Judgement) -> Bool) -> Int {
            check.claims.count { isCounted($0.judgement) }
        }
        return [
            ("differ         ", count { if case .differs = $0 { true } else { false } }),
            ("other unit     ", count { if case .otherUnit = $0 { true } else { false } }),
            ("not in the log ", count { $0 == .notInEvidence }),
            ("unreadable     ", check.unreadable.count),
            ("left out       ", check.missingCount),
        ]
    }

    /// Rows whose reading is not good: ` (3 stale, 1 out-of-range)`.
    private var qualities: String {
        let others = check.qualities.filter { $0.key != .good }.sorted { $0.key.rawValue < $1.key.rawValue }
        return others.isEmpty ? "" : " (\(others.map { "\($0.value) \($0.key.name)" }.joined(separator: ", ")))"
    }

    private func line(_ claim: TableClaim) -> String {
        let head = "line \(claim.line): \(claim.point) at \(UTCTime.text(claim.instants.lowerBound))"
        switch claim.judgement {
        case .agrees: return "\(head) agrees"
        case .differs(let value):
            return "\(head) is '\(claim.text)' here and \(value.map { "'\($0)'" } ?? "without a value") in the evidence"
        case .otherUnit(let unit): return "\(head) is in '\(claim.unit ?? "")' here and in '\(unit)' in the evidence"
        case .notInEvidence: return "\(head) is not in the evidence"
        }
    }

    var json: JSON {
        .object([
            .init(
                "agrees",
                .bool(
                    exitCode != 1 && verdict.vouchesForReadings && against.isEmpty && check.unreadable.isEmpty
                        && !isEmpty)),
            .init("exit", .number(exitCode)), .init("sentence", .string(sentence)),
            .init("verdict", .string(verdict.outcome.rawValue)),
            .init("findings", .array(verdict.codes.map { .string($0) })),
            .init("rows", .number(check.claims.count + check.unreadable.count)), .init("agreeing", .number(agreeing)),
            .init("differing", .array(against.prefix(Self.namedMax).map(row))),
            .init(
                "unreadable",
                .array(
                    check.unreadable.prefix(Self.namedMax).map {
                        .object([.init("line", .number($0.line)), .init("why", .string($0.why))])
                    })),
            .init("leftOut", .number(check.missingCount)),
            .init(
                "qualities",
                .object(
                    check.qualities.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                        .init($0.key.name, .number($0.value))
                    })),
        ])
    }

    private func row(_ claim: TableClaim) -> JSON {
        let (why, evidence): (String, String?) =
            switch claim.judgement {
            case .agrees: ("agrees", nil)
            case .differs(let value): ("differs", value)
            case .otherUnit(let unit): ("other-unit", unit)
            case .notInEvidence: ("not-in-evidence", nil)
            }
        return .object([
            .init("line", .number(claim.line)), .init("point", .string(claim.point)),
            .init("at", .string(UTCTime.text(claim.instants.lowerBound))), .init("value", .string(claim.text)),
            .init("why", .string(why)), .init("evidence", evidence.map { .string($0) } ?? .null),
        ])
    }
}
