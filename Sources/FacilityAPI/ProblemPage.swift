import FacilityPage

/// The page of one problem code, for a person and for a program, without script and without anything from elsewhere.
package enum ProblemPage {
    package static func json(_ code: ProblemCode) -> [UInt8] {
        JSONWriter.object { json in
            json.text("type", "/v1/problems/" + code.rawValue)
            json.text("code", code.rawValue)
            json.integer("status", code.status)
            for (name, words) in [("title", code.title), ("meaning", code.meaning)] {
                json.object(name) { json in
                    json.text("en", words.en)
                    json.text("de", words.de)
                }
            }
        }
    }

    package static func html(_ code: ProblemCode, language: PageLanguage) -> [UInt8] {
        let order: [PageLanguage] = language == .de ? [.de, .en] : [.en, .de]
        let sections = order.map { language in
            """
            <section lang="\(language.rawValue)">
            <h2>\(escaped(code.title.text(language)))</h2>
            <p>\(escaped(code.meaning.text(language)))</p>
            </section>
            """
        }
        let page = """
            <!doctype html>
            <html lang="\(language.rawValue)">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(code.rawValue)</title>
            <main>
            <h1>\(code.status) <code>\(code.rawValue)</code></h1>
            \(sections.joined(separator: "\n"))
            </main>
            </html>

            """
        return Array(page.utf8)
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}
