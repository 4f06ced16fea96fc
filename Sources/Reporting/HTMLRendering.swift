import Evidence

/// A report as one page: no script, nothing from elsewhere, readable on paper.
package struct HTMLRendering {
    /// Rows of a table that a page shows: from both ends when there are more.
    static let rowsMax = 2_000

    let document: ReportDocument

    package init(_ document: ReportDocument) { self.document = document }

    /// UTF-8.
    package var text: String {
        var page = """
            <!doctype html>
            <html lang="\(document.language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escape(document.title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(escape(document.title))</h1>
            <p class="verdict \(document.tone.rawValue)">\(escape(document.verdict))</p>

            """
        for section in document.sections {
            page += "<section>\n<h2>\(escape(section.title))</h2>\n"
            for block in section.blocks { page += html(block) }
            page += "</section>\n"
        }
        return page + "</main>\n</body>\n</html>\n"
    }

    private func html(_ block: ReportDocument.Block) -> String {
        switch block {
        case .paragraph(let text): return "<p>\(escape(text))</p>\n"
        case .list(let items):
            guard !items.isEmpty else { return "" }
            return "<ul>\n" + items.map { "<li>\(escape($0))</li>\n" }.joined() + "</ul>\n"
        case .facts(let facts):
            let rows = facts.map { "<tr><th scope=\"row\">\(escape($0.name))</th><td>\(escape($0.value))</td></tr>\n" }
            return "<table class=\"facts\">\n" + rows.joined() + "</table>\n"
        case .table(let table): return html(table)
        }
    }

    private func html(_ table: ReportDocument.Table) -> String {
        guard !table.rows.isEmpty else { return table.none.isEmpty ? "" : "<p>\(escape(table.none))</p>\n" }
        let head = table.columns.map { "<th scope=\"col\">\(escape($0))</th>" }.joined()
        var text = "<table>\n<thead><tr>\(head)</tr></thead>\n<tbody>\n"
        let left = max(0, table.rows.count - Self.rowsMax)
        for (place, row) in table.rows.enumerated() {
            if left > 0, place == Self.rowsMax / 2 {
                text += "<tr><td colspan=\"\(table.columns.count)\">… \(left) …</td></tr>\n"
            }
            if left > 0, place >= Self.rowsMax / 2, place < Self.rowsMax / 2 + left { continue }
            text += "<tr>" + row.map { "<td>\(escape($0))</td>" }.joined() + "</tr>\n"
        }
        return text + "</tbody>\n</table>\n"
    }

    /// Text between tags and in quoted attributes.
    private func escape(_ text: String) -> String {
        var safe = ""
        safe.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(SafeText.isSteering(scalar) ? "\u{fffd}" : scalar)
            }
        }
        return safe
    }

    private static let style = """
        body{font:16px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;margin:0}
        main{max-width:70rem;margin:0 auto;padding:1.5rem}
        h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
        .verdict{padding:.75rem 1rem;border-left:.4rem solid;font-size:1.1rem}
        .good{border-color:#1a7f37}.caution{border-color:#9a6700}.bad{border-color:#b42318}
        table{border-collapse:collapse;width:100%;margin:.5rem 0;font-variant-numeric:tabular-nums}
        th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #ccc;overflow-wrap:anywhere}
        .facts th{font-weight:normal;color:#555;width:14rem}
        @media print{main{max-width:none;padding:0}tr{break-inside:avoid}}
        """
}
