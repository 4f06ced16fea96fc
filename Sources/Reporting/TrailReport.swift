package import Evidence
package import Hashing
import LogEntries
import Readings
package import Tangle

/// Who did what, in the order of the log, out of the leaves that a checked file opens; its forms are text and JSON.
package struct TrailReport: Sendable {
    package let verdict: Verdict
    package let entries: [TrailEntry]
    /// Of the time asked for: leaves whose content the file does not show at all, and items left closed in leaves of which it shows
    /// some.
    package let closedLeaves: Int
    package let closedItems: Int
    /// Snapshots that the file leaves closed; they repeat an opened one, or concern streams that it withholds.
    package let closedSnapshots: Int
    /// Ids of the scope that the file does not show, in words such as `point m1.energy`.
    package let unknown: [String]
    /// Number of the model at the beginning of the time asked for.
    package let modelRevision: UInt64?

    /// - Parameter leaves: of the whole file, in the log's order.
    package init(verdict: Verdict, leaves: [TrailLeaf], scope: PeriodSurvey.Scope) {
        self.verdict = verdict
        let words = TrailWords(leaves)
        let selection = TrailSelection(scope, leaves)
        var entries: [TrailEntry] = []
        var closed = (leaves: 0, items: 0, snapshots: 0)
        for leaf in leaves where leaf.isAsked {
            closed.items += leaf.opening?.hidden.count ?? 0
            if leaf.opening == nil {
                switch leaf.leaf.body {
                case .event, .command, .access: closed.leaves += 1
                case .snapshot: closed.snapshots += 1
                default: break
                }
            }
            if let entry = words.entry(leaf, selection) { entries.append(entry) }
        }
        self.entries = entries
        closedLeaves = closed.leaves
        closedItems = closed.items
        closedSnapshots = closed.snapshots
        unknown = verdict.vouchesForReadings ? selection.unknown : []
        modelRevision = leaves.first { $0.isAsked }?.config?.modelRevision
    }

    /// As `verify`, but 2 also when something was asked about that the file does not show.
    package var exitCode: Int32 { verdict.exitCode == 0 && !unknown.isEmpty ? 2 : verdict.exitCode }

    /// The entries under the bounds of their part of the log, then what is not shown.
    package var lines: [String] {
        guard verdict.vouchesForReadings else { return [] }
        var lines: [String] = []
        var heading = ""
        for entry in entries {
            if heading != Self.heading(entry) {
                heading = Self.heading(entry)
                lines += ["", heading]
            }
            let label = entry.type + String(repeating: " ", count: max(1, 14 - entry.type.count))
            lines.append("  \(UTCTime.text(entry.atMs))  leaf \(entry.index)  \(label)\(SafeText.of(entry.words))")
            lines += entry.more.map { "      \(SafeText.of($0))" }
        }
        lines += [
            "",
            entries.isEmpty ? "Nothing of this kind in the time asked for." : count(entries.count, "entry", "entries"),
        ]
        if let modelRevision, !entries.isEmpty {
            lines.append("Model revision \(modelRevision) was in force at the first of them.")
        }
        var closed: [String] = []
        if closedLeaves > 0 { closed.append(count(closedLeaves, "leaf", "leaves")) }
        if closedItems > 0 { closed.append(count(closedItems, "item", "items") + " of other leaves") }
        if !closed.isEmpty {
            lines.append(
                "Not opened by this file: \(closed.joined(separator: " and ")). They concern what it withholds, or were erased."
            )
        }
        if closedSnapshots > 0 {
            lines.append(
                "\(count(closedSnapshots, "snapshot", "snapshots")) not opened: most say the same as the one before.")
        }
        return lines
    }

    /// New members may come, none goes; null means that there is none.
    package func json(file: String, sha256: Hash, program: String) -> JSON {
        .object([
            .init("trail", .number(1)), .init("exit", .number(exitCode)),
            .init("verdict", verdict.json(file: file, sha256: sha256, program: program)),
            .init("notShown", .array(unknown.map { .string($0) })),
            .init("modelRevision", modelRevision.map { .number($0) } ?? .null),
            .init("entries", .array(entries.map(\.json))),
            .init(
                "notOpened",
                .object([
                    .init("leaves", .number(closedLeaves)), .init("items", .number(closedItems)),
                    .init("snapshots", .number(closedSnapshots)),
                ])),
        ])
    }

    private func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private static func heading(_ entry: TrailEntry) -> String {
        switch (entry.notBeforeMs.map { UTCTime.text($0) }, entry.notAfterMs.map { UTCTime.text($0) }) {
        case (let first?, let last?): "Placed in the log between \(first) and \(last)"
        case (nil, let last?): "Placed in the log no later than \(last)"
        case (let first?, nil): "Placed in the log not before \(first)"
        case (nil, nil): "In the log; nobody but the operator attests when"
        }
    }
}

/// One line of a trail.
package struct TrailEntry: Sendable {
    package let index: UInt64
    /// The gateway's clock, UTC milliseconds.
    package let atMs: Int64
    package let notBeforeMs: Int64?
    package let notAfterMs: Int64?
    /// `event`, `command`, `outcome`, `configuration`, `access`, `snapshot` or `erasure`.
    package let type: String
    package let isOpened: Bool
    let words: String
    /// Lines below it.
    let more: [String]
    let members: [JSON.Member]

    init(
        _ leaf: TrailLeaf, _ type: String, isOpened: Bool = true, _ words: String, more: [String] = [],
        _ members: [JSON.Member]
    ) {
        index = leaf.index
        atMs = Int64(clamping: leaf.leaf.wallMs)
        notBeforeMs = leaf.notBeforeMs
        notAfterMs = leaf.notAfterMs
        self.type = type
        self.isOpened = isOpened
        self.words = words
        self.more = more
        self.members = members
    }

    package var json: JSON {
        func time(_ ms: Int64?) -> JSON { ms.map { .string(UTCTime.text($0)) } ?? .null }
        return .object(
            [
                .init("leaf", .number(index)), .init("type", .string(type)), .init("at", time(atMs)),
                .init("notBefore", time(notBeforeMs)), .init("notAfter", time(notAfterMs)),
                .init("opened", .bool(isOpened)),
            ] + members)
    }
}
