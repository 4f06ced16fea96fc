/// A report for a terminal: 80 columns where the words allow it, long tables by their ends.
package struct TextRendering {
    /// Rows of a table shown at each end.
    static let rowsShown = 8
    static let widthMax = 78

    let document: ReportDocument
    /// Paints a text in the colour of a tone; the identity where there are no colours.
    let paint: (String, ReportDocument.Tone) -> String

    package init(
        _ document: ReportDocument, paint: @escaping (String, ReportDocument.Tone) -> String = { text, _ in text }
    ) {
        self.document = document
        self.paint = paint
    }

    package var text: String {
        var lines = [document.title, ""]
        lines += wrap(document.verdict, "").map { paint($0, document.tone) }
        for section in document.sections {
            lines += ["", section.title]
            for block in section.blocks { lines += self.lines(block) }
        }
        return lines.joined(separator: "\n")
    }

    private func lines(_ block: ReportDocument.Block) -> [String] {
        switch block {
        case .paragraph(let text): return wrap(text, "  ")
        case .list(let items):
            return items.flatMap { item in
                wrap(item, "    ").enumerated().map { $0.offset == 0 ? "  - " + $0.element.dropFirst(4) : $0.element }
            }
        case .facts(let facts):
            let width = facts.map(\.name.count).max() ?? 0
            return facts.map { "  \(pad($0.name, width))  \($0.value)" }
        case .table(let table): return table.rows.isEmpty ? wrap(table.none, "  ") : lines(table)
        }
    }

    /// Columns side by side when they fit, otherwise a row as a block of lines.
    private func lines(_ table: ReportDocument.Table) -> [String] {
        let left = max(0, table.rows.count - 2 * Self.rowsShown)
        let rows =
            left == 0 ? table.rows : Array(table.rows.prefix(Self.rowsShown) + table.rows.suffix(Self.rowsShown))
        let widths = table.columns.indices.map { column in
            max(table.columns[column].count, rows.map { $0[column].count }.max() ?? 0)
        }
        let more = "  … \(left) …"
        var shown: [[String]]
        if widths.reduce(0, +) + 2 * widths.count <= 2 * Self.widthMax, (widths.max() ?? 0) <= 48 {
            shown = rows.map { [line($0, widths)] }
            if left > 0 { shown.insert([more], at: Self.rowsShown) }
            return [line(table.columns, widths)] + shown.flatMap(\.self)
        }
        let width = table.columns.map(\.count).max() ?? 0
        shown = rows.map { row in
            row.enumerated().flatMap { column, cell in
                let head = "  \(column == 0 ? "" : "  ")\(pad(table.columns[column], width))  "
                let cells = wrap(cell, String(repeating: " ", count: head.count))
                return cells.enumerated().map { $0.offset == 0 ? head + $0.element.dropFirst(head.count) : $0.element }
            }
        }
        if left > 0 { shown.insert([more], at: Self.rowsShown) }
        return shown.flatMap(\.self)
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = " "
        for (cell, width) in zip(cells, widths) { text += " " + pad(cell, width) + " " }
        while text.last == " " { text.removeLast() }
        return text
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Lines of at most `widthMax` characters that begin with `indent`; a longer word has its own line.
    private func wrap(_ text: String, _ indent: String) -> [String] {
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ") {
            if line.count > indent.count, line.count + 1 + word.count > Self.widthMax {
                lines.append(line)
                line = indent
            }
            line += (line.count > indent.count ? " " : "") + word
        }
        return lines + [line]
    }
}
